import type { Mutable } from '../lib/mutable.ts'
import { unreachable } from '../lib/unreachable.ts'
import { KNOWN_SUMS, type KnownSums, SUMS, type Sums } from '../measures/sums.ts'

/** The sums that follow from bookings alone. */
export type BookedSums = Pick<Sums, 'realised' | 'income' | 'expenses' | 'fees' | 'flows'>

/**
 * Whether an asset is part of the sums: `unpriced`, it is held and has no price now; `unvalued`, a row of it could not be valued;
 * `ignored`, it is not to be part of them.
 */
export type Standing = 'whole' | 'unvalued' | 'unpriced' | 'ignored'

/** Sums of which none is known. */
export const UNKNOWN = Object.fromEntries([...SUMS, ...KNOWN_SUMS].map(sum => [sum, Number.NaN])) as Sums & KnownSums

/**
 * Adds up the assets of a portfolio. The sums are unknown while a holding has no price, and all but `value` if a row could not be
 * valued. The known sums then leave those assets out, and ignored assets are always left out: as if what lies in them had been taken out
 * at its cost. So
 *
 *     value = flows + income + realised + unrealised − expenses
 *
 * holds for both.
 */
export class Summing {
  private value = 0
  private cost = 0
  /** Value of what has a price, though its cost is unknown. */
  private unvaluedValue = 0
  /** What lies in the assets that are left out, at cost: in all, and in those that are ignored. */
  private leftOut = 0
  private ignored = 0
  private complete = true
  private valueKnown = true

  /** Adds an asset: `value` of its holding, NaN if unknown; `cost` of its lots. */
  add(standing: Standing, value: number, cost: number): void {
    switch (standing) {
      case 'whole':
        this.value += value
        this.cost += cost
        return
      case 'unvalued':
        this.unvaluedValue += value
        this.complete = false
        break
      case 'unpriced':
        this.complete = false
        this.valueKnown = false
        break
      case 'ignored':
        this.ignored += cost
        break
      default:
        unreachable(standing)
    }
    this.leftOut += cost
  }

  /** Returns the sums. */
  of(booked: BookedSums): Sums & KnownSums {
    const sums = { ...UNKNOWN }
    this.into(sums, booked)
    return sums
  }

  /** Writes the sums. */
  into(to: Mutable<Sums & KnownSums>, booked: BookedSums): void {
    const { realised, income, expenses, fees, flows } = booked
    const { complete, value, cost } = this
    const unrealised = value - cost
    const total = realised + unrealised + income - expenses
    to.value = complete ? value : this.valueKnown ? value + this.unvaluedValue : Number.NaN
    to.cost = complete ? cost : Number.NaN
    to.unrealised = complete ? unrealised : Number.NaN
    to.realised = complete ? realised : Number.NaN
    to.income = complete ? income : Number.NaN
    to.expenses = complete ? expenses : Number.NaN
    to.fees = complete ? fees : Number.NaN
    to.flows = complete ? flows - this.ignored : Number.NaN
    to.total = complete ? total : Number.NaN
    // Most portfolios never have any: they are not written at every price.
    if (complete && Number.isNaN(to.knownTotal)) return
    to.knownValue = complete ? Number.NaN : value
    to.knownCost = complete ? Number.NaN : cost
    to.knownUnrealised = complete ? Number.NaN : unrealised
    to.knownRealised = complete ? Number.NaN : realised
    to.knownIncome = complete ? Number.NaN : income
    to.knownExpenses = complete ? Number.NaN : expenses
    to.knownFees = complete ? Number.NaN : fees
    to.knownFlows = complete ? Number.NaN : flows - this.leftOut
    to.knownTotal = complete ? Number.NaN : total
  }
}
