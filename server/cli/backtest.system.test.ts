import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { records } from '../../streams/test/records.ts'
import { UsageError } from '../config/options.ts'
import { haveRecordings, recordedLines } from '../test/recordings.ts'
import { runTyped } from './program.ts'

const dir = mkdtempSync(join(tmpdir(), 'driftwire-'))
afterAll(() => rmSync(dir, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const MINUTE = 60_000
const NOON = Date.UTC(2024, 7, 8, 12)

const written = (name: string, content: string): string => {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}
const candles = (name: string, closes: readonly number[]): string =>
  written(
    `x_${name}USD_1m.csv`,
    [
      'open_time_ms,open,high,low,close,volume_base',
      ...closes.flatMap((c, i) => (Number.isNaN(c) ? [] : [`${NOON + i * MINUTE},${c},${c},${c},${c},1`])),
    ].join('\n'),
  )
const BTC = [10, 30, 30, 15]
const ETH = [10, 10, 10, 10]
const feeds = ['--feed', `replay:${candles('BTC', BTC)}`, '--feed', `replay:${candles('ETH', ETH)}`]
const fund = (id: string) => ({ id, weighting: { scheme: 'equal' }, rebalance: { assetThreshold: 0.2, coolOffMs: 0 } })
const HALF = {
  exchange: { kind: 'paper', feeBps: 0 },
  symbols: { BTCUSD: 'BTC-USD', ETHUSD: 'ETH-USD', XBTUSD: 'XBT-USD' },
  assets: { BTC: {}, ETH: {} },
  funds: [fund('HALF')],
}
const config = (funds: readonly object[]): string => written(`${funds.length}.json`, JSON.stringify({ ...HALF, funds }))
const one = config(HALF.funds)

/** The exit code, and what is printed: for people, and where something went wrong. */
const typed = (args: readonly string[]) => runTyped(['backtest', ...args], { environment: {}, version: '', columns: 80 })
const ran = async (...args: string[]): Promise<[code: number | undefined, out: string, err: string]> => {
  const out = vi.spyOn(console, 'log').mockImplementation(() => {})
  const err = vi.spyOn(console, 'error').mockImplementation(() => {})
  const code = await typed(args)
  return [code, out.mock.calls.join('\n'), err.mock.calls.join('\n')]
}

const SUMMARY = {
  fund: 'HALF',
  quote: 'USD',
  from: NOON + MINUTE,
  to: NOON + 4 * MINUTE,
  moments: 4,
  held: 125,
  heldReturn: 0.25,
  fees: 0,
  nav: expect.closeTo(150, 9),
  level: expect.closeTo(150, 9),
  trackingDifference: expect.closeTo(0, 9),
  rebalances: [{ t: NOON + 2 * MINUTE, reason: 'asset', trades: 2, turnover: expect.closeTo(0.25, 9), fees: 0 }],
}

describe('driftwire backtest', () => {
  it('tells as JSON what the fund would have done by recordings', async () => {
    const [code, out] = await ran(one, ...feeds, '--json')
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining(SUMMARY)])
    expect(JSON.parse(out).points.map(({ held }: { held: number }) => held)).toEqual([100, 200, 200, 125])
  })

  it('takes of the recordings only the time that is asked for', async () => {
    const [, out] = await ran(one, ...feeds, '--json', '--from', '2024-08-08T12:02Z', '--to', String(NOON + 4 * MINUTE))
    expect(JSON.parse(out)).toMatchObject({ from: NOON + 2 * MINUTE, to: NOON + 3 * MINUTE, moments: 2, rebalances: [] })
  })

  it('prints tables and a plot that fit the terminal', async () => {
    const [code, out] = await ran(one, ...feeds)
    expect(code).toBe(0)
    const lines = out.split('\n')
    expect(lines[0]).toBe('HALF, 2024-08-08 12:01 to 2024-08-08 12:04 UTC, 4 moments, in USD')
    expect(out).toMatch(/^value of a share +100\.0000 +150\.0000 +50\.000 %$/m)
    expect(out).toMatch(/^bought and held +100\.0000 +125\.0000 +25\.000 %$/m)
    expect(out).toMatch(/^2024-08-08 12:02 +asset +2 +25\.000 % +0\.00$/m)
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
  })

  it('has the same from what a server has stored', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      const url = new URL(request.url!, 'http://localhost')
      asked.push(decodeURIComponent(url.pathname))
      const [from, to] = ['from', 'to'].map(name => Number(url.searchParams.get(name))) as [number, number]
      const closes = url.pathname.includes('BTC') ? BTC : ETH
      const rows = closes.map((c, i) => ({ open_t: NOON + i * MINUTE, c })).filter(({ open_t }) => open_t >= from && open_t < to)
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ rows }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const times = ['--from', String(NOON - 1_440 * MINUTE), '--to', String(NOON + 5 * MINUTE)]
      const [code, out] = await ran(one, '--url', url, ...times, '--json')
      expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining(SUMMARY)])
      expect(new Set(asked)).toEqual(new Set(['/v1/history/candle:1m:BTC-USD', '/v1/history/candle:1m:ETH-USD']))
    } finally {
      server.close()
    }
  })

  it('reads what happens to assets, under their new names too', async () => {
    const split = written('split.csv', `t,asset,kind,ratio,to\n${NOON + 90_000},BTC,rename,0.1,XBT\n`)
    const events = written('events.json', JSON.stringify({ ...HALF, events: split }))
    const renamed = [...feeds, '--feed', `replay:${candles('XBT', [Number.NaN, 300, 300, 150])}`]
    const [code, out] = await ran(events, ...renamed, '--json')
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining(SUMMARY)])
  })

  it('fails with one line where the fund could not begin', async () => {
    const fixed = config([{ ...fund('A'), weighting: { scheme: 'fixed', weights: { BTC: 0.5, ETH: 0.5 } } }])
    expect(await ran(fixed, ...feeds.slice(0, 2))).toEqual([1, '', 'driftwire: A cannot begin: no price of ETH in this time'])
  })

  it.each<[says: string, args: () => string[]]>([
    ['backtest: found no CONFIG, expected CONFIG', () => []],
    ['--speed: found an option that is not known, expected one of --fund', () => [one, '--speed', '1']],
    ['--fund: found nothing, expected one of: A, B', () => [config([fund('A'), fund('B')]), ...feeds]],
    ['--fund: found "C", expected one of: HALF', () => [config([fund('HALF')]), '--fund', 'C']],
    ['--fund: found nothing, expected one of: none', () => [config([])]],
    ['--from: found "soon", expected ms since the epoch, an ISO 8601 time', () => [config([fund('HALF')]), '--from', 'soon']],
    ['--to: found 5, expected a time after --from 7', () => [config([fund('HALF')]), '--from', '7', '--to', '5', ...feeds]],
    ['--from, --to: found only a part', () => [config([fund('HALF')]), '--from', '7']],
    ['--feed: found "binance:BTCUSDT", expected replay:FILE', () => [config([fund('HALF')]), '--feed', 'binance:BTCUSDT']],
    ['--feed replay:none.csv', () => [config([fund('HALF')]), '--feed', 'replay:none.csv']],
  ])('is refused with "%s"', async (says, args) => {
    const list = args()
    await expect(typed(list)).rejects.toThrow(UsageError)
    await expect(typed(list)).rejects.toThrow(says)
  })
})

interface Snapshot {
  readonly t: number
  readonly price: number
  readonly supply: number
}

/** The first of each month, by asset: the price and the circulating supply of the largest. */
const snapshots = (from: string, to: string, count: number): Map<string, Snapshot[]> => {
  const byAsset = new Map<string, Snapshot[]>()
  for (const row of records(recordedLines('marketcap/cmc_top200_monthly_2021_2024.csv.gz'))) {
    const { snapshot_date: date = '', symbol = '', rank, price_usd: price, circulating_supply: supply } = row
    if (date < from || date > to || Number(rank) > count || !(Number(supply) > 0)) continue
    const one = { t: Date.parse(date), price: Number(price), supply: Number(supply) }
    byAsset.set(symbol, [...(byAsset.get(symbol) ?? []), one])
  }
  return byAsset
}

/** A recording of one trade of each a month. */
const tradesOf = (assets: ReadonlyMap<string, readonly Snapshot[]>): string => {
  const rows = [...assets].flatMap(([asset, list]) => list.map(({ t, price }) => ({ asset, t, price }))).sort((a, b) => a.t - b.t)
  return ['symbol,exch_ts_ms,price,qty', ...rows.map(({ asset, t, price }) => `${asset}-USD,${t},${price},1`)].join('\n')
}

/** A market-cap fund that is put together again each month, over these snapshots, and what it is run on. */
const monthly = (assets: ReadonlyMap<string, readonly Snapshot[]>, supplies?: string): string[] => {
  const fund = {
    id: 'TOP10',
    weighting: { scheme: 'market-cap', count: 10, cap: 0.25 },
    rebalance: { maxIntervalMs: 86_400_000, coolOffMs: 0, minTrade: '0', feeBps: 0 },
  }
  const definition = {
    assets: Object.fromEntries([...assets].map(([asset, [first]]) => [asset, { supply: String(first!.supply) }])),
    ...(supplies && { supplies }),
    funds: [fund],
  }
  const name = supplies ? 'dated' : 'undated'
  return [written(`${name}.json`, JSON.stringify(definition)), '--feed', `replay:${written('monthly.csv', tradesOf(assets))}`, '--json']
}

/** The level by itself: each month grows by the weighted growth of its members, which are chosen at its beginning. */
const chained = (assets: ReadonlyMap<string, readonly Snapshot[]>, isDated: boolean): number => {
  const times = [...new Set([...assets.values()].flatMap(list => list.map(({ t }) => t)))].sort((a, b) => a - b)
  let level = 100
  for (const [i, t] of times.slice(0, -1).entries()) {
    const at = (list: readonly Snapshot[], time: number): Snapshot | undefined => list.find(row => row.t === time)
    const sizes = [...assets].flatMap(([asset, list]) => {
      const now = at(list, t)
      return now ? [[asset, now.price * (isDated ? now.supply : list[0]!.supply)] as const] : []
    })
    const top = sizes.sort(([, a], [, b]) => b - a).slice(0, 10)
    // What is above the cap goes to the others in proportion, until none is above it.
    const fixed = new Set<string>()
    let weights = new Map<string, number>()
    for (let before = -1; fixed.size > before; ) {
      before = fixed.size
      const free = top.filter(([asset]) => !fixed.has(asset))
      const sum = free.reduce((all, [, size]) => all + size, 0)
      weights = new Map(top.map(([asset, size]) => [asset, fixed.has(asset) ? 0.25 : (size / sum) * (1 - 0.25 * fixed.size)]))
      for (const [asset, weight] of weights) if (weight > 0.25) fixed.add(asset)
    }
    let growth = 0
    for (const [asset, weight] of weights) {
      const list = assets.get(asset)!
      growth += (weight * at(list, times[i + 1]!)!.price) / at(list, t)!.price
    }
    level *= growth
  }
  return level
}

describe.skipIf(!haveRecordings)('a backtest over monthly snapshots of the market (skipped where the recordings are not)', () => {
  // Of what drops out of the list nobody knows at which price an index would have sold it.
  const assets = new Map([...snapshots('2022-06-01', '2024-03-01', 200)].filter(([, list]) => list.length === 22))
  const dated = (): string =>
    written(
      'supplies.csv',
      ['t,asset,supply', ...[...assets].flatMap(([asset, list]) => list.map(({ t, supply }) => `${t},${asset},${supply}`))].join('\n'),
    )

  it('weighs each reconstitution by the supplies of its time, as an independent index does', async () => {
    const levelOf = async (...args: string[]): Promise<number> => {
      vi.restoreAllMocks()
      const [code, out, err] = await ran(...args)
      expect([code, err]).toEqual([0, ''])
      const { moments, level, rebalances } = JSON.parse(out)
      expect([moments, rebalances.length]).toEqual([22, 21])
      return level
    }
    const [now, always] = [chained(assets, true), chained(assets, false)]
    expect(Math.abs(now - always)).toBeGreaterThan(0.1)
    expect(await levelOf(...monthly(assets, dated()))).toBeCloseTo(now, 6)
    expect(await levelOf(...monthly(assets))).toBeCloseTo(always, 6)
  })

  it('goes through the redenomination of BTT in 2022 as its holders did', async () => {
    const months = snapshots('2021-12-01', '2022-04-01', 100)
    const two = new Map(['BTT', 'TRX'].map(asset => [asset, months.get(asset)!] as const))
    const grown = (asset: string, factor: number): number => (two.get(asset)!.at(-1)!.price * factor) / two.get(asset)![0]!.price
    const half = { scheme: 'fixed', weights: { BTT: 0.5, TRX: 0.5 } }
    const definition = { assets: { BTT: {}, TRX: {} }, funds: [{ id: 'HALF', weighting: half, rebalance: { mode: 'off' } }] }
    const events = [{ t: Date.UTC(2022, 0, 12), asset: 'BTT', kind: 'redenomination', ratio: '1000' }]
    const file = written('btt.json', JSON.stringify({ ...definition, events }))
    const [code, out] = await ran(file, '--feed', `replay:${written('btt.csv', tradesOf(two))}`, '--json')
    expect(code).toBe(0)
    const { level, held, moments } = JSON.parse(out)
    expect(moments).toBe(5)
    expect(level).toBeCloseTo(50 * grown('BTT', 1000) + 50 * grown('TRX', 1), 6)
    expect(held).toBeCloseTo(level, 9)
  })
})
