/** Why a tick or a line was left out, each counted: see docs/protocol.md, "status". */
const BAD = ['unreadable', 'symbol', 'price', 'size', 'quote', 'time', 'duplicate', 'gap', 'dropped', 'levels'] as const
/** One reason to leave a tick or a line out. */
export type Bad = (typeof BAD)[number]
/** How many were left out, by reason. */
export type BadCounts = Readonly<Partial<Record<Bad, number>>>

/** `type` of a trade. */
export const TRADE = 0
/** `type` of a best bid and ask. */
export const QUOTE = 1
/** `type` of a candle. */
export const CANDLE = 2
/** `type` of a trade that was seen before: it replaces TRADE after the batch was written, and the row is not stored. */
export const REFUSED = 3

/** `side` of a tick whose taker is unknown. */
export const NO_SIDE = 0
/** `side` of a trade whose taker bought. */
export const BUY = 1
/** `side` of a trade whose taker sold. */
export const SELL = 2
/** The sides as text, by their numbers. */
export const SIDES = ['', 'buy', 'sell'] as const
/** The side of a trade's taker; '' is unknown. */
export type Side = (typeof SIDES)[number]

/**
 * Ticks of one feed in the feed's order, column by column. Several batches may share the columns, each a window `from ≤ i < to`
 * of them. The sender of a batch no longer writes to it.
 */
export interface Ticks {
  readonly kind: 'ticks'
  readonly feed: number
  readonly columns: TickColumns
  readonly from: number
  readonly to: number
  /** The connection of the feed that it came by; 0 if it is left out. */
  readonly line?: number
  /** Messages this batch was read from. */
  readonly messages: number
  /** Market data came, also if it changed nothing: the connection is not silent. */
  readonly heard: boolean
  readonly bad: BadCounts
  /** Messages of kinds that are not read, by kind. */
  readonly passed?: Readonly<Record<string, number>>
  /** Trades that were found to be missing, or have come after all, in the order of the finding. */
  readonly gaps?: readonly TradeGap[]
  /** ms between the newest tick's own time and its receipt; NaN if unknown. */
  readonly lag: number
}

/** Trades of a symbol and source that are missing between two times. */
export interface TradeGap {
  readonly symbol: number
  readonly source: number
  /** Event times (ms) of what came before and after. */
  readonly from: number
  readonly to: number
  /** How many; NaN if nobody can tell. */
  readonly missing: number
  /** All of them have come: the gap of these times is none any more. */
  readonly healed: boolean
}

/** Row i of each column is one tick. `symbol` and `source` are indexes into the pipeline's interners. */
export interface TickColumns {
  type: Uint8Array
  symbol: Uint32Array
  source: Uint32Array
  /** Event time, ms. */
  t: Float64Array
  /** A trade's price, a candle's close, a quote's bid (NaN: nobody bids). */
  price: Float64Array
  /** A trade's size or a candle's volume, both in base units; a quote's ask (NaN: nobody asks). */
  size: Float64Array
  side: Uint8Array
  /** Unique for one source and symbol; '' for a quote. */
  id: string[]
  /** Of candles only. */
  candle?: CandleColumns
}

/** What a candle has beside its close and volume, row by row as in `TickColumns`. */
export interface CandleColumns {
  open: Float64Array
  high: Float64Array
  low: Float64Array
  /** Length in ms. */
  span: Float64Array
}

/** ms that a venue's clock may run ahead of the moment of receipt; a time beyond it is a mistake. */
export const AHEAD_MS_MAX = 5_000

/** ms: 2009-01-01, before which there was nothing to trade. */
export const FIRST_TIME = Date.UTC(2009, 0, 1)
/** ms: the first moment that a `Date` cannot hold. */
const END_OF_TIME = 8.64e15

const PRICE_MIN = 1e-18
const PRICE_MAX = 1e15
const SIZE_MAX = 1e18

/** Says whether a number can be a price: above zero and not absurd. */
export const isPrice = (price: number): boolean => price >= PRICE_MIN && price <= PRICE_MAX
/** Says whether a number can be the size of a trade: above zero and not absurd. */
export const isSize = (size: number): boolean => size > 0 && size <= SIZE_MAX
/** Says whether a number can be the volume of a candle: not negative and not absurd. */
export const isVolume = (volume: number): boolean => volume >= 0 && volume <= SIZE_MAX
/** Says whether a number (ms) can be a moment of these markets, and one that a `Date` holds. */
export const isTime = (t: number): boolean => t >= FIRST_TIME && t < END_OF_TIME

const COLUMNS = ['type', 'symbol', 'source', 't', 'price', 'size', 'side', 'id'] as const
const CANDLE_COLUMNS = ['open', 'high', 'low', 'span'] as const

/** Makes empty columns with room for `capacity` rows. */
export const tickColumns = (capacity: number): TickColumns => ({
  type: new Uint8Array(capacity),
  symbol: new Uint32Array(capacity),
  source: new Uint32Array(capacity),
  t: new Float64Array(capacity),
  price: new Float64Array(capacity),
  size: new Float64Array(capacity),
  side: new Uint8Array(capacity),
  id: [],
})

/** Makes empty columns of candles with room for `capacity` rows. */
export const candleColumns = (capacity: number): CandleColumns => ({
  open: new Float64Array(capacity),
  high: new Float64Array(capacity),
  low: new Float64Array(capacity),
  span: new Float64Array(capacity),
})

/** Copies row `from` onto row `to`. */
export const copyRow = (columns: TickColumns, from: number, to: number): void => {
  for (const name of COLUMNS) columns[name][to] = columns[name][from]!
  if (columns.candle) for (const name of CANDLE_COLUMNS) columns.candle[name][to] = columns.candle[name][from]!
}

/** Returns columns twice as long with the rows of `old`; the ids move over and are no longer `old`'s. */
export const grown = (old: TickColumns): TickColumns => {
  const capacity = old.type.length * 2
  const columns = tickColumns(capacity)
  for (const name of COLUMNS) if (name !== 'id') columns[name].set(old[name])
  columns.id = old.id
  if (old.candle) {
    columns.candle = candleColumns(capacity)
    for (const name of CANDLE_COLUMNS) columns.candle[name].set(old.candle[name])
  }
  return columns
}
