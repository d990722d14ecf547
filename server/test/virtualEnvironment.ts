import { setImmediate } from 'node:timers/promises'
import type { Environment } from '../feeds/environment.ts'

/** A wall whose time passes only when a test lets it, and whose chance is the same every time. */
export class VirtualEnvironment implements Environment {
  private time: number
  private readonly chance: number
  private timers: { at: number; run: () => void }[] = []

  constructor(time = Date.UTC(2026, 0, 1), chance = 1) {
    this.time = time
    this.chance = chance
  }

  now = (): number => this.time

  random = (): number => this.chance

  after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.time + ms, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter(t => t !== timer)
    }
  }

  /** ms until the timers that are set, the next first. */
  get waits(): number[] {
    return this.timers.map(({ at }) => at - this.time).sort((a, b) => a - b)
  }

  /** Lets `ms` pass, every timer at its own moment; what a timer sets going comes to rest before the next one runs. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms
    await setImmediate()
    for (;;) {
      const next = this.timers.reduce<{ at: number; run: () => void } | undefined>((a, b) => (a && a.at <= b.at ? a : b), undefined)
      if (next === undefined || next.at > end) break
      this.timers = this.timers.filter(t => t !== next)
      this.time = Math.max(this.time, next.at)
      next.run()
      await setImmediate()
    }
    this.time = end
  }
}
