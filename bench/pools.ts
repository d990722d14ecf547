import { decodeEventLog, parseAbi } from 'viem'
import { Changes } from '../streams/lib/dependencies.ts'
import { Interner } from '../streams/lib/interner.ts'
import { FeedLine } from '../streams/market/feedHealth.ts'
import { Market } from '../streams/market/market.ts'
import { BURN_V3, INITIALIZE_V3, MINT_V3, SWAP_V3 } from '../streams/pools/abi.ts'
import { AssetPrices } from '../streams/pools/assetPrice.ts'
import type { ChainLog } from '../streams/pools/chainLog.ts'
import { Pool } from '../streams/pools/pool.ts'
import type { PoolSpec } from '../streams/pools/spec.ts'
import { type PoolPrice, swapped } from '../streams/pools/uniswapV3/swap.ts'
import { TickMap } from '../streams/pools/uniswapV3/tickMap.ts'
import { sqrtRatioAtTick, tickAtSqrtRatio } from '../streams/pools/uniswapV3/tickMath.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

const ROUNDS = 7
const LOGS = 40_000
/** The generic decoder is asked for this many of them; it has no state that more would change. */
const DECODED = 4_000
const SWAPS = 2_000
const QUESTIONS = 20_000
const TICKS = 2_000
const SPACING = 10
/** Ticks that a measured swap goes over. */
const CROSSED = 10
const TERMS = { feePips: 500, tickSpacing: SPACING }
const BEGIN = Date.UTC(2024, 0, 5)
const BLOCK_MS = 12_000
const LOGS_A_BLOCK = 5
const ADDRESS = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640'
const TRADER = BigInt(ADDRESS)
const START: PoolPrice = { sqrtPriceX96: sqrtRatioAtTick(199_045), tick: 199_045, liquidity: 0n }

const SPEC: PoolSpec = {
  id: 'bench',
  kind: 'uniswap-v3',
  quote: 'USD',
  address: ADDRESS,
  feePips: TERMS.feePips,
  token0: { symbol: 'USDC', decimals: 6, asset: 'USD' },
  token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
}

const word = (value: bigint | number): string => BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, '0')

/** Numbers that look random and are the same each time. */
const dice = (seed: number): ((below: number) => number) => {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A range of positions side by side around the price: initialised ticks. */
const positions = (ticks: number): (readonly [lower: number, upper: number, liquidity: bigint])[] => {
  const roll = dice(7)
  const first = Math.floor(START.tick / SPACING) - (ticks >> 1)
  return Array.from({ length: ticks - 1 }, (_, i) => [(first + i) * SPACING, (first + i + 1) * SPACING, 10n ** 18n * BigInt(1 + roll(20))])
}

const mapOf = (ticks: number): TickMap => {
  const map = new TickMap()
  for (const [lower, upper, liquidity] of positions(ticks)) map.add(lower, upper, liquidity)
  return map
}

/** The life of a pool from its beginning: of a hundred logs 97 swaps, 2 mints and a burn, as of a busy pool. */
const history = (count: number): ChainLog[] => {
  const roll = dice(1)
  const map = new TickMap()
  const logs: ChainLog[] = []
  let price = START
  const say = (topic: string, indexed: readonly (bigint | number)[], ...words: readonly (bigint | number)[]): void => {
    const block = 18_937_382 + Math.floor(logs.length / LOGS_A_BLOCK)
    logs.push({
      t: BEGIN + Math.floor(logs.length / LOGS_A_BLOCK) * BLOCK_MS,
      block,
      index: logs.length % LOGS_A_BLOCK,
      address: ADDRESS,
      topics: [topic, ...indexed.map(value => `0x${word(value)}`)],
      data: `0x${words.map(word).join('')}`,
    })
  }
  const provide = (lower: number, upper: number, liquidity: bigint): void => {
    map.add(lower, upper, liquidity)
    price = { ...price, liquidity: map.activeAt(price.tick) }
    say(MINT_V3, [TRADER, lower, upper], TRADER, liquidity, 10n ** 15n, 10n ** 24n)
  }
  say(INITIALIZE_V3, [], price.sqrtPriceX96, price.tick)
  for (const position of positions(400)) provide(...position)
  while (logs.length < count) {
    const kind = roll(100)
    const lower = (Math.floor(price.tick / SPACING) - 10 + roll(10)) * SPACING
    if (kind < 2) provide(lower, lower + 20 * SPACING, 10n ** 16n)
    else if (kind === 2 && map.activeAt(lower) > 10n ** 17n) {
      map.add(lower, lower + 20 * SPACING, 10n ** 16n)
      map.add(lower, lower + 20 * SPACING, -(10n ** 16n))
      say(BURN_V3, [TRADER, lower, lower + 20 * SPACING], 0, 0, 0)
    } else {
      // The seller brings it back to where it began, more or less.
      const zeroForOne = price.tick > START.tick
      const { amount0, amount1, ...next } = swapped(price, map, TERMS, zeroForOne, zeroForOne ? 10n ** 9n * 5n : 10n ** 18n * 2n)
      price = next
      say(SWAP_V3, [TRADER, TRADER], amount0, amount1, next.sqrtPriceX96, next.liquidity, next.tick)
    }
  }
  return logs
}

/** Units of work a second of CPU time. */
const rate = (count: number, work: () => void): number => {
  const begin = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(begin)
  return count / ((user + system) / 1e6)
}

const applied = (logs: readonly ChainLog[]): number => {
  const changes = new Changes()
  const pool = new Pool(SPEC, new AssetPrices(new Market(new Interner()), changes), changes)
  const feed = new FeedLine()
  const found = rate(logs.length, () => {
    for (const log of logs) pool.apply(log, feed)
  })
  pool.evaluate(logs.at(-1)!.t)
  if (pool.figures.partial || pool.figures.reserve0 === undefined) throw new Error('the pool that was measured has lost its ticks')
  return found
}

const ABI = parseAbi([
  'event Initialize(uint160 sqrtPriceX96, int24 tick)',
  'event Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
  'event Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
  'event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)',
])

const decoded = (all: readonly ChainLog[]): number => {
  const logs = all.slice(-DECODED)
  return rate(logs.length, () => {
    for (const { topics, data } of logs) {
      decodeEventLog({ abi: ABI, topics: topics as [`0x${string}`, ...`0x${string}`[]], data: data as `0x${string}` })
    }
  })
}

/** Swaps that end in the middle of the tenth range from where they begin. */
const simulated = (map: TickMap): number => {
  const limit = sqrtRatioAtTick(Math.floor(START.tick / SPACING) * SPACING - CROSSED * SPACING + SPACING / 2)
  const start = { ...START, liquidity: map.activeAt(START.tick) }
  let crossed = 0
  const found = rate(SWAPS, () => {
    for (let i = 0; i < SWAPS; i++) crossed += swapped(start, map, TERMS, true, 10n ** 30n, limit).crossed
  })
  if (crossed !== SWAPS * CROSSED) throw new Error(`${crossed / SWAPS} ticks crossed a swap, where ${CROSSED} were to be`)
  return found
}

/** µs for one question for the depth at ±2 % of a whole pool; the price moves between two questions, the ticks do not. */
const asked = (): number => {
  const ticks = [...mapOf(TICKS).entries()]
  const pools = Array.from({ length: 20 }, (_, i) => {
    const sqrtPriceX96 = sqrtRatioAtTick(START.tick + i) + 12_345n
    const start = { block: 0, sqrtPriceX96, tick: tickAtSqrtRatio(sqrtPriceX96), ticks, balances: undefined }
    const market = new Market(new Interner())
    market.instrument('ETH-USD').price = 2_000
    const changes = new Changes()
    return new Pool({ ...SPEC, start }, new AssetPrices(market, changes), changes)
  })
  let sum = 0
  for (const pool of pools) sum += pool.depth(0.02).bid
  const perSecond = rate(QUESTIONS, () => {
    for (let i = 0; i < QUESTIONS; i++) sum += pools[i % pools.length]!.depth(0.02).ask
  })
  if (!(sum > 0)) throw new Error('a pool without depth was measured')
  return 1e6 / perSecond
}

/** µs for the first question after a mint over ten ranges at the price. */
const askedAnew = (): number => {
  const map = mapOf(TICKS)
  const at = START.sqrtPriceX96
  const [low, high] = [(at * 99n) / 100n, (at * 101n) / 100n]
  const lower = (Math.floor(START.tick / SPACING) - 5) * SPACING
  let sum = 0n
  const perSecond = rate(SWAPS, () => {
    for (let i = 0; i < SWAPS; i++) {
      map.add(lower, lower + 10 * SPACING, 10n ** 16n)
      sum += map.amount0Between(at, high) + map.amount1Between(low, at)
    }
  })
  if (sum === 0n) throw new Error('a pool without depth was measured')
  return 1e6 / perSecond
}

export const poolsBench = (): Report => {
  const logs = history(LOGS)
  const map = mapOf(TICKS)
  const rounds: Record<'applied' | 'decoded' | 'simulated' | 'asked' | 'askedAnew', number[]> = {
    applied: [],
    decoded: [],
    simulated: [],
    asked: [],
    askedAnew: [],
  }
  applied(logs)
  decoded(logs)
  for (let round = 0; round < ROUNDS; round++) {
    // In turns, and each second round the other way about, so that neither has the better machine.
    if (round % 2 === 1) rounds.decoded.push(decoded(logs))
    rounds.applied.push(applied(logs))
    if (round % 2 === 0) rounds.decoded.push(decoded(logs))
    rounds.simulated.push(simulated(map))
    rounds.asked.push(asked())
    rounds.askedAnew.push(askedAnew())
  }
  const mine: Figure = { what: 'driftwire, v3 logs decoded and applied', rounds: rounds.applied, unit: 'logs/s' }
  const peer: Figure = { what: 'viem, such logs decoded', rounds: rounds.decoded, unit: 'logs/s' }
  return {
    name: 'pools',
    method: `Per second of CPU time (all threads): ${LOGS.toLocaleString('en')} raw logs of a Uniswap v3 pool from its beginning (97 % swaps, with mints and burns, 400 ticks and more), each decoded, put in its place in the chain, held against the map of ticks and counted in the day; beside it viem's \`decodeEventLog\` on the last ${DECODED.toLocaleString('en')} of these, which only decodes (and hashes the signatures of the events again each time). Swaps simulated exactly across ${CROSSED} initialised ticks. The depth at ±2 % of a pool with ${TICKS.toLocaleString('en')} initialised ticks, in µs a question: while the ticks stand, and the first after a mint.`,
    figures: [
      mine,
      peer,
      ratio('ratio', mine, peer),
      { what: `swaps across ${CROSSED} ticks`, rounds: rounds.simulated, unit: 'swaps/s' },
      { what: `depth at ±2 % of ${TICKS} ticks`, rounds: rounds.asked, unit: 'µs' },
      { what: 'the same, the first after a mint, with the mint', rounds: rounds.askedAnew, unit: 'µs' },
    ],
  }
}

if (process.argv[1]?.endsWith('pools.js')) print(poolsBench())
