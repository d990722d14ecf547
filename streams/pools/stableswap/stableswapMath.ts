// The StableSwap curve in whole numbers, rounded as the contracts round (CurveStableSwapNG.vy): A·nⁿ·Σx + D = A·D·nⁿ + Dⁿ⁺¹ ÷ (nⁿ·Πx). Balances
// `xp` are brought to one precision of 18 places first; an amplification is A × 100. A RangeError is thrown if there is no solution.

const A_PRECISION = 100n
const FEE_DENOMINATOR = 10n ** 10n
const PRECISION = 10n ** 18n
/** The owner's part of each fee, in 10⁻¹⁰: half. */
const ADMIN_FEE = 5n * 10n ** 9n
/** Steps of Newton's method after which the contract gives up. */
const ROUNDS = 255

/** The parameters of a pool's curve. */
export interface Curve {
  /** A × 100. */
  readonly amplification: bigint
  /** In 10⁻¹⁰. */
  readonly fee: bigint
  /** How many times as high the fee is far from the peg, in 10⁻¹⁰; the fee is constant at 10¹⁰ and below. */
  readonly offpegMultiplier: bigint
  /** The factor that brings each balance to 18 places, times 10¹⁸. */
  readonly rates: readonly bigint[]
}

/** An amount that the trader gets, and the part of the fee that is the owner's; raw. */
export interface Given {
  readonly amount: bigint
  readonly adminFee: bigint
}

/** What an exchange gives, and the fee that it keeps of that, all of it; raw. */
export interface Exchanged extends Given {
  readonly fee: bigint
}

/** Returns raw balances brought to 18 places. */
export const precise = (balances: readonly bigint[], { rates }: Curve): bigint[] =>
  balances.map((balance, i) => (rates[i]! * balance) / PRECISION)

/** Returns D: what all balances add up to if they are equal (`get_D`). Throws RangeError if it does not converge. */
export const invariant = (xp: readonly bigint[], amplification: bigint): bigint => {
  const sum = xp.reduce((a, b) => a + b, 0n)
  if (sum === 0n) return 0n
  const n = BigInt(xp.length)
  const ann = amplification * n
  let d = sum
  for (let round = 0; round < ROUNDS; round++) {
    let product = d
    for (const x of xp) product = (product * d) / x
    product /= n ** n
    const before = d
    d = (((ann * sum) / A_PRECISION + product * n) * d) / (((ann - A_PRECISION) * d) / A_PRECISION + (n + 1n) * product)
    if (near(d, before)) return d
  }
  throw new RangeError(`balances: found ${xp.join(', ')}, expected some that have an invariant`)
}

/** Returns the balance of coin `j` that with all others makes up `d` (`get_y`). Throws RangeError if it does not converge. */
export const balanceFor = (j: number, xp: readonly bigint[], amplification: bigint, d: bigint): bigint => {
  const n = BigInt(xp.length)
  const ann = amplification * n
  let c = d
  let sum = 0n
  for (const [i, x] of xp.entries()) {
    if (i === j) continue
    sum += x
    c = (c * d) / (x * n)
  }
  c = (c * d * A_PRECISION) / (ann * n)
  const b = sum + (d * A_PRECISION) / ann
  let y = d
  for (let round = 0; round < ROUNDS; round++) {
    const before = y
    y = (y * y + c) / (2n * y + b - d)
    if (near(y, before)) return y
  }
  throw new RangeError(`balances: found ${xp.join(', ')}, expected some beside which coin ${j} has a balance`)
}

/** Returns what `amount` of coin `i` buys of coin `j`; raw (`exchange`). */
export const exchanged = (i: number, j: number, amount: bigint, balances: readonly bigint[], curve: Curve): Exchanged => {
  const { amplification, fee, rates } = curve
  const xp = precise(balances, curve)
  const x = xp[i]! + (amount * rates[i]!) / PRECISION
  const y = balanceFor(j, xp.with(i, x), amplification, invariant(xp, amplification))
  // One less, because of the rounding of the balance.
  const bought = xp[j]! - y - 1n
  const paid = (bought * dynamicFee((xp[i]! + x) / 2n, (xp[j]! + y) / 2n, fee, curve)) / FEE_DENOMINATOR
  return {
    amount: ((bought - paid) * PRECISION) / rates[j]!,
    fee: (paid * PRECISION) / rates[j]!,
    adminFee: (((paid * ADMIN_FEE) / FEE_DENOMINATOR) * PRECISION) / rates[j]!,
  }
}

/** Returns what burning `burnt` of `supply` shares gives of coin `i` alone; raw (`remove_liquidity_one_coin`). */
export const withdrawn = (i: number, burnt: bigint, supply: bigint, balances: readonly bigint[], curve: Curve): Given => {
  const { amplification, fee, rates } = curve
  const n = BigInt(balances.length)
  const xp = precise(balances, curve)
  const before = invariant(xp, amplification)
  const after = before - (burnt * before) / supply
  const y = balanceFor(i, xp, amplification, after)
  const baseFee = (fee * n) / (4n * (n - 1n))
  const ys = (before + after) / (2n * n)
  const reduced = xp.map((x, j) => {
    const expected = j === i ? (x * after) / before - y : x - (x * after) / before
    return x - (dynamicFee(j === i ? (x + y) / 2n : x, ys, baseFee, curve) * expected) / FEE_DENOMINATOR
  })
  const amount = ((reduced[i]! - balanceFor(i, reduced, amplification, after) - 1n) * PRECISION) / rates[i]!
  const withoutFee = ((xp[i]! - y) * PRECISION) / rates[i]!
  return { amount, adminFee: adminShare(withoutFee - amount) }
}

/** Returns the owner's part of a fee that was paid on liquidity. */
export const adminShare = (fee: bigint): bigint => (fee * ADMIN_FEE) / FEE_DENOMINATOR

const dynamicFee = (xi: bigint, xj: bigint, fee: bigint, { offpegMultiplier: m }: Curve): bigint => {
  if (m <= FEE_DENOMINATOR) return fee
  return (m * fee) / (((m - FEE_DENOMINATOR) * 4n * xi * xj) / (xi + xj) ** 2n + FEE_DENOMINATOR)
}

const near = (a: bigint, b: bigint): boolean => a - b <= 1n && b - a <= 1n
