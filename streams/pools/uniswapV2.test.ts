import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveCases, worked } from '../../server/test/cases.ts'
import { haveRecordings, recordedLines } from '../../server/test/recordings.ts'
import { logAt, lonelyPool, recordedLog, sync, token } from '../test/chain.ts'
import { records } from '../test/records.ts'
import type { ChainLog } from './chainLog.ts'
import { amountIn, amountOut, UniswapV2 } from './uniswapV2.ts'

const reserves = fc.bigInt({ min: 1n, max: 2n ** 112n - 1n })

describe('what an amount buys', () => {
  it.skipIf(!haveCases)('is what the contract’s own tests say', () => {
    const { input, expected } = worked<{ in_reserve0_reserve1: [string, string, string][] }, { out_wei: string[] }>('v2-swap-out')
    const wei = (units: string): bigint => BigInt(units) * 10n ** 18n
    const out = input.in_reserve0_reserve1.map(([amount, in0, out1]) => amountOut(wei(amount), wei(in0), wei(out1)).toString())
    expect(out).toEqual(expected.out_wei)
  })

  it('is the most that leaves x·y, with 0.3 % of the input kept apart, no smaller than before', () => {
    fc.assert(
      fc.property(reserves, reserves, reserves, (amount, x, y) => {
        const out = amountOut(amount, x, y)
        const k = (bought: bigint): bigint => (x * 1000n + amount * 997n) * (y - bought)
        expect(k(out) >= x * y * 1000n).toBe(true)
        expect(k(out + 1n) >= x * y * 1000n).toBe(false)
      }),
    )
  })

  it('is nothing where a side is empty', () => {
    expect([amountOut(5n, 0n, 9n), amountOut(5n, 9n, 0n), amountOut(0n, 9n, 9n)]).toEqual([0n, 0n, 0n])
  })
})

describe('what an amount costs', () => {
  it('is the least that buys it', () => {
    fc.assert(
      fc.property(reserves, reserves, reserves, (amount, x, y) => {
        fc.pre(amount < y)
        const cost = amountIn(amount, x, y)!
        expect(amountOut(cost, x, y) >= amount).toBe(true)
        // The contract's quote adds one also where it is not needed.
        expect(amountOut(cost - 2n, x, y) < amount).toBe(true)
      }),
    )
  })

  it('is unknown where the pool does not have it, or nothing is wanted', () => {
    expect([amountIn(9n, 5n, 9n), amountIn(1n, 0n, 9n), amountIn(1n, 5n, 0n), amountIn(0n, 5n, 9n)]).toEqual(Array(4).fill(undefined))
  })
})

describe.skipIf(!haveRecordings)('a recorded block (they stand beside the project; skipped where they do not)', () => {
  it('is read as it was decoded, and each pair’s reserves with what went in and out are its next ones', () => {
    const decoded = new Map(
      records(recordedLines('dex/eth_block_17173049_univ2_events.csv.gz')).map(event => [Number(event.log_index), event]),
    )
    const pairs = new Map<string, UniswapV2>()
    const before = new Map<string, readonly [bigint, bigint]>()
    const known = new Map<string, readonly [bigint, bigint]>()
    let followed = 0
    for (const log of recordedLines('dex/eth_block_17173049_logs.ndjson.gz').map(recordedLog)) {
      const event = decoded.get(log.index)
      const pair = pairs.get(log.address) ?? new UniswapV2()
      const swap = pair.apply(log)
      if (event === undefined) {
        expect(swap).toBeUndefined()
        continue
      }
      pairs.set(log.address, pair)
      if (event.event === 'sync') {
        const now = [BigInt(event.reserve0!), BigInt(event.reserve1!)] as const
        expect(reservesOf(pair)).toEqual(now)
        if (known.has(log.address)) before.set(log.address, known.get(log.address)!)
        known.set(log.address, now)
      } else {
        const net0 = BigInt(event.amount0In!) - BigInt(event.amount0Out!)
        const net1 = BigInt(event.amount1In!) - BigInt(event.amount1Out!)
        expect(swap).toEqual({ amount0: net0, amount1: net1 })
        const was = before.get(log.address)
        if (was === undefined) continue
        expect([was[0] + net0, was[1] + net1]).toEqual(reservesOf(pair))
        followed += 1
      }
    }
    expect([pairs.size, followed]).toEqual([20, 7])
  })

  it('and the states of a hundred pools give their prices', () => {
    const states = records(recordedLines('dex/v2_pool_states_20231217.csv.gz'))
    expect(states).toHaveLength(100)
    for (const state of states) {
      const [d0, d1] = [Number(state.decimals0), Number(state.decimals1)]
      const pool = lonelyPool({ token0: token('A', d0), token1: token('B', d1) })
      const [r0, r1] = [BigInt(state.reserve0_raw!), BigInt(state.reserve1_raw!)]
      pool.apply(logAt(1, 1, sync(r0, r1)))
      // In integers, thirty digits of it.
      const exact = (r0 * 10n ** BigInt(d1 + 30)) / (r1 * 10n ** BigInt(d0))
      expect(pool.figures().price / (Number(exact) / 1e30)).toBeCloseTo(1, 12)
      if (state.token0_symbol === 'USDC' && state.token1_symbol === 'WETH') expect(pool.figures().price).toBeCloseTo(2210.55, 2)
    }
  })
})

const reservesOf = (pair: UniswapV2): readonly (bigint | undefined)[] => [pair.reserves?.[0], pair.reserves?.[1]]

describe('a malformed log', () => {
  const good = sync(5n, 7n)
  const bad: [what: string, data: string, error: new () => Error][] = [
    ['too short', good.data.slice(0, -1), RangeError],
    ['without its second word', good.data.slice(0, 66), RangeError],
    ['empty', '0x', RangeError],
    ['no hex', `0x${'z'.repeat(128)}`, SyntaxError],
    ['no hex in its second word', `${good.data.slice(0, 66)}${'g'.repeat(64)}`, SyntaxError],
    ['more than its type holds', sync(2n ** 112n, 7n).data, RangeError],
    ['more than its type holds in its second word', sync(5n, 2n ** 112n).data, RangeError],
  ]
  it.each(bad)('%s is refused, and nothing of it taken in', (_what, data, error) => {
    const pair = new UniswapV2()
    pair.apply(logAt(1, 1, sync(1n, 2n)))
    const log: ChainLog = { ...logAt(1, 2, good), data }
    expect(() => pair.apply(log)).toThrow(error)
    expect(reservesOf(pair)).toEqual([1n, 2n])
  })

  it('of another event says nothing', () => {
    const pair = new UniswapV2()
    expect(pair.apply({ ...logAt(1, 1, good), topics: [] })).toBeUndefined()
    expect(pair.apply({ ...logAt(1, 2, good), topics: [`0x${'1'.repeat(64)}`] })).toBeUndefined()
    expect(reservesOf(pair)).toEqual([undefined, undefined])
  })
})
