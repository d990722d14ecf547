import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveRecordings, recordedLines } from '../../server/test/recordings.ts'
import { TVL_DROP } from './builtIn.ts'
import type { Deviates } from './rule.ts'
import { MAD_TO_SD } from './slidingMedian.ts'
import { ruleOf, World } from './test/world.ts'

const DAY = 86_400_000

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted.length === 0 ? Number.NaN : (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2
}

describe('a figure held against the median of its past', () => {
  it('fires as a naive reading of all samples does, day by day', () => {
    const rule: Deviates = {
      ...{ kind: 'deviates', mads: 3, least: 4, everyMs: DAY, window: 12, samples: 5, side: 'both', logs: false, change: false },
      ...{ clear: 1, lastsMs: 0 },
    }
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: 95, max: 105 }), fc.integer({ min: 60, max: 140 })), { maxLength: 60 }), values => {
        const world = new World([ruleOf(rule)])
        let open = false
        for (const [day, value] of values.entries()) {
          world.frame(day * DAY + 7, { 'tick:A': value })
          const past = values.slice(Math.max(0, day - 12), day)
          const middle = median(past)
          const distance = Math.max(4, 3 * MAD_TO_SD * median(past.map(y => Math.abs(y - middle))))
          // With too few samples nothing is said: what is open stays open.
          if (past.length >= 5) open = Math.abs(value - middle) > distance
          expect(world.alerts.book.all.open.size, `day ${day}`).toBe(open ? 1 : 0)
        }
      }),
    )
  })

  it('compares within a day with the days before, and counts the last value of each', () => {
    const rule = ruleOf({
      ...{ kind: 'deviates', mads: 0, least: 10, everyMs: DAY, window: 3, samples: 3, side: 'below', logs: false, change: false },
      ...{ clear: 1, lastsMs: 0 },
    })
    const world = new World([rule])
    // The median is 100: of each day the last value counts, and a day without one has that of the day before.
    world.frame(1, { 'tick:A': 5 })
    world.frame(2, { 'tick:A': 100 })
    world.frame(3 * DAY, { 'tick:A': 91 })
    expect(world.said).toEqual([])
    world.frame(3 * DAY + 1, { 'tick:A': 89 })
    expect(world.said).toEqual([`opened tick:A@${3 * DAY + 1}`])
    expect(world.happened[0]!.alert.evidence).toEqual({ value: 89, median: 100, mad: 0, samples: 3, bound: 90 })
  })

  it('does not know a change over a day that is missing, if samples have days of their own', () => {
    const rule = ruleOf({ ...TVL_DROP.condition, samples: 2, at: 't' } as Deviates)
    const play = (days: readonly number[], last: number): string[] => {
      const world = new World([rule])
      for (const day of days) world.frame(day * DAY, { 'tick:A': 1e7, 'tick:A t': day * DAY })
      world.frame(last * DAY, { 'tick:A': 1e6, 'tick:A t': last * DAY })
      return world.said
    }
    expect(play([1, 2, 3, 4], 5)).toHaveLength(1)
    expect(play([1, 2, 3, 4], 6)).toEqual([])
    // A revision of an older day is no change of today.
    expect(play([1, 2, 3, 4], 3)).toEqual([])
  })
})

/** Each protocol's TVL by day, of the recorded file. */
const recordedTvl = (): Map<string, Map<number, number>> => {
  const [header, ...lines] = recordedLines('analytics/fundamentals/defi_fundamentals_daily_201901_202109.csv.gz')
  const columns = header!.split(',')
  const [date, id, tvl] = ['date', 'project_id', 'tvl_usd'].map(name => columns.indexOf(name)) as [number, number, number]
  const byProtocol = new Map<string, Map<number, number>>()
  for (const line of lines) {
    const cells = line.split(',')
    if (cells[tvl] === '') continue
    const days = byProtocol.get(cells[id]!) ?? new Map()
    byProtocol.set(cells[id]!, days.set(Date.parse(cells[date]!), Number(cells[tvl])))
  }
  return byProtocol
}

describe.skipIf(!haveRecordings)('drops of TVL on the recorded days of 75 protocols', () => {
  const tvl = haveRecordings ? recordedTvl() : new Map<string, Map<number, number>>()
  const world = new World([
    { ...TVL_DROP, figure: 'price', only: { figure: 'price', above: 1e6 }, condition: { ...TVL_DROP.condition, at: 't' } as Deviates },
  ])
  for (let t = Date.UTC(2019, 0, 1); t <= Date.UTC(2021, 9, 1); t += DAY) {
    const figures: Record<string, number> = {}
    for (const [protocol, days] of tvl)
      if (days.has(t)) Object.assign(figures, { [`tick:${protocol}`]: days.get(t), [`tick:${protocol} t`]: t })
    world.frame(t, figures)
  }
  const fired = world.happened.filter(({ event, alert }) => (event === 'opened' || event === 'again') && alert.members === undefined)
  const markets = world.happened.filter(({ event, alert }) => event === 'opened' && alert.members !== undefined)
  const day = (t: number): string => new Date(t).toISOString().slice(0, 10)

  it('are market alerts on 2021-05-19 and 20, and no other day has as many', () => {
    const largest = markets.toSorted((a, b) => b.alert.members!.length - a.alert.members!.length).slice(0, 2)
    expect(largest.map(({ alert }) => day(alert.t)).sort()).toEqual(['2021-05-19', '2021-05-20'])
    for (const { alert } of largest) expect(alert.members!.length).toBeGreaterThanOrEqual(8)
  })

  it('are at most 2.5 a protocol-year', () => {
    const years = [...tvl.values()].reduce((sum, days) => sum + days.size, 0) / 365.25
    expect(fired.length / years).toBeLessThanOrEqual(2.5)
    expect(fired.length / years).toBeGreaterThan(1.5)
  })

  it('are unconfirmed for a day, and clear unconfirmed if the TVL is back by then', () => {
    const cleared = world.happened.filter(({ event, alert }) => event === 'cleared' && alert.members === undefined)
    const back = cleared.filter(({ alert }) => !alert.confirmed)
    for (const { alert } of back) expect(alert.t - alert.since).toBeLessThanOrEqual(DAY)
    expect(back.length).toBeGreaterThan(0)
    expect(back.length / cleared.length).toBeLessThan(0.2)
  })
})
