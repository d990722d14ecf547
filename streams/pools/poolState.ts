import type { Mutable } from '../lib/mutable.ts'
import type { Depth } from '../market/levels.ts'
import type { PoolRow } from '../measures/rows.ts'
import type { ChainLog } from './chainLog.ts'
import type { DayTotal, ReserveDelta } from './rollingVolume.ts'

/** What is known of a pool from its events. Integers are raw, of the tokens' smallest units; prices are in token0 a token1, raw. */
export interface PoolState {
  /** What logs are reverted to: never written to afterwards, undefined if nothing is known. */
  readonly snapshot: unknown
  /** NaN if unknown. */
  readonly price: number
  /** What lies in the pool; undefined if unknown. */
  readonly reserves: readonly [bigint, bigint] | undefined
  /**
   * Applies one log. Returns the swap in it, if it is one. Throws RangeError or SyntaxError if its data are wrong, and then has changed
   * nothing; throws Inconsistent if it contradicts what is known, and then that is no longer known.
   */
  apply(log: ChainLog): ReserveDelta | undefined
  /** Reverts a log that was applied. `before` is the snapshot after the newest log that still stands. */
  revert(log: ChainLog, before: unknown): void
  /**
   * Returns what can be bought before the price of a token1 has risen by `fraction` (token1, raw), or fallen by it (token0, raw); undefined
   * if unknown.
   */
  depth(fraction: number): Depth | undefined
  /** Writes what only its kind has, and whether anything is missing. */
  describe(figures: Mutable<PoolRow>, day: DayTotal): void
}

/** A log that contradicts those before it: some are missing or wrong. */
export class Inconsistent extends RangeError {}
