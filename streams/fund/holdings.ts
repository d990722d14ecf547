import type { Mutable } from '../lib/mutable.ts'
import type { Instrument } from '../market/market.ts'
import type { Constituent } from '../measures/rows.ts'

/** The place of cash in `Holdings.places`: it is no instrument of the market, and its price is one. */
export const CASH = -1

/**
 * What a fund holds, one place an asset, in columns: thousands of funds are computed in every frame, and objects of their own would be
 * fetched from all over the memory each time. NaN is unknown.
 */
export interface Holdings {
  readonly assets: readonly string[]
  /** Undefined is cash. */
  readonly instruments: (Instrument | undefined)[]
  /** Their places in the market's `Quotes`, or CASH. */
  readonly places: Int32Array
  /** Held for all shares together, as a measure. */
  readonly amount: Float64Array
  /** Units that a share holds, as a measure. */
  readonly units: Float64Array
  /** Of one unit, in the quote currency. */
  readonly price: Float64Array
  /** Shares of one, as are the next two. */
  readonly weight: Float64Array
  readonly target: Float64Array
  /** weight − target. */
  readonly drift: Float64Array
  /** ms: when an old price was made; NaN of one that is not old. */
  readonly priceT: Float64Array
  /** The fund's rows of these assets, in the same places. */
  readonly rows: readonly Mutable<Constituent>[]
}

/** Makes the columns of these rows, with every figure unknown. */
export const holdingsOf = (rows: readonly Mutable<Constituent>[]): Holdings => {
  const column = (): Float64Array => new Float64Array(rows.length).fill(Number.NaN)
  return {
    assets: rows.map(({ asset }) => asset),
    instruments: rows.map(() => undefined),
    places: new Int32Array(rows.length),
    rows,
    amount: column(),
    units: column(),
    price: column(),
    weight: column(),
    target: column(),
    drift: column(),
    priceT: column(),
  }
}

/** Returns amount × price. Nothing is worth nothing, even at an unknown price. */
export const worth = (amount: number, price: number): number => (amount === 0 ? 0 : amount * price)

/** Returns what the units of a share are worth now, in the quote currency; NaN if a price is missing. */
export const unitsValue = ({ instruments, units }: Holdings): number =>
  instruments.reduce((sum, instrument, i) => sum + worth(units[i]!, instrument === undefined ? 1 : instrument.price), 0)

/** Says whether a share holds the same units of the same assets, in the same order. */
export const sameUnits = (a: Holdings, b: Holdings): boolean =>
  a.assets.length === b.assets.length && a.assets.every((asset, i) => asset === b.assets[i] && a.units[i] === b.units[i])
