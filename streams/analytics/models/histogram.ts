import { type Bins, CODES } from './bins.ts'

/** Sums of gradient, rows and curvature of a node's rows, by feature and code, side by side: where the curvature is 1 it is the rows. */

/** What trees learn from: a gradient a row, and a curvature a row if it is not 1. */
export interface Slopes {
  readonly gradients: Float64Array
  readonly hessians: Float64Array | undefined
}

/** Figures a code has: gradient and rows, and the curvature if it is not 1. */
export const strideOf = ({ hessians }: Slopes): 2 | 3 => (hessians === undefined ? 2 : 3)

/** Sets `sums` to the sums of `rows[from … to − 1]`, for each of `features`, one behind the other. */
export const count = (
  sums: Float64Array,
  { codes }: Bins,
  { gradients, hessians }: Slopes,
  features: ArrayLike<number>,
  rows: Int32Array,
  from: number,
  to: number,
): void => {
  const stride = hessians === undefined ? 2 : 3
  for (let k = 0; k < features.length; k++) {
    const column = codes[features[k]!]!
    const base = k * CODES * stride
    if (hessians === undefined) {
      for (let i = from; i < to; i++) {
        const row = rows[i]!
        const at = base + column[row]! * 2
        sums[at] = sums[at]! + gradients[row]!
        sums[at + 1] = sums[at + 1]! + 1
      }
    } else {
      for (let i = from; i < to; i++) {
        const row = rows[i]!
        const at = base + column[row]! * 3
        sums[at] = sums[at]! + gradients[row]!
        sums[at + 1] = sums[at + 1]! + 1
        sums[at + 2] = sums[at + 2]! + hessians[row]!
      }
    }
  }
}

/** Histograms of open nodes, used again when their node is done. */
export class HistogramPool {
  private readonly free: Float64Array[] = []
  private readonly size: number

  /** Each has `size` figures. */
  constructor(size: number) {
    this.size = size
  }

  /** Returns one of zeros. */
  take(): Float64Array {
    return this.free.pop()?.fill(0) ?? new Float64Array(this.size)
  }

  /** Takes one back. */
  give(sums: Float64Array | undefined): void {
    if (sums !== undefined) this.free.push(sums)
  }
}
