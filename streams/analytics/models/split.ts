import { MISSING } from './bins.ts'

/** Sums over rows. */
export interface Sums {
  readonly gradient: number
  readonly rows: number
  readonly hessian: number
}

/** A way to part a node's rows. */
export interface Split {
  readonly gain: number
  readonly feature: number
  /** Codes of at most this go left. */
  readonly code: number
  readonly missingLeft: boolean
  readonly left: Sums
}

/** A better gain has to beat the best so far by this much, or rounding would decide. */
const CLEARLY = 1e-12
/** Curvature that each side has at least. */
const HESSIAN_MIN = 1e-3

/** The best split so far of one node: on equal gains the first one that was tried. */
export class SplitSearch {
  private gain = 0
  private feature = -1
  private code = -1
  private missingLeft = false
  private gradient = 0
  private rows = 0
  private hessian = 0
  private readonly whole: Sums
  private readonly minLeaf: number
  private readonly lambda: number
  private readonly parent: number

  /** Searches for a node with these sums: at least `minLeaf` rows a side, `lambda` added to the curvature. */
  constructor(whole: Sums, minLeaf: number, lambda: number) {
    this.whole = whole
    this.minLeaf = minLeaf
    this.lambda = lambda
    this.parent = whole.gradient ** 2 / (whole.hessian + lambda)
  }

  /**
   * Tries all cuts of a feature: its sums begin at `base`, of the first `codes` codes and of `MISSING`. Rows that are not known are tried on
   * both sides. `occupied` names the codes that have rows, ascending, if they are few.
   */
  tryFeature(feature: number, sums: Float64Array, base: number, stride: number, codes: number, occupied?: Int32Array): void {
    const hessianAt = stride - 1
    const missingAt = base + MISSING * stride
    const missing = sums[missingAt + 1]!
    const known = this.whole.rows - missing
    let gradient = 0
    let rows = 0
    let hessian = 0
    for (let k = 0; k < codes; k++) {
      const code = occupied === undefined ? k : occupied[k]!
      const at = base + code * stride
      const here = sums[at + 1]!
      if (here === 0) continue
      gradient += sums[at]!
      rows += here
      hessian += sums[at + hessianAt]!
      if (rows < known || missing > 0) this.attempt(feature, code, false, gradient, rows, hessian)
      if (missing > 0 && rows < known)
        this.attempt(feature, code, true, gradient + sums[missingAt]!, rows + missing, hessian + sums[missingAt + hessianAt]!)
      if (rows >= known) break
    }
  }

  /** Returns the best split, or `undefined` if none gains anything. */
  get best(): Split | undefined {
    if (this.feature < 0) return undefined
    const { gain, feature, code, missingLeft, gradient, rows, hessian } = this
    return { gain, feature, code, missingLeft, left: { gradient, rows, hessian } }
  }

  private attempt(feature: number, code: number, missingLeft: boolean, gradient: number, rows: number, hessian: number): void {
    const { whole, lambda } = this
    const rest = whole.hessian - hessian
    if (rows < this.minLeaf || whole.rows - rows < this.minLeaf || hessian < HESSIAN_MIN || rest < HESSIAN_MIN) return
    const right = whole.gradient - gradient
    const gain = (gradient * gradient) / (hessian + lambda) + (right * right) / (rest + lambda) - this.parent
    if (!(gain > this.gain + CLEARLY)) return
    this.gain = gain
    this.feature = feature
    this.code = code
    this.missingLeft = missingLeft
    this.gradient = gradient
    this.rows = rows
    this.hessian = hessian
  }
}
