import type { FrameRows } from '../../streams/frame.ts'
import { floorTo, HOUR } from '../../streams/market/candles.ts'
import type { PoolRow } from '../../streams/measures/rows.ts'
import type { PoolSpec } from '../../streams/pools/spec.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { codecOf } from '../storage/engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../storage/engine/select.ts'
import { TIME } from '../storage/engine/tables.ts'
import type { Pair } from './coin.ts'
import { timeText } from './swapStore.ts'
import { tokenPrices } from './tokenPrices.ts'

/** What lay in a market at a full hour, or on average over several. Prices and values are in the quote currency, NaN if unknown. */
export interface Liquidity {
  readonly market: string
  readonly pair: Pair
  /** The hour, ms; of an average the last one. */
  readonly t: number
  /** Hours that it is the average of. */
  readonly n: number
  readonly baseAmount: number
  readonly quoteAmount: number
  readonly basePrice: number
  readonly quotePrice: number
  readonly baseLiquidity: number
  readonly quoteLiquidity: number
  readonly liquidity: number
}

/** Reports once an hour of event time what lies in the pools whose reserves are known. */
export class HourlyLiquidity {
  private readonly pools: ReadonlyMap<string, PoolSpec>
  private readonly priceOf: (asset: string) => number
  private readonly newest = new Map<string, PoolRow>()
  private hour = Number.NEGATIVE_INFINITY

  constructor(pools: readonly PoolSpec[], priceOf: (asset: string) => number) {
    this.pools = new Map(pools.map(pool => [pool.id, pool]))
    this.priceOf = priceOf
  }

  /** Accepts a frame. Returns rows as of the hour that has begun with it; hours in which nothing was known have none. */
  rowsOf({ t, measures }: FrameRows): Liquidity[] {
    const hour = floorTo(t, HOUR)
    const began = hour > this.hour && this.hour > Number.NEGATIVE_INFINITY
    this.hour = Math.max(this.hour, hour)
    const rows = began ? [...this.newest.values()].flatMap(row => this.rowOf(row, hour) ?? []) : []
    for (const measure of measures) if (measure.kind === 'pool') this.newest.set(measure.id, measure)
    return rows
  }

  private rowOf({ id, reserve0, reserve1, price }: PoolRow, t: number): Liquidity | undefined {
    const { token0, token1 } = this.pools.get(id) ?? {}
    if (token0 === undefined || token1 === undefined || reserve0 === undefined || reserve1 === undefined) return undefined
    const [price0, price1] = tokenPrices(token0, token1, price, this.priceOf)
    const sides = [
      { symbol: token0.symbol, amount: Number(reserve0) / 10 ** token0.decimals, price: price0 },
      { symbol: token1.symbol, amount: Number(reserve1) / 10 ** token1.decimals, price: price1 },
    ] as const
    const [base, quote] = sides[0].symbol < sides[1].symbol ? sides : [sides[1], sides[0]]
    const [baseLiquidity, quoteLiquidity] = [base.amount * base.price, quote.amount * quote.price]
    return {
      market: id,
      pair: { base: base.symbol, quote: quote.symbol },
      t,
      n: 1,
      baseAmount: base.amount,
      quoteAmount: quote.amount,
      basePrice: base.price,
      quotePrice: quote.price,
      baseLiquidity,
      quoteLiquidity,
      liquidity: baseLiquidity + quoteLiquidity,
    }
  }
}

/** Inserts rows. The same hour of the same market, inserted again, is one row. */
export const insertLiquidity = async ({ client, database }: Engine, rows: readonly Liquidity[]): Promise<void> => {
  if (rows.length === 0) return
  await client.insert({
    table: `${quoted(database)}.liquidity`,
    values: rows.map(row => {
      const priced = Number.isFinite(row.liquidity)
      const sum = (value: number): number => (priced ? value * row.n : 0)
      return {
        market: row.market,
        base: row.pair.base,
        quote: row.pair.quote,
        t: timeText(row.t),
        n: row.n,
        priced: priced ? row.n : 0,
        base_amount: row.baseAmount * row.n,
        quote_amount: row.quoteAmount * row.n,
        base_price: sum(row.basePrice),
        quote_price: sum(row.quotePrice),
        liquidity: sum(row.liquidity),
        base_liquidity: sum(row.baseLiquidity),
        quote_liquidity: sum(row.quoteLiquidity),
      }
    }),
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0 },
  })
}

const TEXT = codecOf('String')
const NUMBER = codecOf('Float64')

/** Returns rows of a pair, in whichever order, oldest first, `from ≤ t < to` (ms), at most `limit`: hours, and past days as their average. */
export const liquidityOf = async (
  engine: Engine,
  { base, quote }: Pair,
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<Liquidity[]> => {
  const turned = base > quote
  const input = await select(
    engine,
    `SELECT market, t, toFloat64(n), base_amount / n, quote_amount / n, base_price / priced, quote_price / priced,
      base_liquidity / priced, quote_liquidity / priced, liquidity / priced
    FROM ${quoted(engine.database)}.liquidity FINAL
    WHERE base = {a:String} AND quote = {b:String} AND t >= ${timeOf('from')} AND t < ${timeOf('to')}
    ORDER BY t, market LIMIT {limit:UInt32} ${READ_LIMITS}`,
    { a: turned ? quote : base, b: turned ? base : quote, from, to, limit },
  )
  const rows: Liquidity[] = []
  while (!input.ended) {
    const market = TEXT.read(input) as string
    const t = codecOf(TIME).read(input) as number
    const [n, a, b, aPrice, bPrice, aWorth, bWorth, liquidity] = Array.from({ length: 8 }, () => NUMBER.read(input) as number) as [
      number,
      ...number[],
    ] & { length: 8 }
    const sides = turned ? [b, a, bPrice, aPrice, bWorth, aWorth] : [a, b, aPrice, bPrice, aWorth, bWorth]
    const [baseAmount, quoteAmount, basePrice, quotePrice, baseLiquidity, quoteLiquidity] = sides as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    rows.push({
      market,
      pair: { base, quote },
      t,
      n,
      baseAmount,
      quoteAmount,
      basePrice,
      quotePrice,
      baseLiquidity,
      quoteLiquidity,
      liquidity: liquidity!,
    })
  }
  return rows
}
