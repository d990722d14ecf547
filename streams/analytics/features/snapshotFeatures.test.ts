import { describe, expect, it } from 'vitest'
import { facts, months, wandering } from '../test/worlds.ts'
import { outcomesOf, panelOf, universeOf } from './panel.ts'
import { SnapshotRecord } from './past.ts'
import type { Snapshot } from './snapshot.ts'
import { SNAPSHOT_FEATURES } from './snapshotFeatures.ts'
import { forwardReturn } from './target.ts'

const featureOf = (name: string, snapshots: Snapshot[], asset = 0): number => {
  const record = new SnapshotRecord(snapshots)
  return SNAPSHOT_FEATURES.find(feature => feature.name === name)!.of(record.asOf(snapshots.length - 1), asset)
}
const prices = (...values: number[]): Snapshot[] => months(...values.map(price => [facts('a', { price, marketCap: price * 1e9 })]))

describe('a feature', () => {
  it.each([
    ['size', prices(1, 2), Math.log(2e9)],
    ['turnover', months([facts('a', { volume: 5e7 })]), Math.log(0.05)],
    ['momentum1', prices(1, 2, 3), Math.log(1.5)],
    ['momentum3', prices(1, 9, 9, 2), Math.log(2)],
    ['volatility6', prices(1, 2, 1, 2, 1, 2), Math.sqrt((Math.log(2) ** 2 * (5 - 1 / 5)) / 4)],
    ['bestMonth6', prices(1, 4, 1, 2, 1), Math.log(4)],
    ['drawdown12', prices(1, 4, 2, 3), Math.log(3 / 4)],
    ['supply1', months([facts('a', { supply: 100 })], [facts('a', { supply: 110 })]), Math.log(1.1)],
    ['turnoverChange1', months([facts('a', { volume: 1e7 })], [facts('a', { volume: 3e7 })]), Math.log(3)],
    ['rankChange3', months([facts('a', { rank: 40 })], [], [], [facts('a', { rank: 20 })]), Math.log(2)],
    ['monthsListed', months([facts('a')], [], [facts('a')]), 2],
    ['change7d', months([facts('a', { change7d: -3 })]), -3],
  ])('%s is as its definition says', (name, snapshots, expected) => {
    expect(featureOf(name, snapshots)).toBeCloseTo(expected, 12)
  })

  it('beta12 and idiosyncratic12 part a return into the market and the rest', () => {
    const market = [0.1, -0.2, 0.3, 0, -0.1, 0.2, -0.3, 0.1, 0.2]
    let [one, other] = [1, 1]
    const lists = [0, ...market].map(m => {
      one *= Math.exp(1.5 * m)
      other *= Math.exp(0.5 * m)
      return [facts('one', { price: one }), facts('other', { price: other })]
    })
    expect(featureOf('beta12', months(...lists))).toBeCloseTo(1.5, 9)
    expect(featureOf('idiosyncratic12', months(...lists))).toBeCloseTo(0, 9)
  })

  it.each(SNAPSHOT_FEATURES.filter(({ name }) => !['size', 'turnover', 'monthsListed', 'change7d', 'change1d'].includes(name)))(
    '$name is not known of an asset without a past, and never zero',
    ({ name }) => {
      expect(featureOf(name, months([], [facts('a')]))).toBeNaN()
    },
  )

  it.each(['size', 'turnover', 'supply1', 'change7d'])('%s is not known if its input is not', name => {
    const unknown = { marketCap: Number.NaN, volume: Number.NaN, supply: Number.NaN, change7d: Number.NaN }
    expect(featureOf(name, months([facts('a')], [facts('a', unknown)]))).toBeNaN()
  })

  it('is the same whether the future is there or not: every cut of a record gives the same figures', () => {
    const snapshots = wandering(12, 40, 1)
    const whole = new SnapshotRecord(snapshots)
    for (let now = 0; now < snapshots.length; now++) {
      const cut = new SnapshotRecord(snapshots.slice(0, now + 1))
      const differing = SNAPSHOT_FEATURES.filter(({ of }) =>
        cut.listed[now]!.some(asset => !Object.is(of(whole.asOf(now), asset), of(cut.asOf(now), asset))),
      )
      expect(differing).toEqual([])
      expect(universeOf(whole, now)).toEqual(universeOf(cut, now))
    }
  })

  it('that looks ahead is refused', () => {
    const ahead = {
      name: 'ahead',
      definition: '',
      lag: '',
      of: (past: ReturnType<SnapshotRecord['asOf']>, asset: number) => past.logReturn(asset, 1, -1),
    }
    expect(() => panelOf(new SnapshotRecord(wandering(5, 5, 1)), [ahead])).toThrow('found 1 snapshots ahead, expected the past')
  })
})

describe('an asset', () => {
  it('is known by its name, under a new name only if the symbol stays, the old name is just gone and the price fits', () => {
    const listed = (before: Parameters<typeof facts>, after: Parameters<typeof facts>, gap = 0): boolean => {
      const { listed } = new SnapshotRecord(months([facts(...before)], ...Array<[]>(gap).fill([]), [facts(...after)]))
      return listed[0]![0] === listed.at(-1)![0]
    }
    expect(listed(['Matic', { symbol: 'MATIC', price: 1 }], ['Polygon', { symbol: 'MATIC', price: 1.3 }])).toBe(true)
    // The dead coin's symbol went to its successor: its past did not.
    expect(listed(['Terra', { symbol: 'LUNA', price: 80 }], ['Terra 2', { symbol: 'LUNA', price: 6 }])).toBe(false)
    expect(listed(['Old', { symbol: 'X', price: 1 }], ['New', { symbol: 'X', price: 1 }], 3)).toBe(false)
    expect(listed(['Old', { symbol: 'X' }], ['New', { symbol: 'Y' }])).toBe(false)
    const both = new SnapshotRecord(months([facts('Old', { symbol: 'X' })], [facts('Old', { symbol: 'X' }), facts('New', { symbol: 'X' })]))
    expect(both.listed[1]![0]).not.toBe(both.listed[1]![1])
  })

  it('that was redenominated has the return of its market cap', () => {
    const record = new SnapshotRecord(months([facts('a', { price: 1, marketCap: 1e9 })], [facts('a', { price: 0.001, marketCap: 1.1e9 })]))
    expect(record.logReturn(0, 0, 1)).toBeCloseTo(Math.log(1.1), 12)
    // A collapse is one: price and market cap fall together.
    const collapse = new SnapshotRecord(
      months([facts('a', { price: 80, marketCap: 3e10 })], [facts('a', { price: 0.0001, marketCap: 6e8 * 1e-3 })]),
    )
    expect(collapse.logReturn(0, 0, 1)).toBeCloseTo(Math.log(0.0001 / 80), 12)
  })

  it('that leaves the list stays a row, with the best return that it can have had', () => {
    const record = new SnapshotRecord(
      months(
        [facts('a', { marketCap: 4e9 }), facts('b', { marketCap: 1e9 })],
        [facts('b', { marketCap: 2e9 }), facts('c', { marketCap: 1e9 })],
      ),
    )
    expect(forwardReturn(record, 0, 0, 1)).toBeCloseTo(Math.log(1 / 4), 12)
    const panel = panelOf(record)
    expect(
      outcomesOf(record, panel, 1)
        .returns.slice(0, 2)
        .every(value => !Number.isNaN(value)),
    ).toBe(true)
    // One that was small already did not rise.
    const small = new SnapshotRecord(months([facts('a', { marketCap: 1e8 })], [facts('b', { marketCap: 2e9 })]))
    expect(forwardReturn(small, 0, 0, 1)).toBe(0)
    expect(forwardReturn(small, 0, 0, 2)).toBeNaN()
  })

  it('is in the universe of a snapshot by what was listed then, pegged and wrapped ones apart', () => {
    const record = new SnapshotRecord(
      months(
        [facts('dies'), facts('Tether'), facts('Wrapped Bitcoin'), facts('worthless', { price: 0 })],
        [facts('lives'), facts('USD Coin')],
      ),
    )
    expect(universeOf(record, 0).map(asset => record.names[asset])).toEqual(['dies'])
    expect(universeOf(record, 1).map(asset => record.names[asset])).toEqual(['lives'])
    const still = new SnapshotRecord(
      months(
        ...Array.from({ length: 6 }, (_, k) => [facts('still', { price: 1 + 0.01 * (k % 2) }), facts('moves', { price: 1 + (k % 2) })]),
      ),
    )
    expect(universeOf(still, 5).map(asset => still.names[asset])).toEqual(['moves'])
  })
})
