import { fromNumber, ONE } from '../lib/decimal.ts'
import { affordable, FULL_RATE, purchaseCost, saleProceeds } from './tradeCost.ts'

/** A trade that a rebalance intends. */
export interface PlannedTrade {
  readonly side: 'buy' | 'sell'
  readonly asset: string
  /** 10⁻¹⁸: by how much custody changes. */
  readonly amount: bigint
  /** In the quote asset: the price that the plan assumes. */
  readonly price: number
}

/** How trades are planned. */
export interface PlanRules {
  /** Basis points of what a trade moves, paid in the quote asset; below 10,000. */
  readonly feeBps: number
  /** 10⁻¹⁸ of the quote asset: a trade of less is left out. */
  readonly minTrade: bigint
  /** Asset → the step of its amounts, 10⁻¹⁸; without one every amount can be traded. */
  readonly lots: ReadonlyMap<string, bigint>
  /** 10⁻¹⁸ of the quote asset: a trade of more goes in slices. A lot is never divided. */
  readonly maxTrade?: bigint
}

/** What a fund that has drifted asks the journal for: a rebalance. */
export interface RebalanceProposal {
  readonly fund: string
  /** ms: the frame. */
  readonly t: number
  /** Counts the fund's rebalances; the first is 1. */
  readonly id: number
  /** Which rule asks for it: `asset`, `relative`, `total` or `age`. */
  readonly reason: string
  /** Target weights, shares of one. */
  readonly targets: Readonly<Record<string, number>>
  readonly trades: readonly PlannedTrade[]
}

/** Slices that one asset is traded in, at most; the rest is left for the next rebalance. */
const SLICES_MAX = 1_000

/** An asset's holding and its target; values in 10⁻³⁶ of the quote asset. */
interface Gap {
  readonly asset: string
  readonly price: number
  /** The price in 10⁻¹⁸. */
  readonly p: bigint
  readonly held: bigint
  /** Target weight, 10⁻¹⁸. */
  readonly w: bigint
}

/**
 * Returns the trades that bring `custody` (10⁻¹⁸) to the weights of `targets`, at `prices` and after fees: sells first, then buys with the
 * cash they leave, the largest first of either. An asset in custody without a target is sold. The quote asset is never traded: it is what
 * the others leave, its target included.
 *
 * A sale of value v brings v × (1 − fee), a purchase takes v ÷ (1 − fee): see `tradeCost.ts`. The weights are those of what is left after all
 * fees. Amounts are rounded down to whole lots, trades under `minTrade` are left out, and what that leaves over stays cash; so carrying out
 * a plan leaves nothing to plan.
 *
 * Returns none if anything held or wanted has no price: nothing is concluded from what is unknown.
 */
export const planTrades = (
  custody: ReadonlyMap<string, bigint>,
  prices: ReadonlyMap<string, number>,
  targets: ReadonlyMap<string, number>,
  quote: string,
  rules: PlanRules,
): readonly PlannedTrade[] => {
  const gaps: Gap[] = []
  for (const asset of new Set([...custody.keys(), ...targets.keys()])) {
    const amount = custody.get(asset) ?? 0n
    const weight = targets.get(asset) ?? 0
    if (asset === quote || (amount <= 0n && !(weight > 0))) continue
    const price = prices.get(asset) ?? Number.NaN
    const p = fromNumber(price)
    const w = fromNumber(weight)
    if (p === undefined || p <= 0n || w === undefined) return []
    gaps.push({ asset, price, p, held: amount * p, w })
  }
  const fee = fromNumber(rules.feeBps) ?? 0n
  const after = valueAfterFees(gaps, (custody.get(quote) ?? 0n) * ONE, fee)

  const sales: Intent[] = []
  const purchases: Intent[] = []
  for (const gap of gaps) {
    const wanted = (gap.w * after) / ONE
    // An amount that misses a whole lot by the rounding of a division is that lot.
    const hair = (gap.p * (rules.lots.get(gap.asset) ?? 1n)) / 1_000_000_000n
    if (gap.held > wanted) sales.push({ gap, value: least(gap.held - wanted + hair, gap.held) })
    else if (wanted > gap.held) purchases.push({ gap, value: wanted - gap.held + hair })
  }

  const trades: PlannedTrade[] = []
  // As the ledger will: trade by trade, income rounded down and spending up, at 18 places.
  let cash = custody.get(quote) ?? 0n
  const add = ({ asset, price, p }: Gap, side: 'buy' | 'sell', amount: bigint): void => {
    trades.push({ side, asset, amount, price })
    cash += side === 'sell' ? saleProceeds(amount, p, fee) : -purchaseCost(amount, p, fee)
  }
  for (const { gap, value } of sales.sort(byValue)) for (const amount of slices(gap, value, rules)) add(gap, 'sell', amount)
  for (const { gap, value } of purchases.sort(byValue)) {
    for (const amount of slices(gap, value, rules)) {
      const fitting = least(amount, affordable(cash, gap.p, fee, rules.lots.get(gap.asset) ?? 1n))
      if (fitting > 0n && fitting * gap.p >= rules.minTrade * ONE) add(gap, 'buy', fitting)
      if (fitting < amount) break
    }
  }
  return trades
}

interface Intent {
  readonly gap: Gap
  /** 10⁻³⁶ of the quote asset. */
  readonly value: bigint
}

const byValue = (a: Intent, b: Intent): number => (a.value === b.value ? (a.gap.asset < b.gap.asset ? -1 : 1) : a.value > b.value ? -1 : 1)

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/**
 * Returns what is left when everything stands at its weight, 10⁻³⁶: the V for which V + fees of the trades that V takes = the value before.
 * That sum grows with V and bends upward where an asset turns from sale to purchase, so that the steps of Newton's method reach it from
 * above, and each settles a side for good.
 */
const valueAfterFees = (gaps: readonly Gap[], cash: bigint, fee: bigint): bigint => {
  const before = gaps.reduce((sum, { held }) => sum + held, cash)
  let after = before
  for (let i = 0; i <= gaps.length; i++) {
    // Both sides × FULL_RATE × (FULL_RATE − fee), so that they are whole.
    let left = before * FULL_RATE * (FULL_RATE - fee)
    let slope = FULL_RATE * (FULL_RATE - fee) * ONE
    for (const { held, w } of gaps) {
      const rate = held * ONE > w * after ? -fee * (FULL_RATE - fee) : fee * FULL_RATE
      left += rate * held
      slope += rate * w
    }
    const next = (left * ONE) / slope
    if (next === after) break
    after = next
  }
  return after
}

/** Returns the amounts that a value is traded in: whole lots, full slices and the rest, nothing below `minTrade`. */
const slices = ({ asset, p }: Gap, value: bigint, { lots, minTrade, maxTrade }: PlanRules): bigint[] => {
  const lot = lots.get(asset) ?? 1n
  const fitting = maxTrade === undefined ? value / (p * lot) : (maxTrade * ONE) / (p * lot)
  const full = (fitting > 0n ? fitting : 1n) * lot
  const amounts: bigint[] = []
  for (let left = (value / (p * lot)) * lot; left > 0n && amounts.length < SLICES_MAX; left -= full) {
    const amount = least(left, full)
    if (amount * p < minTrade * ONE) break
    amounts.push(amount)
  }
  return amounts
}
