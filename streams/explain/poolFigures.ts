import { stateOf } from '../measures/stateOf.ts'
import type { AssetPrice } from '../pools/assetPrice.ts'
import type { Pool } from '../pools/pool.ts'
import type { TradedMinute } from '../pools/rollingVolume.ts'
import { valueAt } from '../wire/statePath.ts'
import type { Computed, Explained, Explaining, Figure } from './explanation.ts'

/** A pool, and the names of where ticks come from. */
export interface ExplainedPool {
  readonly pool: Pool
  readonly nameOf: (source: number) => string
}

type Explain = Figure<ExplainedPool>['explain']

/** A figure that its logs say, or that the contract's own arithmetic makes of them. */
const said =
  (what: string): Explain =>
  ({ pool }, path, _, by) => {
    const value = valueAt(stateOf(pool.figures), path)
    if (typeof value !== 'number' && typeof value !== 'string') return undefined
    return by.computed(path, value, () => ['said', [given('said', value, what, pool, by)]])
  }

const given = (name: string, value: number | string, what: string, { spec, figures }: Pool, by: Explaining): Explained =>
  by.given(name, value, { source: `${what} of ${spec.id}`, t: figures.eventT, stale: figures.stale })

const LOGS = 'the logs'

const price: Explain = ({ pool }, path, _, by) => {
  const { spec, figures, parts, levels } = pool
  if (Number.isNaN(figures.price)) return undefined
  if (spec.kind === 'orderbook' && levels) {
    const [bid, ask] = [Math.max(...levels.bids.map(([at]) => at)), Math.min(...levels.asks.map(([at]) => at))]
    const made = (): Computed => [
      '(bid + ask) ÷ 2',
      [given('bid', bid, 'the best bid', pool, by), given('ask', ask, 'the best ask', pool, by)],
    ]
    return by.computed(path, figures.price, made)
  }
  const [unit0, unit1] = pool.units01
  const units = [given('unit0', unit0, 'the decimals of token0', pool, by), given('unit1', unit1, 'the decimals of token1', pool, by)]
  if (spec.kind === 'uniswap-v3' && figures.v3) {
    const sqrtPriceX96 = given('sqrtPriceX96', String(figures.v3.sqrtPriceX96), LOGS, pool, by)
    const root = 'sqrtPriceX96 ÷ 79228162514264337593543950336'
    return by.computed(path, figures.price, () => [`unit1 ÷ unit0 ÷ (${root}) ÷ (${root})`, [sqrtPriceX96, ...units]])
  }
  if (spec.kind === 'uniswap-v2' && figures.reserve0 !== undefined && figures.reserve1 !== undefined) {
    const reserves = [
      given('reserve0', String(figures.reserve0), LOGS, pool, by),
      given('reserve1', String(figures.reserve1), LOGS, pool, by),
    ]
    return by.computed(path, figures.price, () => ['reserve0 ÷ reserve1 × unit1 ÷ unit0', [...reserves, ...units]])
  }
  return by.computed(path, figures.price, () => [
    'raw × unit1 ÷ unit0',
    [given('raw', parts.rawPrice, 'the curve at the reserves', pool, by), ...units],
  ])
}

/** The price of a token, in the quote currency: the market's, else that of a pool. */
const tokenPrice = (name: string, { pool, nameOf }: ExplainedPool, side: 0 | 1, by: Explaining): Explained => {
  const asset = pool.parts.assets[side]
  if (asset !== undefined && !Number.isNaN(asset.ofMarket)) return by.price(name, asset.market, nameOf)
  const known = asset?.known ?? Number.NaN
  if (!Number.isNaN(known)) return by.given(name, known, { source: 'the deepest pool beside an asset that the market prices' })
  // It follows from the other token's by the pool's own price.
  const other = 1 - side
  const beside = (pool.parts.assets[other] as AssetPrice).known
  const formula = side === 0 ? 'beside ÷ price' : 'beside × price'
  return by.computed(name, side === 0 ? beside / pool.figures.price : beside * pool.figures.price, () => [
    formula,
    [by.given('beside', beside, { source: `the price of token${other}` }), given('price', pool.figures.price, 'the price', pool, by)],
  ])
}

/** The worth of raw units of a token. */
const worth = (name: string, of: ExplainedPool, side: 0 | 1, raw: number | string, what: string, by: Explaining): Explained => {
  const value = Number(raw) * of.pool.parts.unitWorths[side]
  return by.computed(name, value, () => [
    'raw ÷ unit × price',
    [
      given('raw', raw, what, of.pool, by),
      given('unit', of.pool.units01[side], `the decimals of token${side}`, of.pool, by),
      tokenPrice('price', of, side, by),
    ],
  ])
}

const tvl: Explain = (of, path, _, by) => {
  const { tvl: value, reserve0, reserve1 } = of.pool.figures
  if (Number.isNaN(value) || reserve0 === undefined || reserve1 === undefined) return undefined
  return by.computed(path, value, () => [
    'Σ(worth)',
    [worth('worth.0', of, 0, String(reserve0), LOGS, by), worth('worth.1', of, 1, String(reserve1), LOGS, by)],
  ])
}

const depth =
  (side: 'bid' | 'ask'): Explain =>
  (of, path, _, by) => {
    const { rawDepth } = of.pool.parts
    const value = side === 'bid' ? of.pool.figures.depthBid2 : of.pool.figures.depthAsk2
    if (Number.isNaN(value) || rawDepth === undefined) return undefined
    const what = side === 'bid' ? 'what lies between the price and 2 % below it' : 'what lies between the price and 2 % above it'
    return by.computed(path, value, () => ['worth', [worth('worth', of, side === 'bid' ? 0 : 1, rawDepth[side], what, by)]])
  }

/** Something added up over the minutes of the day. */
const overDay = (
  name: string,
  { pool }: ExplainedPool,
  value: number | string | undefined,
  member: (minute: TradedMinute) => number | string,
  by: Explaining,
): Explained | undefined => {
  if (value === undefined || Number.isNaN(value)) return undefined
  return by.computed(name, value, () => [
    'Σ(minute)',
    pool.parts.minutes.map(minute =>
      by.given(`minute.${minute.t}`, member(minute), {
        source: `${minute.n} swaps of ${pool.spec.id} in a minute, by the prices of their time`,
        t: minute.t,
      }),
    ),
  ])
}

const volume = (name: string, of: ExplainedPool, by: Explaining): Explained | undefined =>
  overDay(name, of, of.pool.figures.volume24h, minute => minute.worth, by)

const fees: Explain = (of, path, _, by) => {
  const { pool } = of
  const of24h = volume('volume24h', of, by)
  const loans = overDay(
    'loans',
    of,
    pool.parts.minutes.reduce((sum, minute) => sum + minute.fees, 0),
    minute => minute.fees,
    by,
  )
  if (Number.isNaN(pool.figures.fees24h) || of24h === undefined || loans === undefined) return undefined
  const share = given('fee', pool.spec.feePips / 1e6, 'the fee', pool, by)
  return by.computed(path, pool.figures.fees24h, () => ['volume24h × fee + loans', [of24h, share, loans]])
}

const impermanentLoss: Explain = ({ pool }, path, _, by) => {
  const { il: value } = pool.figures
  const { rawPrice, dayPrice } = pool.parts
  if (value === undefined || Number.isNaN(value) || dayPrice === undefined) return undefined
  return by.computed(path, value, () => [
    '2 × sqrt(now ÷ before) ÷ (1 + now ÷ before) − 1',
    [given('now', rawPrice, 'the raw price', pool, by), given('before', dayPrice.price, 'the raw price when the UTC day began', pool, by)],
  ])
}

/** A figure of the day of a v3 pool. */
const ofV3Day =
  (value: (pool: Pool) => number | bigint | undefined, member: (minute: TradedMinute) => number | bigint): Explain =>
  (of, path, _, by) => {
    const found = value(of.pool)
    const text = (each: number | bigint): number | string => (typeof each === 'bigint' ? String(each) : each)
    return overDay(path, of, found === undefined ? undefined : text(found), minute => text(member(minute)), by)
  }

/** Every figure of `pool:POOL`. */
export const POOL_FIGURES: readonly Figure<ExplainedPool>[] = [
  { pattern: 'price', explain: price },
  { pattern: 'reserves.*', explain: said(LOGS) },
  { pattern: 'tvl', explain: tvl },
  { pattern: 'depth.bid2', explain: depth('bid') },
  { pattern: 'depth.ask2', explain: depth('ask') },
  { pattern: 'volume24h', explain: (of, path, _, by) => volume(path, of, by) },
  { pattern: 'fees24h', explain: fees },
  { pattern: 'trades24h', explain: (of, path, _, by) => overDay(path, of, of.pool.figures.trades24h, minute => minute.n, by) },
  { pattern: 'since', explain: said('the first log that is known') },
  {
    pattern: 't',
    explain: ({ pool }, path, _, by) =>
      Number.isNaN(pool.figures.eventT)
        ? undefined
        : by.computed(path, pool.figures.eventT, () => ['newest', [given('newest', pool.figures.eventT, 'the newest event', pool, by)]]),
  },
  { pattern: 'il', explain: impermanentLoss },
  { pattern: 'sqrtPriceX96', explain: said(LOGS) },
  { pattern: 'tick', explain: said(LOGS) },
  { pattern: 'liquidity', explain: said(LOGS) },
  {
    pattern: 'day.n',
    explain: ofV3Day(
      ({ figures }) => figures.v3?.dayN,
      ({ n }) => n,
    ),
  },
  {
    pattern: 'day.in0',
    explain: ofV3Day(
      ({ figures }) => figures.v3?.dayIn0,
      ({ in0 }) => in0,
    ),
  },
  {
    pattern: 'day.in1',
    explain: ofV3Day(
      ({ figures }) => figures.v3?.dayIn1,
      ({ in1 }) => in1,
    ),
  },
]
