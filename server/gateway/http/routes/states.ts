import { z } from 'zod'
import { utf8Text } from '../../../../streams/channels/byteWriter.ts'
import { STATES } from '../../../../streams/wire/answers/states.ts'
import type { JsonObject } from '../../../../streams/wire/mergePatch.ts'
import { channelFor } from '../../../identity/access.ts'
import type { ChannelDirectory } from '../../api/channelDirectory.ts'
import type { Hub } from '../../hub/hub.ts'
import { inPath, inQuery } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What states are read from. */
export interface StateServices {
  readonly hub: Pick<Hub, 'read'>
  readonly directory: Pick<ChannelDirectory, 'list'>
}

/** The parameter that names a channel. */
export const CHANNEL = inPath('channel', 'such as `tick:BTC-USD`, `candle:1m:BTC-USD`, `fund:TOP10`')

/** Returns the state of a channel as of the newest frame. */
const stateOf = async ({ hub }: StateServices, channel: string): Promise<JsonObject> => {
  const { snapshot } = await hub.read(channel)
  const { snap } = JSON.parse(utf8Text(snapshot.bytes)) as { snap: JsonObject }
  return snap
}

const state: Handler<StateServices> = async (c, services) =>
  c.json(await stateOf(services, channelFor(c.get('who'), c.req.param('channel')!)))

/** The states of all channels of a kind that the one who asks may read. */
const allOf = (path: string, name: string, kind: 'fund' | 'pnl' | 'pool'): Route<StateServices> => ({
  method: 'get',
  path: `/v1/${path}`,
  summary: `All ${path}: an object id → state`,
  who: 'all',
  gives: answer(name, z.record(z.string(), STATES[kind])),
  async handler(c, services) {
    const channels = services.directory.list(c.get('who'), `${kind}:*`)
    const states = await Promise.all(
      channels.map(async channel => [channel.slice(kind.length + 1), await stateOf(services, channel)] as const),
    )
    return c.json(Object.fromEntries(states))
  },
})

/** The states of channels. */
export const STATE_ROUTES: readonly Route<StateServices>[] = [
  {
    method: 'get',
    path: '/v1/state/:channel',
    summary: 'The state of one channel as of the newest frame',
    who: { read: ({ channel }) => channel! },
    takes: { parameters: [CHANNEL] },
    gives: answer('State', z.union(Object.values(STATES)).describe('that of the channel’s kind')),
    handler: state,
  },
  {
    method: 'get',
    path: '/v1/channels',
    summary: 'The names of the channels that the one who asks can have',
    who: 'all',
    takes: { parameters: [inQuery('like', 'those of this form only, such as `fund:*`', { type: 'string' })] },
    gives: answer('Channels', z.strictObject({ channels: z.array(z.string()) })),
    handler: (c, { directory }) => c.json({ channels: directory.list(c.get('who'), c.req.query('like')) }),
  },
  allOf('funds', 'Funds', 'fund'),
  allOf('portfolios', 'Portfolios', 'pnl'),
  allOf('pools', 'Pools', 'pool'),
]
