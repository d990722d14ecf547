import type { FundSpec } from './fund/fund.ts'
import type { PlannedTrade } from './fund/tradePlan.ts'
import type { RebalanceState } from './ledger/rebalanceEntry.ts'
import type { Transaction } from './pnl/transaction.ts'
import type { Levels } from './pools/orderBook.ts'

/**
 * What flows in. Everything the pure part ever learns comes to it as one ordered sequence of these: it asks nobody for the
 * time and joins no two streams, so the same input gives the same output, byte for byte.
 */
export type Input = Ticks | BookLevels | ChainEvents | LedgerEvents | FeedChange | Clock | Watch

/** Time has come to `t` (ms, a multiple of `frameMs`): live by the wall, in a replay by the data. Closes the frame. */
export interface Clock {
  readonly kind: 'clock'
  readonly t: number
}

export type FeedState = 'connecting' | 'live' | 'ended' | 'down'

/** What a feed says of itself. */
export interface FeedChange {
  readonly kind: 'feed'
  readonly feed: number
  readonly state: FeedState
}

/** Somebody begins or ceases to listen to a channel. A channel that begins is computed at the next end of a frame. */
export interface Watch {
  readonly kind: 'watch'
  readonly channel: string
  readonly on: boolean
}

/** One event log of an EVM chain, as `eth_getLogs` gives it, but for the time. */
export interface ChainLog {
  /** ms; the time of the block. */
  readonly t: number
  readonly block: number
  readonly index: number
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
  /** The block it stood in has been reorganised away. */
  readonly removed?: boolean
}

export interface ChainEvents {
  readonly kind: 'chain'
  readonly feed: number
  readonly logs: readonly ChainLog[]
  readonly messages: number
  readonly bad: BadCounts
}

/** What a fund asks the journal for when the prices of a frame allow its inception. */
export interface Proposal {
  readonly fund: string
  /** ms: the frame. */
  readonly t: number
  /** 10⁻¹⁸ units of each asset that a share holds. */
  readonly units: ReadonlyMap<string, bigint>
  /** Weights at inception: the first `target`. */
  readonly weights: Readonly<Record<string, number>>
  /** 10⁻¹⁸ shares, issued to the sponsor. */
  readonly shares: bigint
}

/** What a fund is and owns by the journal. Amounts in 10⁻¹⁸. */
export interface FundHoldings extends Proposal {
  /** Of each asset, for all shares together. */
  readonly custody: ReadonlyMap<string, bigint>
  readonly halted: boolean
  /** ms: when its last rebalance was closed. */
  readonly rebalancedAt?: number
  /** Of its level, as of then; told at the start. */
  readonly divisor?: number
}

/** What a fund that has drifted asks the journal for: a rebalance. */
export interface RebalanceProposal {
  readonly fund: string
  /** ms: the frame. */
  readonly t: number
  /** The fund's first is 1. */
  readonly id: number
  readonly reason: string
  readonly targets: Readonly<Record<string, number>>
  readonly trades: readonly PlannedTrade[]
}

/** What committed entries of the journal have come to. */
export interface LedgerEvents {
  readonly kind: 'ledger'
  /** Funds that were defined at run time: they begin to exist. */
  readonly defined?: readonly FundSpec[]
  readonly funds: readonly FundHoldings[]
  /** Rows that came at run time, each once. */
  readonly recorded?: readonly Recorded[]
  /** Each rebalance that changed, as it stands. */
  readonly rebalances?: readonly RebalanceState[]
  /** 10⁻¹⁸ of each asset: circulating supplies from now on. */
  readonly supplies?: ReadonlyMap<string, bigint>
}

/** What an entry of the journal adds to a portfolio. */
export interface Recorded {
  readonly portfolio: string
  readonly transactions: readonly Transaction[]
}

/** Why a tick or a line was left out, each counted: see docs/protocol.md, "status". */
export const BAD = ['unreadable', 'symbol', 'price', 'size', 'quote', 'time', 'duplicate', 'gap', 'dropped', 'levels'] as const
export type Bad = (typeof BAD)[number]
export type BadCounts = Readonly<Partial<Record<Bad, number>>>

export const TRADE = 0
export const QUOTE = 1
export const CANDLE = 2
/** Taken out after it was written: a trade seen before. */
export const REFUSED = 3

export const NO_SIDE = 0
export const BUY = 1
export const SELL = 2
export const SIDES = ['', 'buy', 'sell'] as const

/**
 * Ticks of one feed in the feed's order, column by column. The columns may be shared by several batches that are windows
 * `from ≤ i < to` on them; whoever hands a batch on no longer writes to it.
 */
export interface Ticks {
  readonly kind: 'ticks'
  readonly feed: number
  readonly columns: TickColumns
  readonly from: number
  readonly to: number
  /** Messages this batch was read from. One without any tick still says that the feed is alive. */
  readonly messages: number
  readonly bad: BadCounts
  /** ms between the newest tick's own time and its receipt; NaN where unknown. */
  readonly lag: number
}

/** How the order book of a symbol stands at a source; asked for are the books that pools show. */
export interface BookLevels {
  readonly kind: 'levels'
  readonly feed: number
  /** Indexes into the pipeline's `Names`. */
  readonly symbol: number
  readonly source: number
  /** Event time of its newest change, ms. */
  readonly t: number
  /** Undefined: not known, until a whole book comes. */
  readonly levels: Levels | undefined
}

/** Row i of each column is one tick. `symbol` and `source` are indexes into the pipeline's `Names`. */
export interface TickColumns {
  type: Uint8Array
  symbol: Uint32Array
  source: Uint32Array
  /** Event time, ms. */
  t: Float64Array
  /** Of a trade its price, of a candle its close, of a quote the bid. */
  price: Float64Array
  /** Of a trade its size, of a candle its volume, both in base units; of a quote the ask. */
  size: Float64Array
  side: Uint8Array
  /** Unique for one source and symbol; '' for a quote. */
  id: string[]
  /** Of candles only. */
  candle?: CandleColumns
}

export interface CandleColumns {
  open: Float64Array
  high: Float64Array
  low: Float64Array
  /** Length in ms. */
  span: Float64Array
}
