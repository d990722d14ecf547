import { describe, expect, it } from 'vitest'
import { collectedList, knownIn } from './collectedList.ts'
import { MetricLog } from './metricLog.ts'
import { knownFrom, type Metric } from './metrics.ts'

const DAY = 86_400_000
const TODAY = Date.UTC(2026, 0, 10)
const A = { asset: 'A', name: 'Alpha', supply: 50 }

type Given = readonly (readonly [metric: Metric, ago: number, value: number | null])[]

const listed = (given: Given, { supply = Number.NaN, isToday = true } = {}) => {
  const log = new MetricLog()
  for (const [metric, ago, value] of given) {
    const period = TODAY - ago * DAY
    log.add({ asset: 'A', metric, period, value, availableAt: knownFrom(metric, period) })
  }
  return collectedList(log, TODAY, TODAY, [{ ...A, supply }], isToday)
}
const UNKNOWN = { name: 'Alpha', symbol: 'A', rank: Number.NaN, price: Number.NaN, marketCap: Number.NaN, supply: Number.NaN }
const REST = { volume: Number.NaN, change1d: Number.NaN, change7d: Number.NaN }
const all: Given = [
  ['price', 0, 12],
  ['price', 1, 10],
  ['price', 7, 8],
  ['marketCap', 0, 600],
  ['supply', 0, 49],
  ['volume', 1, 70],
  ['volume', 2, 7],
]

describe('of an asset a list of collected metrics has', () => {
  it('price, market cap and supply of the beginning of the day, the volume of the day before, and what the price did', () => {
    const [facts] = listed(all).assets
    expect(facts).toEqual({
      ...UNKNOWN,
      rank: 1,
      price: 12,
      marketCap: 600,
      supply: 49,
      volume: 70,
      change1d: 100 * (12 / 10 - 1),
      change7d: 50,
    })
  })

  it.each<[string, Given, { supply?: number; isToday?: boolean }, object]>([
    [
      'the supply of market cap and price, if no metric says it',
      [
        ['price', 0, 12],
        ['marketCap', 0, 600],
      ],
      {},
      { rank: 1, price: 12, marketCap: 600, supply: 50 },
    ],
    [
      'the market cap of price and supply',
      [
        ['price', 0, 12],
        ['supply', 0, 2],
      ],
      {},
      { rank: 1, price: 12, marketCap: 24, supply: 2 },
    ],
    ['the market cap by the supply that is known now', [['price', 0, 12]], { supply: 3 }, { rank: 1, price: 12, marketCap: 36, supply: 3 }],
    ['no market cap of a former day by a supply of now', [['price', 0, 12]], { supply: 3, isToday: false }, { price: 12 }],
    [
      'nothing of a day without a price, but is listed',
      [
        ['price', 3, 12],
        ['price', 0, null],
      ],
      {},
      {},
    ],
  ])('%s', (_, given, how, expected) => {
    expect(listed(given, how).assets).toEqual([{ ...UNKNOWN, ...REST, ...expected }])
  })

  it('nothing, and is not listed, if nobody has known its price for more than a week', () => {
    expect(
      listed([
        ['price', 8, 12],
        ['marketCap', 0, 600],
      ]).assets,
    ).toEqual([])
  })

  it('what was known by then, and nothing that came later', () => {
    const log = new MetricLog()
    log.add({ asset: 'A', metric: 'price', period: TODAY, value: 12, availableAt: TODAY + 5 })
    log.add({ asset: 'A', metric: 'price', period: TODAY, value: 13, availableAt: TODAY + 9 })
    const prices = [TODAY, TODAY + 5, TODAY + 9].map(known => collectedList(log, TODAY, known, [A], true).assets.map(({ price }) => price))
    expect(prices).toEqual([[], [12], [13]])
  })
})

it('a list has the largest first, and counts those of which price and market cap are known', () => {
  const log = new MetricLog()
  for (const [asset, price] of [
    ['a', 1],
    ['b', 3],
    ['c', 2],
  ] as const)
    log.add({ asset, metric: 'price', period: TODAY, value: price, availableAt: TODAY })
  const assets = [
    ['a', 1],
    ['b', 1],
    ['c', Number.NaN],
  ].map(([asset, supply]) => ({ asset: `${asset}`, name: `${asset}`, supply: Number(supply) }))
  const list = collectedList(log, TODAY, TODAY, assets, true)
  expect(list.assets.map(({ name, rank }) => [name, rank])).toEqual([
    ['b', 1],
    ['a', 2],
    ['c', Number.NaN],
  ])
  expect(knownIn(list)).toBe(2)
})
