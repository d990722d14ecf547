import type { Logger } from 'pino'
import type { Observable } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import type { Pool } from '../../streams/pools/pool.ts'
import type { Figures } from '../lib/figures.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { insertPoolLogs, type VersionedLog } from '../storage/write/poolLogs.ts'
import { RowQueue, type RowQueueStats } from '../storage/write/rowQueue.ts'
import { Dex } from './dex.ts'
import { HourlyLiquidity, insertLiquidity, type Liquidity } from './liquidity.ts'
import { insertPoolTrades, type PoolTrade, tradeOf } from './poolTrades.ts'
import { Versions } from './versions.ts'

/** The pools, and the figures and streams that trades and liquidity are made of. */
export interface DexOptions {
  readonly engine: Promise<Engine>
  readonly pools: ReadonlyMap<string, Pool>
  /** Of an asset in the quote currency; NaN if unknown. */
  readonly priceOf: (asset: string) => number
  /** Circulating; NaN if unknown. */
  readonly supplyOf: (asset: string) => number
  readonly frames$: Observable<Frame>
  /** Event time, ms. */
  readonly now: () => number
  readonly log: Logger
}

/** What the server runs of the DEX figures. */
export interface OpenDex {
  readonly dex: Dex
  figures(): Figures
  /** Resolves when there is room for more: a replay waits for it and so loses nothing. */
  room(): Promise<void>
  /** Resolves when all that has come is stored, or cannot be any more. */
  stored(): Promise<void>
  /** Stores what waits. */
  close(): Promise<void>
}

/** Follows what is traded in pools and what lies in them into ClickHouse, and answers from there. */
export const openDex = ({ engine, pools, priceOf, supplyOf, frames$, now, log }: DexOptions): OpenDex => {
  const specs = [...pools.values()].map(({ spec }) => spec)
  const versions = new Versions(Date.now)
  const hourly = new HourlyLiquidity(specs, priceOf)
  const tradesToStore = new RowQueue<PoolTrade>(engine, insertPoolTrades, log)
  const logsToStore = new RowQueue<VersionedLog>(engine, insertPoolLogs, log)
  const liquidityToStore = new RowQueue<Liquidity>(engine, insertLiquidity, log)
  frames$.subscribe(({ rows, logs }) => {
    for (const taken of logs) {
      const version = versions.next()
      logsToStore.put({ ...taken, version })
      const trade = tradeOf(taken, pools.get(taken.pool)!.spec, version)
      if (trade) tradesToStore.put(trade)
    }
    for (const row of hourly.rowsOf(rows)) liquidityToStore.put(row)
  })
  const queues = [tradesToStore, logsToStore, liquidityToStore] as const
  return {
    dex: new Dex({ engine, pools, priceOf, now, capOf: coin => supplyOf(coin) * priceOf(coin) || undefined }),
    figures() {
      const [trades, logs, liquidity] = queues.map(queue => queue.stats()) as [RowQueueStats, RowQueueStats, RowQueueStats]
      const of = (name: keyof RowQueueStats) => ({ trades: trades[name], logs: logs[name], liquidity: liquidity[name] })
      return { waiting: of('waiting'), stored: of('stored'), retries: of('retries'), dropped: of('dropped') }
    },
    async room() {
      await Promise.all(queues.map(queue => queue.room()))
    },
    async stored() {
      await Promise.all(queues.map(queue => queue.stored()))
    },
    async close() {
      await Promise.all(queues.map(queue => queue.close()))
    },
  }
}
