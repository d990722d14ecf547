import type { Input } from '../../streams/input.ts'
import type { ChainLog } from '../../streams/pools/chainLog.ts'
import type { ReserveDelta } from '../../streams/pools/rollingVolume.ts'
import type { PoolSpec, TokenSpec } from '../../streams/pools/spec.ts'
import { swapOf } from '../../streams/pools/swapOf.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { AtomicSwap } from './swap.ts'
import { insertSwaps } from './swapStore.ts'

/** A trade in a pool. */
export interface PoolTrade {
  readonly swap: AtomicSwap
  /** A reorganisation took it back. */
  readonly removed: boolean
}

/** What trades in pools are read with. */
export interface PoolTradesOptions {
  readonly pools: readonly PoolSpec[]
  /** Returns the price of an asset in the quote currency at the moment; NaN if it is unknown. */
  readonly priceOf: (asset: string) => number
  /** Returns the wall time, ms. */
  readonly now: () => number
}

/** The swaps in the logs of the configured pools as trades: the taker gives what goes in, the maker what comes out. */
export class PoolTrades {
  private readonly byAddress: ReadonlyMap<string, PoolSpec>
  private readonly options: PoolTradesOptions
  /** Of one id the row that was written later counts, also after a restart. */
  private version = 0n

  constructor(options: PoolTradesOptions) {
    this.options = options
    this.byAddress = new Map(options.pools.map(pool => [pool.address, pool]))
  }

  /** Returns the trades in an input. */
  of(input: Input): PoolTrade[] {
    if (input.kind !== 'chain') return []
    return input.logs.flatMap(log => this.tradeOf(log) ?? [])
  }

  private tradeOf(log: ChainLog): PoolTrade | undefined {
    const pool = this.poolOf(log)
    if (pool?.token0 === undefined || pool.token1 === undefined) return undefined
    const delta = readSwap(pool, log)
    if (delta === undefined) return undefined
    const { amount0, amount1 } = delta
    const [token0, token1] = [
      { token: pool.token0, amount: amount0 },
      { token: pool.token1, amount: amount1 },
    ] as const
    const [paid, got] = amount0 > 0n ? [token0, token1] : [token1, token0]
    const [takerAmount, makerAmount] = [scaled(paid.amount, paid.token), scaled(-got.amount, got.token)]
    if (takerAmount <= 0n || makerAmount <= 0n) return undefined
    const swap: AtomicSwap = {
      id: `${pool.id}:${log.block}:${log.index}`,
      version: this.nextVersion(),
      market: pool.id,
      t: log.t,
      started: log.t,
      makerCoin: got.token.symbol,
      takerCoin: paid.token.symbol,
      makerAmount,
      takerAmount,
      makerUsd: this.options.priceOf(got.token.asset),
      takerUsd: this.options.priceOf(paid.token.asset),
    }
    return { swap, removed: log.removed === true }
  }

  /** A file of logs need not name the address of the only pool. */
  private poolOf({ address }: ChainLog): PoolSpec | undefined {
    const { pools } = this.options
    return this.byAddress.get(address.toLowerCase()) ?? (address === '' && pools.length === 1 ? pools[0] : undefined)
  }

  private nextVersion(): bigint {
    const least = BigInt(Math.floor(this.options.now())) << 20n
    this.version = this.version < least ? least : this.version + 1n
    return this.version
  }
}

/** Inserts trades in pools; the newest row of each id counts. */
export const insertPoolTrades = (engine: Engine, trades: readonly PoolTrade[]): Promise<void> =>
  insertSwaps(
    engine,
    trades.map(({ swap }) => swap),
    new Set(trades.filter(({ removed }) => removed).map(({ swap }) => swap)),
  )

/** Returns the swap in a log; undefined if there is none that can be read: the pool itself counts those. */
const readSwap = ({ kind }: PoolSpec, log: ChainLog): ReserveDelta | undefined => {
  try {
    return swapOf(kind, log)
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined
    throw error
  }
}

const scaled = (raw: bigint, { decimals }: TokenSpec): bigint =>
  decimals <= 18 ? raw * 10n ** BigInt(18 - decimals) : raw / 10n ** BigInt(decimals - 18)
