import { toNumber } from '../lib/decimal.ts'
import type { FundRow } from '../measures/rows.ts'
import { type Holdings, holdingsOf, sameUnits, unitsValue, worth } from './holdings.ts'
import type { Earlier } from './inception.ts'

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
  /** It began in an earlier run, and nothing has said yet what it is divided by. */
  private lost = false

  /** `initialPrice`: what a share is worth at inception, in the quote currency; NaN if only its units say so. */
  constructor(initialPrice: number) {
    this.initialDivisor = initialPrice / BASE_LEVEL
  }

  /** Takes the units held from now on. If they are the `same` in other units, nothing changes for the level. */
  hold(holdings: Holdings, same = false): void {
    const first = this.held.assets.length === 0
    const linked = this.basis === this.held
    this.held = holdings
    if (first || (same && linked) || sameUnits(this.basis, holdings)) this.basis = holdings
    else this.link()
    if (Number.isNaN(this.divisor) && !this.lost) this.divisor = this.initialDivisor
  }

  /** Takes the units that a fund holds that began in an earlier run. */
  goOn(holdings: Holdings, { traded, divisor }: Earlier): void {
    this.held = holdings
    this.basis = holdings
    this.divisor = divisor ?? (traded ? Number.NaN : this.initialDivisor)
    this.lost = Number.isNaN(this.divisor)
  }

  /**
   * Goes on from the newest state that was stored, if the journal does not know the divisor. Units that have changed since count at the prices
   * of that state, unless they are the `same` in other units.
   */
  restore({ divisor, level, constituents }: FundRow, same: boolean): void {
    if (!this.lost) return
    const prices = new Map(constituents.map(({ asset, price }) => [asset, price]))
    const before = constituents.reduce((sum, { units = 0n, price }) => sum + worth(toNumber(units), price), 0)
    const after = this.held.assets.reduce((sum, asset, i) => sum + worth(this.held.units[i]!, prices.get(asset) ?? Number.NaN), 0)
    const known = Number.isNaN(divisor) ? before / level : divisor
    const unchanged = same || this.held.assets.every((asset, i) => unitsIn(constituents, asset) === this.held.units[i])
    this.divisor = unchanged ? known : known * (after / before)
    this.lost = Number.isNaN(this.divisor)
  }

  /** Returns the level at a share's value in units, in the quote currency; NaN while a price is missing. */
  at(perShare: number): number {
    if (this.basis !== this.held) this.link()
    if (this.lost) return Number.NaN
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

const unitsIn = (constituents: FundRow['constituents'], asset: string): number =>
  toNumber(constituents.find(row => row.asset === asset)?.units ?? 0n)
