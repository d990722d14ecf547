import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveRecordings, recordedLines } from '../../server/test/recordings.ts'
import { ONE, parseDecimal } from '../lib/decimal.ts'
import { assetEvent } from '../market/assetEvent.ts'
import { fundSpec, NOON } from '../test/drive.ts'
import { records } from '../test/records.ts'
import { type Backtest, type BacktestMoment, BacktestRun, type NeverBegun, type PastFacts } from './backtest.ts'
import type { FundSpec } from './spec.ts'

const MINUTE = 60_000
const never = {
  assetThreshold: Number.POSITIVE_INFINITY,
  totalThreshold: Number.POSITIVE_INFINITY,
  maxIntervalMs: Number.POSITIVE_INFINITY,
}
const half: FundSpec['weighting'] = { scheme: 'equal', assets: ['BTC', 'ETH'], cap: 1 }
const moments = (...prices: Record<string, number>[]): BacktestMoment[] =>
  prices.map((list, i) => momentOf((i + 1) * MINUTE, Object.entries(list)))
const momentOf = (t: number, prices: Iterable<readonly [string, number]>): BacktestMoment => ({
  t,
  prices: new Map([...prices].map(([asset, price]) => [asset, { t: t - 1, price }] as const)),
})
const backtest = (spec: FundSpec, list: Iterable<BacktestMoment>, staleAfterMs: number, facts?: PastFacts): Backtest | NeverBegun => {
  const run = new BacktestRun(spec, staleAfterMs, facts)
  for (const moment of list) run.apply(moment)
  return run.result()
}
const run = (spec: Partial<FundSpec>, list: Iterable<BacktestMoment>, facts?: PastFacts): Backtest => {
  const done = backtest(fundSpec({ weighting: half, ...spec }), list, 2 * MINUTE, facts)
  if ('pending' in done) throw new Error(`pending: ${done.pending}`)
  return done
}

const up = moments({ BTC: 10, ETH: 10 }, { BTC: 30, ETH: 10 }, { BTC: 30, ETH: 10 }, { BTC: 15, ETH: 10 })

describe('a backtest', () => {
  it('says what could not begin for want of prices', () => {
    const both: FundSpec['weighting'] = { scheme: 'fixed', weights: new Map(Object.entries({ BTC: 0.5, ETH: 0.5 })), cap: 1 }
    expect(backtest(fundSpec({ weighting: both }), moments({ BTC: 1 }, { BTC: 2 }), MINUTE)).toEqual({ pending: ['ETH'] })
  })

  it('without rebalancing is buying and holding', () => {
    const { nav, level, held, rebalances, ...sums } = run({}, up)
    expect(nav).toEqual([100, 200, 200, 125])
    expect([level, held]).toEqual([nav, nav])
    expect([rebalances, sums.turnover, sums.fees, sums.trackingDifference]).toEqual([[], 0, 0, 0])
  })

  it('rebalances where its fund asks for it, at the prices of the moment', () => {
    const { t, nav, level, held, rebalances, turnover } = run({ rebalance: { ...never, assetThreshold: 0.2 } }, up)
    // 150 and 50 become 100 and 100; then BTC halves.
    expect(t).toEqual([1, 2, 3, 4].map(n => n * MINUTE))
    expect(nav.map(value => Math.round(value * 1e9) / 1e9)).toEqual([100, 200, 200, 150])
    expect(level.map(value => Math.round(value * 1e9) / 1e9)).toEqual([100, 200, 200, 150])
    expect(held).toEqual([100, 200, 200, 125])
    expect(rebalances).toEqual([{ t: 2 * MINUTE, reason: 'asset', trades: 2, turnover: expect.closeTo(0.25, 9), fees: 0 }])
    expect(turnover).toBeCloseTo(0.25, 9)
  })

  it('takes the fees out of the value of a share and leaves the level alone', () => {
    const trades = { feeBps: 100, minTrade: 0n, lots: new Map<string, bigint>() }
    const costly = run({ rebalance: { ...never, assetThreshold: 0.2, trades } }, up)
    const free = run({ rebalance: { ...never, assetThreshold: 0.2 } }, up)
    expect(costly.level.slice(0, 3)).toEqual(free.level.slice(0, 3).map(value => expect.closeTo(value, 9)))
    // A hundredth of about a million traded, of two million that there are.
    expect(costly.fees / 10_000).toBeCloseTo(200 - costly.nav[2]!, 9)
    expect(costly.nav[2]).toBeCloseTo(199, 1)
    expect(costly.trackingDifference).toBeLessThan(-0.005)
  })

  it('waits out the cool-off, and a stale price', () => {
    const many = moments(...Array.from({ length: 12 }, (_, i) => ({ BTC: i % 2 === 0 ? 10 : 30, ETH: 10 })))
    const each = (coolOffMs: number): number[] =>
      run({ rebalance: { ...never, assetThreshold: 0.1, coolOffMs } }, many).rebalances.map(({ t }) => t / MINUTE)
    expect(each(0)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect(each(5 * MINUTE)).toEqual([2, 7, 12])
    const gap = moments({ BTC: 10, ETH: 10 }, { BTC: 10 }, { BTC: 10 }, { BTC: 30 }, { BTC: 30, ETH: 10 })
    expect(run({ rebalance: { ...never, assetThreshold: 0.1 } }, gap).rebalances.map(({ t }) => t / MINUTE)).toEqual([5])
  })

  it('lets members enter and leave by the supplies of the time', () => {
    const list = moments({ BTC: 10, ETH: 9 }, { BTC: 10, ETH: 9 }, { BTC: 10, ETH: 18 })
    const { nav, held, rebalances } = run(
      {
        weighting: { scheme: 'market-cap', count: 1, cap: 1 },
        supplies: new Map([
          ['BTC', 1],
          ['ETH', 1],
        ]),
        targets: 'live',
        rebalance: { ...never, assetThreshold: 0.5 },
      },
      list,
      { events: [], supplies: [{ t: 2 * MINUTE, asset: 'ETH', supply: 2n * ONE }] },
    )
    expect(rebalances.map(({ t, trades }) => [t / MINUTE, trades])).toEqual([[2, 2]])
    expect(nav.map(value => Math.round(value * 1e9) / 1e9)).toEqual([100, 100, 200])
    expect(held).toEqual([100, 100, 100])
  })

  it('neither makes nor loses value by trading, but for the fees, whatever the prices', () => {
    const price = fc.double({ min: 0.01, max: 1e4, noNaN: true })
    const walk = fc.array(fc.record({ BTC: price, ETH: price }), { minLength: 2, maxLength: 20 })
    fc.assert(
      fc.property(walk, fc.integer({ min: 0, max: 100 }), (prices, feeBps) => {
        const trades = { feeBps, minTrade: ONE, lots: new Map([['BTC', parseDecimal('0.001')!]]) }
        const list = moments(...prices)
        const { nav, level, rebalances } = run({ rebalance: { ...never, assetThreshold: 0.05, trades } }, list)
        // Just after a rebalance the value is that of before, less its fees: so it is between the moments, too.
        for (const { t, fees, turnover } of rebalances) {
          expect(turnover).toBeLessThanOrEqual(1)
          expect(fees).toBeGreaterThanOrEqual(0)
          expect(nav[t / MINUTE - 1]!).toBeGreaterThan(0)
        }
        if (feeBps === 0) for (const [i, value] of nav.entries()) expect(value / level[i]!).toBeCloseTo(1, 6)
        else for (const [i, value] of nav.entries()) expect(value / level[i]!).toBeLessThanOrEqual(1 + 1e-6)
      }),
      { numRuns: 100 },
    )
  })
})

/** A fact about an asset that happens within the third minute. */
const happens = (asset: string, kind: string, ratio: string, to = ''): PastFacts => ({
  events: [{ ...assetEvent(NOON, asset, kind, ratio, to), t: 2.5 * MINUTE }],
  supplies: [],
})
const growing = { BTC: [10, 20, 30, 15, 60], ETH: [10, 9, 8, 9, 3] }

describe('a backtest in which something happens to an asset', () => {
  const always = { rebalance: { ...never, assetThreshold: 0.01 } }
  const plain = run(always, moments(...growing.BTC.map((BTC, i) => ({ BTC, ETH: growing.ETH[i]! }))))

  it.each<[what: string, facts: PastFacts, name: string, factor: number]>([
    ['a redenomination', happens('BTC', 'redenomination', '1000'), 'BTC', 1000],
    ['a reverse split', happens('BTC', 'split', '3:1'), 'BTC', 1 / 3],
    ['a new name', happens('BTC', 'rename', '', 'XBT'), 'XBT', 1],
    ['a new name and number', happens('BTC', 'rename', '0.01', 'XBT'), 'XBT', 0.01],
  ])('has the figures that it has without, whichever minutes bring prices: %s', (_, facts, name, factor) => {
    const after = ({ t }: { t: number }): boolean => t > 2.5 * MINUTE
    const list = (at: (t: number) => number): BacktestMoment[] =>
      growing.BTC.map((price, i) => {
        const t = (i + 1) * MINUTE
        const traded = { t: at(t), price }
        return {
          t,
          prices: new Map([
            after(traded) ? [name, { t: traded.t, price: price / factor }] : ['BTC', traded],
            ['ETH', { t: t - 1, price: growing.ETH[i]! }],
          ]),
        }
      })
    // At the end of each minute, and just before the event.
    for (const at of [(t: number) => t - 1, (t: number) => t - 40_000]) {
      const { nav, level, held, rebalances } = run(always, list(at), facts)
      for (const [figures, expected] of [
        [nav, plain.nav],
        [level, plain.level],
        [held, plain.held],
      ] as const)
        expect(figures).toEqual(expected.map(value => expect.closeTo(value, 8)))
      expect(rebalances.map(({ t, trades }) => [t, trades])).toEqual(plain.rebalances.map(({ t, trades }) => [t, trades]))
    }
  })

  it('trades nothing while a member is delisted', () => {
    const list = moments(...growing.BTC.map((BTC, i) => ({ BTC, ETH: growing.ETH[i]! })))
    const { rebalances } = run(always, list, happens('ETH', 'delisting', ''))
    expect(rebalances.map(({ t }) => t / MINUTE)).toEqual(plain.rebalances.map(({ t }) => t / MINUTE).filter(minute => minute < 2.5))
  })

  it('lets the supplies of the definition follow, and those with a date count from it on', () => {
    const spec: Partial<FundSpec> = {
      weighting: { scheme: 'market-cap', count: 2, cap: 1 },
      supplies: new Map(Object.entries({ BTC: 3, ETH: 1 })),
      rebalance: { ...never, maxIntervalMs: MINUTE, coolOffMs: 0 },
    }
    const prices = moments(...[10, 10, 1, 1, 1].map(BTC => ({ BTC, ETH: 10 })))
    // Ten new for one old at a tenth of the price: no weight changes, so nothing is worth more or less.
    const { events } = happens('BTC', 'split', '10')
    expect(run(spec, prices, { events, supplies: [] }).nav).toEqual(prices.map(() => expect.closeTo(100, 9)))
    const supplies = [{ t: 4 * MINUTE, asset: 'ETH', supply: 9n * ONE }]
    const doubled = [...prices, ...moments({}, {}, {}, {}, {}, { BTC: 1, ETH: 20 }).slice(5)]
    // 3 : 9 from the fourth minute on, so three quarters double.
    expect(run(spec, doubled, { events, supplies }).nav.at(-1)).toBeCloseTo(175, 9)
    expect(run(spec, doubled, { events, supplies: [] }).nav.at(-1)).toBeCloseTo(125, 9)
  })
})

/** The naive way: what is above the cap is cut off and spread over the others in proportion, until nothing is above it. */
const redistributed = (sizes: readonly (readonly [string, number])[], cap: number): Map<string, number> => {
  const total = sizes.reduce((sum, [, size]) => sum + size, 0)
  const weights = new Map(sizes.map(([asset, size]) => [asset, size / total]))
  for (;;) {
    const above = [...weights].filter(([, weight]) => weight > cap + 1e-15)
    if (above.length === 0) return weights
    for (const [asset] of above) weights.set(asset, cap)
    const free = [...weights].filter(([, weight]) => weight < cap)
    const short = 1 - [...weights.values()].reduce((sum, weight) => sum + weight, 0)
    const sum = free.reduce((all, [, weight]) => all + weight, 0)
    for (const [asset, weight] of free) weights.set(asset, weight + (short * weight) / sum)
  }
}

const SIXTEEN = 'AAVE ADA ALGO ATOM BCH BTC DASH DOGE DOT EOS ETH IOTA LINK LTC XMR XRP'.split(' ')

/** The minutes of the sixteen, by the closes, each with its time. */
const recorded = (): BacktestMoment[] => {
  const byMinute = new Map<number, Map<string, number>>()
  for (const asset of SIXTEEN) {
    for (const line of recordedLines(`klines/binance_${asset}USDT_1m_20210420_20210512.csv.gz`).slice(1)) {
      const [open, , , , close] = line.split(',')
      const t = Number(open) + MINUTE
      if (!byMinute.has(t)) byMinute.set(t, new Map())
      byMinute.get(t)!.set(asset, Number(close))
    }
  }
  return [...byMinute].sort(([a], [b]) => a - b).map(([t, prices]) => momentOf(t, prices))
}

const suppliesOf = (date: string): Map<string, number> => {
  const rows = records(recordedLines('marketcap/cmc_top200_monthly_2021_2024.csv.gz')).filter(row => row.snapshot_date === date)
  const symbol = (asset: string): string => (asset === 'IOTA' ? 'MIOTA' : asset)
  return new Map(SIXTEEN.map(asset => [asset, Number(rows.find(row => row.symbol === symbol(asset))!.circulating_supply)]))
}

describe.skipIf(!haveRecordings)('sixteen assets over 31,600 minutes (skipped where the recordings are not)', () => {
  const CAP = 0.25
  const THRESHOLD = 0.03
  const TOTAL = 0.06
  const COOL_OFF = 6 * 60 * MINUTE
  const spec: Partial<FundSpec> = {
    weighting: { scheme: 'market-cap', count: 10, cap: CAP },
    // Not all have traded in the first minutes.
    inceptionTimeoutMs: 24 * 60 * MINUTE,
    rebalance: {
      ...never,
      assetThreshold: THRESHOLD,
      totalThreshold: TOTAL,
      coolOffMs: COOL_OFF,
      trades: { feeBps: 10, minTrade: 10n * ONE, lots: new Map() },
    },
  }

  it('fire at the first minute at which an independent reckoning crosses a threshold, and at no other; in less than 3 s', () => {
    const list = recorded()
    expect(list.length).toBeGreaterThan(31_000)
    const supplies = suppliesOf('2021-05-01')
    const begin = process.cpuUsage()
    const { rebalances, nav, level, t } = run({ ...spec, supplies }, list)
    const { user, system } = process.cpuUsage(begin)
    expect((user + system) / 1e6).toBeLessThan(3)

    // The same again without any of it: weights grow with prices, and are the targets after each trigger.
    const weigh = (prices: ReadonlyMap<string, number>): Map<string, number> => {
      const top = SIXTEEN.map(asset => [asset, prices.get(asset)! * supplies.get(asset)!] as const).sort(([, a], [, b]) => b - a)
      return redistributed(top.slice(0, 10), CAP)
    }
    const fired: number[] = []
    const last = new Map<string, number>()
    let targets: Map<string, number> | undefined
    let from = new Map<string, number>()
    for (const { t, prices } of list) {
      for (const [asset, { price }] of prices) last.set(asset, price)
      if (last.size < SIXTEEN.length) continue
      if (targets === undefined) {
        targets = weigh(last)
        from = new Map(last)
        continue
      }
      const grown = [...targets].map(([asset, weight]) => [asset, (weight * last.get(asset)!) / from.get(asset)!] as const)
      const sum = grown.reduce((total, [, weight]) => total + weight, 0)
      const drifts = grown.map(([asset, weight]) => Math.abs(weight / sum - targets!.get(asset)!))
      const crossed = Math.max(...drifts) > THRESHOLD || drifts.reduce((total, drift) => total + drift, 0) / 2 > TOTAL
      const fresh = SIXTEEN.every(asset => prices.has(asset))
      if (!crossed || !fresh || t - (fired.at(-1) ?? Number.NEGATIVE_INFINITY) < COOL_OFF) continue
      fired.push(t)
      targets = weigh(last)
      from = new Map(last)
    }
    expect(fired.length).toBeGreaterThan(3)
    expect(rebalances.map(rebalance => rebalance.t)).toEqual(fired)
    // The index is the product of the growths between the triggers.
    expect(nav.at(-1)! / level.at(-1)!).toBeGreaterThan(1 - rebalances.length * 0.001)
    expect(nav.at(-1)! / level.at(-1)!).toBeLessThan(1)
    expect(t.at(-1)).toBe(list.at(-1)!.t)
  })
})
