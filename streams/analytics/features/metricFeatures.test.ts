import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { haveRecordings, recordings } from '../../../server/test/recordings.ts'
import { Random } from '../random.ts'
import { METRIC_FEATURES } from './metricFeatures.ts'
import { type MetricFact, MetricLog } from './metricLog.ts'
import { knownFrom, METRICS, type Metric, periodAt } from './metrics.ts'
import { tvlFlow } from './tvlFlow.ts'

const DAY = 86_400_000
const NOON = Date.UTC(2024, 5, 15, 12)
const TODAY = Date.UTC(2024, 5, 15)

/** Facts of daily values, the last of which is of `last`, each known as soon as it can be. */
const daily = (metric: Metric, last: number, ...newestFirst: number[]): MetricFact[] =>
  newestFirst.map((value, ago) => {
    const period = periodAt(metric, last, ago)
    return { asset: 'a', metric, period, availableAt: knownFrom(metric, period), value }
  })
const logOf = (...facts: readonly MetricFact[]): MetricLog => {
  const log = new MetricLog()
  for (const fact of facts) log.add(fact)
  return log
}
const figure = (name: string, log: MetricLog, t = NOON): number =>
  METRIC_FEATURES.find(feature => feature.name === name)!.of(log.asOf(t), 'a')
const repeat = (count: number, value: number): number[] => Array(count).fill(value)

describe('a metric', () => {
  it('is known as it was known then: a revision changes what is said from its time on, not what was said before', () => {
    const period = TODAY - DAY
    const first = { asset: 'a', metric: 'tvl', period, availableAt: period, value: 100 } as const
    const log = logOf(first, { ...first, availableAt: TODAY + 5, value: 80 }, { ...first, availableAt: TODAY + 9, value: null })
    expect([period - 1, period, TODAY + 4, TODAY + 5, TODAY + 8, TODAY + 9].map(t => log.value('a', 'tvl', period, t))).toEqual([
      Number.NaN,
      100,
      100,
      80,
      80,
      Number.NaN,
    ])
  })

  it('that is counted over a day is known when the day has ended, one that is read at its beginning at once', () => {
    const log = logOf(...daily('price', TODAY, 7, 6), ...daily('volume', TODAY, 900, 800))
    expect([...log.asOf(NOON).series('a', 'price', 2)]).toEqual([7, 6])
    expect([...log.asOf(NOON).series('a', 'volume', 2)]).toEqual([800, Number.NaN])
    expect([...log.asOf(TODAY + DAY).series('a', 'volume', 2)]).toEqual([900, 800])
  })

  it.each([
    [
      { metric: 'volume', period: TODAY, availableAt: NOON },
      `a volume of 2024-06-15: found it known at ${NOON}, expected ${TODAY + DAY} at the earliest`,
    ],
    [{ metric: 'commits', period: Date.UTC(2024, 5, 1), availableAt: NOON }, `expected ${Date.UTC(2024, 6, 1)} at the earliest`],
    [{ metric: 'tvl', period: NOON, availableAt: NOON }, `a tvl: found ${NOON}, expected the beginning of a day`],
  ] as const)('of a day that still goes on is refused: %o', (fact, message) => {
    expect(() => logOf({ asset: 'a', value: 1, ...fact })).toThrow(message)
  })
})

describe('a feature of metrics', () => {
  const lastDay = TODAY - DAY
  it.each([
    ['tvlChange30', daily('tvl', TODAY, 200, ...repeat(29, 1), 100), Math.log(2)],
    ['tvlFlow30', daily('tvlFlow', lastDay, ...repeat(30, 0.01)), 0.3],
    ['volumeChange30', daily('volume', lastDay, ...repeat(7, 20), ...repeat(23, 1), ...repeat(7, 10)), Math.log(2)],
    ['addressesChange30', daily('activeAddresses', lastDay, ...repeat(7, 30), ...repeat(23, 1), ...repeat(7, 10)), Math.log(3)],
    ['gasChange30', daily('gasPrice', lastDay, ...repeat(7, 5), ...repeat(23, 1), ...repeat(7, 10)), Math.log(0.5)],
    ['momentum30', daily('price', TODAY, 3, ...repeat(29, 1), 2), Math.log(1.5)],
    ['momentum90', daily('price', TODAY, 3, ...repeat(89, 1), 2), Math.log(1.5)],
    ['volatility30', daily('price', TODAY, ...Array.from({ length: 31 }, (_, i) => 1 + (i % 2))), Math.log(2) * Math.sqrt(30 / 29)],
    ['drawdown90', daily('price', TODAY, 3, 4, 6, 1), Math.log(0.5)],
    ['capToTvl', [...daily('marketCap', TODAY, 50), ...daily('tvl', TODAY, 100)], Math.log(0.5)],
    ['volumeToCap', [...daily('volume', lastDay, ...repeat(7, 5)), ...daily('marketCap', TODAY, 100)], Math.log(0.05)],
    ['capToSales', [...daily('revenue', lastDay, ...repeat(30, 2)), ...daily('marketCap', TODAY, 730)], 0],
    ['circulating', [...daily('marketCap', TODAY, 50), ...daily('dilutedMarketCap', TODAY, 100)], Math.log(0.5)],
    ['commitsChange3', daily('commits', Date.UTC(2024, 4, 1), 3, 3, 3, 1, 1, 2), Math.log(2)],
    ['authors3', daily('authors', Date.UTC(2024, 4, 1), 3, 3, 3), Math.log(4)],
  ])('%s is as its definition says, and not known without one of its inputs', (name, facts, expected) => {
    expect(figure(name, logOf(...facts))).toBeCloseTo(expected, 9)
    expect(figure(name, logOf())).toBeNaN()
    for (const metric of new Set(facts.map(({ metric }) => metric)))
      expect(figure(name, logOf(...facts.filter(fact => fact.metric !== metric)))).toBeNaN()
  })

  it('of commits is not known across a break of the repository, which is no collapse', () => {
    const facts = daily('commits', Date.UTC(2024, 4, 1), 1, 1, 1, 90, 80, 70)
    const broken = daily('repositoryBreak', Date.UTC(2024, 2, 1), 1)
    expect(figure('commitsChange3', logOf(...facts))).toBeLessThan(-3)
    expect(figure('commitsChange3', logOf(...facts, ...broken))).toBeNaN()
  })

  it('is the same whether what was known later is there or not, revisions included', () => {
    const random = new Random(1)
    const names = Object.keys(METRICS) as Metric[]
    const facts = names.flatMap(metric =>
      Array.from({ length: METRICS[metric].step === 'day' ? 200 : 12 }, (_, ago) => {
        const period = periodAt(metric, TODAY, ago)
        const value = random.unit() < 0.05 ? null : 1 + random.unit()
        const first = { asset: 'a', metric, period, availableAt: knownFrom(metric, period) + random.below(3) * DAY, value }
        return random.unit() < 0.3
          ? [first, { ...first, availableAt: first.availableAt + random.below(40) * DAY, value: 1 + random.unit() }]
          : [first]
      }).flat(),
    )
    const whole = logOf(...facts)
    const differing: string[] = []
    for (let cut = 0; cut < 200; cut++) {
      const t = TODAY - random.below(100 * DAY)
      const known = logOf(...facts.filter(({ availableAt }) => availableAt <= t))
      for (const { name, of } of METRIC_FEATURES)
        if (!Object.is(of(whole.asOf(t), 'a'), of(known.asOf(t), 'a'))) differing.push(`${name} at ${t}`)
    }
    expect(differing).toEqual([])
  })

  it('says how old its inputs are', () => {
    expect(METRIC_FEATURES.map(({ name, lag }) => `${name}: ${lag}`)).toEqual(
      expect.arrayContaining(['momentum30: the beginning of the day', 'volumeToCap: the last whole day', 'authors3: the last whole month']),
    )
  })
})

describe('a TVL at constant prices', () => {
  const token = (token: string, amount: number, price: number) => ({ token, amount, price })

  it('changes by what is put in and taken out, not by what prices do', () => {
    const before = [token('ETH', 10, 100), token('USD', 1000, 1)]
    expect(tvlFlow(before, [token('ETH', 10, 50), token('USD', 1000, 1)])).toBe(0)
    expect(tvlFlow(before, [token('ETH', 5, 200), token('USD', 1000, 1)])).toBeCloseTo(Math.log(0.75), 12)
    expect(tvlFlow(before, [token('ETH', 10, 90), token('USD', 1000, 1), token('NEW', 5, 100)])).toBeCloseTo(Math.log(1.25), 12)
    expect(tvlFlow(before, [token('ETH', 10, 100), token('USD', 1000, 1), token('NEW', 5, Number.NaN)])).toBeNaN()
  })
})

// Without the recordings beside the project there is nothing to read.
describe.skipIf(!haveRecordings)('of the recorded fundamentals', () => {
  it('a price is of 00:00 and a flow of the whole day: no feature of a day uses the volume of that day', () => {
    const text = gunzipSync(
      readFileSync(join(recordings, 'analytics/fundamentals/defi_fundamentals_daily_201901_202109.csv.gz')),
    ).toString()
    const rows = text.split('\n').filter(line => line.split(',')[1] === 'uniswap')
    const log = new MetricLog()
    for (const line of rows) {
      const [date, , price, cap, , volume, tvl] = line.split(',')
      const period = Date.parse(date!)
      for (const [metric, cell] of [
        ['price', price],
        ['marketCap', cap],
        ['volume', volume],
        ['tvl', tvl],
      ] as const)
        if (cell !== '') log.add({ asset: 'a', metric, period, availableAt: knownFrom(metric, period), value: Number(cell) })
    }
    const t = Date.UTC(2021, 4, 20)
    const cell = (day: number, column: number): number =>
      Number(rows.find(line => line.startsWith(new Date(day).toISOString().slice(0, 10)))!.split(',')[column])
    expect(figure('capToTvl', log, t)).toBeCloseTo(Math.log(cell(t, 3) / cell(t, 6)), 12)
    const week = Array.from({ length: 7 }, (_, i) => cell(t - (i + 1) * DAY, 5)).reduce((sum, value) => sum + value, 0) / 7
    expect(figure('volumeToCap', log, t)).toBeCloseTo(Math.log(week / cell(t, 3)), 12)
  })
})
