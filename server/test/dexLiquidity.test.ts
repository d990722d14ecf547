import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../../streams/market/candles.ts'
import type { ChainLog } from '../../streams/pools/chainLog.ts'
import { ADDRESS, logAt, lonelyPool, poolSpec, swapV2, swapV3, sync } from '../../streams/test/chain.ts'
import { Driven } from '../../streams/test/drive.ts'
import { HourlyLiquidity, insertLiquidity, type Liquidity, liquidityOf } from '../dex/liquidity.ts'
import { marketsAt } from '../dex/markets.ts'
import { insertPoolTrades, tradeOf } from '../dex/poolTrades.ts'
import { RowQueue } from '../storage/write/rowQueue.ts'
import { countOf, KINDS, sharedEngine, silent } from './storageKit.ts'

const MIDNIGHT = Date.UTC(2024, 0, 1)
const PAIR = { base: 'KMD', quote: 'LTC' }
const ALL = { from: 0, to: Date.UTC(2100, 0), limit: 10_000 }

const row = (t: number, amount: number, priced = true): Liquidity => {
  const [basePrice, quotePrice] = priced ? [2, 100] : [Number.NaN, Number.NaN]
  const [baseLiquidity, quoteLiquidity] = [amount * basePrice, 3 * quotePrice]
  return {
    market: 'P',
    pair: PAIR,
    t,
    n: 1,
    baseAmount: amount,
    quoteAmount: 3,
    basePrice,
    quotePrice,
    baseLiquidity,
    quoteLiquidity,
    liquidity: baseLiquidity + quoteLiquidity,
  }
}

describe.each(KINDS)('hourly liquidity in the store (%s)', kind => {
  const database = sharedEngine(kind)

  it('of a day that is over becomes one row, its average by hours, however often and whenever it is put together', async () => {
    const engine = await database()
    const together = () => engine.client.command({ query: `OPTIMIZE TABLE ${engine.database}.liquidity FINAL` })
    // Five hours, put together; then the other nineteen, which weigh nineteen times as much.
    const hours = Array.from({ length: 24 }, (_, i) => row(MIDNIGHT + i * HOUR, i < 5 ? 100 : 10, i % 2 === 0))
    await insertLiquidity(engine, hours.slice(0, 5))
    await together()
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.liquidity`)).toBe(1)
    await insertLiquidity(engine, hours.slice(5))
    await together()
    const [day, ...others] = await liquidityOf(engine, PAIR, ALL)
    expect(others).toEqual([])
    const average = (5 * 100 + 19 * 10) / 24
    expect(day).toMatchObject({ market: 'P', t: MIDNIGHT + 23 * HOUR, n: 24, quoteAmount: 3, basePrice: 2, quotePrice: 100 })
    expect(day!.baseAmount).toBeCloseTo(average, 12)
    // Values are known of every other hour: three of the first five, nine of the others.
    expect(day!.baseLiquidity).toBeCloseTo((3 * 200 + 9 * 20) / 12, 12)
    expect(day!.liquidity).toBeCloseTo(300 + (3 * 200 + 9 * 20) / 12, 12)
    await together()
    expect(await liquidityOf(engine, PAIR, ALL)).toEqual([day])
  })

  it('of today stays hour by hour, and an hour told twice is one', async () => {
    const engine = await database()
    const now = Math.floor(Date.now() / HOUR) * HOUR
    const hours = [row(now - HOUR, 1), row(now, 2)]
    await insertLiquidity(engine, hours)
    await insertLiquidity(engine, hours)
    await engine.client.command({ query: `OPTIMIZE TABLE ${engine.database}.liquidity FINAL` })
    expect(await liquidityOf(engine, PAIR, ALL)).toEqual(hours)
  })

  it('is of either side of the pair, and has no value where no price was known', async () => {
    const engine = await database()
    const now = Math.floor(Date.now() / HOUR) * HOUR
    await insertLiquidity(engine, [row(now, 7, false)])
    const [turned] = await liquidityOf(engine, { base: 'LTC', quote: 'KMD' }, ALL)
    expect(turned).toMatchObject({ baseAmount: 3, quoteAmount: 7, basePrice: Number.NaN, liquidity: Number.NaN })
  })

  it('of days that are over and of today stand side by side', async () => {
    const engine = await database()
    const now = Math.floor(Date.now() / HOUR) * HOUR
    await insertLiquidity(engine, [...Array.from({ length: 48 }, (_, i) => row(MIDNIGHT + i * HOUR, 1)), row(now, 2)])
    await engine.client.command({ query: `OPTIMIZE TABLE ${engine.database}.liquidity FINAL` })
    expect((await liquidityOf(engine, PAIR, ALL)).map(({ t, n }) => [t, n])).toEqual([
      [MIDNIGHT + 23 * HOUR, 24],
      [MIDNIGHT + DAY + 23 * HOUR, 24],
      [now, 1],
    ])
  })

  it('and trades of pools trickle in, also when the engine is late, and what waits at the end is not left behind', async () => {
    const engine = await database()
    let opened: (e: typeof engine) => void = () => {}
    const late = new Promise<typeof engine>(resolve => {
      opened = resolve
    })
    const trickle = new RowQueue<Liquidity>(late, { insert: insertLiquidity }, silent)
    trickle.put(row(MIDNIGHT, 1))
    opened(engine)
    await late
    trickle.put(row(MIDNIGHT + HOUR, 1))
    await trickle.close()
    expect(trickle.stats()).toMatchObject({ waiting: 0, stored: 2, retries: 0, dropped: 0, setAside: 0 })
    expect((await liquidityOf(engine, PAIR, ALL)).reduce((sum, { n }) => sum + n, 0)).toBe(2)
  })

  it('trades of a pool are there until a reorganisation takes them back', async () => {
    const engine = await database()
    const spec = poolSpec({ id: 'P' })
    const pool = lonelyPool({ id: 'P' })
    pool.price('ETH-USD', 2_000)
    let version = 0n
    const tell = async (...logs: ChainLog[]) => {
      for (const log of logs) pool.apply(log)
      await insertPoolTrades(
        engine,
        pool.taken.splice(0).flatMap(taken => tradeOf(taken, spec, version++) ?? []),
      )
    }
    // 4,000 USDC in, 2 WETH out; then 1 WETH in, 1,900 USDC out.
    const bought = logAt(7, 0, swapV2(4_000_000_000, 0, 0, 2n * 10n ** 18n), MIDNIGHT)
    const sold = logAt(8, 1, swapV2(0, 10n ** 18n, 1_900_000_000, 0), MIDNIGHT + 12_000)
    await tell(logAt(6, 1, sync(1, 1), MIDNIGHT), bought, sold)
    const markets = () => marketsAt(engine, MIDNIGHT + HOUR, (a, b) => ({ base: b, quote: a }))
    expect(await markets()).toMatchObject([
      {
        pair: { base: 'WETH', quote: 'USDC' },
        market: 'P',
        n: 2,
        high: 2_000,
        low: 1_900,
        last: { price: 1_900, id: 'P:8:1' },
        worth: 6_000,
        unpriced: 0,
      },
    ])
    await tell({ ...sold, removed: true })
    expect(await markets()).toMatchObject([{ n: 1, last: { price: 2_000 } }])
    await tell(logAt(8, 1, swapV2(0, 10n ** 18n, 1_800_000_000, 0), MIDNIGHT + 12_000))
    expect(await markets()).toMatchObject([{ n: 2, last: { price: 1_800 } }])
  })
})

describe('what lies in the pools', () => {
  it('is given once an hour of event time, as the hour began, of those whose reserves are known', () => {
    const pools = [
      poolSpec({ id: 'P', token0: { symbol: 'USDC', decimals: 6, asset: 'USD' } }),
      poolSpec({ id: 'Q', kind: 'uniswap-v3', address: '0xbb' }),
    ]
    const driven = new Driven({ pools })
    const hourly = new HourlyLiquidity(pools, asset => (asset === 'USD' ? 1 : Number.NaN))
    const tell = (logs: ChainLog[]) => driven.send({ kind: 'chain', feed: 0, logs, messages: 1, bad: {} })
    tell([
      logAt(1, 0, sync(3_000_000_000, 10n ** 18n), MIDNIGHT + 1_000),
      { ...logAt(1, 1, swapV3(1, -1, 2n ** 96n, 5, 0), MIDNIGHT + 1_000), address: '0xbb' },
    ])
    driven.clock(MIDNIGHT + 2_000)
    tell([logAt(2, 0, sync(4_000_000_000, 10n ** 18n), MIDNIGHT + HOUR + 30_000)])
    driven.clock(MIDNIGHT + HOUR + 31_000)
    driven.clock(MIDNIGHT + HOUR + 40_000)
    tell([logAt(3, 0, sync(5_000_000_000, 10n ** 18n), MIDNIGHT + 3 * HOUR)])
    driven.clock(MIDNIGHT + 3 * HOUR)
    const rows = driven.frames.flatMap(frame => hourly.rowsOf(frame.rows))
    expect(rows).toEqual([
      {
        market: 'P',
        pair: { base: 'USDC', quote: 'WETH' },
        t: MIDNIGHT + HOUR,
        n: 1,
        baseAmount: 3_000,
        quoteAmount: 1,
        basePrice: 1,
        quotePrice: 3_000,
        baseLiquidity: 3_000,
        quoteLiquidity: 3_000,
        liquidity: 6_000,
      },
      expect.objectContaining({ t: MIDNIGHT + 3 * HOUR, baseAmount: 4_000, liquidity: 8_000 }),
    ])
    expect(pools[0]!.address).toBe(ADDRESS)
  })
})
