import { formatDecimal } from '../../../streams/lib/decimal.ts'
import type { FundRow, MeasureRow, PnlRow, PoolRow } from '../../../streams/measures/rows.ts'
import { emptyObject, type Json, type JsonObject } from '../../../streams/wire/mergePatch.ts'

/** A measure's row as the state it was: `t` the time it speaks of, every number unrounded, and nothing that was not known. */
export const stateOf = (row: MeasureRow): JsonObject => {
  switch (row.kind) {
    case 'pnl':
      return pnlState(row)
    case 'fund':
      return fundState(row)
    case 'pool':
      return poolState(row)
  }
}

const pnlState = (row: PnlRow): JsonObject => {
  const { t, quote, method, value, cost, unrealised, realised, income, expenses, fees, flows, total, day, stale } = row
  return known({
    t,
    quote,
    method,
    value,
    cost,
    unrealised,
    realised,
    income,
    expenses,
    fees,
    flows,
    total,
    day,
    drawdown: known({ abs: row.drawdownAbs, rel: row.drawdownRel }),
    assets: mapOf(row.assets, ({ asset, ...figures }) => [asset, known(figures)]),
    unpriced: mapOf(row.unpriced, ([asset, why]) => [asset, why]),
    stale,
  })
}

const fundState = (row: FundRow): JsonObject => {
  const { t, nav, aum, level, totalDrift, maxDrift, market, premium, halted, stale, constituents } = row
  return known({
    t,
    nav,
    inav: known({ bid: row.inavBid, mid: row.inavMid, ask: row.inavAsk, age: row.inavAge }),
    aum,
    shares: row.shares === undefined ? undefined : formatDecimal(row.shares),
    level,
    units: mapOf(constituents, ({ asset, units }) => [asset, units === undefined ? undefined : formatDecimal(units)]),
    prices: mapOf(constituents, ({ asset, price }) => [asset, price]),
    weights: mapOf(constituents, ({ asset, weight }) => [asset, weight]),
    target: mapOf(constituents, ({ asset, target }) => [asset, target]),
    drift: mapOf(constituents, ({ asset, drift }) => [asset, drift]),
    totalDrift,
    maxDrift,
    rebalance: known({
      needed: row.rebalanceNeeded,
      reason: row.rebalanceReason || undefined,
      since: row.rebalanceSince,
      last: row.rebalanceLast,
    }),
    market,
    premium,
    pending: row.pending.length > 0 ? mapOf(row.pending, asset => [asset, 'no price yet']) : undefined,
    halted,
    stale,
  })
}

const poolState = (row: PoolRow): JsonObject => {
  const { t, price, tvl, volume24h, fees24h, trades24h, partial, stale, v3 } = row
  return known({
    t,
    kind: row.pool,
    price,
    reserves: known({ '0': row.reserve0?.toString(), '1': row.reserve1?.toString() }),
    tvl,
    depth: known({ bid2: row.depthBid2, ask2: row.depthAsk2 }),
    volume24h,
    fees24h,
    trades24h,
    partial,
    stale,
    ...(v3 && {
      sqrtPriceX96: v3.sqrtPriceX96.toString(),
      tick: v3.tick,
      liquidity: v3.liquidity.toString(),
      day: known({ n: v3.dayN, in0: v3.dayIn0.toString(), in1: v3.dayIn1.toString() }),
    }),
  })
}

/** The members that are known: no NaN, nothing undefined. */
const known = (members: Readonly<Record<string, Json | undefined>>): JsonObject => {
  const object = emptyObject()
  for (const key of Object.keys(members)) {
    const value = members[key]
    if (value !== undefined && !Number.isNaN(value)) object[key] = value
  }
  return object
}

const mapOf = <T>(elements: readonly T[], entry: (element: T) => readonly [key: string, value: Json | undefined]): JsonObject =>
  known(Object.fromEntries(elements.map(entry)))
