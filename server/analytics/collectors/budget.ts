import { delay, type Environment } from '../../feeds/environment.ts'

/** How often a source may be asked. */
export interface Rate {
  readonly perMinute: number
  /** Requests that may begin at once after a rest. */
  readonly burst: number
}

/** A token bucket: no more requests begin than a source allows, those that are made again among them. */
export class Budget {
  private readonly environment: Environment
  private readonly spacing: number
  private readonly saved: number
  /** ms: when the next request may begin. It lies in the past by what was saved up. */
  private next = 0

  constructor({ perMinute, burst }: Rate, environment: Environment) {
    this.environment = environment
    this.spacing = 60_000 / perMinute
    this.saved = (burst - 1) * this.spacing
  }

  /** Resolves when one more request may begin; requests begin in the order in which they ask. Rejects with the reason of `signal`. */
  async take(signal: AbortSignal): Promise<void> {
    const now = this.environment.now()
    const begin = Math.max(this.next, now - this.saved)
    this.next = begin + this.spacing
    await delay(this.environment, begin - now, signal)
  }

  /** Lets no further request begin before `t` (ms). */
  pauseUntil(t: number): void {
    this.next = Math.max(this.next, t)
  }
}
