import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE } from '../../streams/market/candles.ts'
import { SUMS } from '../../streams/measures/sums.ts'
import type { HourRow } from '../../streams/pnl/hours.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolioSpec.ts'
import { transaction } from '../../streams/test/transactions.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { haveRecordings, recordedLines } from '../test/recordings.ts'
import { Bench, openedEngine, openedSink } from '../test/storageKit.ts'
import { candle } from '../test/storageRows.ts'
import { Hours, type HoursQuery } from './hours.ts'

/** Three weeks of recorded minutes of sixteen assets, and a portfolio of them worked out by hand from the files. */

const ASSETS = ['AAVE', 'ADA', 'ALGO', 'ATOM', 'BCH', 'BTC', 'DASH', 'DOGE', 'DOT', 'EOS', 'ETH', 'IOTA', 'LINK', 'LTC', 'XMR', 'XRP']
const FIRST_HOUR = Date.UTC(2021, 3, 20, 20)
const END = Date.UTC(2021, 4, 13)
/** The exchange was away from 04:02 to 08:45: three whole hours have no minute. */
const LAST_BEFORE_OUTAGE = Date.UTC(2021, 3, 25, 5)

interface Minute {
  readonly openT: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

const minutesOf = (asset: string): Minute[] =>
  recordedLines(`klines/binance_${asset}USDT_1m_20210420_20210512.csv.gz`)
    .slice(1)
    .map(line => {
      const [openT, open, high, low, close, volume] = line.split(',').map(Number) as [number, number, number, number, number, number]
      return { openT, open, high, low, close, volume }
    })

let cache: ReadonlyMap<string, Minute[]> | undefined
const recorded = (): ReadonlyMap<string, Minute[]> => {
  cache ??= new Map(ASSETS.map(asset => [asset, minutesOf(asset)]))
  return cache
}

// ---- The portfolio, as plain rows of numbers

interface Row {
  readonly t: number
  readonly type: 'buy' | 'sell' | 'income' | 'withdraw' | 'fee'
  readonly asset: string
  readonly qty: number
  readonly price: number
  readonly fee: number
}

/** Of each asset a purchase, later another one, some income, a sale over both lots, a withdrawal and a fee in kind. */
const ROWS: readonly Row[] = ASSETS.flatMap((asset, i): Row[] => {
  const t = FIRST_HOUR + HOUR + i * 47 * MINUTE
  const price = 1 + i * 3.25
  return [
    { t, type: 'buy', asset, qty: 10 + i, price, fee: 0.5 },
    { t: t + 3 * DAY, type: 'buy', asset, qty: 4.5, price: price * 1.125, fee: 0.25 },
    { t: t + 5 * DAY, type: 'income', asset, qty: 0.125, price: price * 1.5, fee: 0 },
    { t: t + 8 * DAY, type: 'sell', asset, qty: 11 + i, price: price * 1.75, fee: 1.5 },
    { t: t + 13 * DAY, type: 'withdraw', asset, qty: 1.25, price: price * 2, fee: 0 },
    { t: t + 17 * DAY, type: 'fee', asset, qty: 0.0625, price: price * 2, fee: 0 },
  ] satisfies Row[]
}).sort((a, b) => a.t - b.t)

const PORTFOLIO: PortfolioSpec = {
  id: 'sixteen',
  quote: 'USDT',
  method: 'fifo',
  feesInCost: true,
  transactions: ROWS.map(({ t, type, asset, qty, price, fee }) => transaction(`${type} ${asset} ${qty} ${price} ${fee}`, t)),
}

/** The books at the end of `t`, first in first out, one row after the other. */
const booksAt = (t: number) => {
  const lots = new Map<string, { qty: number; cost: number }[]>()
  const realised = new Map<string, number>()
  const sums = { income: 0, expenses: 0, fees: 0, flows: 0 }
  const take = (asset: string, qty: number, proceeds: number): void => {
    const list = lots.get(asset)!
    let cost = 0
    for (let left = qty; left > 1e-12; ) {
      const part = Math.min(left, list[0]!.qty)
      const share = (list[0]!.cost * part) / list[0]!.qty
      cost += share
      list[0]!.cost -= share
      list[0]!.qty -= part
      left -= part
      if (list[0]!.qty < 1e-12) list.shift()
    }
    realised.set(asset, (realised.get(asset) ?? 0) + proceeds - cost)
  }
  for (const row of ROWS) {
    if (row.t > t) break
    const { type, asset, qty, price, fee } = row
    const worth = qty * price
    sums.fees += fee
    if (type === 'buy' || type === 'income') {
      lots.set(asset, [...(lots.get(asset) ?? []), { qty, cost: worth + fee }])
      if (type === 'buy') sums.flows += worth + fee
      else sums.income += worth
    } else if (type === 'fee') {
      sums.fees += worth
      sums.expenses += worth
      take(asset, qty, worth)
    } else {
      sums.flows -= worth - fee
      take(asset, qty, worth - fee)
    }
  }
  return { lots, realised, sums }
}

/** Says nothing of the many figures that agree: asserting each would take longer than computing it. */
const near = (found: number, wanted: number, what: string): void => {
  if (!(Math.abs(found - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)))) expect.fail(`${what}: ${found} for ${wanted}`)
}

describe.runIf(haveRecordings).each(['embedded'] as const)(
  'three recorded weeks in the %s engine (skipped where the recordings are not beside the project)',
  kind => {
    let bench: Bench
    let engine: Engine
    let rows: readonly HourRow[]
    let minutes: ReadonlyMap<string, Minute[]>

    /** Page by page: how long one may take is the machine's affair. */
    const all = async (query: HoursQuery): Promise<HourRow[]> => {
      const hours = new Hours(engine, () => END)
      const found: HourRow[] = []
      for (let from: number | undefined = query.from; from !== undefined; ) {
        const page = await hours.rows(PORTFOLIO, { ...query, from })
        found.push(...page.rows)
        from = page.next
      }
      return found
    }

    beforeAll(async () => {
      bench = await Bench.open()
      engine = await openedEngine(bench, kind)
      const { sink, write } = await openedSink(bench, engine)
      minutes = recorded()
      for (const [asset, list] of minutes) {
        const of = { symbol: `${asset}-USDT`, source: 'binance' }
        const ticks = list.map(({ openT, open, high, low, close, volume }) =>
          candle(openT, MINUTE, { ...of, open, high, low, price: close, size: volume, id: String(openT) }),
        )
        write(END, ticks)
        await sink.room()
      }
      await sink.until(END)
      rows = await all({ from: 0, to: END + 1 })
    }, 120_000)
    afterAll(() => bench.close())

    it('are a row for each hour from the first transaction on', () => {
      const expected = []
      for (let t = Math.ceil(ROWS[0]!.t / HOUR) * HOUR; t <= END; t += HOUR) expected.push(t)
      expect(rows.map(row => row.t)).toEqual(expected)
      expect(rows.length).toBeGreaterThan(500)
    })

    it('tell the total and each asset as the files do', () => {
      const next = new Map(ASSETS.map(asset => [asset, 0]))
      const closes = new Map<string, number>()
      for (const row of rows) {
        for (const asset of ASSETS) {
          const list = minutes.get(asset)!
          let i = next.get(asset)!
          for (; i < list.length && list[i]!.openT + MINUTE <= row.t; i++) closes.set(asset, list[i]!.close)
          next.set(asset, i)
        }
        const { lots, realised, sums } = booksAt(row.t)
        let value = 0
        let cost = 0
        let gained = 0
        expect(row.assets.map(({ asset }) => asset).sort()).toEqual([...lots.keys()].sort())
        for (const figures of row.assets) {
          const { asset } = figures
          const held = lots.get(asset)!.reduce((sum, lot) => ({ qty: sum.qty + lot.qty, cost: sum.cost + lot.cost }), { qty: 0, cost: 0 })
          const price = closes.get(asset)!
          const wanted = {
            ...held,
            price,
            avg: held.cost / held.qty,
            value: held.qty * price,
            unrealised: held.qty * price - held.cost,
            realised: realised.get(asset) ?? 0,
          }
          for (const [name, figure] of Object.entries(wanted)) near(figures[name as keyof typeof wanted], figure, `${asset} ${name}`)
          value += wanted.value
          cost += wanted.cost
          gained += wanted.realised
        }
        const total = gained + value - cost + sums.income - sums.expenses
        const wanted = { value, cost, unrealised: value - cost, realised: gained, ...sums, total }
        for (const name of SUMS) near(row[name], wanted[name], name)
        expect(row.unpriced).toEqual([])
      }
    })

    it('name in the hours of the outage, and in no other, every asset as carried from its last close', () => {
      const traded = new Map(ASSETS.map(asset => [asset, new Set(minutes.get(asset)!.map(({ openT }) => openT - (openT % HOUR) + HOUR))]))
      for (const row of rows) {
        const silent = row.assets.map(({ asset }) => asset).filter(asset => !traded.get(asset)!.has(row.t))
        expect(row.carried).toEqual(silent.map(asset => [asset, LAST_BEFORE_OUTAGE]))
        const away = row.t > LAST_BEFORE_OUTAGE && row.t <= LAST_BEFORE_OUTAGE + 3 * HOUR
        expect(row.carried.length).toBe(away ? row.assets.length : 0)
      }
    })

    it('are rolled up to days: the row of each midnight', async () => {
      const days = await all({ from: 0, to: END + 1, step: DAY })
      expect(days).toEqual(rows.filter(row => row.t % DAY === 0))
      expect(days.length).toBe(23)
    })
  },
)
