import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON } from '../test/drive.ts'
import { FeedHealth } from './feedHealth.ts'

const STALE_AFTER = 10_000

const feed = (live = true): FeedHealth => new FeedHealth({ id: 'a', live }, STALE_AFTER)
/** Whether the feed fell silent or spoke again by `t`. */
const changed = (f: FeedHealth, t: number): boolean => f.advance(t).length > 0
const said = (f: FeedHealth, t: number): void => f.seen(t, 1, true, {}, Number.NaN)

describe('the health of a feed', () => {
  it('begins connecting, is live with its first message, and knows no lag before one tells it', () => {
    const f = feed()
    expect([f.state, f.silent, f.silentAt, f.lag]).toEqual(['connecting', false, Number.POSITIVE_INFINITY, Number.NaN])
    said(f, NOON)
    expect([f.state, f.messages, f.lag]).toEqual(['live', 1, Number.NaN])
    f.seen(NOON, 3, true, {}, 40)
    said(f, NOON)
    expect([f.messages, f.lag]).toEqual([5, 40])
  })

  it('stays down, whatever it still says, until it says that it is up', () => {
    const f = feed()
    f.state = 'down'
    said(f, NOON)
    expect(f.state).toBe('down')
  })

  it('is silent when nothing of any kind came for so long, and speaks again with the next message', () => {
    const f = feed()
    said(f, NOON)
    expect(f.silentAt).toBe(NOON + STALE_AFTER)
    expect([changed(f, NOON + STALE_AFTER - 1), f.silent]).toEqual([false, false])
    expect([changed(f, NOON + STALE_AFTER), f.silent]).toEqual([true, true])
    expect([changed(f, NOON + STALE_AFTER + 1), f.silentAt]).toEqual([false, Number.POSITIVE_INFINITY])
    said(f, NOON + 20_000)
    expect([changed(f, NOON + 20_000), f.silent, f.silentAt]).toEqual([true, false, NOON + 20_000 + STALE_AFTER])
  })

  it('that never spoke is not silent: nothing rests on it', () => {
    const f = feed()
    expect([changed(f, NOON + 1e9), f.silent]).toEqual([false, false])
  })

  it('that has ended is not silent, and not any more', () => {
    const f = feed(false)
    said(f, NOON)
    changed(f, NOON + STALE_AFTER)
    f.state = 'ended'
    expect([f.silentAt, changed(f, NOON + STALE_AFTER + 20), f.silent]).toEqual([Number.POSITIVE_INFINITY, true, false])
    expect(changed(f, NOON + 1e9)).toBe(false)
  })

  it('does not go back in time with a message that is late', () => {
    const f = feed()
    said(f, NOON)
    said(f, NOON - 5_000)
    expect(f.silentAt).toBe(NOON + STALE_AFTER)
  })

  it('of candles waits for two of the longest', () => {
    const f = feed(false)
    said(f, NOON)
    for (const [span, after] of [
      [1_000, STALE_AFTER],
      [60_000, 120_000],
      [5_000, 120_000],
      [3_600_000, 7_200_000],
    ] as const) {
      f.candlesOf(span)
      expect(f.silentAt).toBe(NOON + after)
    }
  })

  it('adds up what was left out, each by its kind', () => {
    const kind = fc.constantFrom('price' as const, 'gap' as const, 'duplicate' as const)
    fc.assert(
      fc.property(fc.array(fc.dictionary(kind, fc.integer({ min: 1, max: 50 }))), list => {
        const f = feed()
        const sums: Record<string, number> = {}
        for (const bad of list) {
          f.seen(NOON, 0, false, bad, Number.NaN)
          for (const [name, n] of Object.entries(bad)) sums[name] = (sums[name] ?? 0) + n
        }
        f.count('duplicate')
        expect(f.bad).toEqual({ ...sums, duplicate: (sums.duplicate ?? 0) + 1 })
      }),
    )
  })

  it('changes when it says it will: advancing to just before changes nothing, to then does', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30_000), { minLength: 1, maxLength: 20 }), steps => {
        const f = feed()
        let t = NOON
        for (const step of steps) {
          const due = f.silentAt
          t += step
          if (due <= t) {
            expect([changed(f, due - 1), changed(f, due)]).toEqual([false, true])
            expect(f.silent).toBe(true)
          }
          said(f, t)
          changed(f, t)
          expect(f.silent).toBe(false)
        }
      }),
    )
  })
})
