import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { symbolMap } from '../../../streams/market/symbols.ts'
import { collected, drained, feedContext, Talk } from '../../test/feedKit.ts'
import { itIsAVenue } from '../../test/venueSuite.ts'
import { systemEnvironment } from '../environment.ts'
import { replay } from '../replay/replay.ts'
import { binance, binanceCoinm, binanceUsdm } from './binance.ts'
import { bybit, bybitInverse, bybitLinear } from './bybit.ts'
import { coinbase } from './coinbase.ts'
import { kraken } from './kraken.ts'

const T = Date.UTC(2024, 7, 8)

const sum = (s: string, q: string, p: string) => ({
  stream: `${s.toLowerCase()}@aggTrade`,
  data: { e: 'aggTrade', E: T, a: 5933014, s, p, q, f: 1, l: 3, T, m: false },
})
const dollars = (s: string, v: string, p: string) => ({
  topic: `publicTrade.${s}`,
  type: 'snapshot',
  ts: T,
  data: [{ T, s, S: 'Buy', v, p, L: 'PlusTick', i: 'a', BT: false }],
})

itIsAVenue(binanceCoinm, {
  addresses: ['wss://dstream.binance.com/stream?streams=btcusd_perp@aggTrade'],
  messages: [
    sum('BTCUSD_PERP', '2', '50000'),
    {
      stream: 'bnbusd_perp@bookTicker',
      data: { u: 1, e: 'bookTicker', s: 'BNBUSD_PERP', ps: 'BNBUSD', b: '353.401', B: '271', a: '353.477', A: '6', T, E: T },
    },
  ],
})

itIsAVenue(bybitInverse, {
  addresses: ['wss://stream.bybit.com/v5/public/inverse'],
  messages: [
    dollars('BTCUSD', '5823', '28560.50'),
    { topic: 'tickers.BTCUSD', type: 'snapshot', ts: T, data: { symbol: 'BTCUSD', bid1Price: '28560', ask1Price: '28560.5' } },
  ],
})

describe('sizes of inverse contracts become base units: contracts × contract value ÷ price', () => {
  it.each([
    ['binance-coinm', binanceCoinm, sum('BTCUSD_PERP', '25', '50000'), 'BTC-USD-PERP', (25 * 100) / 50_000],
    ['binance-coinm', binanceCoinm, sum('ETHUSD_PERP', '25', '2500'), 'ETH-USD-PERP', (25 * 10) / 2_500],
    ['bybit-inverse', bybitInverse, dollars('BTCUSD', '5823', '50000'), 'BTC-USD-PERP', 5_823 / 50_000],
  ])('of %s', (_, venue, message, symbol, size) => {
    const talk = new Talk(venue)
    talk.says(message)
    expect(talk.heard().trades).toMatchObject([{ symbol, size, source: venue.name }])
  })

  it('in order books, too, at the price of each level', () => {
    const talk = new Talk(bybitInverse, {}, ['BTC-USD-PERP'])
    const data = { s: 'BTCUSD', b: [['49000', '9800']], a: [['50000', '5000']], u: 1 }
    talk.says({ topic: 'orderbook.1000.BTCUSD', type: 'snapshot', ts: T, data })
    talk.says({ topic: 'orderbook.1000.BTCUSD', type: 'delta', ts: T, data: { s: 'BTCUSD', b: [['49000', '4900']], a: [], u: 2 } })
    const levels = talk.writer.drainLevels(true).at(-1)!.levels!
    expect([levels.bids, levels.asks]).toEqual([[[49_000, 0.1]], [[50_000, 0.1]]])
  })
})

describe('an inverse contract is not taken for another one', () => {
  it.each([
    ['binance', binance, sum('BTCUSD_PERP', '25', '50000')],
    ['binance-usdm', binanceUsdm, sum('BTCUSD_PERP', '25', '50000')],
    ['binance-usdm, dated', binanceUsdm, sum('BTCUSD_240927', '25', '50000')],
    ['binance-coinm, dated', binanceCoinm, sum('BTCUSD_240927', '25', '50000')],
    ['bybit-linear', bybitLinear, dollars('BTCUSD', '5823', '50000')],
    ['bybit-inverse, dated', bybitInverse, dollars('BTCUSDM24', '5823', '50000')],
    ['bybit-inverse, a linear one', bybitInverse, dollars('BTCUSDT', '5823', '50000')],
    ['bybit, dated', bybit, dollars('BTCUSDM24', '5823', '50000')],
    ['kraken', kraken, { channel: 'trade', data: [{ symbol: 'PI_XBTUSD', side: 'buy', price: 1, qty: 1, trade_id: 1 }] }],
    ['coinbase', coinbase, { type: 'match', trade_id: 1, product_id: 'BTC-PERPETUAL', price: '1', size: '1', side: 'buy' }],
  ])('by %s', (_, venue, message) => {
    const talk = new Talk(venue)
    talk.says(message)
    expect(talk.heard()).toMatchObject({ bad: { symbol: 1 }, rows: [] })
  })
})

describe('a recording of inverse contracts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'inverse-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const read = async (name: string, text: string, fragment = '', symbols: Record<string, string> = {}) => {
    writeFileSync(join(folder, name), text)
    const context = feedContext({ symbols })
    const feed = await replay({ spec: `replay:${name}${fragment}`, base: folder, map: symbolMap(symbols), environment: systemEnvironment })
    return collected(await drained(feed.open(context)), context)
  }
  const stamped = (message: object) => `${T}000000 ${JSON.stringify(message)}\n`

  it('is known by its streams, or by the market that is named', async () => {
    const known = await read('known.ndts', stamped(sum('BTCUSD_PERP', '25', '50000')))
    const named = await read(
      'named.ndts',
      stamped({ e: 'aggTrade', E: T, a: 1, s: 'BTCUSD_PERP', p: '50000', q: '25', f: 1, l: 1, T, m: false }),
      '#binance-coinm',
    )
    for (const { trades } of [known, named]) expect(trades).toMatchObject([{ symbol: 'BTC-USD-PERP', source: 'binance-coinm', size: 0.05 }])
  })

  it.each([
    ['', 'inverse', 'BTCUSD'],
    ['', 'coinm', 'BTCUSD_PERP'],
    ['', '', 'BTCUSD_PERP'],
    ['', 'perp', 'BTCUSD_PERP'],
    ['', 'perp', 'BTCUSD'],
    ['bitmex', '', 'XBTUSD'],
    ['deribit', '', 'BTC-PERPETUAL'],
    ['', '', 'PI_XBTUSD'],
  ])('as a table is rejected as symbol, for it does not say how large a contract is (%s %s %s)', async (exchange, market, symbol) => {
    const rows = `symbol,price,exch_ts_ms,qty,trade_id,exchange,market\n${symbol},50000,${T},2500,1,${exchange},${market}\n`
    expect(await read('t.csv', rows)).toMatchObject({ rows: [], bad: { symbol: 1 } })
    const mapped = await read('t.csv', rows, '', { [symbol]: 'BTC-USD-PERP' })
    expect(mapped.trades).toMatchObject([{ symbol: 'BTC-USD-PERP', size: 2_500 }])
  })
})
