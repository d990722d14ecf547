import { describe, expect, it } from 'vitest'
import { logAt, removed, type Said, swapV2, swapV3, sync } from '../test/chain.ts'
import { TOKEN_EXCHANGE } from './abi.ts'
import { readLog } from './logReading.ts'
import type { PoolKind } from './spec.ts'
import { saying } from './test/v3Logs.ts'

const exchange = (sold: number, amount: bigint, bought: number, got: bigint): Said => saying(TOKEN_EXCHANGE, [1], sold, amount, bought, got)

describe('the swap in a log', () => {
  const cases: [kind: PoolKind, said: Said, amount0: bigint, amount1: bigint][] = [
    ['uniswap-v2', swapV2(5, 0, 0, 3), 5n, -3n],
    ['uniswap-v2', swapV2(0, 7, 4, 1), -4n, 6n],
    ['uniswap-v3', swapV3(-9n, 2n, 1n << 96n, 1, 0), -9n, 2n],
    ['stableswap', exchange(0, 10n, 1, 9n), 10n, -9n],
    ['stableswap', exchange(1, 10n, 0, 9n), -9n, 10n],
  ]
  it.each(cases)('of a %s pool is what moved into it', (kind, said, amount0, amount1) => {
    expect(readLog(kind, logAt(1, 1, said)).swap).toEqual({ amount0, amount1 })
    expect(readLog(kind, removed(logAt(1, 1, said))).swap).toEqual({ amount0, amount1 })
  })

  it('is of the kind of the pool, and of no other log', () => {
    expect(readLog('uniswap-v2', logAt(1, 1, sync(1, 2)))).toEqual({})
    expect(readLog('uniswap-v3', logAt(1, 1, swapV2(5, 0, 0, 3)))).toEqual({ unread: 'swap' })
    expect(readLog('orderbook', logAt(1, 1, swapV2(5, 0, 0, 3)))).toEqual({})
  })

  it('that cannot be read is an error', () => {
    const { topics } = swapV2(5, 0, 0, 3)
    expect(() => readLog('uniswap-v2', logAt(1, 1, { topics, data: '0x12' }))).toThrow(RangeError)
    expect(() => readLog('stableswap', logAt(1, 1, exchange(1, 10n, 1, 9n)))).toThrow('coin 1 for itself')
  })
})
