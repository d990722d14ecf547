import { beforeAll, describe, expect, it } from 'vitest'
import { haveCases, worked } from '../../../server/test/cases.ts'
import { haveRecordings, recordedLines } from '../../../server/test/recordings.ts'
import type { PoolRow } from '../../measures/rows.ts'
import { burnV3, initializeV3, logAt, lonelyPool, mintV3, recordedLog, type Said, swapV3, token } from '../../test/chain.ts'
import { records } from '../../test/records.ts'
import { signedTopic, unsigned } from '../abi.ts'
import type { ChainLog } from '../chainLog.ts'
import { tickAtSqrtRatio } from './tickMath.ts'
import { logEffect } from './uniswapV3.ts'

const RECORDED = 'dex/univ3_eth_usdc_weth_005_20240105'

type Fields = Record<string, string>

const timeOf = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`)

describe.skipIf(!haveRecordings)('a recorded day of a pool followed from mid-life (skipped where the recordings are not)', () => {
  /** What is known after each log of the day, beside what was published of it. */
  const day: { log: ChainLog; event: Fields; price: number; v3: PoolRow['v3'] }[] = []

  beforeAll(() => {
    const pool = lonelyPool({ kind: 'uniswap-v3' })
    const decoded = records(recordedLines(`${RECORDED}_events_decoded.csv.gz`))
    recordedLines(`${RECORDED}_rawlogs.ndjson.gz`).forEach((line, i) => {
      const log = recordedLog(line)
      expect(pool.apply(log)).toBe(true)
      const { price, v3 } = pool.figures(log.t)
      day.push({ log, event: decoded[i]!, price, v3 })
    })
    expect([day.length, decoded.length]).toEqual([6234, 6234])
  })

  it('has the price, tick and active liquidity of every swap, and none of it moves by a collection', () => {
    const known = (v3: PoolRow['v3']): string => `${v3?.sqrtPriceX96} ${v3?.tick} ${v3?.liquidity}`
    let last = ''
    for (const { log, event, v3 } of day) {
      expect([log.block, log.index]).toEqual([Number(event.block_number), Number(event.log_index)])
      if (event.tx_type === 'SWAP') expect(known(v3)).toBe(`${event.sqrtPriceX96} ${Number(event.current_tick)} ${event.total_liquidity}`)
      if (event.tx_type === 'COLLECT') expect(known(v3)).toBe(last)
      last = known(v3)
    }
  })

  it('reads every field of every event as it was published', () => {
    for (const { log, event } of day) {
      const told = logEffect(log)!
      const integer = (text: string | undefined): bigint => BigInt(text!.replace(/\.0$/, ''))
      const amounts = [integer(event.amount0), integer(event.amount1)]
      switch (event.tx_type) {
        case 'SWAP':
          expect([told.in0, told.in1]).toEqual(amounts)
          expect(told.price).toEqual({
            sqrtPriceX96: integer(event.sqrtPriceX96),
            tick: Number(event.current_tick),
            liquidity: integer(event.total_liquidity),
          })
          break
        case 'MINT':
        case 'BURN': {
          const [lower, upper] = [Number(event.tick_lower), Number(event.tick_upper)]
          const sign = event.tx_type === 'MINT' ? 1n : -1n
          expect(told.provided).toEqual({ lower, upper, liquidity: sign * integer(event.liquidity) })
          // What is burnt stays in the pool until it is collected.
          const at = event.tx_type === 'MINT' ? 2 : 1
          expect([unsigned(log.data, at), unsigned(log.data, at + 1)]).toEqual(amounts)
          expect([told.in0, told.in1]).toEqual(event.tx_type === 'MINT' ? amounts : [0n, 0n])
          break
        }
        default:
          expect([-told.in0, -told.in1]).toEqual(amounts)
          expect(log.topics.slice(2).map(signedTopic)).toEqual([integer(event.tick_lower), integer(event.tick_upper)])
      }
    }
  })

  it('moves in every active minute what was published of it, net', () => {
    const net = new Map<number, { amount0: bigint; amount1: bigint; tick: number }>()
    for (const { log } of day) {
      const { price, in0, in1 } = logEffect(log)!
      if (price === undefined) continue
      const minute = log.t - (log.t % 60_000)
      const { amount0, amount1 } = net.get(minute) ?? { amount0: 0n, amount1: 0n }
      net.set(minute, { amount0: amount0 + in0, amount1: amount1 + in1, tick: price.tick })
    }
    const active = records(recordedLines(`${RECORDED}_minute.csv.gz`)).filter(m => net.has(timeOf(m.timestamp!)))
    expect(active).toHaveLength(net.size)
    for (const { timestamp, netAmount0, netAmount1, closeTick } of active) {
      const expected = { amount0: BigInt(netAmount0!), amount1: BigInt(netAmount1!), tick: Number(closeTick) }
      expect(net.get(timeOf(timestamp!))).toEqual(expected)
    }
  })

  it('a second time is the same', () => {
    const again = lonelyPool({ kind: 'uniswap-v3' })
    for (const { log, price, v3 } of day) {
      again.apply(log)
      const figures = again.figures(log.t)
      expect([figures.price, figures.v3]).toEqual([price, v3])
    }
  })

  it('has the active liquidity after every mint and burn', () => {
    const moved = day.filter(({ event }) => (event.tx_type === 'MINT' || event.tx_type === 'BURN') && Number(event.liquidity) > 0)
    let onTheEdge = 0
    for (const each of moved) {
      if (each.event.tick_lower !== each.event.current_tick) {
        expect(each.v3?.liquidity.toString()).toBe(each.event.total_liquidity)
        continue
      }
      // A position holds its lower tick. What was published leaves that out; the next swap, where it stays there, says so itself.
      const next = day.slice(day.indexOf(each)).find(({ event }) => event.tx_type === 'SWAP')!
      if (next.event.current_tick !== each.event.current_tick) continue
      expect(each.v3?.liquidity.toString()).toBe(next.event.total_liquidity)
      onTheEdge += 1
    }
    expect([moved.length, onTheEdge]).toEqual([109, 6])
  })

  it('counts swaps and what was paid in as every minute of the day has them', () => {
    const minutes = records(recordedLines(`${RECORDED}_minute.csv.gz`))
    expect(minutes).toHaveLength(1440)
    let next = 0
    let n = 0
    let in0 = 0n
    let in1 = 0n
    for (const minute of minutes) {
      for (; (day[next]?.log.t ?? Number.POSITIVE_INFINITY) < timeOf(minute.timestamp!) + 60_000; next++) {
        if (day[next]!.event.tx_type === 'SWAP') n += 1
      }
      in0 += BigInt(minute.inAmount0!)
      in1 += BigInt(minute.inAmount1!)
      const { v3 } = day[next - 1]!
      expect([v3?.dayN, v3?.dayIn0, v3?.dayIn1, v3?.tick]).toEqual([n, in0, in1, Number(minute.closeTick)])
    }
    expect([next, n]).toEqual([day.length, 6046])
  })

  it('gives as the price of a token1 in token0 what the swaps were made at', () => {
    for (const { event, price } of day) {
      const paid = Math.abs(Number(event.amount0)) / 1e6
      if (event.tx_type !== 'SWAP' || paid < 100) continue
      expect(Math.abs(paid / (Math.abs(Number(event.amount1)) / 1e18) / price - 1)).toBeLessThan(0.007)
    }
  })
})

describe('the price', () => {
  it.skipIf(!haveCases)('is that of the square root: the worked example', () => {
    const { input, expected, tolerance } = worked<{ sqrtPriceX96: string; decimals: [string, string] }, { price1_per_0: string }>(
      'dex-v3-price-from-sqrt',
    )
    const [d0, d1] = input.decimals.map(Number)
    const pool = lonelyPool({ kind: 'uniswap-v3', token0: token('A', d0!), token1: token('B', d1!) })
    pool.apply(logAt(1, 1, initializeV3(BigInt(input.sqrtPriceX96), 85176)))
    // Theirs is of token0 in token1.
    expect(Math.abs(1 / pool.figures().price - Number(expected.price1_per_0))).toBeLessThan(tolerance)
  })

  it.skipIf(!haveRecordings)('agrees with the tick of the states of 52 pools', () => {
    const states = records(recordedLines('dex/v3_pool_states_20231217.csv.gz'))
    expect(states).toHaveLength(52)
    for (const { decimals0, decimals1, sqrtPriceX96, liquidity, tick } of states) {
      const [d0, d1] = [Number(decimals0), Number(decimals1)]
      const pool = lonelyPool({ kind: 'uniswap-v3', token0: token('A', d0), token1: token('B', d1) })
      pool.apply(logAt(1, 1, swapV3(1n, -1n, BigInt(sqrtPriceX96!), BigInt(liquidity!), Number(tick))))
      // 1.0001^tick ≤ price of a token0 in token1, raw, < 1.0001^(tick + 1)
      const raw = 10 ** (d1 - d0) / pool.figures().price
      expect(Math.floor(Math.log(raw) / Math.log(1.0001) + 1e-6)).toBe(Number(tick))
      expect(tickAtSqrtRatio(BigInt(sqrtPriceX96!))).toBe(Number(tick))
    }
  })
})

describe('a pool', () => {
  const SQRT_ONE = 2n ** 96n
  const at = (pool: ReturnType<typeof lonelyPool>) => pool.figures().v3

  it('knows nothing before its first swap: a mint alone tells neither price nor liquidity', () => {
    const pool = lonelyPool({ kind: 'uniswap-v3' })
    pool.apply(logAt(1, 1, mintV3(-60, 60, 100n)))
    expect(at(pool)).toBeUndefined()
    expect(pool.figures()).toMatchObject({ price: Number.NaN, tvl: Number.NaN, depthBid2: Number.NaN, partial: true })
  })

  it('followed from its beginning has the liquidity of the positions around its tick, the lower end included, the upper not', () => {
    const pool = lonelyPool({ kind: 'uniswap-v3' })
    const said = [initializeV3(SQRT_ONE, 0), mintV3(-60, 60, 100n), mintV3(0, 60, 10n), mintV3(-60, 0, 1_000n), burnV3(-60, 60, 40n)]
    said.forEach((each, i) => {
      pool.apply(logAt(1, i, each))
    })
    expect(at(pool)).toMatchObject({ sqrtPriceX96: SQRT_ONE, tick: 0, liquidity: 70n, dayN: 0 })
  })

  it('takes the price and liquidity of a swap over, ticks below zero too', () => {
    const pool = lonelyPool({ kind: 'uniswap-v3' })
    pool.apply(logAt(1, 1, swapV3(5n, -4n, SQRT_ONE / 2n, 77n, -13864)))
    expect(at(pool)).toEqual({ sqrtPriceX96: SQRT_ONE / 2n, tick: -13864, liquidity: 77n, dayN: 1, dayIn0: 5n, dayIn1: 0n })
  })

  const good = swapV3(5n, -4n, SQRT_ONE, 77n, 1)
  const burn = burnV3(-60, 60, 1n)
  const bad: [what: string, said: Said][] = [
    ['too short', { ...good, data: good.data.slice(0, -1) }],
    ['without its last word', { ...good, data: good.data.slice(0, -64) }],
    ['empty', { ...good, data: '0x' }],
    ['no hex', { ...good, data: good.data.replace(/.$/, 'z') }],
    ['of a tick that no int24 holds', swapV3(5n, -4n, SQRT_ONE, 77n, 2 ** 23)],
    ['of a price that no uint160 holds', swapV3(5n, -4n, 2n ** 160n, 77n, 1)],
    ['of no price', swapV3(5n, -4n, 0n, 77n, 1)],
    ['of a liquidity that no uint128 holds', swapV3(5n, -4n, SQRT_ONE, 2n ** 128n, 1)],
    ['without its topics', { ...burn, topics: burn.topics.slice(0, 2) }],
    ['of more burnt than there is', burnV3(-60, 60, 78n)],
    ['of a mint without its amount', { ...mintV3(-60, 60, 1n), data: '0x' }],
    ['of a beginning without its tick', { ...initializeV3(SQRT_ONE, 1), data: initializeV3(SQRT_ONE, 1).data.slice(0, 66) }],
  ]
  it.each(bad)('refuses a log %s, and takes nothing of it in', (_what, said) => {
    const pool = lonelyPool({ kind: 'uniswap-v3' })
    pool.apply(logAt(1, 1, good))
    const before = { ...pool.figures() }
    expect(() => pool.apply(logAt(1, 2, said))).toThrow(Error)
    expect(pool.figures()).toEqual(before)
    // Its place in the chain is still free.
    expect(pool.apply(logAt(1, 2, swapV3(1n, -1n, SQRT_ONE, 80n, 1)))).toBe(true)
    expect(at(pool)).toMatchObject({ liquidity: 80n, dayN: 2 })
  })
})
