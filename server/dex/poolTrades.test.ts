import { describe, expect, it } from 'vitest'
import { TOKEN_EXCHANGE } from '../../streams/pools/abi.ts'
import type { ChainLog } from '../../streams/pools/chainLog.ts'
import type { PoolSpec } from '../../streams/pools/spec.ts'
import { saying } from '../../streams/pools/test/v3Logs.ts'
import { logAt, lonelyPool, poolSpec, removed, type Said, swapV2, swapV3, token } from '../../streams/test/chain.ts'
import { type PoolTrade, tradeOf } from './poolTrades.ts'

const COINS = { token0: token('USDC', 6, 'USD'), token1: token('DAI', 18, 'USD') } as const
const tradesOf = (spec: PoolSpec, ...logs: ChainLog[]): PoolTrade[] => {
  const pool = lonelyPool(spec)
  for (const log of logs) pool.apply(log)
  return pool.taken.flatMap((taken, i) => tradeOf(taken, spec, BigInt(i)) ?? [])
}

describe('a swap in a pool is a trade', () => {
  const [oneUsdc, oneDai] = [10n ** 6n, 10n ** 18n]
  const usdcForDai = { takerCoin: 'USDC', takerAmount: 10n ** 18n, makerCoin: 'DAI', makerAmount: 10n ** 18n, takerUsd: 1, makerUsd: 1 }
  const daiForUsdc = { takerCoin: 'DAI', takerAmount: 10n ** 18n, makerCoin: 'USDC', makerAmount: 10n ** 18n }
  it.each<[kind: PoolSpec['kind'], said: Said, trade: object]>([
    ['uniswap-v2', swapV2(oneUsdc, 0, 0, oneDai), usdcForDai],
    ['uniswap-v2', swapV2(0, oneDai, oneUsdc, 0), daiForUsdc],
    ['uniswap-v3', swapV3(oneUsdc, -oneDai, 1n << 96n, 1, 0), usdcForDai],
    ['uniswap-v3', swapV3(-oneUsdc, oneDai, 1n << 96n, 1, 0), daiForUsdc],
    ['stableswap', saying(TOKEN_EXCHANGE, [1], 0, oneUsdc, 1, oneDai), usdcForDai],
    ['stableswap', saying(TOKEN_EXCHANGE, [1], 1, oneDai, 0, oneUsdc), daiForUsdc],
  ])('of the kind %s', (kind, said, trade) => {
    const pool = poolSpec({ kind, ...COINS }) as PoolSpec
    expect(tradesOf(pool, logAt(3, 1, said))).toMatchObject([{ swap: { id: 'P:3:1', market: 'P', ...trade }, removed: false }])
  })

  it('and one that a reorganisation takes back is the same trade, written later', () => {
    const log = logAt(3, 1, saying(TOKEN_EXCHANGE, [1], 0, oneUsdc, 1, oneDai))
    const [trade, taken] = tradesOf(poolSpec({ kind: 'stableswap', ...COINS }) as PoolSpec, log, removed(log))
    expect(taken).toMatchObject({ swap: { id: trade!.swap.id }, removed: true })
    expect(taken!.swap.version).toBeGreaterThan(trade!.swap.version)
  })

  it('unless it cannot be read, or nothing came out', () => {
    const broken = { ...logAt(3, 1, swapV2(oneUsdc, 0, 0, oneDai)), data: '0x12' }
    expect(() => tradesOf(poolSpec(COINS), broken)).toThrow(RangeError)
    expect(tradesOf(poolSpec(COINS), logAt(3, 2, swapV2(oneUsdc, 0, 0, 0)))).toEqual([])
  })
})
