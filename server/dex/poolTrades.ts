import type { TakenLog } from '../../streams/pools/poolPast.ts'
import type { PoolSpec, TokenSpec } from '../../streams/pools/spec.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { AtomicSwap } from './swap.ts'
import { insertSwaps } from './swapStore.ts'

/** A trade in a pool. */
export interface PoolTrade {
  readonly swap: AtomicSwap
  /** A reorganisation took it back. */
  readonly removed: boolean
}

/**
 * Returns the swap in a log that a pool has taken in as a trade: the taker gives what goes in, the maker what comes out, and each is worth
 * what the pool has counted it by. Undefined if there is none, or its tokens are not known.
 */
export const tradeOf = (
  { log, traded: { swap }, prices }: TakenLog,
  { id, token0, token1 }: PoolSpec,
  version: bigint,
): PoolTrade | undefined => {
  if (token0 === undefined || token1 === undefined || swap === undefined) return undefined
  const sides = [
    { token: token0, amount: swap.amount0, price: prices[0] },
    { token: token1, amount: swap.amount1, price: prices[1] },
  ] as const
  const [paid, got] = swap.amount0 > 0n ? sides : [sides[1], sides[0]]
  const [takerAmount, makerAmount] = [scaled(paid.amount, paid.token), scaled(-got.amount, got.token)]
  if (takerAmount <= 0n || makerAmount <= 0n) return undefined
  const trade: AtomicSwap = {
    id: `${id}:${log.block}:${log.index}`,
    version,
    market: id,
    t: log.t,
    started: log.t,
    makerCoin: got.token.symbol,
    takerCoin: paid.token.symbol,
    makerAmount,
    takerAmount,
    makerUsd: got.price,
    takerUsd: paid.price,
  }
  return { swap: trade, removed: log.removed === true }
}

/** Inserts trades in pools; the newest row of each id counts. */
export const insertPoolTrades = (engine: Engine, trades: readonly PoolTrade[]): Promise<void> =>
  insertSwaps(
    engine,
    trades.map(({ swap }) => swap),
    new Set(trades.filter(({ removed }) => removed).map(({ swap }) => swap)),
  )

const scaled = (raw: bigint, { decimals }: TokenSpec): bigint =>
  decimals <= 18 ? raw * 10n ** BigInt(18 - decimals) : raw / 10n ** BigInt(decimals - 18)
