import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { freshFacts } from './freshFacts.ts'
import { MetricLog, type SourcedFact } from './metricLog.ts'

const DAY = 86_400_000
const PERIOD = Date.UTC(2024, 5, 15)
const NOW = PERIOD + 10 * DAY

const fact = (given: Partial<SourcedFact> = {}): SourcedFact => ({
  asset: 'a',
  metric: 'tvl',
  period: PERIOD,
  availableAt: PERIOD,
  value: 100,
  source: 's',
  ref: '',
  ...given,
})

describe('of facts that come, those are fresh', () => {
  it('that say something new; said again, now or later, they add nothing', () => {
    const log = new MetricLog()
    expect(freshFacts([fact()], log, NOW)).toEqual([fact()])
    expect(freshFacts([fact(), fact({ availableAt: PERIOD + 5 })], log, NOW)).toEqual([])
    expect(log.size).toBe(1)
  })

  it('that revise a value, also back to what it was', () => {
    const log = new MetricLog()
    const facts = [100, 80, 100].map((value, i) => fact({ value, availableAt: PERIOD + i }))
    expect(freshFacts(facts, log, NOW)).toEqual(facts)
    expect([0, 1, 2].map(i => log.value('a', 'tvl', PERIOD, PERIOD + i))).toEqual([100, 80, 100])
  })

  it('that revise a value in whatever order they come together', () => {
    const facts = [100, 80, 100].map((value, i) => fact({ value, availableAt: PERIOD + i }))
    for (const order of [
      [0, 2, 1],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const log = new MetricLog()
      expect(
        freshFacts(
          order.map(i => facts[i]!),
          log,
          NOW,
        ),
      ).toEqual(facts)
    }
  })

  it('that another source says, even at the same moment', () => {
    const log = new MetricLog()
    const facts = [fact({ source: 'z', value: 1 }), fact({ source: 'b', value: 2 })]
    expect(freshFacts(facts, log, NOW)).toEqual(facts)
    // The last in the order of names counts, in whatever order they came.
    expect(log.value('a', 'tvl', PERIOD, PERIOD)).toBe(1)
    expect(freshFacts(facts, log, NOW)).toEqual([])
  })

  it('that contradict what was said of their moment, as revisions of now; said again they are known', () => {
    const log = new MetricLog()
    freshFacts([fact()], log, NOW)
    const other = fact({ value: 80 })
    expect(freshFacts([other], log, NOW)).toEqual([{ ...other, availableAt: NOW }])
    expect(log.value('a', 'tvl', PERIOD, NOW - 1)).toBe(100)
    expect(log.value('a', 'tvl', PERIOD, NOW)).toBe(80)
    expect(freshFacts([other], log, NOW + 1)).toEqual([])
    const last = fact({ value: 90, availableAt: NOW + 2 })
    expect(freshFacts([last, other, fact()], log, NOW + 3)).toEqual([last])
  })

  it('that take a value back; not to know what was never known says nothing', () => {
    const log = new MetricLog()
    expect(freshFacts([fact({ value: null })], log, NOW)).toEqual([])
    const gone = fact({ value: null, availableAt: PERIOD + 1 })
    expect(freshFacts([fact(), gone, gone], log, NOW)).toEqual([fact(), gone])
  })
})

it.each([
  [{ value: Number.NaN }, 'a tvl of 2024-06-15: found NaN, expected a number, or null if it is not known'],
  [{ availableAt: PERIOD - 1 }, `a tvl of 2024-06-15: found it known at ${PERIOD - 1}, expected ${PERIOD} at the earliest`],
  [{ availableAt: NOW + 60_001 }, `a tvl of 2024-06-15: found it known at ${NOW + 60_001}, expected now, ${NOW}, at the latest`],
  [{ availableAt: Number.NaN }, `a tvl of 2024-06-15: found it known at NaN, expected ${PERIOD} at the earliest`],
  [{ period: PERIOD + 1 }, `a tvl: found ${PERIOD + 1}, expected the beginning of a day`],
])('one that is none is refused, and all that come with it: %o', (given, message) => {
  const log = new MetricLog()
  expect(() => freshFacts([fact(), fact(given)], log, NOW)).toThrow(new RangeError(message))
  expect(log.size).toBe(0)
})

const any = fc.record({
  period: fc.integer({ min: 0, max: 2 }).map(days => PERIOD + days * DAY),
  availableAt: fc.integer({ min: 2 * DAY, max: 4 * DAY }).map(t => PERIOD + t),
  value: fc.option(fc.integer({ min: 0, max: 3 })),
  source: fc.constantFrom('s', 'u'),
})

it('whatever comes later as of later, what was known at a time stays known as it was', () => {
  fc.assert(
    fc.property(fc.array(any), fc.array(any), (first, second) => {
      const log = new MetricLog()
      const now = PERIOD + 4 * DAY
      freshFacts(first.map(fact), log, now)
      const before = (): number[] => [0, 1, 2].map(days => log.value('a', 'tvl', PERIOD + days * DAY, now + 1))
      freshFacts([], log, now)
      const was = before()
      freshFacts(
        second.map(one => fact({ ...one, availableAt: now + 2 + one.availableAt - PERIOD })),
        log,
        now + 9 * DAY,
      )
      expect(before()).toEqual(was)
    }),
  )
})

it('a log forgets periods, and counts what it has', () => {
  const log = new MetricLog()
  freshFacts(
    [0, 1, 2].map(days => fact({ period: PERIOD + days * DAY, availableAt: NOW })),
    log,
    NOW,
  )
  expect(log.forget(() => PERIOD + 2 * DAY)).toBe(2)
  expect([log.size, log.value('a', 'tvl', PERIOD, NOW), log.value('a', 'tvl', PERIOD + 2 * DAY, NOW)]).toEqual([1, Number.NaN, 100])
})
