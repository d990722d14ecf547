import type { Engine } from '../engine/engine.ts'

/** ms that a table is refused, by an engine that answers otherwise, until its rows are set aside. */
const LASTING_MS = 300_000

/** The refusals of one table: they pass while an engine starts or is being changed, and only those that last are taken for good. */
export class LastingRefusal {
  private readonly lastingMs: number
  /** The moment from which each insert was refused; undefined if the last was not. */
  private since: number | undefined

  constructor(lastingMs = LASTING_MS) {
    this.lastingMs = lastingMs
  }

  /** Notes that the table has taken rows. */
  over(): void {
    this.since = undefined
  }

  /** Notes a refusal. Returns whether the table has been refused for minutes by an engine that answers otherwise. */
  async lasts(engine: Engine | undefined): Promise<boolean> {
    this.since ??= performance.now()
    if (performance.now() - this.since < this.lastingMs) return false
    const answer = await engine?.client.ping({ select: true })
    return answer?.success ?? false
  }
}
