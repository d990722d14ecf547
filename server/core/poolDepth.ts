import { firstValueFrom, map, type Observable } from 'rxjs'
import type { Depth } from '../../streams/market/levels.ts'
import type { View } from '../../streams/view.ts'

/** Measures in the quote currency; NaN where unknown. */
export interface PoolDepth {
  /** The frame, ms. */
  readonly t: number
  /** Of a token1 in token0. */
  readonly price: number
  /** One for each fraction. */
  readonly depth: readonly Depth[]
}

/** The depth of a pool within these shares of its price (above 0, below 1), as of a frame; undefined where the pool is not known. */
export type DepthOf = (pool: string, fractions: readonly number[]) => Promise<PoolDepth | undefined>

/** Looks into the view between two frames: while one is open, at its end. */
export const depthOfPools =
  (view: View, frames$: Observable<unknown>): DepthOf =>
  async (id, fractions) => {
    const look = (): PoolDepth | undefined => {
      const pool = view.pools.get(id)
      return pool && { t: view.t, price: pool.figures.price, depth: fractions.map(fraction => pool.depth(fraction)) }
    }
    return view.open ? firstValueFrom(frames$.pipe(map(look))) : look()
  }
