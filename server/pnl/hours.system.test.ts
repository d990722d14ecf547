import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../../streams/market/candles.ts'
import { type HourRow, hourRows, opening } from '../../streams/pnl/hours.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolioSpec.ts'
import type { Transaction } from '../../streams/pnl/transaction.ts'
import { transaction } from '../../streams/test/transactions.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { tries } from '../test/effort.ts'
import { countOf, KINDS_ABOVE, rowsOf, sharedEngine } from '../test/storageKit.ts'
import { Hours, type HoursQuery } from './hours.ts'
import { monthAfter, monthOf } from './months.ts'

const APRIL = Date.UTC(2024, 3, 1)
const MAY = Date.UTC(2024, 4, 1)
const JUNE = Date.UTC(2024, 5, 1)
const JULY = Date.UTC(2024, 6, 1)
/** The first transaction falls into an hour in the middle of April. */
const BEGIN = Date.UTC(2024, 3, 28, 12)
const END = Date.UTC(2024, 6, 3, 6)

/** Closes by asset and beginning of the hour. */
type Closes = Record<string, Map<number, number>>

/** Gentle waves from a week before the beginning on, with holes; ETH has none before May. */
const market = (): Closes => {
  const closes: Closes = { BTC: new Map(), ETH: new Map(), DOGE: new Map() }
  for (let t = BEGIN - 7 * DAY, i = 0; t < END; t += HOUR, i++) {
    if (i % 50 > 4) closes.BTC!.set(t, 60_000 + (i % 97) * 10)
    if (t >= MAY && i % 11 > 0) closes.ETH!.set(t, 3000 + (i % 89))
    if (i % 3 > 0) closes.DOGE!.set(t, 0.1 + (i % 13) / 1000)
  }
  return closes
}

let inserted = 0
/** Ticks as long as candles of an hour, or trades in the middle of it. */
const insertTicks = async ({ client, database }: Engine, closes: Closes, span = HOUR): Promise<void> => {
  const batch = ++inserted
  const values = Object.entries(closes).flatMap(([asset, series]) =>
    [...series].map(([openT, price]) => {
      const t = span === 0 ? openT + HOUR / 2 : openT + HOUR - 1
      return {
        symbol: `${asset}-USD`,
        src: 'x',
        t,
        id: `${batch}-${openT}`,
        price,
        size: 1,
        span,
        open: price,
        high: price,
        low: price,
        frame: t,
        row: 0,
      }
    }),
  )
  await client.insert({
    table: `${database}.ticks`,
    values,
    format: 'JSONEachRow',
    clickhouse_settings: { max_partitions_per_insert_block: '0' },
  })
}

const TRANSACTIONS: readonly Transaction[] = [
  transaction('buy BTC 2 60000 10', BEGIN + 90_000),
  transaction('deposit DOGE 1000', BEGIN + 5 * HOUR + 1),
  transaction('buy ETH 5 2950 3', Date.UTC(2024, 4, 3, 7, 30)),
  transaction('sell BTC 0.5 61000 10', Date.UTC(2024, 4, 20)),
  transaction('income ETH 0.25', Date.UTC(2024, 5, 2, 3, 30)),
  transaction('withdraw DOGE 400', Date.UTC(2024, 5, 30, 23, 59)),
  transaction('sell ETH 1 3050 2', JULY + 3 * HOUR),
]
const portfolio = (transactions = TRANSACTIONS, of: Partial<PortfolioSpec> = {}): PortfolioSpec => ({
  id: 'main',
  quote: 'USD',
  method: 'fifo',
  feesInCost: true,
  transactions,
  ...of,
})

/** The rows of all hours up to `ended`, computed at once and kept nowhere. */
const computed = ({ transactions, quote, method, feesInCost }: PortfolioSpec, closes: Closes, ended = END): HourRow[] => {
  const rules = { quote, method, feesInCost, tracksCash: transactions.some(tx => tx.asset === quote) }
  const begin = Math.ceil(transactions[0]!.t / HOUR) * HOUR - HOUR
  const series = new Map(
    Object.entries(closes).map(([asset, list]) => [
      asset,
      Float64Array.from({ length: (ended - begin) / HOUR }, (_, i) => list.get(begin + i * HOUR) ?? Number.NaN),
    ]),
  )
  const known = Object.entries(closes).flatMap(([asset, list]) => {
    const last = [...list.keys()].filter(t => t < begin).sort((a, b) => b - a)[0]
    return last === undefined ? [] : [[asset, list.get(last)!, last + HOUR] as const]
  })
  return hourRows(rules, transactions, series, ended, opening(rules, begin, known)).rows
}

/** All pages of a query. */
const all = async (hours: Hours, portfolio: PortfolioSpec, query: HoursQuery): Promise<HourRow[]> => {
  const rows: HourRow[] = []
  for (let from: number | undefined = query.from; from !== undefined; ) {
    const page = await hours.rows(portfolio, { ...query, from })
    if (query.limit) expect(page.rows.length).toBeLessThanOrEqual(query.limit)
    rows.push(...page.rows)
    from = page.next
  }
  return rows
}
const EVER = { from: 0, to: END + DAY }

/** Of each month, when its checkpoint was stored. */
const storedMonths = async (engine: Engine): Promise<Map<number, number>> => {
  const rows = await rowsOf(engine, `SELECT month, stored FROM ${engine.database}.pnl_checkpoints FINAL ORDER BY month`, [
    "DateTime64(3, 'UTC')",
    "DateTime64(3, 'UTC')",
  ])
  return new Map(rows as [number, number][])
}
/** The months whose checkpoints `work` has stored again. */
const renewed = async (engine: Engine, work: () => Promise<unknown>): Promise<number[]> => {
  const before = await storedMonths(engine)
  await work()
  return [...(await storedMonths(engine))].filter(([month, stored]) => stored !== before.get(month)).map(([month]) => month)
}
const MONTHS = [APRIL, MAY, JUNE, JULY]

describe.each(KINDS_ABOVE)('hours kept in the %s engine', kind => {
  const opened = sharedEngine(kind)
  /** The rows as they are kept, for one who remembers none. */
  const keptRows = async (engine: Engine, portfolio: PortfolioSpec) => all(new Hours(engine, () => END), portfolio, EVER)
  const withMarket = async (closes = market()): Promise<Engine> => {
    const engine = await opened()
    await insertTicks(engine, closes)
    return engine
  }

  it('are those of the transactions and candles, on pages of any size, and of each step the last', async () => {
    const engine = await withMarket()
    const hours = new Hours(engine, () => END)
    const expected = computed(portfolio(), market())
    expect(expected.some(row => row.carried.length > 0) && expected.some(row => row.assets.length === 3)).toBe(true)
    for (const limit of [100_000, 700]) expect(await all(hours, portfolio(), { ...EVER, limit })).toEqual(expected)
    const from = BEGIN + 100 * HOUR + 1
    const to = BEGIN + 200 * HOUR
    expect(await all(hours, portfolio(), { from, to })).toEqual(expected.filter(row => row.t >= from && row.t < to))
    const days = expected.filter(row => row.t % DAY === 0 || row.t === END)
    for (const limit of [100_000, 7]) expect(await all(hours, portfolio(), { ...EVER, step: DAY, limit })).toEqual(days)
  })

  it('end with the last hour that has ended, and begin with that of the first transaction', async () => {
    const engine = await withMarket()
    let storedTo = Number.NaN
    const hours = new Hours(engine, () => storedTo)
    expect(await hours.rows(portfolio(), EVER)).toEqual({ rows: [] })
    storedTo = BEGIN + HOUR - 1
    expect(await hours.rows(portfolio(), EVER)).toEqual({ rows: [] })
    storedTo = BEGIN + HOUR
    expect((await hours.rows(portfolio(), EVER)).rows.map(row => row.t)).toEqual([BEGIN + HOUR])
    expect(await hours.rows(portfolio([]), EVER)).toEqual({ rows: [] })
    expect(await hours.rows(portfolio(), { from: 0, to: BEGIN + HOUR })).toEqual({ rows: [] })
    for (const step of [0, -HOUR, HOUR / 2, Number.NaN])
      await expect(hours.rows(portfolio(), { ...EVER, step })).rejects.toMatchObject({ code: 'invalid_params' })
  })

  it('cost nothing when they are asked for again, and one hour more costs that hour', async () => {
    const engine = await withMarket()
    let storedTo = END - 20 * HOUR
    const hours = new Hours(engine, () => storedTo)
    const rows = () => countOf(engine, `SELECT count() AS n FROM ${engine.database}.pnl_hours`)
    await all(hours, portfolio(), EVER)
    const before = await rows()
    expect(await renewed(engine, () => all(new Hours(engine, () => storedTo), portfolio(), EVER))).toEqual([])
    expect(await rows()).toBe(before)
    storedTo += HOUR
    expect(await renewed(engine, () => all(hours, portfolio(), EVER))).toEqual([JULY])
    expect(await rows()).toBe(before + 1)
    storedTo = END
    expect(await keptRows(engine, portfolio())).toEqual(computed(portfolio(), market()))
  })

  it('are computed again from the first change of a transaction on, and no earlier', async () => {
    const engine = await withMarket()
    const hours = new Hours(engine, () => END)
    await all(hours, portfolio(), EVER)
    const changed = portfolio(TRANSACTIONS.map((tx, i) => (i === 3 ? { ...tx, fee: tx.fee + 1n } : tx)))
    expect(await renewed(engine, () => all(hours, changed, EVER))).toEqual([MAY, JUNE, JULY])
    expect(await keptRows(engine, changed)).toEqual(computed(changed, market()))
    const older = portfolio([transaction('buy BTC 1 59000', BEGIN - 3 * HOUR + 1), ...changed.transactions])
    expect(await renewed(engine, () => all(hours, older, EVER))).toEqual(MONTHS)
    expect(await keptRows(engine, older)).toEqual(computed(older, market()))
    const shorter = portfolio(TRANSACTIONS.slice(2))
    expect(await keptRows(engine, shorter)).toEqual(computed(shorter, market()))
    const ruled = portfolio(TRANSACTIONS, { method: 'average' })
    expect(await renewed(engine, () => all(hours, ruled, EVER))).toEqual(MONTHS)
    expect(await keptRows(engine, ruled)).toEqual(computed(ruled, market()))
  })

  it('are not computed again for an asset that is bought later, which has its older prices', async () => {
    const engine = await withMarket()
    const hours = new Hours(engine, () => END)
    const early = portfolio(TRANSACTIONS.filter(tx => tx.asset === 'BTC'))
    await all(hours, early, EVER)
    const closes = market()
    // Its last candle lies two months back.
    closes.OLD = new Map([[Date.UTC(2024, 4, 5), 7.5]])
    await insertTicks(engine, { OLD: closes.OLD })
    const more = portfolio([...early.transactions, transaction('deposit OLD 3', JULY + HOUR + 1)])
    expect(await renewed(engine, () => all(hours, more, EVER))).toEqual([JULY])
    const rows = await keptRows(engine, more)
    expect(rows).toEqual(computed(more, closes))
    expect(rows.at(-1)!.carried).toContainEqual(['OLD', Date.UTC(2024, 4, 5, 1)])
    expect(await renewed(engine, () => all(hours, more, EVER))).toEqual([])
    // A candle that comes later, of the time before it was bought.
    closes.OLD.set(Date.UTC(2024, 5, 5), 8.5)
    await insertTicks(engine, { OLD: new Map([[Date.UTC(2024, 5, 5), 8.5]]) })
    expect(await renewed(engine, () => all(hours, more, EVER))).toEqual([JULY])
    expect(await keptRows(engine, more)).toEqual(computed(more, closes))
  })

  it('are computed again where candles came later, as far as these make a difference', async () => {
    const engine = await withMarket()
    const hours = new Hours(engine, () => END)
    await all(hours, portfolio(), EVER)
    const closes = market()
    const late = async (asset: string, t: number, price: number): Promise<number[]> => {
      expect(closes[asset]!.has(t)).toBe(false)
      closes[asset]!.set(t, price)
      await insertTicks(engine, { [asset]: new Map([[t, price]]) }, 0)
      const months = await renewed(engine, () => all(hours, portfolio(), EVER))
      expect(await keptRows(engine, portfolio())).toEqual(computed(portfolio(), closes))
      return months
    }
    const hole = (asset: string, from: number) => {
      let t = from
      while (closes[asset]!.has(t)) t += HOUR
      return t
    }
    // A hole in the middle of May: June goes on from the same books and prices as before.
    expect(await late('BTC', hole('BTC', Date.UTC(2024, 4, 15)), 65_000)).toEqual([MAY])
    // The income of June is booked at the close before it.
    const before = Date.UTC(2024, 5, 2, 2)
    closes.ETH!.delete(before)
    await engine.client.command({
      query: `ALTER TABLE ${engine.database}.given DELETE WHERE symbol = 'ETH-USD' AND open_t = toDateTime(${before / 1000}, 'UTC') AND span = ${HOUR} SETTINGS mutations_sync = 2`,
    })
    expect(await late('ETH', before, 3333)).toEqual([JUNE, JULY])
    // Before there was anything: the price of the beginning may change.
    const first = Math.min(...closes.BTC!.keys()) - HOUR
    expect(await late('BTC', first, 59_999)).toEqual([APRIL])
  })

  it('are computed again where the storing of a change was cut short, even if the change is taken back', async () => {
    const engine = await withMarket()
    const { client, database } = engine
    const hours = new Hours(engine, () => END)
    await all(hours, portfolio(), EVER)
    const changed = portfolio(TRANSACTIONS.map((tx, i) => (i === 2 ? { ...tx, fee: 0n } : tx)))
    await client.command({ query: `RENAME TABLE ${database}.pnl_hours TO ${database}.pnl_hours_away` })
    await expect(all(hours, changed, EVER)).rejects.toThrow()
    await client.command({ query: `RENAME TABLE ${database}.pnl_hours_away TO ${database}.pnl_hours` })
    expect(await renewed(engine, () => all(hours, portfolio(), EVER))).toEqual([MAY])
    expect(await keptRows(engine, portfolio())).toEqual(computed(portfolio(), market()))
  })

  it('are computed again where the engine lost them', async () => {
    const engine = await withMarket()
    const hours = new Hours(engine, () => END)
    await all(hours, portfolio(), EVER)
    await engine.client.command({
      query: `ALTER TABLE ${engine.database}.pnl_hours DELETE WHERE t = toDateTime(${(MAY + DAY) / 1000}, 'UTC') SETTINGS mutations_sync = 2`,
    })
    expect(await all(hours, portfolio(), { ...EVER, step: DAY })).toEqual(
      computed(portfolio(), market()).filter(row => row.t % DAY === 0 || row.t === END),
    )
    expect(await keptRows(engine, portfolio())).toEqual(computed(portfolio(), market()))
  })

  it('take the closes of minutes where an asset has no hours', async () => {
    const engine = await withMarket()
    const { client, database } = engine
    await insertTicks(
      engine,
      {
        MIN: new Map([
          [BEGIN, 7],
          [BEGIN + 2 * HOUR, 9],
        ]),
      },
      0,
    )
    await client.command({
      query: `ALTER TABLE ${database}.bars DELETE WHERE symbol = 'MIN-USD' AND span != 60000 SETTINGS mutations_sync = 2`,
    })
    const hours = new Hours(engine, () => BEGIN + 3 * HOUR)
    const spec = portfolio([transaction('buy MIN 1 5', BEGIN + 1)])
    const values = async () => (await all(hours, spec, EVER)).map(row => row.value)
    expect(await values()).toEqual([7, 7, 9])
    await insertTicks(engine, { MIN: new Map([[BEGIN, 8]]) }, 0)
    expect(await values()).toEqual([8, 8, 8])
  })

  it('are the same for all who ask at the same time', async () => {
    const engine = await withMarket()
    const hours = new Hours(engine, () => END)
    const expected = computed(portfolio(), market())
    const answers = await Promise.all([1, 2, 3].map(() => all(hours, portfolio(), EVER)))
    for (const rows of answers) expect(rows).toEqual(expected)
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.pnl_hours`)).toBe(expected.length)
  })
})

describe('hours', () => {
  const opened = sharedEngine('embedded')
  let engine: Engine
  beforeAll(async () => {
    engine = await opened()
    await insertTicks(engine, market())
  })

  it(
    'are what one computation tells, in whatever order spans are asked for, time goes on and transactions come and go',
    async () => {
      const closes = market()
      let run = 0
      const hour = fc.integer({ min: -50, max: (END - BEGIN) / HOUR + 50 }).map(i => BEGIN + i * HOUR)
      const ask = fc.record({
        restarts: fc.boolean(),
        from: hour,
        to: hour,
        ended: hour,
        without: fc.option(fc.nat(TRANSACTIONS.length - 1)),
        step: fc.constantFrom(HOUR, DAY),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(ask, { minLength: 2, maxLength: 6 }), async asks => {
          const id = `p${++run}`
          let ended = 0
          let hours = new Hours(engine, () => ended)
          for (const { restarts, from, to, ended: now, without, step } of asks) {
            ended = Math.min(now, END)
            if (restarts) hours = new Hours(engine, () => ended)
            const spec = portfolio(
              TRANSACTIONS.filter((_, i) => i !== without),
              { id },
            )
            const last = Math.min(to - HOUR, ended)
            const expected = computed(spec, closes).filter(({ t }) => t >= from && t <= last && (t % step === 0 || t === last))
            expect(await all(hours, spec, { from, to, step })).toEqual(expected)
          }
        }),
        { numRuns: tries(5) },
      )
    },
    tries(180_000),
  )
})

it('months begin and end in UTC', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), t => {
      expect(monthOf(t)).toBeLessThanOrEqual(t)
      expect(monthAfter(t)).toBeGreaterThan(t)
      expect(monthOf(monthAfter(t) - 1)).toBe(monthOf(t))
      expect(new Date(monthAfter(t)).toISOString()).toMatch(/-01T00:00:00.000Z$/)
    }),
  )
})
