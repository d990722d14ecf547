import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cases, haveCases } from '../../../server/test/cases.ts'
import { haveRecordings, recordedLines, recordings } from '../../../server/test/recordings.ts'
import { initializeV3, logAt, lonelyPool, poolSpec, removed, type Said, swapV3, token } from '../../test/chain.ts'
import { Driven, NOON } from '../../test/drive.ts'
import { records } from '../../test/records.ts'
import type { ChainLog } from '../chainLog.ts'
import { Inconsistent } from '../poolState.ts'
import { burnt, collected, collectedByProtocol, flashed, minted } from '../test/v3Logs.ts'
import { swapped } from './swap.ts'
import { TickMap } from './tickMap.ts'
import { sqrtRatioAtTick, tickAtSqrtRatio } from './tickMath.ts'
import { UniswapV3 } from './uniswapV3.ts'

const SQRT_ONE = 2n ** 96n
const V3 = { kind: 'uniswap-v3', token0: token('USD', 0, 'USD'), token1: token('B', 0) } as const

const taking = (chain: UniswapV3, ...said: readonly Said[]): UniswapV3 => {
  said.forEach((each, i) => {
    chain.apply(logAt(1, i, each))
  })
  return chain
}

const BEGUN = [initializeV3(SQRT_ONE, 0), minted(-60, 60, 1_000n, 300n, 300n)] as const

describe.skipIf(!haveRecordings)('a recorded pool from its creation on (it stands beside the project; skipped where it does not)', () => {
  const NAME = 'dex/univ3_eth_weth_ens_03_creation_20211108'

  it('has the liquidity of each of its 63 swaps, each is what a simulation from the state before it gives, and what is left is there', () => {
    const about = JSON.parse(readFileSync(join(recordings, `${NAME}.pool.json`), 'utf8'))
    const terms = { feePips: Number(about.fee), tickSpacing: Number(about.tick_spacing) }
    const initial = BigInt(about.initial_sqrt_price_X96)
    const chain = new UniswapV3()
    let [in0, in1] = [0n, 0n]
    taking(chain, initializeV3(initial, tickAtSqrtRatio(initial)))
    let swaps = 0
    const rows = records(recordedLines(`${NAME}.csv.gz`))
    rows.forEach((row, i) => {
      const [amount0, amount1, liquidity] = [BigInt(row.amount0!), BigInt(row.amount1!), BigInt(row.liquidity!)]
      const range = [Number(row.tick_lower), Number(row.tick_upper)] as const
      if (row.kind === 'SWAP') {
        const specified = BigInt(row.amount_specified!)
        const zeroForOne = amount0 > 0n
        // A trader stopped at a limit has not spent all that was specified.
        const spent = specified > 0n ? (zeroForOne ? amount0 : amount1) : zeroForOne ? amount1 : amount0
        const limit = spent === specified ? undefined : BigInt(row.sqrt_price_x96!)
        const end = swapped(chain.snapshot!, chain.ticks!, terms, zeroForOne, specified, limit)
        const told = { amount0, amount1, sqrtPriceX96: BigInt(row.sqrt_price_x96!), tick: Number(row.tick), liquidity }
        expect(end).toMatchObject(told)
        expect(chain.ticks!.activeAt(told.tick)).toBe(liquidity)
        swaps += 1
        in0 += amount0
        in1 += amount1
        chain.apply(logAt(2, i, swapV3(amount0, amount1, told.sqrtPriceX96, liquidity, told.tick)))
      } else if (row.kind === 'MINT') {
        in0 += amount0
        in1 += amount1
        chain.apply(logAt(2, i, minted(...range, liquidity, amount0, amount1)))
      } else chain.apply(logAt(2, i, burnt(...range, liquidity, amount0, amount1)))
      // Without it the pool would be partial: a log did not fit.
      expect(chain.ticks).toBeInstanceOf(TickMap)
    })
    expect([rows.length, swaps]).toEqual([68, 63])
    expect(chain.reserves).toEqual([in0, in1])
    expect(in0 >= 0n && in1 >= 0n).toBe(true)
  })
})

describe('a v3 pool followed from its beginning', () => {
  it('has in it what was paid in and not paid out: burning moves nothing, collecting does', () => {
    const chain = new UniswapV3()
    const steps: [Said, bigint, bigint][] = [
      [initializeV3(SQRT_ONE, 0), 0n, 0n],
      [minted(-60, 60, 1_000n, 300n, 200n), 300n, 200n],
      [swapV3(50n, -40n, SQRT_ONE - 1n, 1_000n, -1), 350n, 160n],
      [flashed(100n, 90n, 3n, 2n), 353n, 162n],
      [burnt(-60, 60, 400n, 120n, 60n), 353n, 162n],
      [collected(-60, 60, 121n, 61n), 232n, 101n],
      [collectedByProtocol(2n, 1n), 230n, 100n],
    ]
    steps.forEach(([said, reserve0, reserve1], i) => {
      chain.apply(logAt(1, i, said))
      expect(chain.reserves).toEqual([reserve0, reserve1])
    })
    expect(chain.snapshot?.liquidity).toBe(600n)
  })

  it('shows its depth and what is locked in it, of real balances', () => {
    const pool = lonelyPool(V3)
    const [lower, upper] = [-6000, 6000]
    const said = [initializeV3(SQRT_ONE, 0), minted(lower, upper, 10n ** 12n, 7_000n, 5_000n)]
    said.forEach((each, i) => {
      pool.apply(logAt(1, i, each))
    })
    const { tvl, partial, depthAsk2, depthBid2, price } = pool.figures()
    expect({ tvl, partial, price }).toEqual({ tvl: 12_000, partial: false, price: 1 })
    // L·(1 − 1/√1.02) of token1, L·(1 − √0.98) of token0: what x·y = k says of the virtual reserves.
    expect(depthAsk2).toBeCloseTo(10 ** 12 * (1 - 1 / Math.sqrt(1.02)), -1)
    expect(depthBid2).toBeCloseTo(10 ** 12 * (1 - Math.sqrt(0.98)), -1)
  })

  it.skipIf(!haveCases)('has the depth of the worked example, its tokens the other way about', () => {
    const found = cases.find(({ id }) => id === 'v3-depth-2pct')!
    const { positions } = found.input as { positions: [string, string, string][] }
    const expected = found.expected as Record<string, string>
    const chain = taking(new UniswapV3(), initializeV3(SQRT_ONE, 0))
    for (const [lower, upper, liquidity] of positions) {
      chain.apply(logAt(2, 0, minted(Number(lower), Number(upper), BigInt(liquidity), 0n, 0n)))
    }
    // At a price of one the example's ask (token0 until P has risen by 2 %) is our bid until 1/P has fallen to 1/1.02.
    const { bid } = chain.depth(1 - 1 / 1.02)!
    const { ask } = chain.depth(1 / 0.98 - 1)!
    expect(bid / Number(expected.ask_depth_token0)).toBeCloseTo(1, 8)
    expect(ask / Number(expected.bid_depth_token1)).toBeCloseTo(1, 8)
  })

  const impossible: [what: string, said: Said][] = [
    ['a burn of more than there is', burnt(-60, 60, 1_001n, 1n, 1n)],
    ['a burn in a range where nothing is', burnt(-120, 60, 1n, 1n, 1n)],
    ['a collection of more than there is', collected(-60, 60, 301n, 0n)],
    ['a swap that pays out more than there is', swapV3(1n, -301n, SQRT_ONE, 1_000n, 0)],
    ['the protocol taking more than there is', collectedByProtocol(0n, 301n)],
  ]
  it.each(impossible)('refuses %s, and is partial from there on', (_, said) => {
    const chain = taking(new UniswapV3(), ...BEGUN)
    const { snapshot: known } = chain
    expect(() => chain.apply(logAt(2, 0, said))).toThrow(Inconsistent)
    expect([chain.snapshot, chain.ticks, chain.reserves, chain.depth(0.02)]).toEqual([known, undefined, undefined, undefined])
    // Price, tick and liquidity go on.
    chain.apply(logAt(2, 1, swapV3(1n, -1n, SQRT_ONE + 9n, 77n, 3)))
    expect(chain.snapshot).toEqual({ sqrtPriceX96: SQRT_ONE + 9n, tick: 3, liquidity: 77n })
  })

  it('of which a swap tells another liquidity than its ticks have takes the swap, and is partial from there on', () => {
    const chain = taking(new UniswapV3(), ...BEGUN)
    expect(chain.apply(logAt(2, 0, swapV3(1n, -1n, SQRT_ONE, 999n, 0)))).toEqual({ amount0: 1n, amount1: -1n })
    expect([chain.snapshot?.liquidity, chain.ticks]).toEqual([999n, undefined])
  })

  const bad: [what: string, said: Said][] = [
    ['a mint for a range upside down', minted(60, -60, 1n, 1n, 1n)],
    ['a mint below all ticks', minted(-887_300, 60, 1n, 1n, 1n)],
    ['a mint without its amounts', { ...minted(-60, 60, 1n, 1n, 1n), data: minted(-60, 60, 1n, 1n, 1n).data.slice(0, -64) }],
    ['a burn without its amounts', { ...burnt(-60, 60, 1n, 1n, 1n), data: burnt(-60, 60, 1n, 1n, 1n).data.slice(0, -1) }],
    ['a collection without its amounts', { ...collected(-60, 60, 1n, 1n), data: '0x' }],
    ['a flash without what was paid', { ...flashed(1n, 1n, 1n, 1n), data: flashed(1n, 1n, 1n, 1n).data.slice(0, 130) }],
    ['a second beginning', initializeV3(SQRT_ONE, 0)],
    [
      'a mint whose topics are no numbers',
      { ...minted(-60, 60, 1n, 1n, 1n), topics: minted(0, 0, 1n, 1n, 1n).topics.map((t, i) => (i < 2 ? t : '0xz')) },
    ],
  ]
  it.each(bad)('refuses %s, and stays whole', (_, said) => {
    const chain = taking(new UniswapV3(), ...BEGUN)
    const before = [chain.snapshot, [...chain.ticks!.entries()], chain.reserves]
    expect(() => chain.apply(logAt(2, 0, said))).toThrow(/./)
    expect([chain.snapshot, [...chain.ticks!.entries()], chain.reserves]).toEqual(before)
  })

  it('before its first position is empty, and that is known', () => {
    const pool = lonelyPool(V3)
    pool.apply(logAt(1, 0, initializeV3(SQRT_ONE, 0)))
    const { price, tvl, depthBid2, depthAsk2, partial, v3 } = pool.figures()
    expect({ price, tvl, depthBid2, depthAsk2, partial }).toEqual({ price: 1, tvl: 0, depthBid2: 0, depthAsk2: 0, partial: false })
    expect(v3?.liquidity).toBe(0n)
  })

  it.each([
    [0, 0],
    [0, 255],
    [255, 0],
    [255, 255],
  ])('has finite measures with %i and %i decimals', (d0, d1) => {
    const pool = lonelyPool({ ...V3, token0: token('USD', d0, 'USD'), token1: token('B', d1) })
    BEGUN.forEach((said, i) => {
      pool.apply(logAt(1, i, said))
    })
    pool.apply(logAt(2, 0, swapV3(5n, -4n, SQRT_ONE, 1_000n, 0)))
    const { price, tvl, volume24h, depthBid2, depthAsk2 } = pool.figures()
    for (const measure of [price, tvl, volume24h, depthBid2, depthAsk2]) expect(Number.isFinite(measure)).toBe(true)
    // 305 of token0, and 296 of token1 at a price of one, all in units of token0.
    expect(tvl * 10 ** d0).toBeCloseTo(601, 9)
  })

  it('hears nothing in a log of another event', () => {
    const chain = taking(new UniswapV3(), ...BEGUN)
    const before = [chain.snapshot, chain.reserves]
    expect(chain.apply({ ...logAt(2, 0, burnt(-60, 60, 5n, 1n, 1n)), topics: [`0x${'1'.repeat(64)}`] })).toBeUndefined()
    expect(chain.apply({ ...logAt(2, 1, burnt(-60, 60, 5n, 1n, 1n)), topics: [] })).toBeUndefined()
    expect([chain.snapshot, chain.reserves]).toEqual(before)
  })

  it('says to who watches, and counts, that a log cannot be', () => {
    const p = new Driven({ pools: [poolSpec(V3)] })
    p.watch('pool:P')
    const told = (...logs: ChainLog[]): void => {
      p.send({ kind: 'chain', feed: 0, logs, messages: 1, bad: {} })
      p.clock(Math.ceil(logs.at(-1)!.t / 20) * 20)
    }
    told(...BEGUN.map((said, i) => logAt(1, i, said)))
    expect(p.state('pool:P')).toMatchObject({ partial: false, tvl: 600, reserves: { 0: '300', 1: '300' }, depth: {} })
    told(logAt(2, 0, burnt(-60, 60, 2_000n, 1n, 1n), NOON + 40))
    expect(p.state('pool:P')).toMatchObject({ partial: true, price: 1, liquidity: '1000' })
    for (const unknown of ['tvl', 'depth.bid2']) expect(p.state('pool:P')).not.toHaveProperty(unknown)
    expect(p.pipeline.view.feeds[0]!.bad).toEqual({ unreadable: 1 })
    expect(p.agrees()).toBe(true)
  })
})

describe('logs of a whole v3 pool taken back', () => {
  /** A pool as a contract might go on: positions come and go, the price wanders, and every log fits what was before it. */
  const history = (seed: readonly number[]): Said[] => {
    const model = new TickMap()
    const held: [lower: number, upper: number, liquidity: bigint][] = []
    const said: Said[] = [initializeV3(SQRT_ONE, 0), minted(-887_220, 887_220, 10n ** 9n, 10n ** 9n, 10n ** 9n)]
    model.add(-887_220, 887_220, 10n ** 9n)
    for (const n of seed) {
      const at = ((n % 21) - 10) * 60
      const oldest = held[0]
      if (n % 3 === 0) {
        held.push([at, at + 120, BigInt(n + 1)])
        model.add(at, at + 120, BigInt(n + 1))
        said.push(minted(at, at + 120, n + 1, n, 2 * n))
      } else if (n % 3 === 1 && oldest) {
        held.shift()
        model.add(oldest[0], oldest[1], -oldest[2])
        said.push(burnt(...oldest, 5, 6), collected(oldest[0], oldest[1], 5, 6))
      } else said.push(swapV3(n, -n, sqrtRatioAtTick(at), model.activeAt(at), at))
    }
    return said
  }

  it('leave it as if they had never been, the newest or the oldest first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { maxLength: 25 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        (seed, part, newestFirst) => {
          const logs = history(seed).map((said, i) => logAt(Math.floor(i / 3), i % 3, said, NOON + i))
          const standing = Math.floor(part * logs.length)
          const [plain, reorganised] = [lonelyPool(V3), lonelyPool(V3)]
          for (const log of logs.slice(0, standing)) plain.apply(log)
          for (const log of logs) reorganised.apply(log)
          const undone = logs.slice(standing)
          for (const log of newestFirst ? undone.reverse() : undone) expect(reorganised.apply(removed(log))).toBe(true)
          const { eventT: _, ...found } = reorganised.figures()
          expect(found).toEqual((({ eventT, ...rest }) => rest)(plain.figures()))
          // And it goes on where it stood.
          for (const log of logs.slice(standing)) for (const pool of [plain, reorganised]) expect(pool.apply(log)).toBe(true)
          expect(reorganised.figures()).toEqual(plain.figures())
          expect(reorganised.figures().partial).toBe(false)
        },
      ),
    )
  })

  it('stay undone beyond those that are final', () => {
    const pool = lonelyPool(V3)
    BEGUN.forEach((said, i) => {
      pool.apply(logAt(1, i, said))
    })
    const late = logAt(100, 0, swapV3(1n, -1n, SQRT_ONE + 5n, 1_000n, 0))
    pool.apply(late)
    pool.apply(removed(late))
    expect(pool.figures()).toMatchObject({ v3: { sqrtPriceX96: SQRT_ONE, tick: 0, liquidity: 1_000n }, reserve0: 300n, partial: false })
  })
})
