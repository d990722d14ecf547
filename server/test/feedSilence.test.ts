import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { FakeVenue } from './fakeVenue.ts'
import { LiveRun } from './liveRun.ts'

let venue: FakeVenue
let url: string
let run: LiveRun
beforeEach(async () => {
  venue = new FakeVenue()
  url = await venue.listen()
})
afterEach(async () => {
  await run.close()
  await venue.close()
})

const T = Date.UTC(2026, 0, 1)

/** How each venue answers what was asked, gives one piece of data, answers our pings, and shows by itself that it is there. */
interface Habits {
  readonly spec: string
  readonly symbol: string
  readonly answer: (asked: string) => unknown[]
  readonly data: (t: number) => unknown
  readonly heartbeat?: unknown
}

let number = 0
const iso = (t: number) => new Date(t).toISOString()
const HABITS: Readonly<Record<string, Habits>> = {
  kraken: {
    spec: 'kraken:ETH/USD',
    symbol: 'ETH-USD',
    answer: asked => {
      const { method, params, req_id } = JSON.parse(asked)
      if (method === 'ping') return [{ method: 'pong', req_id }]
      return [{ method: 'subscribe', success: true, req_id, result: { channel: params.channel, symbol: params.symbol[0] } }]
    },
    data: t => ({
      channel: 'trade',
      type: 'update',
      data: [{ symbol: 'ETH/USD', side: 'buy', price: 2_000, qty: 1, trade_id: ++number, timestamp: iso(t) }],
    }),
    heartbeat: { channel: 'heartbeat' },
  },
  bybit: {
    spec: 'bybit:ETHUSDT',
    symbol: 'ETH-USDT',
    answer: asked => {
      const { op, req_id } = JSON.parse(asked)
      return [op === 'ping' ? { success: true, ret_msg: 'pong', op: 'ping' } : { success: true, ret_msg: '', op: 'subscribe', req_id }]
    },
    data: t => ({ topic: 'publicTrade.ETHUSDT', ts: t, data: [{ T: t, s: 'ETHUSDT', S: 'Buy', v: '1', p: '2000', i: `${++number}` }] }),
  },
  coinbase: {
    spec: 'coinbase:ETH-USD',
    symbol: 'ETH-USD',
    answer: asked => {
      const { channel, product_ids } = JSON.parse(asked)
      return [
        { channel: 'subscriptions', timestamp: iso(T), sequence_num: number++, events: [{ subscriptions: { [channel]: product_ids } }] },
      ]
    },
    data: t => ({
      channel: 'market_trades',
      timestamp: iso(t),
      sequence_num: number++,
      events: [
        { type: 'update', trades: [{ product_id: 'ETH-USD', trade_id: `${number}`, price: '2000', size: '1', time: iso(t), side: 'BUY' }] },
      ],
    }),
    heartbeat: { channel: 'heartbeats', timestamp: iso(T), sequence_num: Number.NaN, events: [{ current_time: '', heartbeat_counter: 1 }] },
  },
  binance: {
    spec: 'binance:ETHUSDT',
    symbol: 'ETH-USDT',
    answer: () => [],
    data: t => ({ stream: 'ethusdt@trade', data: { e: 'trade', s: 'ETHUSDT', t: ++number, T: t, p: '2000', q: '1', m: false, M: true } }),
  },
}

describe.each(Object.entries(HABITS))(
  'an open socket of %s that answers pings and brings no data',
  (_, { spec, symbol, answer, data, heartbeat }) => {
    const say = (socket: WebSocket, message: unknown) => socket.send(JSON.stringify(message))
    const state = () => run.driven.state<{ stale?: boolean; price?: number }>(`tick:${symbol}`)

    const begin = async (onConnection: (socket: WebSocket, nth: number) => void) => {
      let connections = 0
      venue.onConnection = socket => {
        socket.on('message', asked => {
          for (const reply of answer(asked.toString())) say(socket, reply)
        })
        onConnection(socket, ++connections)
      }
      run = await LiveRun.of(spec, url)
      run.driven.watch(`tick:${symbol}`)
      await run.until(() => state().price !== undefined)
      return () => connections
    }

    it('is stale until data come again, and is opened again', async () => {
      const sockets: WebSocket[] = []
      const connections = await begin((socket, nth) => {
        sockets.push(socket)
        if (nth === 1) say(socket, data(T))
      })
      const seen: [number, boolean | undefined][] = []
      for (let i = 1; i <= 22; i++) {
        await run.pass(3_000)
        seen.push([3 * i, state().stale])
      }
      expect(seen.filter(([s, stale]) => stale !== s > 9)).toEqual([])
      expect(connections()).toBeGreaterThan(1)
      expect(
        run.inputs
          .filter(input => input.kind === 'feed')
          .map(({ state }) => state)
          .slice(0, 4),
      ).toEqual(['connecting', 'live', 'down', 'connecting'])
      say(sockets.at(-1)!, data(run.environment.now()))
      await run.until(() => run.heard.trades.length === 2)
      await run.pass(1_000)
      expect(state().stale).toBe(false)
    })

    it.skipIf(heartbeat === undefined)(
      'stays open as long as the venue shows by itself that it is there, and stale nevertheless',
      async () => {
        const connections = await begin(socket => say(socket, data(T)))
        for (let i = 1; i <= 22; i++) {
          for (const socket of venue.sockets.clients) say(socket, heartbeat)
          await run.pass(3_000)
        }
        expect([connections(), state().stale, run.health.silent]).toEqual([1, true, true])
      },
    )
  },
)

it('of two connections of a feed one that falls silent makes stale what it carries, and nothing else', async () => {
  const trade = (s: string, e: object = {}) => ({
    stream: 'x@trade',
    data: { e: 'trade', s, t: ++number, T: run?.environment.now() ?? T, p: '1', q: '1', ...e },
  })
  const sockets: WebSocket[] = []
  venue.onConnection = socket => sockets.push(socket)
  run = await LiveRun.of('binance:BTCUSDT,BTCUSDT-PERP', url)
  run.driven.watch('tick:BTC-USDT', 'tick:BTC-USDT-PERP')
  await run.until(() => sockets.length === 2)
  for (const socket of sockets) socket.send(JSON.stringify(trade('BTCUSDT', { m: false })))
  await run.until(() => run.heard.trades.length === 2)
  for (let i = 0; i < 5; i++) {
    await run.pass(3_000)
    sockets[0]!.send(JSON.stringify(trade('BTCUSDT', { m: false })))
  }
  await run.pass(1_000)
  const stale = ['BTC-USDT', 'BTC-USDT-PERP'].map(symbol => run.driven.state<{ stale: boolean }>(`tick:${symbol}`).stale)
  expect([stale.filter(Boolean).length, run.health.silent]).toEqual([1, false])
})

it('what is rejected is no data: a feed whose every trade is ahead of the clock is stale', async () => {
  const trade = (t: number) =>
    JSON.stringify({ stream: 'x@trade', data: { e: 'trade', s: 'BTCUSDT', t: ++number, T: t, p: '1', q: '1', m: false } })
  let socket: WebSocket | undefined
  venue.onConnection = connected => {
    socket = connected
  }
  run = await LiveRun.of('binance:BTCUSDT', url)
  run.driven.watch('tick:BTC-USDT')
  await run.until(() => socket !== undefined)
  socket!.send(trade(T))
  await run.until(() => run.heard.trades.length === 1)
  for (let i = 0; i < 5; i++) {
    await run.pass(3_000)
    socket!.send(trade(run.environment.now() + 60_000))
  }
  await run.pass(1_000)
  expect(run.driven.state('tick:BTC-USDT')).toMatchObject({ stale: true })
  expect(run.health.bad.time).toBeGreaterThan(0)
})
