import type { Mutable } from '../lib/mutable.ts'
import type { Depth } from '../market/levels.ts'
import type { PoolRow } from '../measures/rows.ts'
import type { ChainLog } from './chainLog.ts'
import type { DayTotal, ReserveDelta } from './rollingVolume.ts'

/** What a log says of trading, raw. A log of something else says nothing. */
export interface LogReading {
  /** The pool begins with it: nothing was traded before. */
  readonly begins?: true
  /** What a swap moved into the pool. */
  readonly swap?: ReserveDelta
  /** What was paid for a flash loan: a fee, and no trade. */
  readonly paid?: ReserveDelta
  /** What a swap lent and got back in the same token: the pool takes its fee of that as well. */
  readonly lent?: ReserveDelta
  /**
   * The log is of an event that is not known, and by its form it may change what lies in the pool (`state`), or be a swap, which changes
   * that too (`swap`). What it would change is unknown from here on.
   */
  readonly unread?: 'state' | 'swap'
}

/** A swap that is asked about. */
export interface SwapWish {
  /** Token0 is paid for token1. */
  readonly zeroForOne: boolean
  /** Raw: above zero what is paid in, fee included; below zero what is taken out. */
  readonly amount: bigint
}

/** What a swap would do, raw. */
export interface SwapOutcome {
  readonly amountIn: bigint
  readonly amountOut: bigint
  readonly fee: bigint
  /** Whether the fee is kept of what is paid in, or of what is taken out. */
  readonly feeOf: 'in' | 'out'
  /** Of a token1 in token0, raw; NaN if the pool is empty then. */
  readonly priceAfter: number
  /** Initialised ticks that the price crosses, if its kind has ticks. */
  readonly crossed?: number
}

/** Why there is no outcome: the pool does not hold as much; the amount buys nothing; something of the pool is not known. */
export type NoOutcome = 'beyond' | 'nothing' | 'unknown'

/** What has the price of a token1 in token0, both raw; NaN if unknown. */
export type Priced = Pick<PoolState, 'price'>

/** What is known of a pool from its events. Integers are raw, of the tokens' smallest units; prices are in token0 a token1, raw. */
export interface PoolState {
  /** What logs are reverted to: never written to afterwards, undefined if nothing is known. */
  readonly snapshot: unknown
  /** NaN if unknown. */
  readonly price: number
  /** What lies in the pool; undefined if unknown. */
  readonly reserves: readonly [bigint, bigint] | undefined
  /**
   * Applies one log, of which `reading` says what is read already. Returns the swap in it, if it is one. Throws RangeError or SyntaxError if its data are wrong, and then has changed
   * nothing; throws Inconsistent if it contradicts what is known, and then that is no longer known.
   */
  apply(log: ChainLog, reading?: LogReading): ReserveDelta | undefined
  /** Forgets what logs have said, because one of them cannot be read or is missing: unknown until others give it whole. */
  forget(): void
  /** Reverts a log that was applied. `before` is the snapshot after the newest log that still stands. */
  revert(log: ChainLog, before: unknown): void
  /**
   * Returns what can be bought before the price of a token1 has risen by `fraction` (token1, raw), or fallen by it (token0, raw); undefined
   * if unknown.
   */
  depth(fraction: number): Depth | undefined
  /** Returns what the contract would do with a swap, to the last unit. `feePips` is in hundredths of a basis point. */
  outcome(wish: SwapWish, feePips: number): SwapOutcome | NoOutcome
  /** Writes what only its kind has, and whether anything is missing. */
  describe(figures: Mutable<PoolRow>, day: DayTotal | undefined): void
  /** Returns the state as JSON, to be stored. */
  save(): unknown
  /** Takes the place of what is known: a state that `save` returned. Throws Error if it is none. */
  load(state: unknown): void
}

/** A log that contradicts those before it, because some are missing or wrong, or that cannot be understood. It stands, and what it leaves open is unknown. */
export class Inconsistent extends RangeError {}
