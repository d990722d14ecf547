import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveCases, worked } from '../../server/test/cases.ts'
import { DAY, MINUTE } from '../market/candles.ts'
import type { PoolRow } from '../measures/rows.ts'
import { logAt, lonelyPool, mintV3, type PoolMembers, poolSpec, removed, type Said, swapV2, swapV3, sync, token } from '../test/chain.ts'
import { Driven, NOON } from '../test/drive.ts'
import type { ChainLog } from './chainLog.ts'
import { POOL_KINDS, type PoolSpec } from './spec.ts'

/** 2,000,000 USDC beside 1,000 WETH. */
const USDC = 10n ** 6n
const WETH = 10n ** 18n
const RESERVES = sync(2_000_000n * USDC, 1_000n * WETH)

const SQRT_ONE = 2n ** 96n

interface Shown {
  kind: string
  price?: number
  reserves?: Record<string, string>
  tvl?: number
  depth?: { bid2: number; ask2: number }
  volume24h?: number
  fees24h?: number
  trades24h: number
  partial: boolean
  stale: boolean
  tick?: number
  day?: { n: number; in0: string; in1: string }
}

const watched = (spec: PoolMembers = {}): Driven => {
  const p = new Driven({ pools: [poolSpec(spec)] })
  p.watch('pool:P')
  return p
}
const shown = (p: Driven): Shown => p.state<Shown>('pool:P')
const stored = (p: Driven): PoolRow[] => p.frames.flatMap(f => f.rows.measures.filter(row => row.kind === 'pool'))

/** Logs of one message, and the end of their frame; time comes to its beginning first. */
const told = (p: Driven, ...logs: ChainLog[]): void => {
  const end = Math.ceil(logs.at(-1)!.t / 20) * 20
  p.clock(end - 20)
  p.send({ kind: 'chain', feed: 0, logs, messages: 1, bad: {} })
  p.clock(end)
}
const bad = (p: Driven) => p.pipeline.view.feeds[0]!.bad

describe('the measures of a pool', () => {
  it('have no frames in years in which nothing moves them', () => {
    const p = watched()
    told(p, logAt(1, 1, RESERVES, NOON - 1))
    told(
      p,
      logAt(2, 1, swapV2(0n, WETH, 1_990n * USDC, 0n), NOON + MINUTE),
      logAt(2, 2, sync(1_998_010n * USDC, 1_001n * WETH), NOON + MINUTE),
    )
    const { length } = p.frames
    p.clock(NOON + 3_000 * DAY)
    // The next `storeMs`, midnight, the window without the swap, and whole; each is followed by a row.
    expect(p.frames.length - length).toBeLessThan(10)
    expect(shown(p)).toMatchObject({ price: 1_996.01398601, trades24h: 0, volume24h: 0 })
  })

  it('are those of its reserves at the prices of the book', () => {
    const p = watched()
    p.trades(0, { symbol: 'ETH-USD', t: NOON - 30, price: 2_010 }, { symbol: 'USDC-USD', t: NOON - 30, price: 1.001 })
    p.clock(NOON - 20)
    told(p, logAt(1, 1, RESERVES, NOON - 1), logAt(1, 2, swapV2(0n, WETH, 1_990n * USDC, 0n), NOON - 1))
    const volume = (1_990 * 1.001 + 2_010) / 2
    expect(shown(p)).toEqual({
      kind: 'uniswap-v2',
      price: 2_000,
      reserves: { 0: '2000000000000', 1: '1000000000000000000000' },
      tvl: 2_000_000 * 1.001 + 1_000 * 2_010,
      depth: {
        bid2: Number((2_002_000 * (1 - Math.sqrt(0.98))).toPrecision(12)),
        ask2: Number((2_010_000 * (1 - 1 / Math.sqrt(1.02))).toPrecision(12)),
      },
      volume24h: volume,
      fees24h: Number((volume * 0.003).toPrecision(12)),
      trades24h: 1,
      since: NOON - 1,
      il: 0,
      t: NOON - 1,
      partial: false,
      stale: false,
    })
    expect(p.agrees()).toBe(true)
  })

  it('are there with the log that tells them, without any price that moves', () => {
    const p = watched()
    p.trades(0, { symbol: 'ETH-USD', t: NOON, price: 2_000 })
    p.clock(NOON)
    told(p, logAt(1, 1, RESERVES, NOON + 1_000))
    expect(shown(p)).toMatchObject({ price: 2_000, tvl: 4_000_000 })
    told(p, logAt(2, 1, sync(2_100_000n * USDC, 1_000n * WETH), NOON + 13_000))
    expect(shown(p)).toMatchObject({ price: 2_100, reserves: { 0: '2100000000000' } })
  })

  it('follow the prices while somebody watches', () => {
    const p = watched()
    told(p, logAt(1, 1, RESERVES))
    expect(shown(p)).not.toHaveProperty('tvl')
    p.trades(0, { symbol: 'ETH-USD', t: NOON + 5, price: 2_000 })
    p.clock(NOON + 20)
    expect(shown(p)).toMatchObject({ tvl: 4_000_000 })
    p.trades(0, { symbol: 'ETH-USD', t: NOON + 25, price: 1_000 })
    p.clock(NOON + 40)
    // The price of the other token follows from the pool, where the book has none.
    expect(shown(p)).toMatchObject({ tvl: 2_000_000 })
    expect(p.agrees()).toBe(true)
  })

  it('depth is what moves the price by 2 %: the reserves after taking it say so', () => {
    const reserve = fc.double({ min: 1, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(reserve, reserve, (x, y) => {
        const pool = lonelyPool({ token0: token('USD', 6, 'USD'), token1: token('B', 9) })
        pool.price('B-USD', x / y)
        pool.apply(logAt(1, 1, sync(BigInt(Math.round(x * 1e6)), BigInt(Math.round(y * 1e9)))))
        const { depthAsk2, depthBid2 } = pool.figures()
        const bought = depthAsk2 / (x / y)
        expect((x * y) / (y - bought) ** 2 / (x / y)).toBeCloseTo(1.02, 6)
        expect((x - depthBid2) ** 2 / (x * y) / (x / y)).toBeCloseTo(0.98, 6)
      }),
    )
  })

  it.each([
    [0, 0, 2],
    [0, 18, 2e18],
    [255, 0, 2e-255],
    [0, 255, 2e255],
    [255, 255, 2],
  ])('are finite with %i and %i decimals', (d0, d1, price) => {
    const pool = lonelyPool({ token0: token('A', d0), token1: token('B', d1) })
    pool.price('A-USD', 3)
    pool.apply(logAt(1, 1, sync(10n, 5n)))
    pool.apply(logAt(1, 2, swapV2(2n, 0n, 0n, 1n)))
    const { price: found, tvl, volume24h, depthAsk2 } = pool.figures()
    expect(found / price).toBeCloseTo(1, 12)
    for (const measure of [tvl, volume24h, depthAsk2]) expect(Number.isFinite(measure)).toBe(true)
    expect(tvl / (10 * 10 ** -d0 * 3 * 2)).toBeCloseTo(1, 12)
  })

  it.each([
    ['both sides empty', 0n, 0n],
    ['nothing of token0', 0n, 5n],
    ['nothing of token1', 5n, 0n],
  ])('have no price with %s', (_, r0, r1) => {
    const p = watched()
    p.trades(0, { symbol: 'ETH-USD', t: NOON - 30, price: 2_000 })
    told(p, logAt(1, 1, sync(r0, r1), NOON))
    expect(shown(p)).toMatchObject({ reserves: { 0: `${r0}`, 1: `${r1}` }, partial: false })
    expect(shown(p)).not.toHaveProperty('price')
    expect(p.agrees()).toBe(true)
  })

  it('without tokens or prices say no more than the raw integers', () => {
    const p = watched({ token0: undefined, token1: undefined })
    told(p, logAt(1, 1, RESERVES), logAt(1, 2, swapV2(0n, 1n, 1n, 0n)))
    expect(shown(p)).toMatchObject({ reserves: { 0: '2000000000000', 1: '1000000000000000000000' }, trades24h: 1 })
    for (const unknown of ['price', 'tvl', 'volume24h', 'fees24h']) expect(shown(p)).not.toHaveProperty(unknown)
  })
})

describe('the volume', () => {
  it.skipIf(!haveCases)('of a swap is the mean of its priced sides: the worked example', () => {
    const { input, expected } = worked<
      { usd0: string; usd1: string; fee: string; whitelist: [string][] },
      { volume: string[]; fees: string[] }
    >('dex-tracked-volume')
    input.whitelist.forEach(([sides], i) => {
      const pool = lonelyPool({ feePips: Number(input.fee), token0: token('A', 0), token1: token('B', 0) })
      if (sides !== 'none') pool.price('A-USD', Number(input.usd0))
      if (sides === 'both') pool.price('B-USD', Number(input.usd1))
      pool.apply(logAt(1, 1, swapV2(1n, 0n, 0n, 1n)))
      const { volume24h, fees24h } = pool.figures()
      // Theirs is 0 where no side has a price; ours is then unknown.
      if (sides === 'none') expect([volume24h, fees24h]).toEqual([Number.NaN, Number.NaN])
      else expect([volume24h, fees24h]).toEqual([Number(expected.volume[i]), Number(expected.fees[i])])
    })
  })

  it('is at the prices of its time, not of now', () => {
    const pool = lonelyPool({ token0: token('A', 0), token1: token('B', 0) })
    pool.price('B-USD', 5)
    pool.apply(logAt(1, 1, swapV2(1n, 0n, 0n, 3n)))
    pool.price('B-USD', 7)
    expect(pool.figures().volume24h).toBe(15)
  })

  it('leaves the day minute by minute, also while nothing happens', () => {
    const p = watched({ token1: token('WETH', 18, 'USD') })
    told(p, logAt(1, 1, RESERVES, NOON + 5), logAt(1, 2, swapV2(0n, WETH, 1n, 0n), NOON + 5))
    told(p, logAt(2, 1, swapV2(0n, 2n * WETH, 1n, 0n), NOON + MINUTE))
    expect(shown(p)).toMatchObject({ volume24h: 3, trades24h: 2 })
    p.clock(NOON + DAY)
    expect(shown(p)).toMatchObject({ volume24h: 2, trades24h: 1 })
    p.clock(NOON + DAY + MINUTE)
    expect(shown(p)).toMatchObject({ volume24h: 0, fees24h: 0, trades24h: 0, price: 2_000 })
    const rows = stored(p).map(row => [row.t - NOON, row.trades24h])
    expect(rows.slice(-2)).toEqual([
      [DAY, 1],
      [DAY + MINUTE, 0],
    ])
  })

  it('of a v3 pool and its day of raw integers leave together', () => {
    const p = watched({ kind: 'uniswap-v3', token0: token('USDC', 6, 'USD') })
    told(p, logAt(1, 1, swapV3(5n * USDC, -1n, SQRT_ONE, 9n, 0), NOON + 5))
    expect(shown(p)).toMatchObject({ volume24h: 5, trades24h: 1, day: { n: 1, in0: '5000000', in1: '0' } })
    p.clock(NOON + DAY + MINUTE)
    expect(shown(p)).toMatchObject({ volume24h: 0, trades24h: 0, day: { n: 0, in0: '0', in1: '0' }, tick: 0, partial: true })
    expect(p.agrees()).toBe(true)
  })
})

describe('a log', () => {
  it.each([
    ['twice', [logAt(1, 1, RESERVES), logAt(1, 1, RESERVES)]],
    ['of an older block', [logAt(1, 1, RESERVES), logAt(0, 9, sync(1n, 1n))]],
    ['before one of its block', [logAt(1, 1, RESERVES), logAt(1, 0, sync(1n, 1n))]],
  ])('%s counts once, and is counted as a duplicate', (_, logs) => {
    const p = watched()
    told(p, ...logs)
    expect(shown(p)).toMatchObject({ price: 2_000 })
    expect(bad(p)).toEqual({ duplicate: 1 })
  })

  it('of another address is none of ours; in capitals it is', () => {
    const p = watched()
    const log = logAt(1, 1, RESERVES)
    told(p, { ...log, address: '0x00000000000000000000000000000000000000bb' })
    expect(shown(p)).not.toHaveProperty('price')
    told(p, { ...log, address: log.address.toUpperCase().replace('0X', '0x') })
    expect(shown(p)).toMatchObject({ price: 2_000 })
    expect(bad(p)).toEqual({})
  })

  it('that cannot be read is counted and leaves the pool as it was; the next is taken', () => {
    const p = watched()
    told(p, logAt(1, 1, RESERVES), logAt(1, 2, { ...RESERVES, data: RESERVES.data.slice(0, 70) }))
    expect(shown(p)).toMatchObject({ price: 2_000, reserves: { 0: '2000000000000' } })
    expect(bad(p)).toEqual({ unreadable: 1 })
    told(p, logAt(1, 2, sync(3_000_000n * USDC, 1_000n * WETH), NOON + 20))
    expect(shown(p)).toMatchObject({ price: 3_000 })
  })

  it.each(POOL_KINDS.filter(kind => !kind.startsWith('uniswap')))('of a %s pool, whose logs nobody reads, changes nothing', kind => {
    const p = watched({ kind })
    told(p, logAt(1, 1, RESERVES))
    expect(shown(p)).toMatchObject({ kind, partial: true })
    expect(shown(p)).not.toHaveProperty('price')
  })
})

describe('logs taken back', () => {
  const kinds: [kind: PoolSpec['kind'], said: (i: number) => Said][] = [
    ['uniswap-v2', i => (i % 2 === 0 ? sync(BigInt(1_000 + i), BigInt(500 + 3 * i)) : swapV2(BigInt(i), 0n, 0n, 1n))],
    ['uniswap-v3', i => swapV3(BigInt(i), -1n, SQRT_ONE + BigInt(i), BigInt(7 * i), i)],
  ]
  it.each(kinds)('leave a %s pool as if they had never been, once the chain has said it again', (kind, said) => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.boolean(), (standing, undone, newestFirst) => {
        const spec = { kind, token0: token('USD', 0, 'USD') }
        const at = (i: number, shift = 0): ChainLog => logAt(Math.floor(i / 3), i % 3, said(i + shift), NOON + i * 7_000)
        const reorganised = lonelyPool(spec)
        for (let i = 0; i < standing + undone; i++) reorganised.apply(at(i))
        const back = Array.from({ length: undone }, (_, k) => removed(at(standing + (newestFirst ? undone - 1 - k : k))))
        for (const log of back) expect(reorganised.apply(log)).toBe(true)
        // A second time there is nothing to take back.
        for (const log of back) expect(reorganised.apply(log)).toBe(false)
        const plain = lonelyPool(spec)
        for (let i = 0; i < standing; i++) plain.apply(at(i))
        for (const pool of [reorganised, plain]) {
          for (let i = standing; i < standing + 4; i++) expect(pool.apply(at(i, 2))).toBe(true)
        }
        expect(reorganised.figures(NOON + 300_000)).toEqual(plain.figures(NOON + 300_000))
      }),
    )
  })

  it('make unknown what rested on them, on the screen as well', () => {
    const p = watched({ token1: token('WETH', 18, 'USD') })
    const log = logAt(5, 1, RESERVES)
    told(p, log)
    expect(shown(p)).toMatchObject({ price: 2_000, tvl: 2_000, partial: false })
    told(p, { ...removed(log), t: NOON + 5_000 })
    expect(shown(p)).toMatchObject({ partial: true })
    for (const unknown of ['price', 'tvl', 'reserves']) expect(shown(p)).not.toHaveProperty(unknown)
    told(p, logAt(5, 0, RESERVES, NOON + 6_000))
    expect(shown(p)).toMatchObject({ price: 2_000, partial: false })
    expect(bad(p)).toEqual({})
    expect(p.agrees()).toBe(true)
  })

  it('of a v3 pool take its price, tick and day with them', () => {
    const p = watched({ kind: 'uniswap-v3' })
    const log = logAt(5, 1, swapV3(5n, -4n, SQRT_ONE, 9n, 0))
    told(p, log)
    expect(shown(p)).toMatchObject({ tick: 0, day: { n: 1 } })
    told(p, { ...removed(log), t: NOON + 5_000 }, logAt(5, 2, mintV3(-60, 60, 5n), NOON + 5_000))
    for (const unknown of ['price', 'tick', 'sqrtPriceX96', 'liquidity', 'day']) expect(shown(p)).not.toHaveProperty(unknown)
    told(p, logAt(6, 0, swapV3(7n, -4n, SQRT_ONE, 9n, 3), NOON + 12_000))
    expect(shown(p)).toMatchObject({ tick: 3, trades24h: 1, day: { n: 1, in0: '7', in1: '0' } })
    expect(p.agrees()).toBe(true)
  })
})

describe('a pool', () => {
  it('is stale while its feed is silent, and says so to who watches', () => {
    const p = new Driven({ pools: [poolSpec()], feeds: ['a', 'b'].map(id => ({ id, live: false })) })
    p.watch('pool:P')
    told(p, logAt(1, 1, RESERVES))
    expect(shown(p)).toMatchObject({ stale: false })
    p.clock(NOON + 10_000)
    expect(shown(p)).toMatchObject({ stale: true, price: 2_000 })
    told(p, logAt(2, 1, RESERVES, NOON + 12_000))
    expect(shown(p)).toMatchObject({ stale: false })
    expect(p.agrees()).toBe(true)
  })

  it('is not computed for prices that nobody watches', () => {
    const p = watched()
    told(p, logAt(1, 1, RESERVES))
    p.trades(0, { symbol: 'ETH-USD', t: NOON + 5, price: 2_000 })
    p.clock(NOON + 20)
    p.send({ kind: 'watch', channel: 'pool:P', on: false })
    p.trades(0, { symbol: 'ETH-USD', t: NOON + 25, price: 1_000 })
    p.clock(NOON + 40)
    expect(p.pipeline.view.pools.get('P')?.figures.tvl).toBe(4_000_000)
    p.watch('pool:P')
    expect(shown(p)).toMatchObject({ tvl: 2_000_000 })
    expect(p.agrees()).toBe(true)
  })

  it('is stored the same no matter who watches', () => {
    const event = fc.record({
      after: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 20_000 }), fc.constant(DAY / 2)),
      what: fc.constantFrom('sync', 'swap', 'price', 'watch', 'unwatch'),
      size: fc.integer({ min: 1, max: 50 }),
    })
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 25 }), events => {
        const run = (watchers: 'none' | 'all' | 'some'): PoolRow[] => {
          const p = new Driven({ pools: [poolSpec({ token1: token('B', 0) })], everything: watchers === 'all' })
          let t = NOON
          events.forEach(({ after, what, size }, i) => {
            t += after
            if (what === 'sync') told(p, logAt(i, 0, sync(size, 9), t))
            else if (what === 'swap') told(p, logAt(i, 0, swapV2(size, 0, 0, 2), t))
            else if (what === 'price') {
              p.clock(Math.floor(t / 20) * 20)
              p.trades(0, { symbol: 'B-USD', t, price: size, id: `${i}` })
              p.clock(Math.ceil(t / 20) * 20)
            } else if (watchers === 'some') p.send({ kind: 'watch', channel: 'pool:P', on: what === 'watch' })
          })
          p.clock(Math.ceil(t / 20) * 20 + 2_000)
          return stored(p)
        }
        const unwatched = run('none')
        expect(run('some')).toEqual(unwatched)
        expect(run('all')).toEqual(unwatched)
      }),
      { numRuns: 80 },
    )
  })
})
