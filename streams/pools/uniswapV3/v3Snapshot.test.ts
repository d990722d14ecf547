import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { poolSpecs } from '../../../server/config/poolSpecs.ts'
import { configSchema } from '../../../server/config/schema.ts'
import { logAt, lonelyPool, swapV3, token } from '../../test/chain.ts'
import type { UniswapV3Spec } from '../spec.ts'
import { minted } from '../test/v3Logs.ts'
import { TickMap } from './tickMap.ts'
import { sqrtRatioAtTick } from './tickMath.ts'
import { parseV3Snapshot, type V3Snapshot } from './v3Snapshot.ts'

const V3 = { kind: 'uniswap-v3', token0: token('USD', 0, 'USD'), token1: token('B', 0) } as const
const SQRT_ONE = 2n ** 96n

type Json = Record<string, unknown>

const fileOf = ({ block, sqrtPriceX96, tick, ticks, balances }: V3Snapshot): Json => ({
  block,
  sqrtPriceX96: `${sqrtPriceX96}`,
  tick,
  ticks: ticks.map(({ tick, gross, net }) => ({ tick, liquidityGross: `${gross}`, liquidityNet: `${net}` })),
  ...(balances && { balances: { 0: `${balances[0]}`, 1: `${balances[1]}` } }),
})

const TICKS = [
  { tick: -60, gross: 1_000n, net: 1_000n },
  { tick: 60, gross: 1_000n, net: -1_000n },
]
const START: V3Snapshot = { block: 7, sqrtPriceX96: SQRT_ONE, tick: 0, ticks: TICKS, balances: [300n, 200n] }

describe('a file of ticks', () => {
  const spaced = fc.integer({ min: -100, max: 100 }).map(n => n * 60)
  const position = fc.tuple(spaced, spaced, fc.bigInt({ min: 1n, max: 10n ** 20n })).filter(([a, b]) => a !== b)

  it('is read as any pool can be written down, its ticks in any order', () => {
    fc.assert(
      fc.property(fc.array(position, { maxLength: 12 }), spaced, fc.boolean(), (positions, tick, backwards) => {
        const map = new TickMap()
        for (const [a, b, liquidity] of positions) map.add(Math.min(a, b), Math.max(a, b), liquidity)
        const start: V3Snapshot = { block: 1, sqrtPriceX96: sqrtRatioAtTick(tick), tick, ticks: [...map.entries()], balances: undefined }
        const file = fileOf(start)
        if (backwards) (file.ticks as unknown[]).reverse()
        expect(parseV3Snapshot(JSON.stringify(file), 60)).toEqual(start)
        const loaded = new TickMap()
        loaded.load(start.ticks)
        expect([...loaded.entries()]).toEqual([...map.entries()])
        expect(loaded.activeAt(tick)).toBe(map.activeAt(tick))
      }),
    )
  })

  it('may say that the price has come down to a tick and the pool stands below it', () => {
    expect(parseV3Snapshot(JSON.stringify({ ...fileOf(START), tick: -1 }), 60).tick).toBe(-1)
  })

  const with_ = (change: Json): string => JSON.stringify({ ...fileOf(START), ...change })
  const ticks = (...list: [tick: number, gross: string, net: string][]): Json => ({
    ticks: list.map(([tick, liquidityGross, liquidityNet]) => ({ tick, liquidityGross, liquidityNet })),
  })
  it.each([
    ['no JSON', '{', /^found no JSON .*expected JSON of the pool/],
    ['no block', with_({ block: undefined }), /^block: found nothing, expected/],
    ['a price as a number', with_({ sqrtPriceX96: 5 }), /^sqrtPriceX96: found .*expected string/],
    ['a price of zero', with_({ sqrtPriceX96: '0' }), /^sqrtPriceX96: found .*expected the √P of a tick/],
    ['a tick that is not the price’s', with_({ tick: 5 }), /^tick: found 5, expected 0/],
    ['a tick that none is', with_({ tick: 887_273 }), /^tick: found/],
    ['an unknown member', with_({ fee: 5 }), /^: ?found "fee"|^found "fee"/],
    ['a tick twice', with_(ticks([60, '1', '1'], [60, '1', '-1'])), /found 60 a second time, expected each tick once/],
    [
      'a tick beside the spacing',
      with_(ticks([-61, '1', '1'], [60, '1', '-1'])),
      /found -61, expected multiples of the tick spacing \(60\)/,
    ],
    ['a net above its gross', with_(ticks([-60, '1', '2'], [60, '2', '-2'])), /found liquidityNet 2 with liquidityGross 1 at -60/],
    ['a net that its gross cannot have', with_(ticks([-60, '2', '1'], [60, '1', '-1'])), /found liquidityNet 1 with liquidityGross 2/],
    ['a tick of nothing', with_(ticks([0, '0', '0'])), /^ticks\.0\.liquidityGross: found .*expected above zero/],
    ['liquidity that ends before it begins', with_(ticks([-60, '1', '-1'], [60, '1', '1'])), /found an active liquidity of -1 above -60/],
    ['liquidity that never ends', with_(ticks([-60, '1', '1'])), /found a sum of liquidityNet of 1, expected 0/],
    ['a balance below zero', with_({ balances: { 0: '-1', 1: '1' } }), /^balances\.0: found/],
  ])('with %s is refused, and it is said why', (_, text, why) => {
    expect(() => parseV3Snapshot(text, 60)).toThrow(why)
  })
})

describe('a pool that starts from a file', () => {
  it('is whole from its first log on, and leaves out what the file knows already', () => {
    const pool = lonelyPool({ ...V3, start: START })
    expect(pool.figures()).toMatchObject({ price: 1, tvl: 500, partial: false, v3: { liquidity: 1_000n } })
    expect(pool.apply(logAt(7, 99, minted(-60, 60, 5n, 5n, 5n)))).toBe(false)
    expect(pool.apply(logAt(8, 0, minted(-60, 60, 5n, 7n, 5n)))).toBe(true)
    expect(pool.figures()).toMatchObject({ reserve0: 307n, partial: false, v3: { liquidity: 1_005n } })
    pool.apply({ ...logAt(8, 0, minted(-60, 60, 5n, 7n, 5n)), removed: true })
    expect(pool.figures()).toMatchObject({ reserve0: 300n, partial: false, v3: { liquidity: 1_000n } })
  })

  it('without balances has depth, and nothing is said of what is locked in it', () => {
    const pool = lonelyPool({ ...V3, start: { ...START, balances: undefined } })
    pool.apply(logAt(8, 0, swapV3(1n, -1n, SQRT_ONE, 1_000n, 0)))
    const { tvl, depthAsk2, partial, reserve0 } = pool.figures()
    expect({ tvl, partial, reserve0, depth: depthAsk2 > 0 }).toEqual({ tvl: Number.NaN, partial: false, reserve0: undefined, depth: true })
  })
})

describe('the configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'driftwire-ticks-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const specOf = (pool: Json) =>
    poolSpecs(configSchema.parse({ pools: [{ id: 'p', kind: 'uniswap-v3', ...pool }] }), join(folder, 'config.json'))[0] as UniswapV3Spec
  writeFileSync(join(folder, 'good.json'), JSON.stringify(fileOf(START)))

  it('names the file of ticks, relative to itself', () => {
    expect(specOf({ ticks: 'good.json', tickSpacing: 60 }).start).toEqual(START)
    expect(specOf({})).not.toHaveProperty('start')
  })

  it.each([
    ['is not there', { ticks: 'none.json' }, /pools\.0\.ticks: ".*none\.json" cannot be read \(ENOENT\), expected a file of ticks/],
    ['does not fit the spacing', { ticks: 'good.json', tickSpacing: 7 }, /pools\.0\.ticks: .*good\.json, ticks: found -60/],
    ['belongs to a kind without ticks', { kind: 'uniswap-v2', ticks: 'good.json' }, /Unrecognized key: .{1,2}ticks/],
  ])('one that %s ends the start with one line', (_, pool, why) => {
    expect(() => specOf(pool)).toThrow(why)
  })
})
