import type { Logger } from 'pino'
import type { Observable } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import type { Input } from '../../streams/input.ts'
import type { Pool } from '../../streams/pools/pool.ts'
import type { Figures } from '../lib/figures.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { RowQueue } from '../storage/write/rowQueue.ts'
import { Dex } from './dex.ts'
import { HourlyLiquidity, insertLiquidity, type Liquidity } from './liquidity.ts'
import { insertPoolTrades, type PoolTrade, PoolTrades } from './poolTrades.ts'

/** The pools, and the figures and streams that trades and liquidity are made of. */
export interface DexOptions {
  readonly engine: Promise<Engine>
  readonly pools: ReadonlyMap<string, Pool>
  /** Of an asset in the quote currency; NaN if unknown. */
  readonly priceOf: (asset: string) => number
  /** Circulating; NaN if unknown. */
  readonly supplyOf: (asset: string) => number
  readonly input$: Observable<Input>
  readonly frames$: Observable<Frame>
  /** Event time, ms. */
  readonly now: () => number
  readonly log: Logger
}

/** What the server runs of the DEX figures. */
export interface OpenDex {
  readonly dex: Dex
  figures(): Figures
  /** Stores what waits. */
  close(): Promise<void>
}

/** Follows what is traded in pools and what lies in them into ClickHouse, and answers from there. */
export const openDex = ({ engine, pools, priceOf, supplyOf, input$, frames$, now, log }: DexOptions): OpenDex => {
  const specs = [...pools.values()].map(({ spec }) => spec)
  const trades = new PoolTrades({ pools: specs, priceOf, now: Date.now })
  const hourly = new HourlyLiquidity(specs, priceOf)
  const tradesToStore = new RowQueue<PoolTrade>(engine, insertPoolTrades, log)
  const liquidityToStore = new RowQueue<Liquidity>(engine, insertLiquidity, log)
  input$.subscribe(input => {
    for (const trade of trades.of(input)) tradesToStore.put(trade)
  })
  frames$.subscribe(({ rows }) => {
    for (const row of hourly.rowsOf(rows)) liquidityToStore.put(row)
  })
  return {
    dex: new Dex({ engine, pools, priceOf, now, capOf: coin => supplyOf(coin) * priceOf(coin) || undefined }),
    figures() {
      const [ofTrades, ofLiquidity] = [tradesToStore.stats(), liquidityToStore.stats()]
      const of = (name: keyof typeof ofTrades) => ({ trades: ofTrades[name], liquidity: ofLiquidity[name] })
      return { waiting: of('waiting'), stored: of('stored'), retries: of('retries'), dropped: of('dropped') }
    },
    async close() {
      await Promise.all([tradesToStore.close(), liquidityToStore.close()])
    },
  }
}
