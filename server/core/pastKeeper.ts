import type { Logger } from 'pino'
import type { Portfolio } from '../../streams/pnl/portfolio.ts'
import type { PortfolioPast } from '../../streams/pnl/portfolioPast.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { InputQueue } from './inputQueue.ts'

/** ms between two looks at what portfolios lack. */
const LOOK_MS = 1_000
/** ms from the last change to the reading: what comes together is read together. */
const QUIET_MS = 2_000

/** What the keeper needs. */
export interface PastKeeperOptions {
  readonly engine: Promise<Engine>
  readonly portfolios: () => Iterable<Portfolio>
  /** Reads the past of a portfolio, up to the newest frame. */
  readonly read: (engine: Engine, portfolio: Portfolio) => Promise<PortfolioPast>
  readonly inputQueue: Pick<InputQueue, 'put'>
  /** Ends it. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/**
 * Reads the past of portfolios again when it may have become known: prices of the past were stored, or rows came that are older than what was
 * seen. It takes a few seconds from the change.
 */
export class PastKeeper {
  private readonly options: PastKeeperOptions
  private imports = 0
  /** By portfolio: what its past was last read for. */
  private readonly asked = new Map<string, string>()
  private seen = ''
  private quietSince = 0
  private reading = false

  constructor(options: PastKeeperOptions) {
    this.options = options
    for (const portfolio of options.portfolios()) this.asked.set(portfolio.spec.id, this.versionOf(portfolio))
    const timer = setInterval(() => this.look(), LOOK_MS)
    timer.unref()
    options.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  /** Notes that prices of the past were stored. */
  pricesStored(): void {
    this.imports += 1
  }

  /** Notes that the past of a portfolio could not be read: it is read again. */
  missed(portfolio: string): void {
    this.asked.delete(portfolio)
  }

  private look(): void {
    const lacking = [...this.options.portfolios()].filter(
      portfolio => portfolio.lacksPast && this.asked.get(portfolio.spec.id) !== this.versionOf(portfolio),
    )
    const now = lacking.map(portfolio => `${portfolio.spec.id} ${this.versionOf(portfolio)}`).join()
    if (now !== this.seen) this.quietSince = performance.now()
    this.seen = now
    if (lacking.length === 0 || this.reading || performance.now() - this.quietSince < QUIET_MS) return
    void this.read(lacking)
  }

  /** Reads the past of each, until one cannot be read: it is among the next ones again. */
  private async read(portfolios: readonly Portfolio[]): Promise<void> {
    const { engine, read, inputQueue, log } = this.options
    this.reading = true
    try {
      for (const portfolio of portfolios) {
        const version = this.versionOf(portfolio)
        inputQueue.put({ kind: 'portfolios', pasts: [await read(await engine, portfolio)] })
        this.asked.set(portfolio.spec.id, version)
      }
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'the past of a portfolio cannot be read; retrying')
    } finally {
      this.reading = false
    }
  }

  private versionOf({ rowCount }: Portfolio): string {
    return `${this.imports} ${rowCount}`
  }
}
