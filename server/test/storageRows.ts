import fc from 'fast-check'
import type { Interner } from '../../streams/lib/interner.ts'
import { CANDLE, type TickColumns, type Ticks, TRADE } from '../../streams/market/ticks.ts'
import type { AssetPnl, Constituent, FundRow, MeasureRow, PnlRow, PoolRow, V3Row } from '../../streams/measures/rows.ts'

/** Rows of every kind, with all that they may hold. */

export interface Tick {
  readonly type: number
  readonly symbol: string
  readonly source: string
  readonly t: number
  readonly price: number
  readonly size: number
  readonly side: number
  readonly id: string
  /** Of a candle only: 0 of a trade. */
  readonly span: number
  readonly open: number
  readonly high: number
  readonly low: number
}

export const trade = (t: number, of: Partial<Tick> = {}): Tick => {
  const price = of.price ?? 100
  return {
    type: TRADE,
    symbol: 'BTC-USD',
    source: 'sim',
    t,
    price,
    size: 1,
    side: 1,
    id: `${t}`,
    span: 0,
    open: price,
    high: price,
    low: price,
    ...of,
  }
}

/** A candle of `span` ms that opened at `openT`. */
export const candle = (openT: number, span: number, of: Partial<Tick> = {}): Tick =>
  trade(openT + span - 1, { type: CANDLE, side: 0, span, ...of })

export const ticksOf = (list: readonly Tick[], symbols: Interner, sources: Interner): Ticks => {
  const columns: TickColumns = {
    type: Uint8Array.from(list, x => x.type),
    symbol: Uint32Array.from(list, x => symbols.index(x.symbol)),
    source: Uint32Array.from(list, x => sources.index(x.source)),
    t: Float64Array.from(list, x => x.t),
    price: Float64Array.from(list, x => x.price),
    size: Float64Array.from(list, x => x.size),
    side: Uint8Array.from(list, x => x.side),
    id: list.map(x => x.id),
    candle: {
      open: Float64Array.from(list, x => x.open),
      high: Float64Array.from(list, x => x.high),
      low: Float64Array.from(list, x => x.low),
      span: Float64Array.from(list, x => x.span),
    },
  }
  return { kind: 'ticks', feed: 0, columns, from: 0, to: list.length, messages: 1, bad: {}, lag: Number.NaN }
}

const FIRST = Date.UTC(2009, 0, 1)
const LAST = Date.UTC(2299, 11, 31, 23, 59, 59, 999)

export const names: fc.Arbitrary<string> = fc.string({ unit: fc.constantFrom(...'ABCxyz09-._'), minLength: 1, maxLength: 64 })
export const times: fc.Arbitrary<number> = fc.oneof(fc.constantFrom(FIRST, 2 ** 40, LAST), fc.integer({ min: FIRST, max: 4e12 }))
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const absent = fc.constant(undefined)
const orUnknown = (values: fc.Arbitrary<number>) => fc.oneof({ weight: 4, arbitrary: values }, fc.constant(Number.NaN))
const time = orUnknown(times)
const amount = fc.oneof(fc.constantFrom(0n, 1n, -1n, 10n ** 76n - 1n), fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), absent)
const raw = fc.oneof(fc.constantFrom(0n, 2n ** 256n - 1n), fc.bigInt({ min: 0n, max: 2n ** 160n }))
const each = <K extends string>(keys: readonly K[], values: fc.Arbitrary<number>) =>
  Object.fromEntries(keys.map(key => [key, values])) as Record<K, fc.Arbitrary<number>>

const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true })

export const pnlRows = (numbers = anyNumber): fc.Arbitrary<PnlRow> => {
  const measure = orUnknown(numbers)
  const asset: fc.Arbitrary<AssetPnl> = fc.record({
    asset: names,
    ...each(['qty', 'price', 'avg', 'value', 'cost', 'unrealised', 'realised'], measure),
  })
  return fc.record({
    kind: fc.constant('pnl' as const),
    id: names,
    t: times,
    quote: names,
    method: fc.constantFrom('fifo', 'average'),
    ...each(['value', 'cost', 'unrealised', 'realised', 'income', 'expenses', 'fees', 'flows', 'total', 'day'], measure),
    ...each(['drawdownAbs', 'drawdownRel'], measure),
    stale: fc.boolean(),
    assets: fc.uniqueArray(asset, { maxLength: 5, selector: x => x.asset }),
    unpriced: fc.uniqueArray(fc.tuple(names, text), { maxLength: 3, selector: ([name]) => name }),
  })
}

export const fundRows = (numbers = anyNumber): fc.Arbitrary<FundRow> => {
  const measure = orUnknown(numbers)
  const constituent: fc.Arbitrary<Constituent> = fc.record({
    asset: names,
    units: amount,
    ...each(['price', 'weight', 'target', 'drift'], measure),
  })
  return fc.record({
    kind: fc.constant('fund' as const),
    id: names,
    t: times,
    ...each(['nav', 'aum', 'level', 'inavBid', 'inavMid', 'inavAsk', 'inavAge', 'totalDrift', 'maxDrift', 'market', 'premium'], measure),
    shares: amount,
    rebalanceNeeded: fc.boolean(),
    rebalanceReason: text,
    rebalanceSince: time,
    rebalanceLast: time,
    pending: fc.uniqueArray(names, { maxLength: 3 }),
    halted: fc.boolean(),
    stale: fc.boolean(),
    constituents: fc.uniqueArray(constituent, { maxLength: 12, selector: x => x.asset }),
  })
}

export const poolRows = (numbers = anyNumber): fc.Arbitrary<PoolRow> => {
  const measure = orUnknown(numbers)
  const figures = {
    kind: fc.constant('pool' as const),
    id: names,
    t: times,
    pool: fc.constantFrom('uniswap-v2', 'uniswap-v3'),
    ...each(['price', 'tvl', 'depthBid2', 'depthAsk2', 'volume24h', 'fees24h', 'trades24h'], measure),
    reserve0: fc.oneof(raw, absent),
    reserve1: fc.oneof(raw, absent),
    eventT: time,
    partial: fc.boolean(),
    stale: fc.boolean(),
  }
  const v3: fc.Arbitrary<V3Row> = fc.record({
    sqrtPriceX96: raw,
    tick: fc.integer({ min: -887_272, max: 887_272 }),
    liquidity: raw,
    dayN: fc.nat(),
    dayIn0: raw,
    dayIn1: raw,
  })
  return fc.oneof(fc.record(figures), fc.record({ ...figures, v3 }))
}

export const measureRows = (numbers = anyNumber): fc.Arbitrary<MeasureRow> =>
  fc.oneof(pnlRows(numbers), fundRows(numbers), poolRows(numbers))
