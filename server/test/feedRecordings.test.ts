import { describe, expect, it } from 'vitest'
import { readSymbol, symbolMap } from '../../streams/market/symbols.ts'
import { TRADE } from '../../streams/market/ticks.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { replay } from '../feeds/replay/replay.ts'
import { fieldsOf } from '../lib/csv.ts'
import { type Collected, collected, drained, feedContext, type Row } from './feedKit.ts'
import { haveRecordings, recordedLines, recordings } from './recordings.ts'

const replayed = async (file: string): Promise<Collected> => {
  const context = feedContext()
  const feed = await replay({ spec: `replay:${file}`, base: recordings, map: symbolMap({}), environment: systemEnvironment })
  return collected(await drained(feed.open(context)), context)
}

/** A trade as text, to compare many at once and still see which one differs. */
const line = ({ symbol, id, t, price, size, side }: Row): string => [symbol, id, t, price, size, side].join(' ')

/** The trades of a normalised file, its perpetuals told by its column `market`. */
const normalised = (file: string): string[] =>
  recordedLines(file)
    .slice(1)
    .map(text => {
      const [, market, symbol, id, t, , price, size, side] = fieldsOf(text)
      const perpetual = market === 'usdm' || market === 'linear'
      return [readSymbol(symbol!, perpetual), id, t, Number(price), Number(size), side].join(' ')
    })

const recordedMessages = (file: string): { conn: string; message: unknown }[] =>
  recordedLines(file)
    .map(text => JSON.parse(text))
    .filter(({ t }) => t === 'recv')
    .map(({ conn, data }) => ({ conn, message: JSON.parse(data) }))

const lastQuotes = ({ quotes }: Collected): Record<string, [bid: number, ask: number]> =>
  Object.fromEntries(quotes.map(({ symbol, price, size }) => [symbol, [price, size]]))

/** The best bid and ask of a plain map of all levels. */
class PlainBook {
  private readonly sides = { bids: new Map<number, string>(), asks: new Map<number, string>() }

  set(side: 'bids' | 'asks', price: string, size: string): void {
    if (Number(size) === 0) this.sides[side].delete(Number(price))
    else this.sides[side].set(Number(price), size)
  }

  get top(): [bid: number, ask: number] {
    return [Math.max(...this.sides.bids.keys()), Math.min(...this.sides.asks.keys())]
  }
}

const bookOf = (books: Record<string, PlainBook>, symbol: string): PlainBook => {
  books[symbol] ??= new PlainBook()
  return books[symbol]
}

/** Tops of books as they changed, by symbol. */
class Tops {
  readonly changes: Record<string, [bid: number, ask: number][]> = {}

  see(symbol: string, top: [bid: number, ask: number]): void {
    const last = this.changes[symbol]?.at(-1)
    if (last?.[0] === top[0] && last[1] === top[1]) return
    this.changes[symbol] ??= []
    this.changes[symbol].push(top)
  }
}

const quotesBySymbol = ({ quotes }: Collected): Record<string, [bid: number, ask: number][]> => {
  const by: Record<string, [bid: number, ask: number][]> = {}
  for (const { symbol, price, size } of quotes) {
    by[symbol] ??= []
    by[symbol].push([price, size])
  }
  return by
}

describe.skipIf(!haveRecordings)('a recording of raw messages (skipped where the recordings are not beside the project)', () => {
  it.each([
    ['binance_spot_BTCUSDT_ETHUSDT_20240808', 'binance_spot_BTC_ETH_20240808', 'binance', 74_867, 15_863],
    ['binance_usdm_BTCUSDT_ETHUSDT_20240808_trade_bookTicker', 'binance_usdm_BTC_ETH_20240808', 'binance-usdm', 155_472, 35_389],
  ])('%s gives its trades, its quotes where they changed, and nothing bad', async (raw, csv, source, messages, trades) => {
    const got = await replayed(`ws/${raw}.ndts.gz`)
    expect(got.bad).toEqual({})
    expect(got.messages).toBe(messages)
    expect(got.trades).toHaveLength(trades)
    expect(got.trades.map(line)).toEqual(normalised(`trades/${csv}_trades.csv.gz`))
    expect(new Set(got.rows.map(row => row.source))).toEqual(new Set([source]))

    const tops = new Tops()
    for (const text of recordedLines(`ws/${raw}.ndts.gz`)) {
      const { stream, data } = JSON.parse(text.slice(text.indexOf(' ')))
      if (!stream?.endsWith('@bookTicker')) continue
      tops.see(readSymbol(data.s, source === 'binance-usdm')!, [Number(data.b), Number(data.a)])
    }
    expect(quotesBySymbol(got)).toEqual(tops.changes)
  })

  it('of Coinbase Advanced gives 279 trades, 200 of them the opening snapshots, and the top of its books', async () => {
    const got = await replayed('ws/cryptofeed_COINBASE.ndjson.gz')
    expect(got.bad).toEqual({})
    const wanted = normalised('trades/coinbase_advanced_20260809_trades.csv.gz')
    expect(got.trades).toHaveLength(279)
    // A message has its newest trade first; here the oldest comes first. The table has the side as sent, which is the maker's.
    const asSent = got.trades.map(trade => line({ ...trade, side: trade.side === 'buy' ? 'sell' : 'buy' }))
    expect(asSent.sort()).toEqual([...wanted].sort())
    const snapshots = recordedLines('trades/coinbase_advanced_20260809_trades.csv.gz').filter(text => text.includes('spot:snapshot'))
    expect(snapshots).toHaveLength(200)
    for (const symbol of ['BTC-USD', 'ETH-USD']) {
      const ids = got.trades.filter(trade => trade.symbol === symbol).map(({ id }) => Number(id))
      expect(ids).toEqual([...ids].sort((a, b) => a - b))
    }

    const tops = new Tops()
    const books: Record<string, PlainBook> = {}
    for (const { message } of recordedMessages('ws/cryptofeed_COINBASE.ndjson.gz')) {
      const { channel, events } = message as {
        channel: string
        events: { type: string; product_id: string; updates: never[]; tickers: never[] }[]
      }
      for (const { product_id, updates, tickers } of events) {
        if (channel === 'ticker') {
          for (const { product_id: id, best_bid, best_ask } of tickers) if (!books[id]) tops.see(id, [Number(best_bid), Number(best_ask)])
        } else if (channel === 'l2_data') {
          const book = bookOf(books, product_id)
          for (const { side, price_level, new_quantity } of updates) book.set(side === 'bid' ? 'bids' : 'asks', price_level, new_quantity)
          tops.see(product_id, book.top)
        }
      }
    }
    expect(quotesBySymbol(got)).toEqual(tops.changes)
  })

  it('of Coinbase Advanced has the taker buy at the ask and sell at the bid, by its own book', async () => {
    const { rows, quotes } = await replayed('ws/cryptofeed_COINBASE.ndjson.gz')
    const bitcoin = rows.filter(({ symbol }) => symbol === 'BTC-USD')
    // The best bid and ask of bitcoin never moved while this was recorded, so there is no doubt which of them a trade met.
    const [top, ...moved] = quotes.filter(({ symbol }) => symbol === 'BTC-USD')
    expect(moved).toEqual([])
    const after = bitcoin.filter(({ type, t }) => type === TRADE && t >= top!.t)
    expect(after.length).toBeGreaterThan(40)
    for (const { side, price } of after) expect(price).toBe(side === 'buy' ? top!.size : top!.price)
  })

  it('of Coinbase’s feed before gives its trades with the taker’s side, and the top of its books', async () => {
    const file = 'ws/cryptofeed_COINBASE_legacy_matches_20210417.ndjson.gz'
    const got = await replayed(file)
    expect(got.bad).toEqual({})
    expect(got.trades.map(line)).toEqual(normalised('trades/coinbase_legacy_20210417_trades.csv.gz'))

    const books: Record<string, PlainBook> = {}
    for (const { message } of recordedMessages(file)) {
      const { type, product_id, bids, asks, changes } = message as Record<string, never>
      if (type === 'snapshot') {
        const book = bookOf(books, product_id!)
        for (const [price, size] of bids as unknown as string[][]) book.set('bids', price!, size!)
        for (const [price, size] of asks as unknown as string[][]) book.set('asks', price!, size!)
      } else if (type === 'l2update') {
        for (const [side, price, size] of changes as unknown as string[][])
          books[product_id!]!.set(side === 'buy' ? 'bids' : 'asks', price!, size!)
      }
    }
    expect(Object.keys(books)).toHaveLength(10)
    expect(lastQuotes(got)).toEqual(Object.fromEntries(Object.entries(books).map(([id, book]) => [id, book.top])))
  })

  it('of Bybit gives the trades of both its markets, each as its own, and the top of their books', async () => {
    const got = await replayed('ws/cryptofeed_BYBIT.ndjson.gz')
    expect(got.bad).toEqual({})
    // The file has one connection after the other; they come side by side, as they were.
    const wanted = normalised('trades/bybit_v5_20260809_trades.csv.gz')
    for (const market of ['bybit', 'bybit-linear']) {
      const own = got.trades.filter(({ source }) => source === market).map(line)
      expect(own).toEqual(wanted.filter(text => text.split(' ')[0]!.endsWith('-PERP') === (market === 'bybit-linear')))
    }
    expect(got.trades).toHaveLength(wanted.length)
    let newest = 0
    for (const { t } of got.rows) {
      expect(t).toBeGreaterThan(newest - 1_000)
      newest = Math.max(newest, t)
    }
    for (const { symbol, source } of got.rows) expect(source).toBe(symbol.endsWith('-PERP') ? 'bybit-linear' : 'bybit')
    expect(new Set(got.rows.map(row => row.source)).size).toBe(2)

    const books: Record<string, PlainBook> = {}
    for (const { conn, message } of recordedMessages('ws/cryptofeed_BYBIT.ndjson.gz')) {
      const { topic = '', data } = message as { topic?: string; data: { s: string; b: string[][]; a: string[][] } }
      if (!topic.startsWith('orderbook')) continue
      const book = bookOf(books, readSymbol(data.s, conn === 'BYBIT.ws.2')!)
      for (const [price, size] of data.b) book.set('bids', price!, size!)
      for (const [price, size] of data.a) book.set('asks', price!, size!)
    }
    expect(Object.keys(books)).toHaveLength(6)
    expect(lastQuotes(got)).toEqual(Object.fromEntries(Object.entries(books).map(([symbol, book]) => [symbol, book.top])))
  })

  it('of Kraken gives every trade of its trade messages, and the top of its books', async () => {
    const file = 'ws/cryptofeed_KRAKEN.ndjson.gz'
    const got = await replayed(file)
    expect(got.bad).toEqual({})
    const wanted: string[] = []
    const tops = new Tops()
    const books: Record<string, PlainBook> = {}
    const tickers = new Set<string>()
    for (const { message } of recordedMessages(file)) {
      if (!Array.isArray(message)) continue
      const symbol = readSymbol(message.at(-1))!
      if (message.at(-2) === 'trade') {
        for (const [price, size, time, side] of message[1]) {
          wanted.push(
            [symbol, Math.floor(Math.round(Number(time) * 1e6) / 1e3), Number(price), Number(size), side === 'b' ? 'buy' : 'sell'].join(
              ' ',
            ),
          )
        }
      } else if (message.at(-2) === 'ticker') tickers.add(symbol)
      else if (message.at(-2) === 'book-1000') {
        const book = bookOf(books, symbol)
        for (const part of message.slice(1, -2)) {
          for (const [price, size] of part.bs ?? part.b ?? []) book.set('bids', price, size)
          for (const [price, size] of part.as ?? part.a ?? []) book.set('asks', price, size)
        }
        tops.see(symbol, book.top)
      }
    }
    expect(got.trades.map(({ symbol, t, price, size, side }) => [symbol, t, price, size, side].join(' '))).toEqual(wanted)
    expect(wanted.length).toBeGreaterThan(0)
    expect(new Set(got.trades.map(({ symbol, id }) => `${symbol} ${id}`)).size).toBe(wanted.length)
    // Books and tickers come on connections of their own, so that what each of them says is said.
    expect(tickers.size).toBe(10)
    const quotes = quotesBySymbol(got)
    for (const [symbol, changes] of Object.entries(tops.changes)) {
      const said = new Set(quotes[symbol]!.map(String))
      for (const top of changes) expect(said).toContain(String(top))
    }
  })

  it('of a Binance without trade streams gives its quotes and its sums of trades', async () => {
    const got = await replayed('ws/cryptofeed_BINANCE.ndjson.gz')
    expect(got.bad).toEqual({})
    expect(got.trades.map(({ id }) => id)).toEqual(['a15683430', 'a9213679'])
    expect(lastQuotes(got)['NKN-USDT']).toBeDefined()
  })
})

describe.skipIf(!haveRecordings)('a recording as a table (skipped where the recordings are not beside the project)', () => {
  it.each([
    ['binance_spot_BTC_ETH_20240808', 15_863],
    ['binance_usdm_BTC_ETH_20240808', 35_389],
    ['binance_XRPETH_20191011_20191013', 12_477],
    ['bybit_v5_20260809', 347],
    ['coinbase_advanced_20260809', 279],
    ['coinbase_legacy_20210417', 107],
  ])('%s gives its rows, by the exchange’s own ids', async (name, rows) => {
    const file = `trades/${name}_trades.csv.gz`
    const got = await replayed(file)
    expect(got.bad).toEqual({})
    expect(got.trades).toHaveLength(rows)
    expect(got.trades.map(line)).toEqual(normalised(file))
    expect(new Set(got.trades.map(({ source }) => source))).toEqual(new Set([name.split('_')[0]]))
  })

  it('of candles gives one tick a candle, at its last millisecond and its close', async () => {
    const file = 'klines/binance_BTCUSDT_1m_20210420_20210512.csv.gz'
    const got = await replayed(file)
    expect(got.bad).toEqual({})
    const wanted = recordedLines(file)
      .slice(1)
      .map(text => {
        const [open, , , , close, volume] = text.split(',').map(Number)
        return ['BTC-USDT', open! + 59_999, close, volume].join(' ')
      })
    expect(got.rows.map(({ symbol, t, price, size }) => [symbol, t, price, size].join(' '))).toEqual(wanted)
    expect(new Set(got.rows.map(({ id }) => id)).size).toBe(wanted.length)
    expect(got.rows[0]).toMatchObject({ source: 'replay', id: expect.stringMatching(/^[0-9a-f]{12}:2$/) })
  })

  it('of hourly candles of several symbols gives them by their column', async () => {
    const got = await replayed('klines/top8_usdt_1h_20250530_20250629.csv.gz')
    expect(got.bad).toEqual({})
    expect(got.rows).toHaveLength(8 * 720)
    expect(new Set(got.rows.map(({ symbol }) => symbol)).size).toBe(8)
    for (const { t } of got.rows) expect(t % 3_600_000).toBe(3_599_999)
  })

  it.each([
    ['univ3_eth_usdc_weth_005_20240105_rawlogs', 6_234, Date.UTC(2024, 0, 5, 0, 0, 23)],
    ['eth_block_17173049_logs', recordedCount('dex/eth_block_17173049_logs.ndjson.gz'), 1_683_029_999_000],
  ])('of event logs %s gives every log', async (name, count, first) => {
    const { batches, bad, messages } = await replayed(`dex/${name}.ndjson.gz`)
    const logs = batches.flatMap(batch => (batch.kind === 'chain' ? batch.logs : []))
    expect(bad).toEqual({})
    expect(messages).toBe(count)
    expect(logs).toHaveLength(count)
    expect(logs[0]!.t).toBe(first)
    const lines = recordedLines(`dex/${name}.ndjson.gz`).map(text => JSON.parse(text))
    expect(logs.map(({ block, index, address, topics, data }) => [block, index, address, topics, data])).toEqual(
      lines.map(log => [log.block_number, log.log_index, log.address, log.topics, log.data]),
    )
  })
})

function recordedCount(file: string): number {
  return haveRecordings ? recordedLines(file).length : 0
}
