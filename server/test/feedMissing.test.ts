import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import type { TradeGap } from '../../streams/market/ticks.ts'
import { binance } from '../feeds/venues/binance.ts'
import { bybit } from '../feeds/venues/bybit.ts'
import type { Venue } from '../feeds/venues/venue.ts'
import { FakeVenue } from './fakeVenue.ts'
import { feedContext, Talk } from './feedKit.ts'
import { LiveRun } from './liveRun.ts'
import { haveReports, reportFile } from './reports.ts'

const T = Date.UTC(2026, 0, 1)
const iso = (t: number) => new Date(t).toISOString()

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

/** The time of a trade by its number. */
const timeOf = (n: number): number => T - 60_000 + n * 10

/** How a venue says a trade on its socket, and gives trades again over HTTP. */
interface Venues {
  readonly spec: string
  readonly say: (n: number) => unknown
  /** A page of the trades that it has, as it was asked for. */
  readonly page: (url: URL, has: readonly number[]) => unknown
}

let sequence = 0
const VENUES: Readonly<Record<string, Venues>> = {
  binance: {
    spec: 'binance:BTCUSDT',
    say: t => ({ stream: 'x@trade', data: { e: 'trade', s: 'BTCUSDT', t, T: timeOf(t), p: '100', q: '1', m: true } }),
    page: ({ pathname, searchParams }, has) => {
      expect([pathname, searchParams.get('symbol')]).toEqual(['/api/v3/historicalTrades', 'BTCUSDT'])
      const from = Number(searchParams.get('fromId'))
      const some = has.filter(n => n >= from).slice(0, Number(searchParams.get('limit')))
      return some.map(id => ({ id, price: '100', qty: '1', quoteQty: '100', time: timeOf(id), isBuyerMaker: true, isBestMatch: true }))
    },
  },
  coinbase: {
    spec: 'coinbase:BTC-USD',
    say: n => ({
      channel: 'market_trades',
      timestamp: iso(timeOf(n)),
      sequence_num: sequence++,
      events: [
        {
          type: 'update',
          trades: [{ product_id: 'BTC-USD', trade_id: `${n}`, price: '100', size: '1', time: iso(timeOf(n)), side: 'BUY' }],
        },
      ],
    }),
    page: ({ pathname, searchParams }, has) => {
      expect(pathname).toBe('/products/BTC-USD/trades')
      const before = has.filter(n => n < Number(searchParams.get('after'))).reverse()
      return before
        .slice(0, Number(searchParams.get('limit')))
        .map(trade_id => ({ trade_id, side: 'buy', size: '1', price: '100', time: iso(timeOf(trade_id)) }))
    },
  },
  kraken: {
    spec: 'kraken:BTC/USD',
    say: n => ({
      channel: 'trade',
      type: 'update',
      data: [{ symbol: 'BTC/USD', side: 'sell', price: 100, qty: 1, trade_id: n, timestamp: iso(timeOf(n)) }],
    }),
    page: ({ pathname, searchParams }, has) => {
      expect([pathname, searchParams.get('pair')]).toEqual(['/0/public/Trades', 'BTCUSD'])
      const since = Number(searchParams.get('since')!.slice(0, -6))
      const some = has.filter(n => timeOf(n) > since).slice(0, 40)
      return { error: [], result: { XXBTZUSD: some.map(n => ['100', '1', timeOf(n) / 1000, 's', 'm', '', n]), last: '1' } }
    },
  },
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe.each(Object.entries(VENUES))('trades that %s skips over a lost connection', (_, { spec, say, page }) => {
  const gaps = (): readonly TradeGap[] => run.inputs.flatMap(input => (input.kind === 'ticks' ? (input.gaps ?? []) : []))
  const ids = (): number[] => [...new Set(run.heard.trades.map(({ id }) => Number(id)))].sort((a, b) => a - b)

  const symbol = spec.includes('USDT') ? 'BTC-USDT' : 'BTC-USD'
  const marked = [`candle:1m:${symbol}`, `candle:1d:${symbol}`, `tick:${symbol}`]
  /** Whether each of the candles and the day says that it is not whole. */
  const gapsShown = (): boolean[] => {
    const [minute, day, tick] = marked.map(channel => run.driven.state<Record<string, Record<string, boolean>>>(channel))
    return [minute!.gap, day!.gap, tick!.day!.gap].map(gap => (gap as unknown) === true)
  }

  /** Two connections: trades 1 to 5, a break, then 100 and 101. */
  const lose = async (): Promise<void> => {
    sequence = 0
    let connections = 0
    const sockets: WebSocket[] = []
    venue.onConnection = socket => {
      sockets.push(socket)
      for (const n of ++connections === 1 ? [1, 2, 3, 4, 5] : [100, 101]) socket.send(JSON.stringify(say(n)))
      if (connections === 1) sequence = 0
    }
    run = await LiveRun.of(spec, url)
    run.driven.watch(...marked)
    await run.until(() => run.heard.trades.length === 5)
    sockets[0]!.terminate()
    await run.until(() => ids().includes(101), 100)
  }

  it('are counted, told with their times, fetched again page by page, and heal', async () => {
    venue.answer = asked => ({ status: 200, body: page(asked, range(1, 200)) })
    await lose()
    await run.until(() => gaps().length === 2, 100)
    expect(run.health.bad).toMatchObject({ gap: 94 })
    expect(gaps()).toMatchObject([
      { from: timeOf(5), to: timeOf(100), missing: 94, healed: false },
      { from: timeOf(5), to: timeOf(100), healed: true },
    ])
    await run.pass(40)
    expect(gapsShown()).toEqual([false, false, false])
    expect(run.driven.state(`candle:1d:${symbol}`)).toMatchObject({ n: 101, v: 101 })
    expect(ids()).toEqual(range(1, 101))
    const fetched = run.heard.trades.filter(({ id }) => Number(id) > 5 && Number(id) < 100)
    expect(fetched).toHaveLength(94)
    for (const { id, t, price, size, side } of fetched) expect([t, price, size, side]).toEqual([timeOf(Number(id)), 100, 1, 'sell'])
  })

  it('are asked for again after errors, as late as the venue wants it', async () => {
    const failures = [
      { status: 429, body: '', retryAfter: 7 },
      { status: 503, body: '' },
      { status: 200, body: '{"half' },
      { status: 200, body: { code: -1003 } },
    ]
    const askedAt: number[] = []
    venue.answer = asked => {
      askedAt.push(run.environment.now())
      return failures.shift() ?? { status: 200, body: page(asked, range(1, 200)) }
    }
    await lose()
    await run.until(() => gaps().length === 2, 100)
    expect(askedAt[1]! - askedAt[0]!).toBeGreaterThanOrEqual(7_000)
    expect(ids()).toEqual(range(1, 101))
  })

  it('stay missing as far as the venue does not give them, or gives others in their place', async () => {
    venue.answer = asked => ({ status: 200, body: page(asked, [...range(1, 50), 100, 101]) })
    await lose()
    await run.until(() => run.logged.some(({ msg }) => msg === 'missing trades cannot be fetched; import them'), 100)
    expect(run.logged.find(({ msg }) => msg === 'missing trades cannot be fetched; import them')).toMatchObject({ left: 49 })
    expect(ids()).toEqual([...range(1, 50), 100, 101])
    expect(gaps()).toHaveLength(1)
    await run.pass(40)
    expect(gapsShown()).toEqual([true, true, true])
  })

  it('stay missing if it refuses to give them', async () => {
    venue.answer = () => ({ status: 403, body: 'no' })
    await lose()
    await run.until(() => run.logged.some(({ msg }) => msg === 'missing trades cannot be fetched; import them'), 100)
    expect(venue.asked).toHaveLength(1)
    expect([run.health.bad.gap, gaps().length]).toEqual([94, 1])
  })

  it('are no gap if they come after all', async () => {
    venue.answer = () => ({ status: 403, body: 'no' })
    const sockets: WebSocket[] = []
    venue.onConnection = socket => sockets.push(socket)
    run = await LiveRun.of(spec, url)
    await run.until(() => sockets.length === 1)
    sequence = 0
    for (const n of [1, 5, 3, 2, 4]) sockets[0]!.send(JSON.stringify(say(n)))
    await run.until(() => gaps().length === 2)
    expect(gaps().map(({ healed }) => healed)).toEqual([false, true])
  })
})

it.skipIf(!haveReports)(
  'trade numbers that jump over a lost connection are a gap (skipped if the reports are not beside the project)',
  async () => {
    const script = JSON.parse(readFileSync(reportFile('r07-binance-ids-jump-over-reconnect', 'script.json'), 'utf8'))
    expect(script).toMatchObject({ connection1: expect.stringContaining('t=1..5'), connection2: expect.stringContaining('t=100,101') })
    const talk = new Talk(binance)
    run = await LiveRun.of('binance:BTCUSDT', url)
    const naming = { ...feedContext(), lasting: new Map() }
    const said = (n: number) => JSON.stringify(VENUES.binance!.say(n))
    for (const numbers of [
      [1, 2, 3, 4, 5],
      [100, 101],
    ]) {
      const decoder = binance.decoder(naming)
      for (const n of numbers) decoder.decode(said(n), talk.writer)
    }
    expect(talk.heard().bad).toEqual({ gap: 94 })
  },
)

it.each<[string, Venue, (t: number) => unknown]>([
  ['bybit', bybit, t => ({ topic: 'publicTrade.BTCUSDT', data: [{ T: t, s: 'BTCUSDT', S: 'Buy', v: '1', p: '1', i: `${t}` }] })],
])('%s, which numbers no trades, may have skipped some over every new connection', async (_, unnumbered, say) => {
  run = await LiveRun.of('bybit:BTCUSDT', url)
  const talk = new Talk(unnumbered)
  const naming = { ...feedContext(), lasting: new Map() }
  for (const t of [T, T + 9_000]) unnumbered.decoder(naming).decode(JSON.stringify(say(t)), talk.writer)
  const batch = talk.writer.drain()!
  expect(batch.gaps).toEqual([{ symbol: 0, source: 0, from: T, to: T + 9_000, missing: Number.NaN, healed: false }])
  expect(batch.bad).toEqual({})
})
