import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { MarketPast } from '../../streams/market/marketPast.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { InputQueue } from './inputQueue.ts'

/** ms from an import to the reading: what comes together is read together. */
const GATHER_MS = 250
/** ms after which a reading that failed is tried again. */
const RETRY_MS = 1_000

/** What the reader needs. */
export interface ImportedPricesOptions {
  readonly engine: Promise<Engine>
  /** Reads what is stored of symbols, as a start does. */
  readonly read: (engine: Engine, symbols: readonly string[]) => Promise<MarketPast>
  /** Resolves when the view knows the past of before this start. */
  readonly restored: () => Promise<void>
  readonly inputQueue: Pick<InputQueue, 'put'>
  /** Ends it. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/** Brings candles that are imported while the server runs into its input, within a second: they are read from the store as a start reads them. */
export class ImportedPrices {
  private readonly options: ImportedPricesOptions
  private readonly waiting = new Set<string>()
  private reading = false

  constructor(options: ImportedPricesOptions) {
    this.options = options
  }

  /** Notes that candles of a symbol were stored. */
  stored(symbol: string): void {
    this.waiting.add(symbol)
    if (!this.reading) void this.readAll()
  }

  /** Reads as long as symbols wait; never rejects. */
  private async readAll(): Promise<void> {
    const { engine, read, restored, inputQueue, signal, log } = this.options
    this.reading = true
    await restored()
    for (let wait = GATHER_MS; this.waiting.size > 0; ) {
      await delay(wait, undefined, { ref: false, signal }).catch(() => {})
      if (signal.aborted) break
      const symbols = [...this.waiting]
      this.waiting.clear()
      try {
        const market = await read(await engine, symbols)
        if (!signal.aborted) inputQueue.put({ kind: 'imported', market })
        wait = GATHER_MS
      } catch (error) {
        for (const symbol of symbols) this.waiting.add(symbol)
        wait = RETRY_MS
        if (!signal.aborted) log.warn({ symbols, error: (error as Error).message }, 'imported candles cannot be read; retrying')
      }
    }
    // At once, so that no symbol comes between.
    this.reading = false
  }
}
