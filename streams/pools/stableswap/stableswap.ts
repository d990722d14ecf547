import { z } from 'zod'
import type { Mutable } from '../../lib/mutable.ts'
import type { Depth } from '../../market/levels.ts'
import type { PoolRow } from '../../measures/rows.ts'
import {
  ADD_LIQUIDITY,
  ADD_LIQUIDITY_OLD,
  APPLY_NEW_FEE,
  lengthOf,
  RAMP_A,
  REMOVE_LIQUIDITY,
  REMOVE_LIQUIDITY_IMBALANCE,
  REMOVE_LIQUIDITY_IMBALANCE_OLD,
  REMOVE_LIQUIDITY_OLD,
  REMOVE_LIQUIDITY_ONE,
  STOP_RAMP_A,
  TOKEN_EXCHANGE,
  TOKEN_EXCHANGE_CRYPTO,
  TOKEN_EXCHANGE_CRYPTO_NG,
  unsigned,
  unsignedPair,
  wordsOf,
} from '../abi.ts'
import type { ChainLog } from '../chainLog.ts'
import { Inconsistent, type LogReading, type NoOutcome, type PoolState, type SwapOutcome, type SwapWish } from '../poolState.ts'
import type { ReserveDelta } from '../rollingVolume.ts'
import { adminShare, type Curve, type Exchanged, exchanged, invariant, precise, withdrawn } from './stableswapMath.ts'

type Balances = readonly [bigint, bigint]

/** The most that is tried as a payment. */
const PAID_MAX = 2n ** 160n

const whole = z.string().regex(/^\d+$/).transform(BigInt)
const saved = z.strictObject({ balances: z.tuple([whole, whole]).optional() })

/** The balances of a stableswap pool at the end of a block, raw, without what is due to its owner. */
export interface StableswapStart {
  readonly block: number
  readonly balances: Balances
}

/**
 * A StableSwap pool of two coins with fixed rates (stableswap-ng). Its events have amounts, not balances: these are known from its first
 * deposit on, or from a start, as long as every event is what the curve gives. If one is not, because logs are missing or the curve is
 * another (its amplification or fee was changed), balances, price and depth are unknown and the pool partial.
 */
export class Stableswap implements PoolState {
  snapshot: Balances | undefined
  private readonly curve: Curve

  constructor(curve: Curve, start?: StableswapStart) {
    this.curve = curve
    this.snapshot = start?.balances
  }

  get reserves(): Balances | undefined {
    return this.snapshot
  }

  get price(): number {
    const solved = this.solved()
    return solved === undefined ? Number.NaN : (slope(solved.x, solved.y, solved) * this.rate(1)) / this.rate(0)
  }

  apply({ topics, data }: ChainLog): ReserveDelta | undefined {
    switch (topics[0]) {
      case TOKEN_EXCHANGE:
        return this.exchange(exchangeIn(data))
      case ADD_LIQUIDITY: {
        // AddLiquidity(provider, uint256[] token_amounts, uint256[] fees, uint256 invariant, uint256 token_supply)
        const amounts = unsignedPair(data, 0)
        // There are no fees only if no shares were out: then nothing lay in the pool before.
        const first = lengthOf(data, 1) === 0
        const before = this.snapshot ?? (first ? ([0n, 0n] as const) : undefined)
        this.provide(before, amounts, first ? [0n, 0n] : unsignedPair(data, 1), unsigned(data, 2))
        return undefined
      }
      case REMOVE_LIQUIDITY_IMBALANCE: {
        // RemoveLiquidityImbalance(provider, uint256[] token_amounts, uint256[] fees, uint256 invariant, uint256 token_supply)
        const [out0, out1] = unsignedPair(data, 0)
        this.provide(this.snapshot, [-out0, -out1], unsignedPair(data, 1), unsigned(data, 2))
        return undefined
      }
      case REMOVE_LIQUIDITY: {
        // RemoveLiquidity(provider, uint256[] token_amounts, uint256[] fees, uint256 token_supply)
        const [out0, out1] = unsignedPair(data, 0)
        if (this.snapshot) this.snapshot = this.left([this.snapshot[0] - out0, this.snapshot[1] - out1])
        return undefined
      }
      case REMOVE_LIQUIDITY_ONE:
        // RemoveLiquidityOne(provider, int128 token_id, uint256 token_amount, uint256 coin_amount, uint256 token_supply)
        this.withdrawOne(coin(data, 0), unsigned(data, 1), unsigned(data, 2), unsigned(data, 3))
        return undefined
      case TOKEN_EXCHANGE_CRYPTO:
      case TOKEN_EXCHANGE_CRYPTO_NG:
        // Its curve is another.
        this.snapshot = undefined
        return deltaOf(exchangeIn(data))
      case RAMP_A:
      case STOP_RAMP_A:
      case APPLY_NEW_FEE:
        this.snapshot = undefined
        return undefined
    }
    return undefined
  }

  forget(): void {
    this.snapshot = undefined
  }

  save(): unknown {
    return { balances: this.snapshot?.map(String) }
  }

  load(state: unknown): void {
    this.snapshot = saved.parse(state).balances
  }

  revert(_log: ChainLog, before: Balances | undefined): void {
    this.snapshot = before
  }

  depth(fraction: number): Depth | undefined {
    const solved = this.solved()
    if (solved === undefined) return undefined
    const { x, y } = solved
    const price = slope(x, y, solved)
    // Along the curve the price of a token1 rises as its balance falls, and falls as that of token0 does.
    const ask = y - bisect(y, left => slope(otherOf(left, solved), left, solved) > price * (1 + fraction))
    const bid = x - bisect(x, left => slope(left, otherOf(left, solved), solved) < price * (1 - fraction))
    return { bid: bid / this.rate(0), ask: ask / this.rate(1) }
  }

  outcome({ zeroForOne, amount }: SwapWish): SwapOutcome | NoOutcome {
    const { snapshot, curve } = this
    if (snapshot === undefined) return 'unknown'
    const [i, j] = zeroForOne ? ([0, 1] as const) : ([1, 0] as const)
    const paid = amount > 0n ? amount : leastFor(-amount, i, j, snapshot, curve)
    const given = paid === undefined ? undefined : bought(paid, i, j, snapshot, curve)
    if (paid === undefined || given === undefined) return 'beyond'
    if (given.amount <= 0n) return 'nothing'
    const left: [bigint, bigint] = [...snapshot]
    left[i] += paid
    left[j] -= given.amount + given.adminFee
    const after = new Stableswap(curve, { block: 0, balances: left })
    return { amountIn: paid, amountOut: given.amount, fee: given.fee, feeOf: 'out', priceAfter: after.price }
  }

  describe(figures: Mutable<PoolRow>): void {
    figures.partial = this.snapshot === undefined
  }

  private exchange(exchange: Exchange): ReserveDelta {
    const { i, sold, j, bought } = exchange
    if (this.snapshot) {
      const { amount, adminFee } = this.solving(balances => exchanged(i, j, sold, balances, this.curve))
      const next: [bigint, bigint] = [...this.snapshot]
      next[i] += sold
      next[j] -= bought + adminFee
      this.snapshot = amount === bought ? this.left(next) : undefined
    }
    return deltaOf(exchange)
  }

  /** Amounts above zero come in. After the fees the curve holds `expected`; half of them is the owner's. */
  private provide(before: Balances | undefined, amounts: Balances, fees: Balances, expected: bigint): void {
    if (before === undefined) return
    const after = ([0, 1] as const).map(i => before[i] + amounts[i])
    const lessFees = this.left([after[0]! - fees[0], after[1]! - fees[1]])
    const found = this.solving(() => invariant(precise(lessFees, this.curve), this.curve.amplification))
    this.snapshot = found === expected ? [after[0]! - adminShare(fees[0]), after[1]! - adminShare(fees[1])] : undefined
  }

  private withdrawOne(i: 0 | 1, burnt: bigint, given: bigint, supply: bigint): void {
    if (this.snapshot === undefined) return
    const { amount, adminFee } = this.solving(balances => withdrawn(i, burnt, supply + burnt, balances, this.curve))
    const next: [bigint, bigint] = [...this.snapshot]
    next[i] -= given + adminFee
    this.snapshot = amount === given ? this.left(next) : undefined
  }

  /** Returns balances after a log. Throws Inconsistent if less than nothing would lie in the pool. */
  private left(balances: Balances): Balances {
    if (balances[0] >= 0n && balances[1] >= 0n) return balances
    this.snapshot = undefined
    throw new Inconsistent(`balances: found ${balances[0]} and ${balances[1]}, expected none below zero`)
  }

  /** Returns a solution of the curve for a log. Throws Inconsistent if it has none. */
  private solving<T>(solve: (balances: Balances) => T): T {
    try {
      return solve(this.snapshot ?? [0n, 0n])
    } catch (error) {
      this.snapshot = undefined
      throw new Inconsistent((error as Error).message)
    }
  }

  /** Returns, as measures, both balances at one precision, D, and A·n; undefined if there is no price. */
  private solved(): Solved | undefined {
    if (this.snapshot === undefined || this.snapshot[0] === 0n || this.snapshot[1] === 0n) return undefined
    const xp = precise(this.snapshot, this.curve)
    if (xp[0] === 0n || xp[1] === 0n) return undefined
    const { amplification } = this.curve
    try {
      return { x: Number(xp[0]), y: Number(xp[1]), d: Number(invariant(xp, amplification)), ann: Number(amplification) / 50 }
    } catch {
      // Thousands to one out of balance the contract has no D either, and refuses every exchange.
      return undefined
    }
  }

  /** Returns the factor that brings a smallest unit to 18 places. */
  private rate(i: 0 | 1): number {
    return Number(this.curve.rates[i]) / 1e18
  }
}

interface Solved {
  readonly x: number
  readonly y: number
  readonly d: number
  /** A·n. */
  readonly ann: number
}

/** What the trader gave of coin `i` and got of coin `j`, raw. */
interface Exchange {
  readonly i: 0 | 1
  readonly sold: bigint
  readonly j: 0 | 1
  readonly bought: bigint
}

/** TokenExchange(buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought) */
const exchangeIn = (data: string): Exchange => {
  const exchange = { i: coin(data, 0), sold: unsigned(data, 1), j: coin(data, 2), bought: unsigned(data, 3) }
  if (exchange.i === exchange.j) throw new RangeError(`exchange: found coin ${exchange.i} for itself, expected two coins`)
  return exchange
}

const deltaOf = ({ i, sold, bought }: Exchange): ReserveDelta =>
  i === 0 ? { amount0: sold, amount1: -bought } : { amount0: -bought, amount1: sold }

/** Returns what an amount buys; undefined if the curve has no solution for it. */
const bought = (amount: bigint, i: 0 | 1, j: 0 | 1, balances: Balances, curve: Curve): Exchanged | undefined => {
  try {
    return exchanged(i, j, amount, balances, curve)
  } catch {
    return undefined
  }
}

/** Returns the least that buys at least `wanted`, raw; undefined if nothing does. */
const leastFor = (wanted: bigint, i: 0 | 1, j: 0 | 1, balances: Balances, curve: Curve): bigint | undefined => {
  if (wanted >= balances[j]) return undefined
  const enough = (amount: bigint): boolean => (bought(amount, i, j, balances, curve)?.amount ?? -1n) >= wanted
  let high = 1n
  while (!enough(high)) {
    high *= 2n
    // Beyond this the balance would no longer fit the contract's words.
    if (high > PAID_MAX) return undefined
  }
  let low = high / 2n
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (enough(middle)) high = middle
    else low = middle
  }
  return high
}

/** Events of exchanges, in the same words, whatever the curve. */
const EXCHANGES: ReadonlySet<string> = new Set([TOKEN_EXCHANGE, TOKEN_EXCHANGE_CRYPTO, TOKEN_EXCHANGE_CRYPTO_NG])
/** Other events that are read. */
const READ: ReadonlySet<string> = new Set([
  ADD_LIQUIDITY,
  REMOVE_LIQUIDITY,
  REMOVE_LIQUIDITY_ONE,
  REMOVE_LIQUIDITY_IMBALANCE,
  RAMP_A,
  STOP_RAMP_A,
  APPLY_NEW_FEE,
])
/** Liquidity of older pools, whose arithmetic is another. */
const OLD_LIQUIDITY: ReadonlySet<string> = new Set([ADD_LIQUIDITY_OLD, REMOVE_LIQUIDITY_OLD, REMOVE_LIQUIDITY_IMBALANCE_OLD])
/** Words of a log that may be an exchange: two coins and two amounts. */
const EXCHANGE_WORDS = 4

/** Reads a log of a stableswap pool. Throws RangeError if it is an exchange of one coin for itself. */
export const stableswapReading = ({ topics, data }: ChainLog): LogReading => {
  const event = topics[0] ?? ''
  if (EXCHANGES.has(event)) return { swap: deltaOf(exchangeIn(data)) }
  if (event === ADD_LIQUIDITY && lengthOf(data, 1) === 0) return { begins: true }
  if (READ.has(event)) return {}
  if (OLD_LIQUIDITY.has(event)) return { unread: 'state' }
  return wordsOf(data) >= EXCHANGE_WORDS ? { unread: 'swap' } : {}
}

const coin = (data: string, i: number): 0 | 1 => {
  const id = unsigned(data, i, 127)
  if (id > 1n) throw new RangeError(`coin: found ${id}, expected 0 or 1`)
  return id === 0n ? 0 : 1
}

/** Returns what a unit of y costs in x at a point of the curve: −dx/dy. */
const slope = (x: number, y: number, { d, ann }: Solved): number => {
  const rest = (d / 4) * (d / x) * (d / y)
  return (ann * x + (rest * x) / y) / (ann * x + rest)
}

/** Returns the balance that with the other makes up D: the root of z² + (b − D)·z = c. */
const otherOf = (other: number, { d, ann }: Solved): number => {
  const b = other + d / ann - d
  const c = ((d / (2 * other)) * d * d) / (2 * ann)
  const root = Math.sqrt(b * b + 4 * c)
  // Nearly equal numbers are not subtracted from each other: that would lose digits.
  return b > 0 ? (2 * c) / (b + root) : (root - b) / 2
}

/** Returns the largest balance below `from` at which `beyond` holds, by halving sixty times. */
const bisect = (from: number, beyond: (left: number) => boolean): number => {
  let low = 0
  let high = from
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (beyond(middle)) low = middle
    else high = middle
  }
  return low
}
