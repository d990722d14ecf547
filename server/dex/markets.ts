import { DAY } from '../../streams/market/candles.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { codecOf } from '../storage/engine/rowBinary.ts'
import { select, timeOf } from '../storage/engine/select.ts'
import { TIME } from '../storage/engine/tables.ts'
import type { Pair } from './coin.ts'

/** What was traded in one market of a pair. Volumes are exact decimals; prices are in quote units a base unit. */
export interface DexMarket {
  readonly pair: Pair
  /** The pool; '' for swaps between two people. */
  readonly market: string
  /** The coins as they were named, with their platforms, each pair as `BASE_QUOTE`. */
  readonly variants: readonly string[]
  readonly last: Last
  /** Of the day up to the moment asked for. */
  readonly n: number
  readonly baseVolume: string
  readonly quoteVolume: string
  /** NaN if nothing was traded in that day. */
  readonly high: number
  readonly low: number
  /** The price when that day began; if none is known, that of the first trade since. NaN if there is none. */
  readonly before: number
  /** The volume in the quote currency, of the trades whose coins had a price. */
  readonly worth: number
  /** Trades whose coins had none. */
  readonly unpriced: number
}

/** The newest trade. */
interface Last {
  readonly price: number
  readonly t: number
  readonly id: string
}

/** One trade. */
export interface DexTrade {
  readonly id: string
  readonly market: string
  readonly t: number
  readonly price: number
  readonly baseAmount: string
  readonly quoteAmount: string
  /** What the taker did with the base. */
  readonly type: 'buy' | 'sell'
}

/** The sums of all trades in a time, listed or not. */
export interface TradeSums {
  readonly n: number
  readonly baseBought: string
  readonly quoteBought: string
  readonly baseSold: string
  readonly quoteSold: string
  /** Volume-weighted average price, quote ÷ base; NaN without a trade. */
  readonly vwap: number
}

/** A candle of a market. */
export interface DexCandle {
  readonly open_t: number
  readonly o: number
  readonly h: number
  readonly l: number
  readonly c: number
  /** In base and in quote units. */
  readonly v: number
  readonly q: number
  readonly n: number
}

/** Which trades a question is about. */
export interface TradeQuery {
  readonly pair: Pair
  /** Of one market alone. */
  readonly market?: string | undefined
  /** `from < t ≤ to`, ms. */
  readonly from: number
  readonly to: number
}

/** A pair that was not traded for this long is no longer a market, ms. */
const ALIVE = 7 * DAY
/** What one answer may cost the engine: clients sum up markets once a minute, not all the time. */
const LIMITS = 'SETTINGS max_execution_time = 10, max_memory_usage = 500000000'
/** Markets in one answer. */
const MARKETS_MAX = 10_000

const text = codecOf('String') as { read(input: Reader): string }
const float = codecOf('Float64') as { read(input: Reader): number }
const count = codecOf('UInt32') as { read(input: Reader): number }
const time = codecOf(TIME) as { read(input: Reader): number }
type Reader = Awaited<ReturnType<typeof select>>

/** Selects trades with the coins in alphabetical order; those between variants of one coin are no market. */
const TRADES = (database: string, where: string, tables: readonly string[] = ['swaps', 'pool_trades']): string =>
  tables
    .map(
      table => `
    SELECT id, market, t, place, maker_first, a, b, variant, price, worth,
      maker_first ? maker_amount : taker_amount AS a_amount, maker_first ? taker_amount : maker_amount AS b_amount
    FROM ${quoted(database)}.${table} FINAL WHERE maker != taker AND ${where}`,
    )
    .join(' UNION ALL ')

/** Selects the trades that a query is about. */
const asked = (database: string, query: TradeQuery): string =>
  TRADES(database, condition(query), query.market === undefined ? undefined : [query.market === '' ? 'swaps' : 'pool_trades'])

/** Returns the markets that were alive at the moment `at` (ms), as they were then, with pairs in the order that `orient` gives them. */
export const marketsAt = async (engine: Engine, at: number, orient: (a: string, b: string) => Pair): Promise<DexMarket[]> => {
  const input = await select(
    engine,
    `SELECT market, a, b, arraySort(groupUniqArray(100)(toString(variant))) AS variants,
      argMax(price, place), max(t) AS newest, argMax(id, place), toUInt32(countIf(day)) AS n,
      toString(sumIf(a_amount, day)), toString(sumIf(b_amount, day)), maxIf(price, day), minIf(price, day),
      countIf(NOT day) > 0 ? argMaxIf(price, place, NOT day) : argMin(price, place),
      ifNull(sumIf(worth, day AND worth IS NOT NULL), 0), toUInt32(countIf(day AND worth IS NULL))
    FROM (SELECT *, t > ${timeOf('day')} AS day FROM (${TRADES(engine.database, `t > ${timeOf('from')} AND t <= ${timeOf('at')}`)}))
    GROUP BY market, a, b ORDER BY a, b, market LIMIT ${MARKETS_MAX} ${LIMITS}`,
    { at, day: at - DAY, from: at - ALIVE },
  )
  const variants = codecOf('Array(String)') as { read(input: Reader): string[] }
  const markets: DexMarket[] = []
  while (!input.ended) {
    const [market, a, b] = [text.read(input), text.read(input), text.read(input)]
    const pair = orient(a, b)
    const turned = pair.base !== a
    const coins = variants.read(input).map(both => both.split(' ') as [string, string])
    const price = float.read(input)
    const last = { price: turned ? 1 / price : price, t: time.read(input), id: text.read(input) }
    const n = count.read(input)
    const [aVolume, bVolume] = [text.read(input), text.read(input)]
    const [high, low] = [float.read(input), float.read(input)]
    const before = float.read(input)
    const [worth, unpriced] = [float.read(input), count.read(input)]
    markets.push({
      pair,
      market,
      last,
      n,
      worth,
      unpriced,
      variants: coins.map(([first, second]) => (turned ? `${second}_${first}` : `${first}_${second}`)),
      baseVolume: turned ? bVolume : aVolume,
      quoteVolume: turned ? aVolume : bVolume,
      high: n === 0 ? Number.NaN : turned ? 1 / low : high,
      low: n === 0 ? Number.NaN : turned ? 1 / high : low,
      before: turned ? 1 / before : before,
    })
  }
  return markets
}

/** Returns the conditions of a query; its values are bound. */
const condition = ({ market }: TradeQuery): string =>
  `t > ${timeOf('from')} AND t <= ${timeOf('to')} AND a = {a:String} AND b = {b:String}${
    market === undefined ? '' : ' AND market = {market:String}'
  }`

const bound = ({ pair: { base, quote }, market = '', from, to }: TradeQuery) => ({
  from,
  to,
  market,
  a: base < quote ? base : quote,
  b: base < quote ? quote : base,
})

/** Returns trades of a pair, newest first, at most `limit` of those that were buys or sells. */
export const tradesOf = async (engine: Engine, query: TradeQuery, type: 'buy' | 'sell', limit: number): Promise<DexTrade[]> => {
  const turned = query.pair.base > query.pair.quote
  const { market: _, ...parameters } = bound(query)
  const input = await select(
    engine,
    `SELECT id, market, t, price, toString(a_amount), toString(b_amount) FROM (
      SELECT * FROM (${asked(engine.database, query)}) WHERE maker_first = {first:UInt8} ORDER BY place DESC LIMIT {limit:UInt32}
    ) ORDER BY place DESC ${LIMITS}`,
    // A taker that takes the base buys it; so it is what the maker gave.
    { ...parameters, ...(query.market !== undefined && { market: query.market }), first: (type === 'buy') !== turned ? 1 : 0, limit },
  )
  const trades: DexTrade[] = []
  while (!input.ended) {
    const [id, market, t, price] = [text.read(input), text.read(input), time.read(input), float.read(input)]
    const [aAmount, bAmount] = [text.read(input), text.read(input)]
    trades.push({
      id,
      market,
      t,
      type,
      price: turned ? 1 / price : price,
      baseAmount: turned ? bAmount : aAmount,
      quoteAmount: turned ? aAmount : bAmount,
    })
  }
  return trades
}

/** Returns the sums of all trades that a query is about. */
export const sumsOf = async (engine: Engine, query: TradeQuery): Promise<TradeSums> => {
  const turned = query.pair.base > query.pair.quote
  const { market: _, ...parameters } = bound(query)
  const input = await select(
    engine,
    `SELECT toUInt32(count()), toString(sumIf(a_amount, maker_first)), toString(sumIf(b_amount, maker_first)),
      toString(sumIf(a_amount, NOT maker_first)), toString(sumIf(b_amount, NOT maker_first)), toFloat64(sum(b_amount)) / toFloat64(sum(a_amount))
    FROM (${asked(engine.database, query)}) ${LIMITS}`,
    { ...parameters, ...(query.market !== undefined && { market: query.market }) },
  )
  const n = count.read(input)
  const [a1, b1, a0, b0] = [text.read(input), text.read(input), text.read(input), text.read(input)]
  const ratio = float.read(input)
  return turned
    ? { n, baseBought: b0, quoteBought: a0, baseSold: b1, quoteSold: a1, vwap: 1 / ratio }
    : { n, baseBought: a1, quoteBought: b1, baseSold: a0, quoteSold: b0, vwap: ratio }
}

/** Returns candles of `span` ms, oldest first, at most `limit`; none for a span without a trade. */
export const candlesOf = async (engine: Engine, query: TradeQuery, span: number, limit: number): Promise<DexCandle[]> => {
  const turned = query.pair.base > query.pair.quote
  const { market: _, ...parameters } = bound(query)
  const input = await select(
    engine,
    `SELECT fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(t), {span:Int64}) * {span:Int64}, 'UTC') AS began,
      argMin(price, place), max(price), min(price), argMax(price, place), toFloat64(sum(a_amount)), toFloat64(sum(b_amount)), toUInt32(count())
    FROM (${asked(engine.database, query)}) GROUP BY began ORDER BY began LIMIT {limit:UInt32} ${LIMITS}`,
    { ...parameters, ...(query.market !== undefined && { market: query.market }), span, limit },
  )
  const candles: DexCandle[] = []
  while (!input.ended) {
    const open_t = time.read(input)
    const [o, h, l, c] = [float.read(input), float.read(input), float.read(input), float.read(input)]
    const [a, b, n] = [float.read(input), float.read(input), count.read(input)]
    candles.push(turned ? { open_t, o: 1 / o, h: 1 / l, l: 1 / h, c: 1 / c, v: b, q: a, n } : { open_t, o, h, l, c, v: a, q: b, n })
  }
  return candles
}
