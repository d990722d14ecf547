import { readFileSync } from 'node:fs'
import { keccak256, toHex } from 'viem'
import { describe, expect, it } from 'vitest'
import { haveReports, reportFile } from '../../server/test/reports.ts'
import { DAY, MINUTE } from '../market/candles.ts'
import {
  initializeV3,
  logAt,
  lonelyPool,
  mintV3,
  type PoolMembers,
  poolSpec,
  removed,
  type Said,
  swapV2,
  swapV3,
  sync,
  token,
} from '../test/chain.ts'
import { Driven, NOON } from '../test/drive.ts'
import * as abi from './abi.ts'
import type { ChainLog } from './chainLog.ts'
import { readLog } from './logReading.ts'
import type { PoolKind } from './spec.ts'
import { flashed, saying } from './test/v3Logs.ts'

const SQRT_ONE = 2n ** 96n
const COINS = { token0: token('USDC', 6, 'USD'), token1: token('WETH', 18, 'ETH') } as const
const UNKNOWN_TOPIC = `0x${'ab'.repeat(32)}`
/** A log of an event that nobody knows. */
const unknown = (indexed: number, ...words: (bigint | number)[]): Said => saying(UNKNOWN_TOPIC, Array(indexed).fill(1), ...words)

describe('the topics', () => {
  it.each([
    ['SYNC_V2', 'Sync(uint112,uint112)'],
    ['SYNC_SOLIDLY', 'Sync(uint256,uint256)'],
    ['SWAP_V2', 'Swap(address,uint256,uint256,uint256,uint256,address)'],
    ['SWAP_VELODROME', 'Swap(address,address,uint256,uint256,uint256,uint256)'],
    ['SWAP_V3', 'Swap(address,address,int256,int256,uint160,uint128,int24)'],
    ['FLASH_V3', 'Flash(address,address,uint256,uint256,uint256,uint256)'],
    ['COLLECT_FEES_SLIPSTREAM', 'CollectFees(address,uint128,uint128)'],
    ['INCREASE_OBSERVATIONS_V3', 'IncreaseObservationCardinalityNext(uint16,uint16)'],
    ['SET_FEE_PROTOCOL_V3', 'SetFeeProtocol(uint8,uint8,uint8,uint8)'],
    ['SET_FEE_PROTOCOL_PANCAKE', 'SetFeeProtocol(uint32,uint32,uint32,uint32)'],
    ['TOKEN_EXCHANGE', 'TokenExchange(address,int128,uint256,int128,uint256)'],
    ['TOKEN_EXCHANGE_CRYPTO', 'TokenExchange(address,uint256,uint256,uint256,uint256)'],
    ['TOKEN_EXCHANGE_CRYPTO_NG', 'TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256)'],
    ['ADD_LIQUIDITY_OLD', 'AddLiquidity(address,uint256[2],uint256[2],uint256,uint256)'],
    ['REMOVE_LIQUIDITY_OLD', 'RemoveLiquidity(address,uint256[2],uint256[2],uint256)'],
    ['REMOVE_LIQUIDITY_IMBALANCE_OLD', 'RemoveLiquidityImbalance(address,uint256[2],uint256[2],uint256,uint256)'],
  ] as const)('%s is that of %s', (name, signature) => {
    // biome-ignore lint/performance/noDynamicNamespaceImportAccess: a test
    expect(abi[name]).toBe(keccak256(toHex(signature)))
  })
})

describe('a swap of a fork with other words', () => {
  const swap = { amount0: 10n ** 6n, amount1: -(10n ** 15n) }
  const net = [10n ** 6n, 0n, 0n, 10n ** 15n] as const
  const five = [swap.amount0, swap.amount1, SQRT_ONE, 5n, 0] as const
  it.each<[name: string, kind: PoolKind, said: Said]>([
    ['Solidly: that of Uniswap v2', 'uniswap-v2', swapV2(...net)],
    ['Velodrome v2, Aerodrome: the receiver indexed too', 'uniswap-v2', saying(abi.SWAP_VELODROME, [1, 2], ...net)],
    [
      'PancakeSwap v3: two words more',
      'uniswap-v3',
      saying('0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83', [1, 2], ...five, 7n, 0n),
    ],
    [
      'Algebra Integral: two fees more',
      'uniswap-v3',
      saying('0x121cb44ee54098b1a04743c487e7460d8dd429b27f88b1f4d4767396e1a59f79', [1, 2], ...five, 100, 0),
    ],
    ['any other with the same five words', 'uniswap-v3', unknown(2, ...five, 1)],
    ['a cryptoswap pool', 'stableswap', saying(abi.TOKEN_EXCHANGE_CRYPTO, [1], 0, net[0], 1, net[3])],
    ['a newer cryptoswap pool', 'stableswap', saying(abi.TOKEN_EXCHANGE_CRYPTO_NG, [1], 0, net[0], 1, net[3], 5, 7)],
  ])('is read: %s', (_, kind, said) => {
    expect(readLog(kind, logAt(1, 1, said)).swap).toEqual(swap)
    const pool = lonelyPool({ ...COINS, kind })
    pool.apply(logAt(1, 1, said))
    expect(pool.figures()).toMatchObject({ trades24h: 1, volume24h: 1 })
  })

  it.skipIf(!haveReports)('a real one of PancakeSwap v3 gives price and volume (skipped where the reports are not)', () => {
    const { topics, data } = JSON.parse(readFileSync(reportFile('r20-pancake-v3-swap', 'log.ndjson'), 'utf8')) as Said
    const pool = lonelyPool({ kind: 'uniswap-v3', feePips: 100, token0: token('USDT', 18, 'USD'), token1: token('WBNB', 18, 'BNB') })
    pool.apply(logAt(1, 1, { topics, data }))
    const { price, volume24h, trades24h, v3 } = pool.figures()
    // 2.291… USDT in, 0.003… WBNB out, by the amounts of the log.
    const [paid, got] = [abi.signed(data, 0), -abi.signed(data, 1)]
    expect(Number(paid) / Number(got) / price).toBeCloseTo(1, 3)
    expect([volume24h, trades24h]).toEqual([Number(paid) / 1e18, 1])
    expect(v3).toMatchObject({ tick: -63_769, dayN: 1 })
  })

  it('is none where the words do not fit together', () => {
    for (const words of [
      [5, 5, SQRT_ONE, 1, 0],
      [5, -5, SQRT_ONE, 1, 9],
      [5, -5, 7, 1, 0],
      [5, -5, SQRT_ONE, 2n ** 128n, 0],
    ])
      expect(readLog('uniswap-v3', logAt(1, 1, unknown(2, ...words)))).toEqual({ unread: 'swap' })
  })
})

describe('reserves of a pair of Solidly', () => {
  const solidly = (a: bigint, b: bigint): Said => saying(abi.SYNC_SOLIDLY, [], a, b)
  const [m, e] = [10n ** 6n, 10n ** 18n]

  it('are those of its Sync, and give the price while swaps leave their product', () => {
    const pool = lonelyPool({ ...COINS })
    pool.apply(logAt(1, 0, solidly(2_000_000n * m, 1_000n * e)))
    expect(pool.figures()).toMatchObject({ price: expect.closeTo(2_000, 9), partial: false })
    pool.apply(logAt(2, 0, solidly(2_500_000n * m, 800n * e)))
    pool.apply(logAt(2, 1, swapV2(500_000n * m, 0, 0, 200n * e)))
    expect(pool.figures()).toMatchObject({ price: expect.closeTo(3_125, 9), partial: false, trades24h: 1 })
  })

  it('give none once a swap has shown another curve: reserves and volume stay, until it is taken back', () => {
    const pool = lonelyPool({ ...COINS })
    const logs = [
      logAt(1, 0, solidly(1_000_000n * m, 1_000_000n * e)),
      logAt(2, 0, solidly(1_100_000n * m, 900_100n * e)),
      logAt(2, 1, swapV2(100_000n * m, 0, 0, 99_900n * e)),
      logAt(3, 0, solidly(1_000_000n * m, 1_000_050n * e)),
    ]
    for (const log of logs) pool.apply(log)
    expect(pool.figures()).toMatchObject({ price: Number.NaN, depthBid2: Number.NaN, il: Number.NaN, partial: true, trades24h: 1 })
    expect(pool.figures().reserve0).toBe(1_000_000n * m)
    for (const log of logs.slice(2).reverse()) pool.apply(removed(log))
    expect(pool.figures()).toMatchObject({ partial: false, trades24h: 0 })
  })
})

describe('a log that cannot be read', () => {
  const watched = (spec: PoolMembers): Driven => {
    const p = new Driven({ pools: [poolSpec({ ...COINS, ...spec })] })
    p.watch('pool:P')
    return p
  }
  const tell = (p: Driven, ...logs: ChainLog[]): Record<string, unknown> => {
    const end = Math.ceil(logs.at(-1)!.t / 20) * 20
    p.clock(end - 20)
    p.send({ kind: 'chain', feed: 0, logs, messages: 1, bad: {} })
    p.clock(end)
    return p.state('pool:P')
  }
  const sums = ['volume24h', 'fees24h', 'trades24h', 'day']
  const swap: { readonly [K in PoolKind]?: Said } = {
    'uniswap-v2': swapV2(10n ** 6n, 0, 0, 10n ** 15n),
    'uniswap-v3': swapV3(5, -5, SQRT_ONE, 1, 0),
    stableswap: saying(abi.TOKEN_EXCHANGE, [1], 0, 10n ** 6n, 1, 10n ** 18n),
  }

  it.each(['uniswap-v2', 'uniswap-v3', 'stableswap'] as const)(
    'and may be a swap leaves no figures of a day, no price and no zeros: %s',
    kind => {
      const p = watched({ kind })
      if (kind === 'uniswap-v2') tell(p, logAt(1, 0, sync(10n ** 12n, 10n ** 21n)))
      tell(p, logAt(1, 1, swap[kind]!, NOON + 20))
      const state = tell(p, logAt(2, 0, unknown(2, 5, 5, 5, 5), NOON + MINUTE))
      for (const name of [...sums, 'price', 'tvl']) expect(state).not.toHaveProperty(name)
      expect(state).toMatchObject({ partial: true })
      expect(p.pipeline.view.feeds[0]!.bad.unreadable).toBe(1)
    },
  )

  it('counts for a day: then the swaps since are all there are', () => {
    const p = watched({})
    tell(p, logAt(1, 0, unknown(1, 5, 5, 5, 5)))
    tell(p, logAt(2, 0, sync(10n ** 12n, 10n ** 21n), NOON + MINUTE), logAt(2, 1, swap['uniswap-v2']!, NOON + MINUTE))
    p.clock(NOON + DAY)
    expect(p.state('pool:P')).toMatchObject({ trades24h: 1, volume24h: 1, partial: false })
  })

  it.each<[what: string, kind: PoolKind, said: Said]>([
    ['a position changed', 'uniswap-v3', unknown(3, 5, 5, 5, 5)],
    ['tokens moved', 'uniswap-v3', unknown(1, 5, 5)],
    ['a Sync of other types', 'uniswap-v2', unknown(0, 5, 5)],
  ])('and may be something else takes the state alone: %s', (_, kind, said) => {
    const p = watched({ kind })
    if (kind === 'uniswap-v2') tell(p, logAt(1, 2, sync(10n ** 12n, 10n ** 21n)))
    else tell(p, logAt(1, 0, initializeV3(SQRT_ONE, 0)), logAt(1, 1, mintV3(-60, 60, 1n)))
    tell(p, logAt(2, 1, swap[kind]!, NOON + MINUTE))
    const state = tell(p, logAt(3, 1, said, NOON + 2 * MINUTE))
    expect(state).toMatchObject({ trades24h: 1, partial: true })
    for (const name of ['price', 'tvl']) expect(state).not.toHaveProperty(name)
  })

  it.each<[what: string, kind: PoolKind, said: Said]>([
    ['shares transferred', 'uniswap-v2', saying('0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef', [1, 2], 5)],
    ['fees claimed', 'uniswap-v2', saying(keccak256(toHex('Claim(address,address,uint256,uint256)')), [1, 2], 5, 5)],
    ['room for observations', 'uniswap-v3', saying(abi.INCREASE_OBSERVATIONS_V3, [], 1, 2)],
    ['fees of the protocol', 'uniswap-v3', saying(abi.SET_FEE_PROTOCOL_V3, [], 1, 2, 3, 4)],
    ['another time of averages', 'stableswap', saying(keccak256(toHex('SetNewMATime(uint256,uint256)')), [], 1, 2)],
  ])('and is known to move nothing says nothing: %s', (_, kind, said) => {
    expect(readLog(kind, logAt(1, 1, said))).toEqual({})
  })

  it('and another one at the place of a log that stands are the same', () => {
    const p = watched({})
    tell(p, logAt(1, 0, sync(10n ** 12n, 10n ** 21n)), logAt(1, 1, swap['uniswap-v2']!))
    const state = tell(p, logAt(1, 1, swapV2(9n * 10n ** 6n, 0, 0, 10n ** 15n)))
    for (const name of [...sums, 'price']) expect(state).not.toHaveProperty(name)
    expect(state).toMatchObject({ partial: true })
  })

  it('and logs that a node does not give are the same', () => {
    const p = watched({})
    tell(p, logAt(1, 0, sync(10n ** 12n, 10n ** 21n)), logAt(1, 1, swap['uniswap-v2']!))
    const state = tell(p, { ...logAt(2, 0, { topics: [], data: '0x' }, NOON + MINUTE), lost: true })
    for (const name of [...sums, 'price']) expect(state).not.toHaveProperty(name)
    expect(state).toMatchObject({ partial: true })
  })
})

describe('fees of loans', () => {
  const pair = () => lonelyPool({ ...COINS })

  it('of a pair are what came back beyond what was lent: no trade, and fees', () => {
    const pool = pair()
    pool.apply(logAt(1, 0, sync(10n ** 12n, 10n ** 21n)))
    pool.apply(logAt(1, 1, swapV2(100_301n * 10n ** 4n, 0, 1_000n * 10n ** 6n, 0)))
    expect(pool.figures()).toMatchObject({ trades24h: 0, volume24h: 0, fees24h: expect.closeTo(3.01, 12) })
  })

  it('of a pair that lends and swaps at once are added to those of the volume', () => {
    const pool = pair()
    // Pays 2,000 USDC for a WETH, and has 1,000 USDC lent on the way.
    pool.apply(logAt(1, 0, sync(10n ** 12n, 5n * 10n ** 20n)))
    pool.apply(logAt(1, 1, swapV2(3_000n * 10n ** 6n, 0, 1_000n * 10n ** 6n, 10n ** 18n)))
    expect(pool.figures()).toMatchObject({ trades24h: 1, volume24h: 2_000, fees24h: 2_000 * 0.003 + 1_000 * 0.003 })
  })

  it('of a v3 pool are what was paid, valued by the pool where nothing else does', () => {
    const pool = lonelyPool({ ...COINS, kind: 'uniswap-v3' })
    pool.apply(logAt(1, 0, swapV3(5n * 10n ** 6n, -5n, SQRT_ONE, 1, 0)))
    const loan = logAt(1, 1, flashed(10n ** 9n, 10n ** 9n, 2n * 10n ** 6n, 3n))
    pool.apply(loan)
    // At this price a smallest unit of one is one of the other.
    expect(pool.figures()).toMatchObject({ trades24h: 1, volume24h: 5, fees24h: 5 * 0.003 + 2 + 3e-6 })
    pool.apply(removed(loan))
    expect(pool.figures().fees24h).toBeCloseTo(5 * 0.003, 12)
  })

  it('are unknown where nothing says what they are worth', () => {
    const pool = lonelyPool({ kind: 'uniswap-v3' })
    pool.apply(logAt(1, 0, flashed(1, 0, 1, 0)))
    expect(pool.figures()).toMatchObject({ trades24h: 0, volume24h: 0, fees24h: Number.NaN })
  })
})
