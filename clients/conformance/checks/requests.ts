import type { Check } from '../check.ts'
import type { Reply } from '../conversation.ts'
import { must, same } from '../mismatch.ts'

const frame = (members: object): string => JSON.stringify({ jsonrpc: '2.0', ...members })

const refusedAs = ({ id, error }: Reply, code: string, wantedId: unknown): void => {
  same('the code of the reply', error?.data.code, code)
  same('the id of the reply', id, wantedId)
}

/** Requests and replies. */
export const REQUESTS: readonly Check[] = [
  {
    name: 'a request is answered under its id, be it a number or a text',
    over: 'websocket',
    async run({ open }) {
      const line = await open()
      for (const id of [7, 'seven', 0]) same('id', (await line.exchange(frame({ id, method: 'ping' }), 'a reply')).id, id)
    },
  },
  {
    name: 'ping gives the time, ms',
    over: 'websocket',
    async run({ open }) {
      const now = await (await open()).ask<number>('ping')
      must(Number.isInteger(now) && Math.abs(now - Date.now()) < 3_600_000, 'ping', now, `ms since the epoch, near ${Date.now()}`)
    },
  },
  {
    name: 'a request without an id is not answered',
    over: 'websocket',
    async run({ open }) {
      const line = await open()
      line.send(frame({ method: 'ping' }))
      same('the next reply: id', (await line.exchange(frame({ id: 2, method: 'ping' }), 'a reply')).id, 2)
    },
  },
  {
    name: 'a frame that is no JSON is answered as parse_error under the id null, and the socket lives',
    over: 'websocket',
    async run({ open }) {
      const line = await open()
      refusedAs(await line.exchange('{"jsonrpc"', 'an error'), 'parse_error', null)
      await line.ask('ping')
    },
  },
  {
    name: 'what is no request is answered as invalid_request, and the socket lives',
    over: 'websocket',
    async run({ open }) {
      const line = await open()
      for (const text of ['[]', '7', 'null', '{"id":1,"method":"ping"}', '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":{},"method":"ping"}'])
        refusedAs(await line.exchange(text, `an error for ${text}`), 'invalid_request', null)
      await line.ask('ping')
    },
  },
  {
    name: 'a binary frame is answered as invalid_request',
    over: 'websocket',
    async run({ open }) {
      refusedAs(
        await (await open()).exchange(new TextEncoder().encode(frame({ id: 1, method: 'ping' })), 'an error'),
        'invalid_request',
        null,
      )
    },
  },
  {
    name: 'a frame above 64 KiB is answered as too_large, and the socket lives',
    over: 'websocket',
    async run({ open }) {
      const line = await open()
      refusedAs(await line.exchange(`"${'x'.repeat(65_536)}"`, 'an error'), 'too_large', null)
      await line.ask('ping')
    },
  },
  {
    name: 'a method that does not exist is answered as unknown_method',
    over: 'websocket',
    run: async ({ open }) => void (await (await open()).refused('no such method', {}, 'unknown_method')),
  },
  {
    name: 'a misspelt parameter is answered as invalid_params',
    over: 'websocket',
    run: async ({ open }) => void (await (await open()).refused('subscribe', { channels: ['status'], maxrate: 1 }, 'invalid_params')),
  },
  {
    name: 'channels gives the names in order, and those that are like a pattern',
    over: 'websocket',
    async run({ open }) {
      const line = await open()
      const names = await line.ask<string[]>('channels')
      same('channels', names, [...names].sort())
      same(
        'channels like tick:*',
        await line.ask('channels', { like: 'tick:*' }),
        names.filter(name => name.startsWith('tick:')),
      )
    },
  },
]
