import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { symbolMap } from '../../streams/market/symbols.ts'
import { Driven, fundSpec } from '../../streams/test/drive.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { merged } from '../feeds/replay/merge.ts'
import { replay } from '../feeds/replay/replay.ts'
import { binance, binanceUsdm } from '../feeds/venues/binance.ts'
import { bybit, bybitLinear } from '../feeds/venues/bybit.ts'
import { coinbase } from '../feeds/venues/coinbase.ts'
import { kraken } from '../feeds/venues/kraken.ts'
import type { Venue } from '../feeds/venues/venue.ts'
import { feedContext, Talk } from './feedKit.ts'
import { haveReports, reportFile } from './reports.ts'

const folder = mkdtempSync(join(tmpdir(), 'quotes-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Replays a file to its end and returns the pipeline that took it in, with these channels watched. */
const replayed = async (file: string, fragment: string, ...channels: string[]): Promise<Driven> => {
  const spec = `replay:${basename(file)}${fragment}`
  const base = file.slice(0, -basename(file).length)
  const feed = await replay({ spec, base, map: symbolMap({}), environment: systemEnvironment })
  const fund = fundSpec({ id: 'F', quote: 'BTC', weighting: { scheme: 'units', units: new Map([['LUNA', 10n ** 18n]]) } })
  const driven = new Driven({ feeds: [{ id: spec, live: false }], funds: [fund] })
  driven.send({ kind: 'ledger', funds: [held] })
  driven.watch(...channels)
  const { symbols, sources } = driven
  for await (const input of merged([{ feed: 0, batches: feed.open({ ...feedContext(), symbols, sources }) }], 20)) driven.send(input)
  return driven
}
const held = { fund: 'F', t: 1, units: new Map([['LUNA', 10n ** 18n]]), weights: {}, shares: 0n, custody: new Map(), halted: false }

describe.skipIf(!haveReports)(
  'a side of a quote that vanishes at the venue vanishes here (skipped if the reports are not beside the project)',
  () => {
    it.each([
      ['r03-binance-bids-vanish', '#binance', 'LUNA-BTC', 0.000009],
      ['r03-bybit-book-loses-bids', '#bybit', 'XYZ-USDT', 9.5],
      ['r03-bybit-linear-ticker-empty-text', '#bybit-linear', 'NEW-USDT-PERP', 1.3],
      ['r03-kraken-ticker-no-bid', '#kraken', 'FOO-USD', 0.8],
    ])('%s', async (id, fragment, symbol, ask) => {
      const driven = await replayed(reportFile(id, 'm.ndts'), fragment, `tick:${symbol}`)
      const state = driven.state<{ bid?: number; ask?: number }>(`tick:${symbol}`)
      expect([state.bid, state.ask]).toEqual([undefined, ask])
      expect(driven.agrees()).toBe(true)
    })

    it('and with it the bid of a fund that holds the asset', async () => {
      const driven = await replayed(reportFile('r03-binance-bids-vanish', 'm.ndts'), '#binance', 'fund:F')
      expect(driven.state<{ inav: object }>('fund:F').inav).toMatchObject({ ask: 0.000009 })
      expect(driven.state<{ inav: object }>('fund:F').inav).not.toHaveProperty('bid')
      expect(driven.state<{ inav: object }>('fund:F').inav).not.toHaveProperty('mid')
    })
  },
)

const T = Date.UTC(2026, 0, 1)
const iso = new Date(T).toISOString()

/** How a venue says a best bid and ask, its sides as the venue would write them. */
type Say = (bid: unknown, ask: unknown, bidSize?: unknown, askSize?: unknown) => object

let number = 0
const SAYS: readonly [string, Venue, Say][] = [
  ['binance', binance, (b, a, B = '1', A = '1') => ({ stream: 'btcusdt@bookTicker', data: { u: 1, s: 'BTCUSDT', b, B, a, A } })],
  [
    'binance-usdm',
    binanceUsdm,
    (b, a, B = '1', A = '1') => ({ stream: 'x', data: { e: 'bookTicker', u: 1, s: 'BTCUSDT', b, B, a, A, T, E: T } }),
  ],
  [
    'bybit tickers',
    bybitLinear,
    (bid1Price, ask1Price, bid1Size = '1', ask1Size = '1') => ({
      topic: 'tickers.BTCUSDT',
      type: 'snapshot',
      ts: T,
      data: { symbol: 'BTCUSDT', bid1Price, ask1Price, bid1Size, ask1Size },
    }),
  ],
  [
    'bybit ticker deltas',
    bybitLinear,
    (bid1Price, ask1Price, bid1Size = '1', ask1Size = '1') => ({
      topic: 'tickers.BTCUSDT',
      type: 'delta',
      ts: T,
      data: { symbol: 'BTCUSDT', bid1Price: bid1Price ?? '', ask1Price: ask1Price ?? '', bid1Size, ask1Size },
    }),
  ],
  [
    'coinbase',
    coinbase,
    (best_bid, best_ask, best_bid_quantity = '1', best_ask_quantity = '1') => ({
      channel: 'ticker',
      timestamp: iso,
      sequence_num: number++,
      events: [{ type: 'update', tickers: [{ product_id: 'BTC-USD', best_bid, best_ask, best_bid_quantity, best_ask_quantity }] }],
    }),
  ],
  [
    'coinbase before Advanced Trade',
    coinbase,
    (best_bid, best_ask, best_bid_size = '1', best_ask_size = '1') => ({
      type: 'ticker',
      time: iso,
      product_id: 'BTC-USD',
      best_bid,
      best_ask,
      best_bid_size,
      best_ask_size,
    }),
  ],
  [
    'kraken v2',
    kraken,
    (bid, ask, bid_qty = 1, ask_qty = 1) => ({
      channel: 'ticker',
      type: 'update',
      data: [{ symbol: 'BTC/USD', timestamp: iso, bid, bid_qty, ask, ask_qty }],
    }),
  ],
  ['kraken v1 tickers', kraken, (b, a, B = '1', A = '1') => [1, { b: [b, 1, B], a: [a, 1, A] }, 'ticker', 'XBT/USD']],
  ['kraken v1 spreads', kraken, (b, a, B = '1', A = '1') => [1, [b, a, `${T / 1000}`, B, A], 'spread', 'XBT/USD']],
]

/** The two sides as last written, absent ones as null. */
const newest = (talk: Talk): unknown => {
  const { price, size } = talk.heard().quotes.at(-1) ?? { price: 0, size: 0 }
  return [price, size].map(side => (Number.isNaN(side) ? null : side))
}

describe.each(SAYS)('quotes of %s', (_, venue, say) => {
  const NOTHING: unknown[] = ['0', '0.00000000', 0, '', null, undefined]

  it.each(NOTHING)('have no bid if its price is %j, and no ask likewise', nothing => {
    const talk = new Talk(venue)
    talk.says(say('99', '101'), T)
    talk.says(say(nothing, '102'), T)
    expect(newest(talk)).toEqual([null, 102])
    talk.says(say('98', nothing), T)
    expect(newest(talk)).toEqual([98, null])
    talk.says(say(nothing, nothing), T)
    expect(newest(talk)).toEqual([null, null])
    talk.says(say('97', '98'), T)
    expect([newest(talk), talk.heard().bad]).toEqual([[97, 98], {}])
  })

  it('have no side at which nothing stands', () => {
    const talk = new Talk(venue)
    talk.says(say('99', '101', '0', '1'), T)
    expect(newest(talk)).toEqual([null, 101])
    talk.says(say('99', '101', '1', 0), T)
    expect(newest(talk)).toEqual([99, null])
  })

  it('may be locked; crossed and absurd ones are counted, and those before them are no longer believed', () => {
    const talk = new Talk(venue)
    talk.says(say('99', '101'), T)
    talk.says(say('100', '100'), T)
    expect(newest(talk)).toEqual([100, 100])
    for (const [bid, ask] of [
      ['101', '100'],
      ['-1', '100'],
      ['99', 'free'],
      ['99', '1e300'],
    ]) {
      talk.says(say('99', '101'), T)
      talk.heard()
      talk.says(say(bid, ask), T)
      const { quotes, bad } = talk.heard()
      expect([bid, ask, bad, quotes.map(({ price, size }) => [price, size])]).toEqual([bid, ask, { quote: 1 }, [[Number.NaN, Number.NaN]]])
    }
  })
})

type Sides = [bids: [string, string][], asks: [string, string][]]
const BOOKS: readonly [string, Venue, (whole: boolean, ...sides: Sides) => object][] = [
  [
    'bybit',
    bybit,
    (whole, b, a) => ({
      topic: 'orderbook.50.BTCUSDT',
      type: whole ? 'snapshot' : 'delta',
      ts: T,
      data: { s: 'BTCUSDT', b, a, u: whole ? 1 : number++ },
    }),
  ],
  [
    'coinbase',
    coinbase,
    (whole, b, a) => ({
      channel: 'l2_data',
      timestamp: iso,
      sequence_num: number++,
      events: [
        {
          type: whole ? 'snapshot' : 'update',
          product_id: 'BTC-USD',
          updates: [
            ...b.map(([price_level, new_quantity]) => ({ side: 'bid', price_level, new_quantity })),
            ...a.map(([price_level, new_quantity]) => ({ side: 'offer', price_level, new_quantity })),
          ],
        },
      ],
    }),
  ],
  [
    'coinbase before Advanced Trade',
    coinbase,
    (whole, bids, asks) =>
      whole
        ? { type: 'snapshot', product_id: 'BTC-USD', bids, asks }
        : {
            type: 'l2update',
            product_id: 'BTC-USD',
            time: iso,
            changes: [...bids.map(level => ['buy', ...level]), ...asks.map(level => ['sell', ...level])],
          },
  ],
  [
    'kraken v2',
    kraken,
    (whole, b, a) => ({
      channel: 'book',
      type: whole ? 'snapshot' : 'update',
      data: [
        {
          symbol: 'BTC/USD',
          timestamp: iso,
          bids: b.map(([price, qty]) => ({ price: Number(price), qty: Number(qty) })),
          asks: a.map(([price, qty]) => ({ price: Number(price), qty: Number(qty) })),
        },
      ],
    }),
  ],
  [
    'kraken v1',
    kraken,
    (whole, b, a) => {
      const stamped = (levels: [string, string][]) => levels.map(level => [...level, `${T / 1000}`])
      return whole
        ? [1, { bs: stamped(b), as: stamped(a) }, 'book-10', 'XBT/USD']
        : [1, { b: stamped(b), a: stamped(a) }, 'book-10', 'XBT/USD']
    },
  ],
]

describe.each(BOOKS)('the order book of %s', (_, venue, say) => {
  it('has no bid when the last is taken away, and one again when somebody bids; and it may come one-sided', () => {
    number = 2
    const talk = new Talk(venue)
    talk.says(say(true, [['99', '1']], [['101', '1']]), T)
    talk.says(say(false, [['99', '0']], []), T)
    expect(newest(talk)).toEqual([null, 101])
    talk.says(
      say(
        false,
        [],
        [
          ['101', '0'],
          ['95', '1'],
        ],
      ),
      T,
    )
    expect(newest(talk)).toEqual([null, 95])
    talk.says(say(false, [['94', '1']], [['95', '0']]), T)
    expect(newest(talk)).toEqual([94, null])
    number = 2
    talk.says(say(true, [], [['90', '1']]), T)
    expect(newest(talk)).toEqual([null, 90])
    number = 2
    talk.says(say(true, [], []), T)
    expect([newest(talk), talk.heard().bad]).toEqual([[null, null], {}])
  })
})

it('trades of size zero are rejected as size, and no candle takes them in', async () => {
  const file = join(folder, 't.csv')
  const rows = ['BTC-USD,60000,1723161600000,0.5,buy,1,x', 'BTC-USD,10,1723161601000,0,sell,2,x', 'BTC-USD,11,1723161601000,0.0,sell,3,x']
  writeFileSync(file, `symbol,price,exch_ts_ms,qty,taker_side,trade_id,exchange\n${rows.join('\n')}\n`)
  const driven = await replayed(file, '', 'tick:BTC-USD')
  const [feed] = driven.pipeline.view.feeds
  expect(driven.state('tick:BTC-USD')).toMatchObject({ price: 60_000, size: 0.5, day: { low: 60_000, n: 1 } })
  expect(feed!.bad).toEqual({ size: 2 })
})

it.skipIf(!haveReports)('so is that of a recording with one (skipped if the reports are not beside the project)', async () => {
  const driven = await replayed(reportFile('r14-zero-size-trade', 't.csv'), '', 'tick:BTC-USD')
  expect(driven.state('tick:BTC-USD')).toMatchObject({ price: 60_000, day: { low: 60_000, n: 1 } })
  expect(driven.pipeline.view.feeds[0]!.bad).toEqual({ size: 1 })
})

it.each([
  ['binance', binance, { stream: 'btcusdt@trade', data: { e: 'trade', s: 'BTCUSDT', t: 1, T, p: '1', q: '0', m: false, M: true } }],
  ['bybit', bybit, { topic: 'publicTrade.BTCUSDT', data: [{ T, s: 'BTCUSDT', S: 'Buy', v: '0', p: '1', i: 'a' }] }],
  ['coinbase', coinbase, { type: 'match', trade_id: 1, time: iso, product_id: 'BTC-USD', price: '1', size: '0.0', side: 'buy' }],
  ['kraken', kraken, { channel: 'trade', data: [{ symbol: 'BTC/USD', side: 'buy', price: 1, qty: 0, trade_id: 1, timestamp: iso }] }],
])('trades of size zero of %s are rejected as size', (_, venue, message) => {
  const talk = new Talk(venue)
  talk.says(message, T)
  expect(talk.heard()).toMatchObject({ bad: { size: 1 }, rows: [] })
})
