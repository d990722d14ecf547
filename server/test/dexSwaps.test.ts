import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseDecimal } from '../../streams/lib/decimal.ts'
import { DAY } from '../../streams/market/candles.ts'
import { nameOf, pairOf } from '../dex/coin.ts'
import { candlesOf, marketsAt, sumsOf, tradesOf } from '../dex/markets.ts'
import type { AtomicSwap } from '../dex/swap.ts'
import { type Row, swapsIn } from '../dex/swapFile.ts'
import { insertSwaps, storeSwaps } from '../dex/swapStore.ts'
import { fieldsOf } from '../lib/csv.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { drained } from './feedKit.ts'
import { haveRecordings, recordedLines, recordings } from './recordings.ts'
import { Bench, countOf, KINDS_ABOVE, openedEngine, sharedEngine } from './storageKit.ts'

const alphabet = (a: string, b: string) => pairOf(a, b, () => undefined)

/** Only so near do sums of doubles agree with sums of decimals. */
const near = (value: number): number => expect.closeTo(value, Math.max(0, 9 - Math.ceil(Math.log10(Math.abs(value) + 1e-300)))) as number

const isSwap = (row: Row): row is AtomicSwap => typeof row === 'object' && 'id' in row
const rowsIn = async (file: string, since?: number): Promise<Row[]> => (await drained(swapsIn(file, since))).flat()

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

describe.skipIf(!haveRecordings)('recorded atomic swaps (skipped where the recordings are not there)', () => {
  const file = 'dex/komodo_atomic_swaps_part1.csv.gz'

  it('give the volumes, prices and averages of each day that an independent calculation gives', async () => {
    const engine = await openedEngine(bench, 'embedded')
    const rows = await rowsIn(join(recordings, file))
    const swaps = rows.filter(isSwap)
    expect(rows.filter(row => typeof row === 'object' && 'why' in row)).toEqual([])
    expect(await storeSwaps(engine, swaps)).toEqual({ accepted: swaps.length, known: 0 })
    expect(await storeSwaps(engine, swaps)).toEqual({ accepted: 0, known: swaps.length })

    // From the text of the file alone.
    const [header, ...lines] = recordedLines(file)
    const names = header!.split(',')
    const trades = lines
      .map(line => Object.fromEntries(fieldsOf(line).map((value, i) => [names[i]!, value])))
      .filter(row => row.is_success === '1' && !['DOC', 'MARTY'].includes(row.maker_coin!) && !['DOC', 'MARTY'].includes(row.taker_coin!))
      .map(row => {
        const [maker, taker] = [row.maker_coin!.split('-')[0]!, row.taker_coin!.split('-')[0]!]
        const first = maker < taker
        const [a, b] = [Number(row.maker_amount), Number(row.taker_amount)]
        return { t: Number(row.finished_at) * 1000, maker, taker, first, base: first ? a : b, quote: first ? b : a, id: row.uuid! }
      })
    expect(trades.length).toBe(swaps.length)
    // Trades of one second are none too many.
    expect(new Set(trades.map(({ t }) => t)).size).toBeLessThan(trades.length)

    const newest = Math.max(...trades.map(({ t }) => t))
    let compared = 0
    for (let at = newest; at > newest - 8 * DAY; at -= DAY) {
      const day = trades.filter(({ t, maker, taker }) => t <= at && t > at - DAY && maker !== taker)
      const pairs = new Map<string, typeof day>()
      for (const trade of day) {
        const pair = [trade.maker, trade.taker].sort().join('_')
        pairs.set(pair, [...(pairs.get(pair) ?? []), trade])
      }
      const markets = new Map((await marketsAt(engine, at, alphabet)).map(market => [nameOf(market.pair), market]))
      expect([...markets.values()].reduce((sum, { n }) => sum + n, 0)).toBe(day.length)
      for (const [pair, of] of pairs) {
        const sum = (pick: (trade: (typeof of)[number]) => number): number => of.reduce((total, trade) => total + pick(trade), 0)
        const market = markets.get(pair)!
        const prices = of.map(({ base, quote }) => quote / base)
        expect({ ...market, base: Number(market.baseVolume), quote: Number(market.quoteVolume) }).toMatchObject({
          n: of.length,
          base: near(sum(({ base }) => base)),
          quote: near(sum(({ quote }) => quote)),
          high: near(Math.max(...prices)),
          low: near(Math.min(...prices)),
        })
        compared += 1
        // Each is a question to the engine of its own.
        if (at < newest - DAY) continue
        const query = { pair: market.pair, from: at - DAY, to: at }
        const sums = await sumsOf(engine, query)
        expect(sums.vwap / (sum(({ quote }) => quote) / sum(({ base }) => base))).toBeCloseTo(1, 12)
        const bought = (await tradesOf(engine, query, 'buy', 1_000)).map(({ id }) => id)
        expect(bought.sort()).toEqual(
          of
            .filter(({ first }) => first)
            .map(({ id }) => id)
            .sort(),
        )
        expect(sums.n).toBe(of.length)
      }
    }
    expect(compared).toBeGreaterThan(200)
  }, 120_000)
})

const HEADER =
  'uuid,started_at,finished_at,is_success,maker_coin,taker_coin,maker_amount,taker_amount,maker_coin_usd_price,taker_coin_usd_price'
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const T = 1_701_800_000
const line = (n: number, { t = T, maker = 'KMD', taker = 'LTC', a = '1', b = '2', usd = '', success = 1 } = {}): string =>
  `${uuid(n)},${t - 60},${t},${success},${maker},${taker},${a},${b},${usd},${usd}`

const csv = (name: string, ...lines: string[]): string => {
  const path = join(bench.dir, name)
  const text = [HEADER, ...lines].join('\n')
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
  return path
}

const text = (content: string): string => {
  writeFileSync(join(bench.dir, 'text'), content)
  return join(bench.dir, 'text')
}

const sqlite = (name: string, ...lines: string[]): string => {
  const path = join(bench.dir, name)
  const db = new Database(path)
  db.exec(`CREATE TABLE stats_swaps (id INTEGER PRIMARY KEY, maker_coin VARCHAR(255), taker_coin VARCHAR(255), uuid VARCHAR(255) UNIQUE,
    started_at INTEGER, finished_at INTEGER, maker_amount DECIMAL, taker_amount DECIMAL, is_success INTEGER,
    maker_coin_usd_price DECIMAL, taker_coin_usd_price DECIMAL)`)
  const insert = db.prepare(`INSERT INTO stats_swaps (${HEADER}) VALUES (${HEADER.replace(/\w+/g, '?')})`)
  db.exec('BEGIN')
  for (const text of lines) insert.run(text.split(',').map(field => (field === '' ? null : field)))
  db.exec('COMMIT')
  db.close()
  return path
}

describe('files of swaps', () => {
  it('say the same, whether SQLite or CSV, packed or not', async () => {
    const lines = [
      line(1),
      line(2, { a: '0.00000001', b: '123456789.125' }),
      line(3, { success: 0 }),
      line(4, { taker: 'DOC' }),
      line(5, { a: 'x' }),
    ]
    const rows = await rowsIn(csv('swaps.csv', ...lines))
    expect(rows).toMatchObject([
      { id: uuid(1) },
      { id: uuid(2) },
      'not completed',
      'test coin',
      { line: 6, why: /^maker_amount/.source && expect.any(String) },
    ])
    expect(await rowsIn(csv('swaps.csv.gz', ...lines))).toEqual(rows)
    const table = await rowsIn(sqlite('swaps.db', ...lines))
    expect(table.slice(0, 4)).toEqual(rows.slice(0, 4))
    expect(table[4]).toMatchObject({ line: 5 })
  })

  it('give all rows of a table, however many, and later only those of a time', async () => {
    const lines = Array.from({ length: 2_500 }, (_, i) => line(i, { t: T + i }))
    const file = sqlite('many.db', ...lines)
    expect((await rowsIn(file)).length).toBe(2_500)
    expect((await rowsIn(file, (T + 2_400) * 1000)).length).toBe(100)
  })

  it.each([
    ['nothing there', () => join(bench.dir, 'none.db'), 'cannot be read (ENOENT)'],
    ['empty', () => text(''), 'found an empty file'],
    ['another CSV', () => text('a,b\n1,2\n'), 'found no column "uuid"'],
    [
      'another database',
      () => {
        const file = join(bench.dir, 'other.db')
        const db = new Database(file)
        db.exec('CREATE TABLE t (a)')
        db.close()
        return file
      },
      'found no column "uuid"',
    ],
  ])('are told where there is none: %s', async (_, file, why) => {
    await expect(rowsIn(file())).rejects.toThrow(why)
  })
})

describe.each(KINDS_ABOVE)('swaps in the store (%s)', kind => {
  const database = sharedEngine(kind)
  let engine: Engine
  beforeEach(async () => {
    engine = await database()
  })
  const read = async (...lines: string[]): Promise<AtomicSwap[]> => (await rowsIn(csv('some.csv', ...lines))).filter(isSwap)
  const at = (T + 3_600) * 1000

  it('of several sources are one each, the fuller row, whichever came first', async () => {
    const [poor, rich] = [await read(line(1), line(2)), await read(line(1, { usd: '3' }), line(3))]
    expect(await storeSwaps(engine, poor)).toEqual({ accepted: 2, known: 0 })
    expect(await storeSwaps(engine, rich)).toEqual({ accepted: 2, known: 0 })
    expect(await storeSwaps(engine, poor)).toEqual({ accepted: 0, known: 2 })
    const [market] = await marketsAt(engine, at, alphabet)
    expect(market).toMatchObject({ n: 3, unpriced: 2, worth: 4.5, baseVolume: expect.stringMatching(/^3(\.0+)?$/) })
  })

  it('of the same second are all there, and of one file twice the same is one', async () => {
    expect(await storeSwaps(engine, await read(line(1), line(2), line(2), line(3)))).toEqual({ accepted: 3, known: 1 })
    expect((await marketsAt(engine, at, alphabet))[0]).toMatchObject({ n: 3, last: { id: uuid(3), price: 2 } })
  })

  it('of variants of a coin are one market; between them there is none', async () => {
    await storeSwaps(
      engine,
      await read(
        line(1, { maker: 'USDC-PLG20' }),
        line(2, { maker: 'USDC-PLG20_OLD', taker: 'LTC-segwit' }),
        line(3, { maker: 'USDC-BEP20', taker: 'USDC-PLG20' }),
      ),
    )
    expect(await marketsAt(engine, at, alphabet)).toMatchObject([
      { pair: { base: 'LTC', quote: 'USDC' }, n: 2, variants: ['LTC_USDC-PLG20', 'LTC-segwit_USDC-PLG20_OLD'] },
    ])
  })

  it('that a reorganisation took back are gone, and come back with a later row', async () => {
    const [swap] = await read(line(1))
    const later = (by: bigint): AtomicSwap => ({ ...swap!, market: 'P', version: swap!.version + by })
    await insertSwaps(engine, [later(1n)])
    const gone = later(2n)
    await insertSwaps(engine, [gone], new Set([gone]))
    expect(await marketsAt(engine, at, alphabet)).toEqual([])
    await insertSwaps(engine, [later(3n)])
    expect(await marketsAt(engine, at, alphabet)).toMatchObject([{ market: 'P', n: 1 }])
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.pool_trades FINAL`)).toBe(1)
  })

  it('are the same market from either side: all that is turned round is', async () => {
    const lines = [
      line(1, { a: '4', b: '1' }),
      line(2, { maker: 'LTC', taker: 'KMD', a: '3', b: '6', t: T + 1 }),
      line(3, { a: '5', b: '4', t: T - 2 * 86_400 }),
    ]
    await storeSwaps(engine, await read(...lines))
    const [straight] = await marketsAt(engine, at, alphabet)
    const [turned] = await marketsAt(engine, at, (a, b) => ({ base: b, quote: a }))
    expect(straight).toMatchObject({ n: 2, last: { price: 0.5 }, high: 0.5, low: 0.25, before: 0.8 })
    expect(turned).toMatchObject({
      n: 2,
      last: { price: 2 },
      high: 4,
      low: 2,
      before: 1.25,
      baseVolume: straight!.quoteVolume,
      quoteVolume: straight!.baseVolume,
    })
    const range = { from: 0, to: at }
    const [there, back] = [
      { pair: straight!.pair, ...range },
      { pair: turned!.pair, ...range },
    ]
    expect(await tradesOf(engine, there, 'buy', 9)).toMatchObject([{ id: uuid(1) }, { id: uuid(3) }])
    expect(await tradesOf(engine, back, 'sell', 9)).toMatchObject([
      { id: uuid(1), price: 4 },
      { id: uuid(3), price: 1.25 },
    ])
    const [sums, turnedSums] = [await sumsOf(engine, there), await sumsOf(engine, back)]
    expect(sums).toMatchObject({ n: 3, baseBought: turnedSums.quoteSold, quoteBought: turnedSums.baseSold, vwap: 8 / 15 })
    expect(turnedSums.vwap).toBeCloseTo(15 / 8, 12)
    expect(await candlesOf(engine, back, DAY, 9)).toMatchObject([
      { o: 1.25, c: 1.25, n: 1, v: 4 },
      { o: 4, h: 4, l: 2, c: 2, n: 2 },
    ])
  })

  it('make candles that hold every trade once', async () => {
    const trades = fc.array(fc.record({ t: fc.nat(20_000), a: fc.integer({ min: 1, max: 1e6 }), b: fc.integer({ min: 1, max: 1e6 }) }), {
      minLength: 1,
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(trades, async list => {
        const own = await database()
        await storeSwaps(own, await read(...list.map(({ t, a, b }, i) => line(i, { t: T + t, a: String(a), b: String(b) }))))
        const candles = await candlesOf(own, { pair: { base: 'KMD', quote: 'LTC' }, from: 0, to: (T + 20_000) * 1000 }, 300_000, 1_000)
        const inCandle = (open: number) => list.filter(({ t }) => (T + t) * 1000 >= open && (T + t) * 1000 < open + 300_000)
        for (const { open_t, h, l, n, v, q } of candles) {
          const of = inCandle(open_t)
          const prices = of.map(({ a, b }) => b / a)
          expect({ h, l, n, v, q }).toEqual({
            h: near(Math.max(...prices)),
            l: near(Math.min(...prices)),
            n: of.length,
            v: near(of.reduce((sum, { a }) => sum + a, 0)),
            q: near(of.reduce((sum, { b }) => sum + b, 0)),
          })
        }
        expect(candles.reduce((sum, { n }) => sum + n, 0)).toBe(list.length)
      }),
      { numRuns: 3, endOnFailure: true },
    )
  })

  it('keep amounts to the last of eighteen places', async () => {
    const amount = '123456789.000000000000000001'
    await storeSwaps(engine, await read(line(1, { a: amount })))
    const [market] = await marketsAt(engine, at, alphabet)
    expect(parseDecimal(market!.baseVolume)).toBe(parseDecimal(amount))
  })
})
