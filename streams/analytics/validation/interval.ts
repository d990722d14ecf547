import { bySnapshot, type Outcomes, type Panel } from '../features/panel.ts'

/** What an interval of a return is made of: quantiles of (return − median of its snapshot) / volatility. What the whole market does, no score says. */
export interface Spread {
  readonly low: number
  readonly high: number
  /** Volatility of an asset of which it is not known. */
  readonly volatility: number
}

/** Of 100, how many should lie below an interval, and how many above it. */
const TAIL = 0.1
/** How far a snapshot that held too few, or too many, moves the tail of those after it. */
const FOLLOWS = 0.2
const TAIL_MIN = 0.01
const TAIL_MAX = 0.3

/** The share left out at each end, which follows what intervals held so far: adaptive conformal inference (Gibbs, Candès 2021). */
export const tailAfter = (coverages: readonly number[]): number =>
  coverages.reduce((tail, held) => Math.min(TAIL_MAX, Math.max(TAIL_MIN, tail + (FOLLOWS * (held - (1 - 2 * TAIL))) / 2)), TAIL)

/** Returns each outcome less the median of its snapshot; NaN if it is not past yet. */
export const excessOf = ({ snapshot }: Panel, { returns }: Outcomes): Float64Array =>
  bySnapshot(snapshot, returns, own => {
    const middle = median(own)
    return own.map(value => value - middle)
  })

/** Returns the spread of some rows, of `excess`, with `tail` of them beyond each end. */
export const spreadOf = (panel: Panel, excess: Float64Array, rows: readonly number[], tail: number): Spread => {
  const known = Float64Array.from(rows, row => panel.volatility[row]!).filter(value => !Number.isNaN(value))
  const volatility = known.length === 0 ? 1 : median(known)
  const shares = Float64Array.from(rows, row => excess[row]! / volatilityOf(panel, row, volatility)).sort()
  return { low: conformal(shares, tail), high: -conformal(shares.map(share => -share).reverse(), tail), volatility }
}

/** Returns the interval that holds the row's return, less the median of its snapshot, in 80 of 100 cases. */
export const intervalOf = (
  panel: Panel,
  row: number,
  { low, high, volatility }: Spread,
): { readonly low: number; readonly high: number } => {
  const own = volatilityOf(panel, row, volatility)
  return { low: low * own, high: high * own }
}

const volatilityOf = ({ volatility }: Panel, row: number, otherwise: number): number => {
  const own = volatility[row]!
  return own > 0 ? own : otherwise
}

/** Returns the value below which `tail` of the next ones lie: conformal prediction needs one more rank than there are values (Vovk and others 2005). */
const conformal = (sorted: Float64Array, tail: number): number => sorted[Math.max(0, Math.floor(tail * (sorted.length + 1)) - 1)]!

const median = (values: Float64Array): number => {
  const sorted = values.slice().sort()
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}
