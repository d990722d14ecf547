import { type Holdings, holdingsOf, sameUnits, unitsValue } from './holdings.ts'

/** The level at inception. */
const BASE_LEVEL = 100

const NOTHING = holdingsOf([])

/**
 * The level of a fund: Σ units × price ÷ divisor, 100 at inception. If the units change, the divisor changes as the value of the units
 * does at the prices of that moment (chain-linking, as index providers do it), so that the level shows what the members did and not
 * what trading cost or which members came and went.
 */
export class IndexLevel {
  /** Value of `basis` ÷ level; NaN while unknown. */
  private divisor = Number.NaN
  private held = NOTHING
  /** The units that the level is reckoned by: those held, or those before them while a price is missing that the change needs. */
  private basis = NOTHING
  private readonly initialDivisor: number

  /** `initialPrice`: what a share is worth at inception, in the quote currency; NaN if only its units say so. */
  constructor(initialPrice: number) {
    this.initialDivisor = initialPrice / BASE_LEVEL
  }

  /**
   * Takes the units held from now on. A `divisor` that is given goes with them. If they are the `same` in other units, nothing changes for the
   * level.
   */
  hold(holdings: Holdings, divisor: number | undefined, same = false): void {
    const first = this.held.assets.length === 0
    const linked = this.basis === this.held
    this.held = holdings
    if (divisor !== undefined) {
      this.divisor = divisor
      this.basis = holdings
    } else if (first || (same && linked) || sameUnits(this.basis, holdings)) this.basis = holdings
    else this.link()
    if (Number.isNaN(this.divisor)) this.divisor = this.initialDivisor
  }

  /** Returns the level at a share's value in units, in the quote currency; NaN while a price is missing. */
  at(perShare: number): number {
    if (this.basis !== this.held) this.link()
    if (Number.isNaN(this.divisor)) this.divisor = perShare / BASE_LEVEL
    return (this.basis === this.held ? perShare : unitsValue(this.basis)) / this.divisor
  }

  /** What the level is: the value of these units, divided by this. */
  get parts(): { readonly basis: Holdings; readonly divisor: number } {
    return { basis: this.basis, divisor: this.divisor }
  }

  /** The divisor that lets the level go on where it was, if the process starts again. NaN while it is unknown. */
  get divisorNow(): number {
    return this.basis === this.held ? this.divisor : Number.NaN
  }

  /** Lets the level go by the units held from now on, without a jump; later, if a price is missing. */
  private link(): void {
    const before = unitsValue(this.basis)
    const after = unitsValue(this.held)
    if (!(before > 0 && after > 0)) return
    this.divisor *= after / before
    this.basis = this.held
  }
}
