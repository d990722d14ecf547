import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Interner } from '../../../streams/lib/interner.ts'
import { candleColumns, type Ticks, tickColumns } from '../../../streams/market/ticks.ts'
import type { FeedInput } from '../feed.ts'
import { decodeBatch, encodeBatch, type Naming } from './batchCodec.ts'

const NAMES = ['BTC-USD', 'ETH-USD', 'ÅB-USD', '0']
const FEEDS = ['sim', 'binance:BTCUSDT', 'evm:x']

/** Names as a core has them that met them in this order. */
const naming = (names: readonly string[], feeds: readonly string[] = FEEDS): Naming => {
  const [symbols, sources] = [new Interner(), new Interner()]
  for (const name of names) {
    symbols.index(name)
    sources.index(name)
  }
  return { symbols, sources, feeds }
}

const known = fc.nat(NAMES.length - 1)
const feed = fc.nat(FEEDS.length - 1)
const anyNumber = fc.double()
const row = fc.record({
  type: fc.nat(3),
  symbol: known,
  source: known,
  t: anyNumber,
  price: anyNumber,
  size: anyNumber,
  side: fc.nat(2),
  id: fc.string(),
})
const gap = fc.record({
  symbol: known,
  source: known,
  from: fc.nat(),
  to: fc.nat(),
  missing: fc.constantFrom(Number.NaN, 0, 7),
  healed: fc.boolean(),
})

const ticks: fc.Arbitrary<Ticks> = fc
  .record({
    feed,
    rows: fc.array(row, { maxLength: 20 }),
    before: fc.nat(3),
    hasCandles: fc.boolean(),
    gaps: fc.array(gap, { maxLength: 2 }),
    lag: fc.constantFrom(Number.NaN, -3, 12.5),
    line: fc.option(fc.nat(3), { nil: undefined }),
  })
  .map(({ feed, rows, before, hasCandles, gaps, lag, line }) => {
    // A window of columns that others share.
    const columns = tickColumns(before + rows.length + 2)
    if (hasCandles) columns.candle = candleColumns(before + rows.length + 2)
    columns.id = Array.from({ length: before }, () => 'another batch')
    rows.forEach(({ id, ...figures }, i) => {
      for (const name of ['type', 'symbol', 'source', 't', 'price', 'size', 'side'] as const) columns[name][before + i] = figures[name]
      columns.id.push(id)
      if (columns.candle) for (const name of ['open', 'high', 'low', 'span'] as const) columns.candle[name][before + i] = figures.price + i
    })
    const said = { messages: 3, heard: true, bad: { price: 2 }, lag, ...(line !== undefined && { line }), ...(gaps.length > 0 && { gaps }) }
    return { kind: 'ticks', feed, columns, from: before, to: before + rows.length, ...said }
  })

const level = fc.tuple(fc.nat(), fc.nat())
const levels = fc.option(fc.record({ bids: fc.array(level), asks: fc.array(level) }), { nil: undefined })
const others: fc.Arbitrary<FeedInput> = fc.oneof(
  fc.record({ kind: fc.constant('levels' as const), feed, symbol: known, source: known, t: fc.nat(), levels }),
  fc.record({ kind: fc.constant('feed' as const), feed, state: fc.constantFrom('live' as const, 'down' as const) }),
  fc.record({ kind: fc.constant('subscriptions' as const), feed, refused: fc.constant({ A: 'no such symbol' }), missing: fc.constant({}) }),
  fc.record({
    kind: fc.constant('chain' as const),
    feed,
    messages: fc.nat(),
    bad: fc.constant({}),
    logs: fc.constant([{ t: 1, block: 2, index: 3, address: '0xa', topics: ['0xb'], data: '0x' }]),
  }),
)

/** What an input says, in names: the same for every core. */
const said = (input: FeedInput, { symbols, sources, feeds }: Naming): unknown => {
  const named = <T extends { symbol: number; source: number }>(of: T) => ({
    ...of,
    symbol: symbols.at(of.symbol),
    source: sources.at(of.source),
  })
  const feed = feeds[input.feed]
  if (input.kind === 'levels') return { ...named(input), feed }
  if (input.kind !== 'ticks') return { ...input, feed }
  const { columns: c, from, to, gaps, ...rest } = input
  const rows = Array.from({ length: to - from }, (_, k) => {
    const i = from + k
    const candle = c.candle && [c.candle.open[i], c.candle.high[i], c.candle.low[i], c.candle.span[i]]
    return named({
      type: c.type[i],
      symbol: c.symbol[i]!,
      source: c.source[i]!,
      t: c.t[i],
      price: c.price[i],
      size: c.size[i],
      side: c.side[i],
      id: c.id[i],
      candle,
    })
  })
  return { ...rest, feed, rows, gaps: gaps?.map(named) }
}

describe('a batch of inputs', () => {
  it('says the same to a core that numbers symbols, sources and feeds in another order', () => {
    void fc.assert(
      fc.property(
        fc.array(fc.oneof(ticks, others), { maxLength: 5 }),
        fc.shuffledSubarray(NAMES),
        fc.shuffledSubarray(FEEDS, { minLength: FEEDS.length }),
        (inputs, names, feeds) => {
          const [writer, reader] = [naming(NAMES), naming(names, feeds)]
          const { at, inputs: read, foreign } = decodeBatch(encodeBatch(inputs, 1_700_000_000_123, writer), reader)
          expect([at, foreign]).toEqual([1_700_000_000_123, 0])
          expect(read.map(input => said(input, reader))).toEqual(inputs.map(input => said(input, writer)))
        },
      ),
    )
  })

  it('counts what is of feeds that the reader does not have, and reads the rest', () => {
    void fc.assert(
      fc.property(fc.array(fc.oneof(ticks, others), { maxLength: 5 }), inputs => {
        const reader = naming([], ['binance:BTCUSDT'])
        const known = inputs.filter(({ feed }) => feed === 1)
        const { inputs: read, foreign } = decodeBatch(encodeBatch(inputs, 0, naming(NAMES)), reader)
        expect(foreign).toBe(inputs.length - known.length)
        expect(read.map(input => said(input, reader))).toEqual(known.map(input => said(input, naming(NAMES))))
      }),
    )
  })

  it('is refused if it was cut off, or has another form', () => {
    void fc.assert(
      fc.property(fc.array(ticks, { minLength: 1, maxLength: 3 }), fc.nat(), (inputs, at) => {
        const batch = encodeBatch(inputs, 0, naming(NAMES))
        expect(() => decodeBatch(batch.subarray(0, at % batch.length), naming([]))).toThrow()
      }),
    )
    const batch = encodeBatch([], 0, naming([]))
    batch[0] = 9
    expect(() => decodeBatch(batch, naming([]))).toThrow('batch: found version 9, expected 1')
  })
})
