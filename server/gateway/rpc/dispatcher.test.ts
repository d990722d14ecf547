import { pino } from 'pino'
import { expect, it } from 'vitest'
import { METHODS } from '../../../streams/wire/requests.ts'
import { ANONYMOUS, type Principal } from '../../identity/access.ts'
import { ChannelDirectory } from '../api/channelDirectory.ts'
import { ClientLimits } from '../api/clientLimits.ts'
import { MemoryUsage } from '../api/usage.ts'
import type { Session } from '../hub/session.ts'
import { coreCalls } from './coreCalls.ts'
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts'
import { CORE_HANDLERS, type CoreParts, NEAR_HANDLERS } from './handlers.ts'

const directory = new ChannelDirectory({ openEnded: false, readers: new Map(), byDefault: [], recorders: new Map() })
directory.add('fund', 'TOP10')

const clientLimits = new ClientLimits({ address: {}, user: {} }, new MemoryUsage(() => 42))

/** The replies to these frames on a new socket. */
const replies = async (frames: readonly (string | undefined)[], parts: object = {}, who: Principal = ANONYMOUS): Promise<unknown[]> => {
  const dispatcher = new Dispatcher({
    directory,
    core: coreCalls({ directory, ...parts } as unknown as CoreParts),
    limits: { requestBytes: 200, requestsPerSecond: 100, channelsPerSocket: 1 },
    clientLimits,
    now: () => 42,
    log: pino({ level: 'silent' }),
    ...parts,
  } as unknown as DispatcherOptions)
  const sent: string[] = []
  const session = {
    who,
    socket: { id: 1 },
    origin: { source: 1, at: 1 },
    follows: new Map(),
    overdraw: () => 0,
    send: (text: string) => sent.push(text),
  }
  for (const frame of frames) dispatcher.accept(session as unknown as Session, frame)
  await new Promise(setImmediate)
  return sent.map(text => {
    const { id, result, error } = JSON.parse(text)
    return [id, error === undefined ? result : error.data.code]
  })
}
const request = (id: number | undefined, method: string, params: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', ...(id !== undefined && { id }), method, params })

it('answers each frame under its id, or under none', async () => {
  const frames = ['{', '[]', undefined, ' '.repeat(201), request(1, 'ping'), request(undefined, 'ping'), request(2, 'pong')]
  expect(await replies(frames)).toEqual([
    [null, 'parse_error'],
    [null, 'invalid_request'],
    [null, 'invalid_request'],
    [null, 'too_large'],
    [1, 42],
    [2, 'unknown_method'],
  ])
})

it('finds fault with parameters before it asks who is calling', async () => {
  const holdings = async () => ({ assets: {}, shares: {} })
  const frames = [request(1, 'holdings', { x: 1 }), request(2, 'holdings')]
  expect(await replies(frames, { orders: { holdings } })).toEqual([
    [1, 'invalid_params'],
    [2, 'not_logged_in'],
  ])
  expect(await replies(frames, { orders: { holdings } }, { user: 'ann', admin: false })).toEqual([
    [1, 'invalid_params'],
    [2, { assets: {}, shares: {} }],
  ])
  expect(await replies([frames[1]], {}, { user: '', admin: true, operator: 'admin' })).toEqual([[2, 'not_allowed']])
})

it('replies to a subscription before its channels begin', async () => {
  const log: string[] = []
  const hub = { all: [], follow: () => ({ epoch: 'e', seq: 0 }), begin: () => log.push('begin') }
  const admin: Principal = { user: '', admin: true, operator: 'admin' }
  const session = { who: admin, follows: new Map(), overdraw: () => 0, send: () => log.push('reply') } as unknown as Session
  const limits = { requestBytes: 200, requestsPerSecond: 100, channelsPerSocket: 1 }
  const dispatcher = new Dispatcher({ directory, hub, limits, clientLimits, now: () => 0 } as unknown as DispatcherOptions)
  dispatcher.accept(session, request(1, 'subscribe', { channels: ['fund:TOP10'] }))
  expect(log).toEqual(['reply', 'begin'])
})

it('says of each channel why it is refused', async () => {
  const frames = [request(1, 'subscribe', { channels: ['fund:TOP10', 'fund:NONE', 'score:X', 'orders'] })]
  const hub = { follow: () => ({}), begin: () => {} }
  const [[, result]] = (await replies(frames, { hub })) as [[number, Record<string, { error: { code: string } }>]]
  expect(Object.fromEntries(Object.entries(result).map(([channel, { error }]) => [channel, error.code]))).toEqual({
    'fund:TOP10': 'not_logged_in',
    'fund:NONE': 'unknown_channel',
    'score:X': 'unknown_channel',
    orders: 'not_logged_in',
  })
})

it('has one handler a method, each of which names its callers', () => {
  const handlers = { ...NEAR_HANDLERS, ...CORE_HANDLERS }
  expect(Object.keys(handlers).sort()).toEqual(Object.keys(METHODS).sort())
  for (const [method, { who }] of Object.entries(handlers)) expect(['all', 'client'], method).toContain(who)
})
