import type { Place } from './canonicalLogs.ts'
import type { ChainLog } from './chainLog.ts'
import type { Traded, TradedMinute } from './rollingVolume.ts'

/** A log that a pool has taken in, with what only that moment knew: to be stored. */
export interface TakenLog {
  readonly pool: string
  readonly log: ChainLog
  /** The place of the log before it; block −1 if it is the first. */
  readonly before: Place
  readonly traded: Traded
  /** Prices of a token0 and a token1 that the worth was counted by, in the quote currency; NaN if unknown. */
  readonly prices: readonly [number, number]
  /** The pool after it, now and then: what `Pool.restore` begins with. '' at other logs. */
  readonly state: string
}

/** A stored log. What it moved is read from it again. */
export interface StoredLog {
  readonly log: ChainLog
  readonly before: Place
  readonly worth: number
  readonly fees: number
  /** The state was stored with it. */
  readonly hasState: boolean
}

/** What is stored of a pool up to some moment. */
export interface PoolPast {
  /** The pool after some log, older than all that may be taken back; undefined if there is none: then `logs` are all. */
  readonly base: { readonly place: Place; readonly state: string } | undefined
  /** The logs after it, in the order of the chain. */
  readonly logs: readonly StoredLog[]
  /** The swaps of the day up to the newest log, in order. */
  readonly minutes: readonly TradedMinute[]
  /** ms: logs before this moment are missing in the store; NaN if none are. */
  readonly gap: number
}
