import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { atMultiples, type Wall } from './atMultiples.ts'

const START = Date.UTC(2026, 0, 1)

/** A wall whose time passes as the test lets it. `error`: what is added to a wait, ms, as event loops add it. */
class TestWall implements Wall {
  time: number
  error = 0
  waits = 0
  private due: { at: number; run: () => void } | undefined

  constructor(time: number) {
    this.time = time
  }

  now = (): number => Math.floor(this.time)

  after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.time + ms + this.error, run }
    this.waits += 1
    this.due = timer
    return () => {
      if (this.due === timer) this.due = undefined
    }
  }

  /** Lets time come to `t`, each timer at its moment. */
  to(t: number): void {
    while (this.due && this.due.at <= t) {
      const { at, run } = this.due
      this.due = undefined
      this.time = Math.max(this.time, at)
      run()
    }
    this.time = Math.max(this.time, t)
  }
}

const calls = (everyMs: number, wall: TestWall, work: (t: number) => void = () => {}) => {
  const seen: { t: number; at: number }[] = []
  const stop = atMultiples(everyMs, wall, t => {
    seen.push({ t, at: wall.time })
    work(t)
  })
  return { seen, stop }
}

describe('calls at the multiples of a span of time', () => {
  it('come with the multiple at its own moment, whenever the process began', () => {
    const everyMs = fc.constantFrom(1, 2, 5, 20, 1000)
    fc.assert(
      fc.property(everyMs, fc.integer({ min: 0, max: 60_000 }), (every, after) => {
        const wall = new TestWall(START + after)
        const { seen } = calls(every, wall)
        wall.to(START + after + 50 * every)
        const first = Math.floor((START + after) / every) * every + every
        expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => ({ t: first + i * every, at: first + i * every })))
      }),
    )
  })

  it('do not drift where each wait takes longer than it was asked to', () => {
    const wall = new TestWall(START + 7)
    wall.error = 0.3
    const { seen } = calls(20, wall)
    wall.to(START + 10_000)
    expect(seen.map(({ t }) => t)).toEqual(Array.from({ length: 499 }, (_, i) => START + 20 * (i + 1)))
    expect(Math.max(...seen.map(({ t, at }) => at - t))).toBeLessThan(1.3)
  })

  it('wait for the rest if a timer comes before its time', () => {
    const wall = new TestWall(START + 7)
    wall.error = -0.4
    const { seen } = calls(20, wall)
    wall.to(START + 1_000)
    expect(seen.map(({ t }) => t)).toEqual(Array.from({ length: seen.length }, (_, i) => START + 20 * (i + 1)))
    expect(seen.every(({ t, at }) => at >= t && at < t + 1)).toBe(true)
    expect(seen.length).toBeGreaterThan(47)
  })

  it('leave out what the event loop came too late for, and are on time again behind it', () => {
    const wall = new TestWall(START)
    const { seen } = calls(20, wall, t => {
      if (t === START + 40) wall.time += 70
    })
    wall.to(START + 180)
    expect(seen).toEqual([20, 40, 120, 140, 160, 180].map(ms => ({ t: START + ms, at: START + ms })))
  })

  it('never come twice or go back if the clock is set back', () => {
    const wall = new TestWall(START)
    const { seen } = calls(20, wall)
    wall.to(START + 100)
    wall.time -= 50
    wall.to(START + 140)
    expect(seen.map(({ t }) => t - START)).toEqual([20, 40, 60, 80, 100, 120, 140])
  })

  it('come as far behind the multiple as is asked', () => {
    const wall = new TestWall(START + 4)
    const seen: number[] = []
    atMultiples(20, wall, t => seen.push(t - START, wall.time - START), 5)
    wall.to(START + 50)
    expect(seen).toEqual([0, 5, 20, 25, 40, 45])
  })

  it('end when they are told to, also from within', () => {
    const wall = new TestWall(START)
    const { seen, stop } = calls(20, wall, t => {
      if (t === START + 60) stop()
    })
    wall.to(START + 1_000)
    expect(seen).toHaveLength(3)
    stop()
    const other = calls(20, wall)
    other.stop()
    wall.to(START + 2_000)
    expect(other.seen).toEqual([])
  })
})
