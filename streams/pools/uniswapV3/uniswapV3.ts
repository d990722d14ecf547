import { z } from 'zod'
import { squareRoot } from '../../lib/bigintMath.ts'
import type { Mutable } from '../../lib/mutable.ts'
import type { Depth } from '../../market/levels.ts'
import type { PoolRow } from '../../measures/rows.ts'
import {
  atLeast,
  BURN_V3,
  COLLECT_FEES_SLIPSTREAM,
  COLLECT_PROTOCOL_V3,
  COLLECT_V3,
  FLASH_V3,
  INCREASE_OBSERVATIONS_V3,
  INITIALIZE_V3,
  MINT_V3,
  SET_FEE_PROTOCOL_PANCAKE,
  SET_FEE_PROTOCOL_V3,
  SWAP_V3,
  signed,
  signedTopic,
  unsigned,
  wordsOf,
} from '../abi.ts'
import type { ChainLog } from '../chainLog.ts'
import { Inconsistent, type LogReading, type NoOutcome, type PoolState, type SwapOutcome, type SwapWish } from '../poolState.ts'
import type { DayTotal, ReserveDelta } from '../rollingVolume.ts'
import { type PoolPrice, swapped } from './swap.ts'
import { TickMap } from './tickMap.ts'
import { MAX_SQRT_RATIO, MIN_SQRT_RATIO, tickAtSqrtRatio } from './tickMath.ts'
import type { V3Snapshot } from './v3Snapshot.ts'

/** A change of liquidity in a range. */
interface LiquidityChange {
  readonly lower: number
  readonly upper: number
  readonly liquidity: bigint
}

/** What one log says: the price after it, the liquidity that came or went, and what moved into the pool (raw). */
interface LogEffect {
  readonly begins?: boolean
  readonly price?: PoolPrice
  readonly provided?: LiquidityChange
  readonly swap?: ReserveDelta
  readonly in0: bigint
  readonly in1: bigint
}

const whole = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt)
const saved = z.strictObject({
  price: z.strictObject({ sqrtPriceX96: whole, tick: z.int(), liquidity: whole }).optional(),
  ticks: z.array(z.tuple([z.int(), whole, whole])).optional(),
  balances: z.tuple([whole, whole]).optional(),
})

/** A fraction of one, in whole numbers: twelve places. */
const PARTS = 10n ** 12n

/**
 * A concentrated-liquidity pool. Price, tick and active liquidity are exact from the first event on. Followed from its
 * initialisation, or from a start that has its ticks, it is whole: the map of ticks gives its depth, and the sum of what its events move
 * is what lies in it (but for tokens that were sent to it without any event). Otherwise both stay unknown and the pool partial.
 */
export class UniswapV3 implements PoolState {
  snapshot: PoolPrice | undefined
  private map: TickMap | undefined
  private balance0: bigint | undefined
  private balance1: bigint | undefined
  private readonly tickSpacing: number | undefined

  /** `tickSpacing`: ticks are multiples of it; without it no swap can be foreseen. */
  constructor(start?: V3Snapshot, tickSpacing?: number) {
    this.tickSpacing = tickSpacing
    if (start === undefined) return
    this.map = new TickMap()
    this.map.load(start.ticks)
    this.snapshot = { sqrtPriceX96: start.sqrtPriceX96, tick: start.tick, liquidity: this.map.activeAt(start.tick) }
    if (start.balances) [this.balance0, this.balance1] = start.balances
  }

  /** The initialised ticks of a whole pool; undefined if it is not whole. */
  get ticks(): TickMap | undefined {
    return this.map
  }

  get reserves(): readonly [bigint, bigint] | undefined {
    return this.balance0 === undefined || this.balance1 === undefined ? undefined : [this.balance0, this.balance1]
  }

  get price(): number {
    if (this.snapshot === undefined) return Number.NaN
    return priceAt(this.snapshot.sqrtPriceX96)
  }

  apply(log: ChainLog, reading?: LogReading): ReserveDelta | undefined {
    const effect = logEffect(log, reading)
    if (effect === undefined) return undefined
    const { begins, price, provided, swap, in0, in1 } = effect
    if (begins) {
      if (this.snapshot !== undefined) throw new RangeError('Initialize: found a second one, expected one a pool')
      this.map = new TickMap()
      this.balance0 = 0n
      this.balance1 = 0n
    }
    if (this.reserves && (this.balance0! + in0 < 0n || this.balance1! + in1 < 0n)) {
      this.lose()
      throw new Inconsistent(`amounts: found ${in0} and ${in1} moved, expected no more than there is`)
    }
    if (provided) this.provide(provided)
    if (price) this.moveTo(price)
    this.move(in0, in1)
    return swap
  }

  revert(log: ChainLog, before: PoolPrice | undefined): void {
    this.snapshot = before
    const effect = logEffect(log)
    if (effect === undefined) return
    if (effect.begins) this.lose()
    this.move(-effect.in0, -effect.in1)
    if (effect.provided) this.map?.change(effect.provided.lower, effect.provided.upper, -effect.provided.liquidity)
  }

  depth(fraction: number): Depth | undefined {
    const { map, snapshot } = this
    if (map === undefined || snapshot === undefined) return undefined
    const at = snapshot.sqrtPriceX96
    // The price of a token1 is the inverse of P: it rises as P falls, and then token1 leaves the pool.
    const up = (at * at * PARTS) / BigInt(Math.round((1 + fraction) * Number(PARTS)))
    const down = (at * at * PARTS) / BigInt(Math.round((1 - fraction) * Number(PARTS)))
    return { bid: Number(map.amount0Between(at, squareRoot(down))), ask: Number(map.amount1Between(squareRoot(up), at)) }
  }

  outcome({ zeroForOne, amount }: SwapWish, feePips: number): SwapOutcome | NoOutcome {
    const { map, snapshot, tickSpacing } = this
    if (map === undefined || snapshot === undefined || tickSpacing === undefined || !(feePips < 1_000_000)) return 'unknown'
    if (amount > 0n ? amount > this.room(map, snapshot, zeroForOne, feePips) : -amount > this.stock(map, snapshot, zeroForOne))
      return 'beyond'
    const end = swapped(snapshot, map, { feePips, tickSpacing }, zeroForOne, amount)
    const [paid, taken] = zeroForOne ? [end.amount0, -end.amount1] : [end.amount1, -end.amount0]
    if (amount > 0n ? paid < amount : taken < -amount) return 'beyond'
    if (taken === 0n) return 'nothing'
    return { amountIn: paid, amountOut: taken, fee: end.fee, feeOf: 'in', priceAfter: priceAt(end.sqrtPriceX96), crossed: end.crossed }
  }

  /** Returns what can be paid in at most, fee included, with some to spare: a swap beyond it need not be walked through. */
  private room(map: TickMap, { sqrtPriceX96 }: PoolPrice, zeroForOne: boolean, feePips: number): bigint {
    const net = zeroForOne ? map.amount0Between(MIN_SQRT_RATIO, sqrtPriceX96) : map.amount1Between(sqrtPriceX96, MAX_SQRT_RATIO)
    // Each range rounds once.
    return ((net + BigInt(map.size) + 2n) * 1_000_000n) / BigInt(1_000_000 - feePips) + BigInt(map.size) + 2n
  }

  /** Returns what can be taken out at most. */
  private stock(map: TickMap, { sqrtPriceX96 }: PoolPrice, zeroForOne: boolean): bigint {
    return zeroForOne ? map.amount1Between(MIN_SQRT_RATIO, sqrtPriceX96) : map.amount0Between(sqrtPriceX96, MAX_SQRT_RATIO)
  }

  describe(figures: Mutable<PoolRow>, day: DayTotal | undefined): void {
    figures.partial = this.map === undefined || this.snapshot === undefined
    if (this.snapshot === undefined) delete figures.v3
    else figures.v3 = { ...this.snapshot, dayN: day?.n ?? Number.NaN, dayIn0: day?.in0, dayIn1: day?.in1 }
  }

  forget(): void {
    this.snapshot = undefined
    this.lose()
  }

  save(): unknown {
    const { snapshot, map, reserves } = this
    return {
      price: snapshot && { ...snapshot, sqrtPriceX96: String(snapshot.sqrtPriceX96), liquidity: String(snapshot.liquidity) },
      ticks: map && [...map.entries()].map(({ tick, gross, net }) => [tick, String(gross), String(net)]),
      balances: reserves?.map(String),
    }
  }

  load(state: unknown): void {
    const { price, ticks, balances } = saved.parse(state)
    this.snapshot = price
    this.map = ticks && new TickMap()
    this.map?.load(ticks!.map(([tick, gross, net]) => ({ tick, gross, net })))
    ;[this.balance0, this.balance1] = balances ?? [undefined, undefined]
  }

  private provide({ lower, upper, liquidity }: LiquidityChange): void {
    if (this.map) {
      try {
        this.map.add(lower, upper, liquidity)
      } catch (error) {
        // A range that is none is the log's fault; more burnt than there is shows that logs before it are missing.
        if (liquidity >= 0n) throw error
        this.lose()
        throw new Inconsistent((error as Error).message)
      }
    }
    const { snapshot } = this
    if (snapshot === undefined || !(lower <= snapshot.tick && snapshot.tick < upper)) return
    if (snapshot.liquidity + liquidity < 0n) throw new RangeError(`burn: found ${-liquidity}, expected at most ${snapshot.liquidity}`)
    this.snapshot = { ...snapshot, liquidity: snapshot.liquidity + liquidity }
  }

  /** Takes the price of an event over, and checks the map against the liquidity that the contract has there. */
  private moveTo(price: PoolPrice): void {
    this.snapshot = price
    if (this.map && this.map.activeAt(price.tick) !== price.liquidity) this.lose()
  }

  private move(in0: bigint, in1: bigint): void {
    if (this.reserves === undefined) return
    this.balance0! += in0
    this.balance1! += in1
  }

  /** Forgets what adds logs up, because some are missing. */
  private lose(): void {
    this.map = undefined
    this.balance0 = undefined
    this.balance1 = undefined
  }
}

/** Returns what a log says of the pool's state, beyond what `reading` has; undefined if nothing. Throws RangeError or SyntaxError if its data are wrong. */
export const logEffect = (log: ChainLog, reading?: LogReading): LogEffect | undefined => {
  const { topics, data } = log
  switch (eventOf(log)) {
    case SWAP_V3: {
      const price = priceOf(unsigned(data, 2, 160), unsigned(data, 3, 128), signed(data, 4, 24))
      const swap = reading?.swap ?? swapIn(data)
      return { price, swap, in0: swap.amount0, in1: swap.amount1 }
    }
    case MINT_V3:
      // Mint(sender, owner, int24 tickLower, int24 tickUpper, uint128 amount, uint256 amount0, uint256 amount1)
      return { provided: providedIn(topics, unsigned(data, 1, 128)), in0: unsigned(data, 2), in1: unsigned(data, 3) }
    case BURN_V3:
      // Burn(owner, int24 tickLower, int24 tickUpper, uint128 amount, uint256 amount0, uint256 amount1): tokens leave by Collect
      atLeast(data, 3)
      return { provided: providedIn(topics, -unsigned(data, 0, 128)), in0: 0n, in1: 0n }
    case COLLECT_V3:
      // Collect(owner, address recipient, int24 tickLower, int24 tickUpper, uint128 amount0, uint128 amount1)
      return { in0: -unsigned(data, 1, 128), in1: -unsigned(data, 2, 128) }
    case COLLECT_PROTOCOL_V3:
    // CollectProtocol(sender, recipient, uint128 amount0, uint128 amount1)
    case COLLECT_FEES_SLIPSTREAM:
      // CollectFees(recipient, uint128 amount0, uint128 amount1)
      return { in0: -unsigned(data, 0, 128), in1: -unsigned(data, 1, 128) }
    case FLASH_V3: {
      const { amount0, amount1 } = paidIn(data)
      return { in0: amount0, in1: amount1 }
    }
    case INITIALIZE_V3:
      // Initialize(uint160 sqrtPriceX96, int24 tick)
      return { begins: true, price: priceOf(unsigned(data, 0, 160), 0n, signed(data, 1, 24)), in0: 0n, in1: 0n }
  }
  return undefined
}

/** Returns the price of a token1 in token0: √P is of token1 a token0, so it is 2¹⁹² ÷ sqrtPriceX96². */
const priceAt = (sqrtPriceX96: bigint): number => {
  const root = Number(sqrtPriceX96) / 2 ** 96
  return 1 / (root * root)
}

/** Events that leave price, liquidity and tokens alone. */
const HARMLESS: ReadonlySet<string> = new Set([INCREASE_OBSERVATIONS_V3, SET_FEE_PROTOCOL_V3, SET_FEE_PROTOCOL_PANCAKE])
const READ: ReadonlySet<string> = new Set([
  SWAP_V3,
  MINT_V3,
  BURN_V3,
  COLLECT_V3,
  COLLECT_PROTOCOL_V3,
  COLLECT_FEES_SLIPSTREAM,
  FLASH_V3,
  INITIALIZE_V3,
])

/** The event that a log is read as: forks have a Swap of other arguments behind the same five words. */
const eventOf = (log: ChainLog): string => {
  const [event = ''] = log.topics
  return !READ.has(event) && !HARMLESS.has(event) && hasWordsOfSwap(log) ? SWAP_V3 : event
}

/**
 * Says whether a log of an unknown event has the words of a Swap in front (PancakeSwap v3 and Algebra Integral add others): amounts of
 * opposite signs, a price, a liquidity, and the tick of that price, which no other event has by chance.
 */
const hasWordsOfSwap = ({ topics, data }: ChainLog): boolean => {
  if (topics.length > 3 || wordsOf(data) < 5) return false
  try {
    const { amount0, amount1 } = swapIn(data)
    const { sqrtPriceX96, tick } = priceOf(unsigned(data, 2, 160), unsigned(data, 3, 128), signed(data, 4, 24))
    if (amount0 > 0n === amount1 > 0n || sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO) return false
    const expected = tickAtSqrtRatio(sqrtPriceX96)
    // A price that came down to an initialised tick exactly stands on the one below.
    return tick === expected || tick === expected - 1
  } catch {
    return false
  }
}

/** Words of an unknown log that may be a swap, and of one that may move tokens. */
const SWAP_WORDS = 4
const MOVING_WORDS = 2

/** Reads a log of a v3 pool. Throws as `signed` does. */
export const uniswapV3Reading = (log: ChainLog): LogReading => {
  const { topics, data } = log
  const event = eventOf(log)
  if (event === SWAP_V3) return { swap: swapIn(data) }
  if (event === FLASH_V3) return { paid: paidIn(data) }
  if (event === INITIALIZE_V3) return { begins: true }
  if (READ.has(event) || HARMLESS.has(event) || wordsOf(data) < MOVING_WORDS) return {}
  // What names a position in its topics changes liquidity.
  return { unread: wordsOf(data) >= SWAP_WORDS && topics.length <= 3 ? 'swap' : 'state' }
}

/** Swap(sender, recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick) */
const swapIn = (data: string): ReserveDelta => ({ amount0: signed(data, 0), amount1: signed(data, 1) })

/** Flash(sender, recipient, uint256 amount0, uint256 amount1, uint256 paid0, uint256 paid1): lent and given back, with a fee */
const paidIn = (data: string): ReserveDelta => ({ amount0: unsigned(data, 2), amount1: unsigned(data, 3) })

const priceOf = (sqrtPriceX96: bigint, liquidity: bigint, tick: bigint): PoolPrice => {
  if (sqrtPriceX96 === 0n) throw new RangeError('price: found 0, expected one above zero')
  return { sqrtPriceX96, tick: Number(tick), liquidity }
}

const providedIn = (topics: readonly string[], liquidity: bigint): LiquidityChange => ({
  lower: Number(signedTopic(topics[2]!)),
  upper: Number(signedTopic(topics[3]!)),
  liquidity,
})
