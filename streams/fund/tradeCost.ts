import { divUp } from '../lib/bigintMath.ts'
import { ONE } from '../lib/decimal.ts'

/** All of a value, in 10⁻¹⁸ basis points. A fee rate is in the same unit. */
export const FULL_RATE = 10_000n * ONE

// Amounts, prices and cash in 10⁻¹⁸. Every division is rounded against the fund, at 18 places.

/** Returns the cash that a sale brings after its fee: amount × price × (1 − rate), rounded down. */
export const saleProceeds = (amount: bigint, price: bigint, rate: bigint): bigint =>
  (amount * price * (FULL_RATE - rate)) / (FULL_RATE * ONE)

/**
 * Returns the cash that a purchase takes with its fee: amount × price ÷ (1 − rate), rounded up. That also covers a fee that comes on
 * top: 1 ÷ (1 − rate) is above 1 + rate.
 */
export const purchaseCost = (amount: bigint, price: bigint, rate: bigint): bigint =>
  divUp(amount * price * FULL_RATE, (FULL_RATE - rate) * ONE)

/** Returns the largest whole number of lots whose `purchaseCost` is no more than `cash`, as an amount. */
export const affordable = (cash: bigint, price: bigint, rate: bigint, lot: bigint): bigint =>
  ((cash * ONE * (FULL_RATE - rate)) / (FULL_RATE * price * lot)) * lot

/** Returns the fee of an order of `shares` at a net asset value: bps × shares × nav ÷ 10,000, rounded up. */
export const orderFee = (shares: bigint, nav: bigint, bps: number): bigint => divUp(BigInt(bps) * shares * nav, FULL_RATE)
