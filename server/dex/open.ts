import type { Logger } from 'pino'
import type { Observable } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import type { Pool } from '../../streams/pools/pool.ts'
import type { Figures } from '../lib/figures.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { insertPoolLogs, type VersionedLog } from '../storage/write/poolLogs.ts'
import { queueFigures, RowQueue } from '../storage/write/rowQueue.ts'
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
  /** Sends the rows that are set aside again. Returns how many these are. */
  retrySetAside(): number
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
  const trades = new RowQueue<PoolTrade>(engine, { insert: insertPoolTrades }, log)
  const logs = new RowQueue<VersionedLog>(engine, { insert: insertPoolLogs }, log)
  const liquidity = new RowQueue<Liquidity>(engine, { insert: insertLiquidity }, log)
  frames$.subscribe(frame => {
    for (const taken of frame.logs) {
      const version = versions.next()
      logs.put({ ...taken, version })
      const trade = tradeOf(taken, pools.get(taken.pool)!.spec, version)
      if (trade) trades.put(trade)
    }
    for (const row of hourly.rowsOf(frame.rows)) liquidity.put(row)
  })
  const queues = [trades, logs, liquidity] as const
  return {
    dex: new Dex({ engine, pools, priceOf, now, capOf: coin => supplyOf(coin) * priceOf(coin) || undefined }),
    figures: () => queueFigures({ trades, logs, liquidity }),
    retrySetAside: () => queues.reduce((sum, queue) => sum + queue.retrySetAside(), 0),
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
