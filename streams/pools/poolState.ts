import type { Mutable } from '../lib/mutable.ts'
import type { Depth } from '../market/levels.ts'
import type { PoolRow } from '../measures/rows.ts'
import type { ChainLog } from './chainLog.ts'
import type { DayTotal, ReserveDelta } from './rollingVolume.ts'

/** What a pool's contract says by its events. Integers are raw, of the tokens' smallest units; prices in token0 a token1, raw. */
export interface PoolState {
  /** What logs are undone to: never written to afterwards, undefined where nothing is known. */
  readonly snapshot: unknown
  /** NaN where unknown. */
  readonly price: number
  /** What lies in the pool; undefined where unknown. */
  readonly reserves: readonly [bigint, bigint] | undefined
  /**
   * Takes one log in. The swap in it, if it was one. Throws what is wrong with its data, and then has taken nothing in; Inconsistent
   * where it shows that something known is wrong, and then that is known no longer.
   */
  apply(log: ChainLog): ReserveDelta | undefined
  /** Undoes a log that was taken in; of those that stand now, `known` is what the newest left behind. */
  revert(log: ChainLog, known: unknown): void
  /** What can be bought before the price of a token1 has risen by `fraction` (token1), or fallen by it (token0); undefined where unknown. */
  depth(fraction: number): Depth | undefined
  /** Writes what is its kind's own, and whether anything is missing. */
  describe(figures: Mutable<PoolRow>, day: DayTotal): void
}

/** A log that cannot be, after those that were taken in: some are missing or wrong. */
export class Inconsistent extends RangeError {}
