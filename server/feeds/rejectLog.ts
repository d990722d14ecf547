import type { Logger } from 'pino'
import type { Bad } from '../../streams/market/ticks.ts'
import type { Environment } from './environment.ts'

const EVERY_MS = 1_000

/**
 * Logs what was rejected and where, at most once a second: the first at once, and those within the second after it
 * summed up in the next line.
 */
export class RejectLog {
  private readonly log: Logger
  private readonly environment: Environment
  private counts: Partial<Record<Bad, number>> = {}
  private first: { kind: Bad; where: number | string } | undefined
  private quietUntil = Number.NEGATIVE_INFINITY

  constructor(log: Logger, environment: Environment) {
    this.log = log
    this.environment = environment
  }

  /** Notes `n` rejections. `where`: the line of a file, the address of a socket. */
  note(kind: Bad, n: number, where: number | string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + n
    this.first ??= { kind, where }
    if (this.environment.now() >= this.quietUntil) this.flush()
  }

  /** Says what has not been said yet. */
  flush(): void {
    if (this.first === undefined) return
    const hint = this.first.kind === 'symbol' ? { hint: 'map the name under "symbols" of the configuration' } : {}
    this.log.warn({ ...this.first, ...hint, counts: this.counts }, 'left out')
    this.first = undefined
    this.counts = {}
    this.quietUntil = this.environment.now() + EVERY_MS
  }
}
