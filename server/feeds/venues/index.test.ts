import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QUOTE } from '../../../streams/market/ticks.ts'
import { Talk } from '../../test/feedKit.ts'
import { VENUES } from './index.ts'

/** A message or two of each kind that a venue sends and that says whose it is. */
const SAYINGS: Record<string, readonly unknown[]> = {
  binance: [
    {
      stream: 'bnbbtc@trade',
      data: { e: 'trade', E: 2, s: 'BNBBTC', t: 40756030, p: '0.00426990', q: '33.8', T: 1554076800940, m: false, M: true },
    },
    { stream: 'btcusdt@bookTicker', data: { u: 1127645101, s: 'BTCUSDT', b: '8010.0', B: '0.14', a: '8012.15', A: '0.03' } },
  ],
  'binance-usdm': [
    {
      stream: 'btcusdt@trade',
      data: { e: 'trade', E: 2, T: 1574381164086, s: 'BTCUSDT', t: 10934580, p: '7627.60', q: '0.044', X: 'MARKET', m: true },
    },
    {
      stream: 'btcusdt@bookTicker',
      data: { e: 'bookTicker', u: 1, s: 'BTCUSDT', b: '33134.42', B: '0.1', a: '33139.39', A: '0.3', T: 1, E: 1612137603571 },
    },
  ],
  coinbase: [
    { type: 'match', trade_id: 1, side: 'buy', size: '0.9', price: '4.978', product_id: 'ETC-GBP', time: '2019-08-01T00:00:03.816Z' },
    { type: 'ticker', product_id: 'BTC-USD', best_bid: '4094.99', best_ask: '4095', time: '2019-04-01T00:00:04.54Z' },
    { type: 'l2update', product_id: 'BTC-EUR', changes: [['sell', '9202.54', '0.432']], time: '2019-08-01T00:00:03.818Z' },
    { type: 'snapshot', product_id: 'BTC-EUR', bids: [['9202.54', '0.432']], asks: [['9203', '1']] },
    {
      channel: 'market_trades',
      timestamp: '2026-08-09T21:05:48.22Z',
      sequence_num: 0,
      events: [
        {
          type: 'update',
          trades: [{ product_id: 'BTC-USD', trade_id: '7', price: '65083.67', size: '0.002', time: '2026-08-09T21:05:42Z', side: 'SELL' }],
        },
      ],
    },
    {
      channel: 'l2_data',
      timestamp: '2026-08-09T21:05:48.22Z',
      sequence_num: 1,
      events: [{ type: 'snapshot', product_id: 'BTC-USD', updates: [{ side: 'bid', price_level: '65083.66', new_quantity: '0.2' }] }],
    },
    {
      channel: 'ticker',
      timestamp: '2026-08-09T21:05:48.22Z',
      sequence_num: 2,
      events: [{ type: 'snapshot', tickers: [{ product_id: 'BTC-USD', best_bid: '65083.66', best_ask: '65083.67' }] }],
    },
  ],
  kraken: [
    [170, [['0.01136500', '2.51146536', '1561939201.587070', 's', 'l', '']], 'trade', 'LTC/XBT'],
    [325, ['43770.20000', '43770.30000', '1633053779.916349', '0.009', '0.316'], 'spread', 'XBT/USD'],
    [1668, { a: ['13.253900', 35, '35.7'], b: ['13.232900', 185, '185.1'] }, 'ticker', 'WAVES/EUR'],
    [468, { as: [['87.7', '3', '1561939258.5']], bs: [['87.6', '35.02', '1561939258.5279']] }, 'book-1000', 'XMR/USD'],
    {
      channel: 'trade',
      type: 'update',
      data: [{ symbol: 'BTC/USD', side: 'buy', price: 100.1, qty: 0.25, trade_id: 123, timestamp: '2026-07-10T00:00:00.123456Z' }],
    },
    { channel: 'ticker', type: 'update', data: [{ symbol: 'BTC/USD', bid: 99.9, ask: 100.1, timestamp: '2026-07-10T00:00:02.123456Z' }] },
  ],
  bybit: [
    {
      topic: 'publicTrade.ETHUSDT',
      type: 'snapshot',
      ts: 1786310821917,
      data: [{ i: '228', T: 1786310821917, p: '1923.28', v: '0.045', S: 'Sell', s: 'ETHUSDT', BT: false }],
    },
    { topic: 'tickers.BTCUSDT', ts: 1, type: 'snapshot', data: { symbol: 'BTCUSDT', lastPrice: '65140.5', usdIndexPrice: '65091.4' } },
  ],
  'bybit-linear': [
    {
      topic: 'publicTrade.BTCUSDT',
      type: 'snapshot',
      ts: 1,
      data: [{ T: 1786310819680, s: 'BTCUSDT', S: 'Sell', v: '0.004', p: '65114.20', L: 'MinusTick', i: 'a9188a0a' }],
    },
    {
      topic: 'tickers.BTCUSDT',
      type: 'snapshot',
      ts: 1786310819680,
      data: { symbol: 'BTCUSDT', bid1Price: '65114.20', ask1Price: '65114.30' },
    },
    {
      topic: 'orderbook.1.BTCUSDT',
      type: 'snapshot',
      ts: 1680673820717,
      data: { s: 'BTCUSDT', b: [['28552.00', '0.047']], a: [['28552.10', '25.4']], u: 7, seq: 5 },
    },
  ],
}

const ADDRESSES: Record<string, readonly string[]> = {
  binance: ['wss://stream.binance.com:9443/stream?streams=btcusdt@trade', 'wss://data-stream.binance.vision/ws'],
  'binance-usdm': ['wss://fstream.binance.com/stream', 'wss://fstream.binance.com/public/stream'],
  coinbase: ['wss://advanced-trade-ws.coinbase.com', 'wss://ws-feed.pro.coinbase.com', 'wss://ws-feed.exchange.coinbase.com'],
  kraken: ['wss://ws.kraken.com', 'wss://ws.kraken.com/v2'],
  bybit: ['wss://stream.bybit.com/v5/public/spot'],
  'bybit-linear': ['wss://stream.bybit.com/v5/public/linear'],
  nobody: [
    'wss://stream.bybit.com/v5/public/inverse',
    'wss://dstream.binance.com/ws',
    'wss://futures.kraken.com/ws/v1',
    'wss://coinbase.com.example.org',
  ],
}

/** Anything in the place of any part of a message. */
const torn = (message: unknown): fc.Arbitrary<unknown> => {
  const junk = fc.oneof(
    fc.constantFrom<unknown>(null, true, -1, 1e300, '', 'x', [], {}, [null], [[]]),
    fc.jsonValue({ maxDepth: 2 }),
    fc.string(),
  )
  if (typeof message !== 'object' || message === null) return fc.oneof({ weight: 8, arbitrary: fc.constant(message) }, junk)
  const parts = Object.entries(message).map(([key, value]) => fc.tuple(fc.constant(key), torn(value)))
  const whole = fc.tuple(...parts).map(entries => (Array.isArray(message) ? entries.map(e => e[1]) : Object.fromEntries(entries)))
  return fc.oneof({ weight: 20, arbitrary: whole }, junk)
}

describe.each(VENUES.map(venue => [venue.name, venue] as const))('%s', (name, venue) => {
  const sayings = SAYINGS[name]!

  it('opens sockets that name every symbol it is asked for, and few symbols each', () => {
    const symbols = Array.from({ length: 250 }, (_, i) => `COIN${String.fromCharCode(65 + (i % 26), 65 + Math.floor(i / 26))}USDT`)
    const sockets = venue.sockets(symbols, new Set())
    expect(sockets.length).toBeGreaterThan(1)
    for (const { url } of sockets) expect(new URL(url).protocol).toBe('wss:')
    const asked = sockets.map(({ url, subscribeMessages: hello }) => url + hello.join(''))
    for (const symbol of symbols) expect(asked.filter(text => text.toUpperCase().includes(symbol))).toHaveLength(1)
    for (const { subscribeMessages: hello } of sockets) for (const message of hello) expect(JSON.parse(message)).toBeTypeOf('object')
  })

  it('knows its addresses, and no other market’s', () => {
    for (const [owner, addresses] of Object.entries(ADDRESSES)) {
      for (const address of addresses) expect([address, venue.traces.at(new URL(address))]).toEqual([address, owner === name])
    }
    for (const { url } of venue.sockets(['BTCUSDT'], new Set())) expect(venue.traces.at(new URL(url))).toBe(true)
  })

  it('knows its messages, and no other market’s', () => {
    for (const [owner, messages] of Object.entries(SAYINGS)) {
      // Nothing in an order book tells Bybit's markets apart.
      for (const message of messages.filter(m => !JSON.stringify(m).includes('orderbook'))) {
        expect([message, venue.traces.matches(message)]).toEqual([message, owner === name])
      }
    }
    for (const nonsense of [null, 1, '', [], {}, { data: null }, { topic: 'publicTrade.X', data: [] }])
      expect(venue.traces.matches(nonsense)).toBe(false)
  })

  it('makes ticks of what its market says', () => {
    const talk = new Talk(venue)
    for (const message of sayings) expect(talk.says(message)).toBeUndefined()
    const { trades, quotes, bad, messages } = talk.heard()
    expect(bad).toEqual({})
    expect(messages).toBe(sayings.length)
    expect(trades.length + quotes.length).toBeGreaterThan(0)
    for (const { source } of [...trades, ...quotes]) expect(source).toBe(name)
    for (const { symbol } of [...trades, ...quotes]) expect(symbol.endsWith('-PERP')).toBe(venue.perpetual)
  })

  it('counts what is no JSON', () => {
    const talk = new Talk(venue)
    for (const text of ['', 'pong', '{"stream":', '\0', '[1,2']) talk.says(text)
    expect(talk.heard().bad).toEqual({ unreadable: 5 })
  })

  it('throws nothing and writes no absurd tick, whatever comes in place of its messages', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...sayings.map(torn)), { maxLength: 12 }), messages => {
        const talk = new Talk(venue)
        for (const message of messages) talk.says(message, Date.UTC(2027, 0, 1))
        for (const { price, size, t, id, type, symbol } of talk.heard().rows) {
          expect(price).toBeGreaterThan(0)
          expect(size).toBeGreaterThanOrEqual(0)
          expect(Number.isFinite(t)).toBe(true)
          expect(typeof id).toBe('string')
          expect(id === '').toBe(type === QUOTE)
          expect(symbol).toMatch(/^[A-Z0-9.]+-[A-Z0-9.]+(-PERP)?$/)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('counts instruments that nobody knows', () => {
    const talk = new Talk(venue)
    const renamed = JSON.stringify(sayings[0]).replace(/"(BNBBTC|BTCUSDT|ETC-GBP|LTC\/XBT|ETHUSDT)"/g, '"NOTHING"')
    talk.says(renamed)
    talk.says(renamed)
    expect(talk.heard()).toMatchObject({ bad: { symbol: 2 }, rows: [] })
  })
})
