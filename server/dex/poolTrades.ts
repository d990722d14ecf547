import type { Input } from '../../streams/input.ts'
import { SWAP_V2, SWAP_V3, signed, unsigned } from '../../streams/pools/abi.ts'
import type { ChainLog } from '../../streams/pools/chainLog.ts'
import type { PoolSpec, TokenSpec } from '../../streams/pools/spec.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { AtomicSwap } from './swap.ts'
import { insertSwaps } from './swapStore.ts'

/** A trade in a pool, or one that a reorganisation took back. */
export interface PoolTrade {
  readonly swap: AtomicSwap
  readonly taken: boolean
}

export interface PoolTradesOptions {
  readonly pools: readonly PoolSpec[]
  /** Of an asset in the quote currency at the moment; NaN where unknown. */
  readonly priceOf: (asset: string) => number
  /** ms, by the wall. */
  readonly now: () => number
}

/** The swaps in the logs of the configured pools as trades: what goes in is the taker's, what comes out the maker's. */
export class PoolTrades {
  private readonly byAddress: ReadonlyMap<string, PoolSpec>
  private readonly options: PoolTradesOptions
  /** Of one id the row that was written later counts, also after a restart. */
  private version = 0n

  constructor(options: PoolTradesOptions) {
    this.options = options
    this.byAddress = new Map(options.pools.map(pool => [pool.address, pool]))
  }

  of(input: Input): PoolTrade[] {
    if (input.kind !== 'chain') return []
    return input.logs.flatMap(log => this.tradeOf(log) ?? [])
  }

  private tradeOf(log: ChainLog): PoolTrade | undefined {
    const pool =
      this.byAddress.get(log.address.toLowerCase()) ??
      (log.address === '' && this.options.pools.length === 1 ? this.options.pools[0] : undefined)
    if (pool?.token0 === undefined || pool.token1 === undefined) return undefined
    const amounts = amountsOf(log)
    if (amounts === undefined) return undefined
    const [amount0, amount1] = amounts
    const [paid, got] = amount0 > 0n ? ([pool.token0, pool.token1] as const) : ([pool.token1, pool.token0] as const)
    const [takerAmount, makerAmount] =
      amount0 > 0n ? [scaled(amount0, paid), scaled(-amount1, got)] : [scaled(amount1, paid), scaled(-amount0, got)]
    if (takerAmount <= 0n || makerAmount <= 0n) return undefined
    const least = BigInt(Math.floor(this.options.now())) << 20n
    this.version = this.version < least ? least : this.version + 1n
    const swap: AtomicSwap = {
      id: `${pool.id}:${log.block}:${log.index}`,
      version: this.version,
      market: pool.id,
      t: log.t,
      started: log.t,
      makerCoin: got.symbol,
      takerCoin: paid.symbol,
      makerAmount,
      takerAmount,
      makerUsd: this.options.priceOf(got.asset),
      takerUsd: this.options.priceOf(paid.asset),
    }
    return { swap, taken: log.removed === true }
  }
}

export const insertPoolTrades = (engine: Engine, trades: readonly PoolTrade[]): Promise<void> =>
  insertSwaps(
    engine,
    trades.map(({ swap }) => swap),
    new Set(trades.filter(({ taken }) => taken).map(({ swap }) => swap)),
  )

/** What the pool got of either token; undefined where the log is no swap, or none that can be read. */
const amountsOf = ({ topics, data }: ChainLog): readonly [bigint, bigint] | undefined => {
  try {
    if (topics[0] === SWAP_V3) return [signed(data, 0), signed(data, 1)]
    if (topics[0] === SWAP_V2) return [unsigned(data, 0) - unsigned(data, 2), unsigned(data, 1) - unsigned(data, 3)]
  } catch {
    // The pool itself counts what cannot be read.
  }
  return undefined
}

const scaled = (raw: bigint, { decimals }: TokenSpec): bigint =>
  decimals <= 18 ? raw * 10n ** BigInt(18 - decimals) : raw / 10n ** BigInt(decimals - 18)
