import { Changes } from '../lib/dependencies.ts'
import { Interner } from '../lib/interner.ts'
import { FeedLine } from '../market/feedHealth.ts'
import { Market } from '../market/market.ts'
import { BURN_V3, INITIALIZE_V3, MINT_V3, SWAP_V2, SWAP_V3, SYNC_V2 } from '../pools/abi.ts'
import { AssetPrices } from '../pools/assetPrice.ts'
import type { ChainLog } from '../pools/chainLog.ts'
import { Pool } from '../pools/pool.ts'
import type { PoolPast, TakenLog } from '../pools/poolPast.ts'
import type { PoolKind, PoolSpec, TokenSpec } from '../pools/spec.ts'
import { NOON } from './drive.ts'

/** What a log says, without its place in the chain. */
export type Said = Pick<ChainLog, 'topics' | 'data'>

type Word = bigint | number

const word = (value: Word): string => BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, '0')
const said = (topic: string, indexed: readonly Word[], ...words: readonly Word[]): Said => ({
  topics: [topic, ...indexed.map(value => `0x${word(value)}`)],
  data: `0x${words.map(word).join('')}`,
})

export const sync = (reserve0: Word, reserve1: Word): Said => said(SYNC_V2, [], reserve0, reserve1)
/** Paid in of both tokens, then paid out. */
export const swapV2 = (in0: Word, in1: Word, out0: Word, out1: Word): Said => said(SWAP_V2, [1, 2], in0, in1, out0, out1)

export const initializeV3 = (sqrtPriceX96: Word, tick: Word): Said => said(INITIALIZE_V3, [], sqrtPriceX96, tick)
/** Amounts are positive into the pool; the rest is what holds after it. */
export const swapV3 = (amount0: Word, amount1: Word, sqrtPriceX96: Word, liquidity: Word, tick: Word): Said =>
  said(SWAP_V3, [1, 2], amount0, amount1, sqrtPriceX96, liquidity, tick)
export const mintV3 = (lower: Word, upper: Word, liquidity: Word): Said => said(MINT_V3, [1, lower, upper], 2, liquidity, 3, 4)
export const burnV3 = (lower: Word, upper: Word, liquidity: Word): Said => said(BURN_V3, [1, lower, upper], liquidity, 3, 4)

export const ADDRESS = '0x00000000000000000000000000000000000000aa'

/** What was said at a place of the chain, at noon where nothing else is said. */
export const logAt = (block: number, index: number, { topics, data }: Said, t: number = NOON): ChainLog => ({
  t,
  block,
  index,
  address: ADDRESS,
  topics,
  data,
})

export const removed = (log: ChainLog): ChainLog => ({ ...log, removed: true })

/** A line of an export of logs: names in snake case, times in seconds or ISO 8601. */
export const recordedLog = (line: string): ChainLog => {
  const log = JSON.parse(line)
  const t = typeof log.block_timestamp === 'number' ? log.block_timestamp * 1000 : Date.parse(log.block_timestamp)
  return { t, block: log.block_number, index: log.log_index, address: log.address, topics: log.topics, data: log.data }
}

export const token = (symbol: string, decimals: number, asset: string = symbol): TokenSpec => ({ symbol, decimals, asset })

/** A pool of one kind, and any members of it. */
type PoolOf<K extends PoolKind> = Extract<PoolSpec, { readonly kind: K }>
export type PoolMembers<K extends PoolKind = PoolKind> = { readonly kind?: K } & Partial<Omit<PoolOf<K>, 'kind'>>

/** A pool of USDC and WETH, a Uniswap v2 pair if no kind is given. */
export const poolSpec = <K extends PoolKind = 'uniswap-v2'>(spec: PoolMembers<K> = {}): PoolOf<K> => {
  const pool = { id: 'P', kind: 'uniswap-v2', quote: 'USD', address: ADDRESS, feePips: 3000 }
  return { ...pool, token0: token('USDC', 6), token1: token('WETH', 18, 'ETH'), ...spec } as unknown as PoolOf<K>
}

/** A pool by itself, without a pipeline: nothing of it is marked or stored. */
export const lonelyPool = <K extends PoolKind = 'uniswap-v2'>(spec: PoolMembers<K> = {}) => {
  const market = new Market(new Interner())
  const feed = new FeedLine()
  const changes = new Changes()
  const taken: TakenLog[] = []
  const pool = new Pool(poolSpec(spec), new AssetPrices(market, changes), changes, log => void taken.push(log))
  return {
    pool,
    /** The logs it has taken in. */
    taken,
    restore: (past: PoolPast) => pool.restore(past, false),
    price: (symbol: string, price: number) => {
      market.instrument(symbol).price = price
    },
    apply: (log: ChainLog) => pool.apply(log, feed),
    figures: (t: number = NOON) => {
      pool.evaluate(t)
      return pool.figures
    },
  }
}
