import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { DAY, HOUR } from '../../streams/market/candles.ts'
import type { Answer } from '../gateway/http/route.ts'
import { CMC_ASSETS, CMC_ORDERBOOK, CMC_SUMMARY, CMC_TICKER, CMC_TRADES } from '../gateway/http/routes/cmc.ts'
import { DEX_CANDLES, DEX_LIQUIDITY, DEX_TOP } from '../gateway/http/routes/dex.ts'
import { GECKO_ORDERBOOK, GECKO_PAIRS, GECKO_TICKERS, GECKO_TRADES } from '../gateway/http/routes/gecko.ts'
import { SWAPS as SWAPS_ANSWER } from '../gateway/http/routes/imports.ts'
import type { State } from './protocolClient.ts'
import { ADMIN_TOKEN, folder, ProtocolServer } from './protocolKit.ts'

const POOL = '0x00000000000000000000000000000000000000aa'
const OTHER = '0x00000000000000000000000000000000000000bb'
const T = Date.UTC(2024, 4, 1, 12)
const word = (n: bigint | number): string => BigInt(n).toString(16).padStart(64, '0')
const SYNC = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'
const SWAP = '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822'
const logs = [
  { block: 1, index: 0, t: T - 2 * HOUR, topic: SYNC, words: [4_000_000n * 10n ** 6n, 1_000n * 10n ** 18n] },
  { block: 1, index: 1, t: T - 2 * HOUR, topic: SWAP, words: [8_000n * 10n ** 6n, 0, 0, 2n * 10n ** 18n] },
  { block: 2, index: 0, t: T, topic: SWAP, words: [0, 10n ** 18n, 3_900n * 10n ** 6n, 0] },
]
const RECORDING = logs.map(({ block, index, t, topic, words }) =>
  JSON.stringify({
    blockNumber: block,
    logIndex: index,
    blockTimestamp: t / 1000,
    address: POOL,
    topics: [topic],
    data: `0x${words.map(word).join('')}`,
  }),
)

const CONFIG = {
  assets: { KMD: { supply: '130000000' }, LTC: { supply: '74000000' } },
  pools: [
    {
      id: 'USDC-WETH',
      kind: 'uniswap-v2',
      address: POOL,
      token0: { symbol: 'USDC', decimals: 6, asset: 'USD' },
      token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
    },
    { id: 'DARK', kind: 'uniswap-v3', address: OTHER, token0: { symbol: 'DAI', decimals: 18 }, token1: { symbol: 'FRAX', decimals: 18 } },
  ],
}

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
/** `maker` gives `a`, the taker gives `b`. */
const swap = (n: number, t: number, maker: string, a: string, taker: string, b: string, usd?: [number, number]) => ({
  uuid: uuid(n),
  started_at: t / 1000 - 60,
  finished_at: t / 1000,
  maker_coin: maker,
  taker_coin: taker,
  maker_amount: a,
  taker_amount: b,
  ...(usd && { maker_coin_usd_price: usd[0], taker_coin_usd_price: usd[1] }),
})
const SWAPS = [
  swap(1, T - 3 * DAY, 'KMD', '100', 'LTC', '0.5'),
  swap(2, T - HOUR, 'KMD', '100', 'LTC-segwit', '0.4', [0.25, 70]),
  swap(3, T - HOUR, 'LTC', '1', 'KMD-BEP20', '200'),
  swap(4, T - 2 * DAY, 'DOGE', '10', 'KMD', '3'),
]

let server: ProtocolServer
beforeAll(async () => {
  writeFileSync(join(folder, 'pool.ndjson'), RECORDING.join('\n'))
  server = await ProtocolServer.start(CONFIG, '--feed', `replay:${join(folder, 'pool.ndjson')}`, '--speed', 'max')
  await server.replayed()
  const answer = await post(SWAPS.map(row => JSON.stringify(row)).join('\n'))
  expect(await answer.json()).toEqual({ accepted: 4, known: 0, left_out: 0, refused: [] })
})
afterAll(() => server.stop())

const post = (body: string, headers: Record<string, string> = {}) =>
  server.fetch('/v1/admin/swaps', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
    body,
  })
/** A good answer, of the form that is published. */
const get = async <T extends z.ZodType>({ schema }: Answer<T>, path: string): Promise<z.output<T>> =>
  schema.parse(await server.json<object>(path))
/** Trades of pools reach the store a moment after the frames. */
const stored = async (): Promise<void> => {
  await expect.poll(async () => (await get(GECKO_TICKERS, '/gecko/tickers')).swaps_count, { timeout: 20_000 }).toBe('4')
}

describe('CoinGecko’s format', () => {
  it('lists the markets of seven days', async () => {
    await stored()
    expect(await get(GECKO_PAIRS, '/gecko/pairs')).toEqual([
      { ticker_id: 'DOGE_KMD', pool_id: 'DOGE_KMD', base: 'DOGE', target: 'KMD', variants: ['DOGE_KMD'] },
      { ticker_id: 'KMD_LTC', pool_id: 'KMD_LTC', base: 'KMD', target: 'LTC', variants: ['KMD_LTC', 'KMD_LTC-segwit', 'KMD-BEP20_LTC'] },
      { ticker_id: 'USDC_WETH', pool_id: 'USDC-WETH', base: 'USDC', target: 'WETH', variants: ['USDC_WETH'] },
    ])
    expect(await get(GECKO_PAIRS, `/gecko/pairs?at=${T - 8 * DAY}`)).toEqual([])
  })

  it('tells the last day of each: volumes by amounts, prices, what lies in pools, and nothing where nothing is known', async () => {
    await stored()
    const { data, ...all } = await get(GECKO_TICKERS, '/gecko/tickers')
    expect(all).toEqual({
      last_update: T,
      pairs_count: '3',
      swaps_count: '4',
      combined_volume_usd: '11926.5',
      swaps_unpriced: '1',
      combined_liquidity_usd: '8000000',
    })
    expect(data[0]).toEqual({
      ticker_id: 'DOGE_KMD',
      pool_id: 'DOGE_KMD',
      base_currency: 'DOGE',
      target_currency: 'KMD',
      base_volume: '0',
      target_volume: '0',
      trades_24hr: '0',
      last_price: '0.3',
      last_trade: String(T - 2 * DAY),
      last_swap_uuid: uuid(4),
      volume_usd_24hr: '0',
      variants: ['DOGE_KMD'],
    })
    expect(data[1]).toMatchObject({
      base_volume: '300',
      target_volume: '1.4',
      high: '0.005',
      low: '0.004',
      last_price: '0.005',
      trades_24hr: '2',
      last_swap_uuid: uuid(3),
      volume_usd_24hr: '26.5',
    })
    expect(data[1]).not.toHaveProperty('bid')
    expect(data[2]).toMatchObject({
      base_volume: '11900',
      target_volume: '3',
      liquidity_usd: '8000000',
      trades_24hr: '2',
      high: '0.00025641025641',
      low: '0.00025',
    })
    // One WETH is 4,000 USDC, and the pool takes 0.3 % either way.
    const [bid, ask] = [Number(data[2]!.bid), Number(data[2]!.ask)]
    expect(bid).toBeLessThan(0.00025 * 0.997)
    expect(bid).toBeGreaterThan(0.00025 * 0.996)
    expect(ask).toBeGreaterThan(0.00025 / 0.997)
    expect(ask).toBeLessThan(0.00025 / 0.996)
  })

  it.each(['USDC_WETH', 'WETH_USDC', 'USDC-WETH'])('gives the book of a pool, of %s as asked', async id => {
    const { ticker_id, timestamp, bids, asks } = await get(GECKO_ORDERBOOK, `/gecko/orderbook/${id}?depth=20`)
    expect(ticker_id).toBe(id.replace('-', '_'))
    expect(timestamp).toBe(T)
    expect([bids.length, asks.length]).toEqual([10, 10])
    const of = (levels: [string, string][]) => levels.map(([price]) => Number(price))
    expect(of(bids)).toEqual([...of(bids)].sort((a, b) => b - a))
    expect(of(asks)).toEqual([...of(asks)].sort((a, b) => a - b))
    const mid = id === 'WETH_USDC' ? 4_000 : 1 / 4_000
    expect(of(bids)[0]).toBeLessThan(mid)
    expect(of(asks)[0]).toBeGreaterThan(mid)
    // What x·y = k gives for the price to move by one part in a hundred, the fee on top.
    const base = id === 'WETH_USDC' ? 1_000 : 4_000_000
    const sum = asks.reduce((total, [, volume]) => total + Number(volume), 0)
    expect(sum / (base * (1 - 1 / Math.sqrt(id === 'WETH_USDC' ? 1.01 : 1 / 0.99)))).toBeCloseTo(1, 2)
    const paid = asks.reduce((total, [price, volume]) => total + Number(price) * Number(volume), 0)
    const quote = id === 'WETH_USDC' ? 4_000_000 : 1_000
    expect(paid / ((quote * (Math.sqrt(id === 'WETH_USDC' ? 1.01 : 1 / 0.99) - 1)) / 0.997)).toBeCloseTo(1, 2)
  })

  it('gives trades, their sums whatever the limit, and an average by volume', async () => {
    const path = `/gecko/historical_trades/KMD_LTC?start_time=${T - 7 * DAY}&end_time=${T}`
    const trades = await get(GECKO_TRADES, `${path}&limit=1`)
    expect(trades).toMatchObject({
      trades_count: '3',
      sum_base_volume_buys: '200',
      sum_target_volume_buys: '0.9',
      sum_base_volume_sells: '200',
      sum_target_volume_sells: '1',
      average_price: '0.00475',
      start_time: T - 7 * DAY,
      end_time: T,
    })
    expect(trades.buy).toEqual([
      {
        trade_id: uuid(2),
        base: 'KMD',
        target: 'LTC',
        price: '0.004',
        base_volume: '100',
        target_volume: '0.4',
        timestamp: T - HOUR,
        trade_timestamp: T - HOUR,
        type: 'buy',
      },
    ])
    expect((await get(GECKO_TRADES, `${path}&type=sell`)).buy).toEqual([])
    const turned = await get(GECKO_TRADES, path.replace('KMD_LTC', 'LTC_KMD-BEP20'))
    expect(turned.sell.map(trade => trade.trade_id)).toEqual([uuid(2), uuid(1)])
    expect(Number(turned.average_price)).toBeCloseTo(400 / 1.9, 8)
    const quiet = await get(GECKO_TRADES, '/gecko/historical_trades/BTC_LTC')
    expect(quiet).toMatchObject({ trades_count: '0', buy: [], sell: [] })
    expect(quiet).not.toHaveProperty('average_price')
  })
})

describe('CoinMarketCap’s format', () => {
  it('sums up the pairs', async () => {
    await stored()
    const [doge, kmd, usdc] = await get(CMC_SUMMARY, '/cmc/summary')
    expect(doge).toEqual({
      trading_pairs: 'DOGE_KMD',
      base_currency: 'DOGE',
      quote_currency: 'KMD',
      last_price: 0.3,
      base_volume: 0,
      quote_volume: 0,
      price_change_percent_24h: 0,
    })
    expect(kmd).toEqual({
      trading_pairs: 'KMD_LTC',
      base_currency: 'KMD',
      quote_currency: 'LTC',
      last_price: 0.005,
      base_volume: 300,
      quote_volume: 1.4,
      price_change_percent_24h: 0,
      highest_price_24h: 0.005,
      lowest_price_24h: 0.004,
    })
    expect(usdc!.highest_bid).toBeLessThan(usdc!.lowest_ask!)
    // From 1/4,000 to 1/3,900.
    expect(usdc!.price_change_percent_24h).toBeCloseTo((4_000 / 3_900 - 1) * 100, 8)
  })

  it('lists the coins and the tickers', async () => {
    await stored()
    const assets = await get(CMC_ASSETS, '/cmc/assets')
    expect(Object.keys(assets).sort()).toEqual(['DOGE', 'KMD', 'LTC', 'USDC', 'WETH'])
    expect(assets.KMD).toEqual({ name: 'KMD', can_withdraw: 'true', can_deposit: 'true', maker_fee: '0', taker_fee: '0.001287' })
    expect((await get(CMC_TICKER, '/cmc/ticker'))[1]).toEqual({
      KMD_LTC: { last_price: 0.005, base_volume: 300, quote_volume: 1.4, isFrozen: '0' },
    })
  })

  it('gives trades with whole numbers of their own, and books', async () => {
    const trades = await get(CMC_TRADES, '/cmc/trades/KMD_LTC')
    expect(trades).toMatchObject([
      { price: '0.004', type: 'buy', timestamp: T - HOUR },
      { price: '0.005', type: 'sell', timestamp: T - HOUR },
    ])
    expect(new Set(trades.map(trade => trade.trade_id)).size).toBe(2)
    expect(await get(CMC_TRADES, '/cmc/trades/KMD_LTC')).toEqual(trades)
    const { bids, asks } = await get(CMC_ORDERBOOK, '/cmc/orderbook/WETH_USDC')
    expect([bids.length, asks.length]).toEqual([50, 50])
  })
})

describe('decentralised markets', () => {
  it.each([
    ['volume', ['USDC_WETH', 'KMD_LTC', 'DOGE_KMD']],
    ['trades', ['KMD_LTC', 'USDC_WETH', 'DOGE_KMD']],
    ['liquidity', ['USDC_WETH', 'DOGE_KMD', 'KMD_LTC']],
  ])('are ranked by %s', async (by, pairs) => {
    await stored()
    expect((await get(DEX_TOP, `/v1/dex/top?by=${by}`)).map(({ pair }) => pair)).toEqual(pairs)
    expect(await get(DEX_TOP, `/v1/dex/top?by=${by}&limit=1`)).toHaveLength(1)
  })

  it('have candles and liquidity', async () => {
    const candles = await get(DEX_CANDLES, `/v1/dex/candles/KMD_LTC?interval=1d&from=${T - 7 * DAY}&to=${T}`)
    expect(candles.rows).toMatchObject([
      { o: 0.005, h: 0.005, l: 0.005, c: 0.005, v: 100, q: 0.5, n: 1 },
      { o: 0.004, h: 0.005, l: 0.004, c: 0.005, v: 300, q: 1.4, n: 2 },
    ])
    const lying = async () => (await get(DEX_LIQUIDITY, `/v1/dex/liquidity/WETH_USDC?from=${T - DAY}&to=${T + 1}`)).rows
    // One row or two: the day is long over.
    await expect.poll(async () => (await lying()).reduce((sum, { hours }) => sum + hours, 0), { timeout: 20_000 }).toBe(2)
    expect((await lying()).at(-1)).toMatchObject({
      market: 'USDC-WETH',
      t: T,
      base_amount: 1_000,
      quote_amount: 4_000_000,
      base_price: 4_000,
      liquidity: 8_000_000,
    })
  })
})

describe('what cannot be answered', () => {
  it.each([
    ['/gecko/orderbook/KMD_LTC', 404, 'not_found'],
    ['/gecko/orderbook/DARK', 404, 'not_found'],
    ['/gecko/orderbook/nothing', 404, 'not_found'],
    ['/gecko/orderbook/KMD_KMD', 404, 'not_found'],
    ['/cmc/orderbook/KMD_LTC', 404, 'not_found'],
    ['/cmc/trades/KMD', 404, 'not_found'],
    ['/gecko/historical_trades/KMD_LTC?limit=1001', 400, 'invalid_params'],
    ['/gecko/historical_trades/KMD_LTC?type=both', 400, 'invalid_params'],
    [`/gecko/historical_trades/KMD_LTC?start_time=${T}&end_time=${T - 1}`, 400, 'invalid_params'],
    ['/gecko/orderbook/USDC_WETH?depth=-1', 400, 'invalid_params'],
    ['/gecko/tickers?at=now', 400, 'invalid_params'],
    ['/v1/dex/top?by=name', 400, 'invalid_params'],
    ['/v1/dex/candles/KMD_LTC?interval=2h', 400, 'invalid_params'],
  ])('%s is a problem and no good answer', async (path, status, code) => {
    const response = await server.fetch(path)
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
    expect(((await response.json()) as State).code).toBe(code)
  })
})

describe('swaps from outside', () => {
  it('go in once, and the bad are told by their line', async () => {
    const lines = [
      JSON.stringify(SWAPS[0]),
      '{"uuid":1}',
      'no json',
      '[]',
      JSON.stringify({ ...SWAPS[1], is_success: 0 }),
      JSON.stringify({ ...SWAPS[1], maker_coin: 'DOC' }),
    ]
    const answer = SWAPS_ANSWER.schema.parse(await (await post(lines.join('\n'))).json())
    expect(answer).toMatchObject({ accepted: 0, known: 1, left_out: 2, refused: [{ row: 2 }, { row: 3 }, { row: 4 }] })
  })

  it.each([
    ['nobody', { authorization: '' }, '', 401],
    ['another type', { 'content-type': 'application/json' }, '', 415],
    ['too many', {}, '\n'.repeat(10_001), 413],
  ])('are refused: %s', async (_, headers, body, status) => {
    expect((await post(body, headers as Record<string, string>)).status).toBe(status)
  })
})
