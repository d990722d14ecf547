import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { SlowDown } from './slowDown.ts'

const MINUTE = 60_000

/** Seconds to wait where it is refused, 0 where it is not. */
const waitOf = (attempt: () => void): number => {
  try {
    attempt()
    return 0
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    expect((error as ProtocolError).code).toBe('rate_limited')
    return (error as ProtocolError).retryAfter!
  }
}

const failTimes = (slow: SlowDown, network: string, n: number, now: number): void => {
  for (let i = 0; i < n; i++) slow.failed(network, now)
}

describe('slowing down', () => {
  it('lets five fail, then asks for a wait of one second that doubles to a minute', () => {
    const slow = new SlowDown()
    const waits: number[] = []
    let now = 0
    for (let i = 0; i < 14; i++) {
      const wait = waitOf(() => slow.begin('a', now))
      waits.push(wait)
      now += wait * 1000
      if (wait > 0) slow.begin('a', now)
      slow.failed('a', now)
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60])
    expect(slow.failures).toBe(14)
    expect(slow.slowed).toBe(9)
  })

  it('refuses up to the last millisecond of the wait and not after it', () => {
    const slow = new SlowDown()
    failTimes(slow, 'a', 6, 500)
    expect(waitOf(() => slow.check('a', 2_499))).toBe(1)
    expect(waitOf(() => slow.check('a', 2_500))).toBe(0)
  })

  it('lets one of those through that come together once the wait is over', () => {
    const slow = new SlowDown()
    failTimes(slow, 'a', 7, 0)
    const let1 = Array.from({ length: 100 }, () => waitOf(() => slow.begin('a', 4_000))).filter(wait => wait === 0)
    expect(let1).toHaveLength(1)
  })

  it('is over with a success', () => {
    const slow = new SlowDown()
    failTimes(slow, 'a', 20, 0)
    slow.succeeded('a')
    failTimes(slow, 'a', 4, 0)
    expect(waitOf(() => slow.begin('a', 0))).toBe(0)
    slow.failed('a', 0)
    expect(waitOf(() => slow.begin('a', 0))).toBe(1)
  })

  it('forgets after a quarter of an hour without a failure', () => {
    const slow = new SlowDown()
    failTimes(slow, 'a', 20, 0)
    failTimes(slow, 'b', 1, MINUTE)
    slow.check('c', 15 * MINUTE - 1)
    expect(slow.networks).toBe(2)
    slow.check('c', 15 * MINUTE)
    expect(slow.networks).toBe(1)
    slow.failed('a', 15 * MINUTE)
    expect(waitOf(() => slow.begin('a', 15 * MINUTE))).toBe(0)
  })

  it('keeps 100,000 networks, and gives up the one whose last failure is the oldest', () => {
    const slow = new SlowDown()
    failTimes(slow, 'first', 10, 0)
    failTimes(slow, 'second', 10, 0)
    slow.failed('first', 1)
    for (let i = 0; i < 99_999; i++) slow.failed(`n${i}`, 2)
    expect(slow.networks).toBe(100_000)
    expect(slow.displaced).toBe(1)
    expect(waitOf(() => slow.check('second', 2))).toBe(0)
    expect(waitOf(() => slow.check('first', 2))).toBe(60)
  })

  it('of one network is never felt by another', () => {
    const steps = fc.array(fc.record({ failed: fc.boolean(), ms: fc.nat({ max: 90_000 }) }), { maxLength: 60 })
    fc.assert(
      fc.property(steps, list => {
        const slow = new SlowDown()
        let now = 0
        for (const { failed, ms } of list) {
          now += ms
          if (failed) slow.failed('guesser', now)
          else waitOf(() => slow.begin('guesser', now))
          expect(waitOf(() => slow.begin('honest', now))).toBe(0)
        }
      }),
    )
  })

  it('never asks for more than a minute, and never lets more than one a wait through', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20_000 }), { minLength: 1, maxLength: 200 }), pauses => {
        const slow = new SlowDown()
        let now = 0
        let last = Number.NEGATIVE_INFINITY
        let done = 0
        for (const ms of pauses) {
          now += ms
          const wait = waitOf(() => slow.begin('a', now))
          expect(wait).toBeLessThanOrEqual(60)
          if (wait > 0) continue
          if (done >= 5) expect(now - last).toBeGreaterThanOrEqual(Math.min(60_000, 1000 * 2 ** (done - 5)))
          slow.failed('a', now)
          last = now
          done += 1
        }
      }),
    )
  })
})
