import { firstValueFrom, map, type Observable } from 'rxjs'
import type { Depth } from '../../streams/market/levels.ts'
import type { View } from '../../streams/view.ts'

/** How far a pool's price moves, as of the event time `t` (ms). */
export interface PoolDepth {
  readonly t: number
  /** Of a token1 in token0; NaN if unknown. */
  readonly price: number
  /** One for each fraction that was asked for. */
  readonly depth: readonly Depth[]
}

/** A price, and its event time in ms. */
export interface PricedAt {
  readonly t: number
  readonly price: number
}

/** All that somebody outside the core may ask of the view. Promises, because a gateway in another process asks by message. */
export interface CoreQueries {
  /** Returns the price of a symbol and its event time (ms); undefined if it never had one. */
  price(symbol: string): Promise<PricedAt | undefined>
  /** Returns the depth of a pool for each fraction of the price; undefined if there is no such pool. */
  depth(pool: string, fractions: readonly number[]): Promise<PoolDepth | undefined>
}

/** Answers from the view of this process, between two frames. */
export const coreQueries = (view: View, frames$: Observable<unknown>): CoreQueries => ({
  async price(symbol) {
    if (!view.market.has(symbol)) return undefined
    const { price, t } = view.market.instrument(symbol)
    return { price, t }
  },
  async depth(id, fractions) {
    const look = (): PoolDepth | undefined => {
      const pool = view.pools.get(id)
      return pool && { t: view.t, price: pool.figures.price, depth: fractions.map(fraction => pool.depth(fraction)) }
    }
    // Half a frame is no view of a moment: the answer waits for its end.
    return view.open ? firstValueFrom(frames$.pipe(map(look))) : look()
  },
})
