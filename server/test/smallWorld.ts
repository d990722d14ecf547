import { minted } from '../../streams/pools/test/v3Logs.ts'
import { sqrtRatioAtTick } from '../../streams/pools/uniswapV3/tickMath.ts'
import { initializeV3, type Said, swapV3 } from '../../streams/test/chain.ts'
import { file, NOON } from './protocolKit.ts'

/** What tests of lists and of descriptions look at: two funds, portfolios, pools of several kinds, two days and a half of candles. */

const HOUR = 3_600_000
/** Of candles. */
export const HOURS = 60
const POOL = '0x00000000000000000000000000000000000000aa'
/** In the pool V3. */
export const SWAPS = 25

const logs: Said[] = [
  initializeV3(sqrtRatioAtTick(0), 0),
  minted(-600, 600, 10n ** 9n, 10n ** 9n, 10n ** 9n),
  ...Array.from({ length: SWAPS }, (_, i) =>
    // Raw token0 into the pool and token1 out of it, or the other way round.
    swapV3(i % 2 ? -1000 - i : 1000 + i, i % 2 ? 2000 : -2000, sqrtRatioAtTick(i), 10n ** 9n, i),
  ),
]
const recorded = logs.map(({ topics, data }, i) =>
  JSON.stringify({ blockNumber: 1 + (i >> 2), logIndex: i & 3, blockTimestamp: NOON / 1000 + (i >> 2) * 600, address: POOL, topics, data }),
)

const message = (data: object): string => JSON.stringify({ t: 'recv', conn: 'c', ts: NOON / 1000, data: JSON.stringify(data) })
const levels = (from: number, step: number): string[][] => Array.from({ length: 40 }, (_, i) => [String(from + i * step), String(i + 1)])
const bookLines = [
  JSON.stringify({ t: 'connect', conn: 'c', ts: NOON / 1000, addr: 'wss://stream.bybit.com/v5/public/spot' }),
  message({
    topic: 'orderbook.200.BTCUSDT',
    type: 'snapshot',
    ts: NOON,
    data: { s: 'BTCUSDT', u: 1, b: levels(999, -1), a: levels(1001, 1) },
  }),
]

/** Returns the close of an asset's hour. */
export const closeOf = (asset: number, hour: number): number =>
  Number((100 * (1 + 0.5 * Math.sin((Math.min(hour, HOURS - 10) + 17 * asset) / (9 + 4 * asset)))).toPrecision(6))
const candles = ['symbol,open_time_ms,open,high,low,close,volume_base']
for (let hour = 0; hour < HOURS; hour++)
  for (const [i, asset] of ['A', 'B', 'C', 'D'].entries()) {
    const close = closeOf(i, hour)
    candles.push([`${asset}-USD`, NOON + hour * HOUR, close, close, close, close, 1].join(','))
  }

const token = (symbol: string, decimals: number, asset = symbol) => ({ symbol, decimals, asset })

/** Returns the configuration, its files written. Only `ann` reads SECRET and MINE. */
export const smallWorld = () => {
  file('mine.csv', `t,type,asset,qty,price\n${NOON - 3},buy,A,2,90\n${NOON - 2},buy,A,1,120\n${NOON - 1},sell,A,0.5,100\n`)
  return {
    assets: { A: { supply: '1000' }, B: { supply: '500' }, C: { supply: '250' }, D: { supply: '2000' } },
    registration: 'open',
    funds: [
      {
        id: 'F',
        weighting: { scheme: 'market-cap', count: 3, cap: 0.5 },
        initialShares: '1000',
        creationUnit: '1',
        rebalance: { mode: 'execute', assetThreshold: 0.05, coolOffMs: 2 * HOUR, minTrade: '1' },
      },
      { id: 'SECRET', weighting: { scheme: 'units', units: { A: '1' } }, read: ['ann'] },
    ],
    exchange: { kind: 'paper', feeBps: 10, latencyMs: 150, partly: 0.5, rejected: 0.2, seed: 'lists' },
    portfolios: [
      { id: 'MINE', transactions: 'mine.csv', read: ['ann'] },
      { id: 'OPEN', transactions: 'mine.csv' },
    ],
    pools: [
      { id: 'V3', kind: 'uniswap-v3', address: POOL, feePips: 3000, token0: token('USDC', 3, 'USD'), token1: token('WETH', 3, 'ETH') },
      { id: 'BOOK', kind: 'orderbook', symbol: 'BTC-USDT', token0: token('USDT', 6, 'USD'), token1: token('BTC', 8) },
      { id: 'UNHEARD', kind: 'orderbook', symbol: 'ETH-USDT', token0: token('USDT', 6, 'USD'), token1: token('ETH', 8) },
    ],
    feeds: [
      `replay:${file('pool.ndjson', recorded.join('\n'))}`,
      `replay:${file('book.ndjson', bookLines.join('\n'))}`,
      `replay:${file('candles.csv', candles.join('\n'))}`,
    ],
  }
}
