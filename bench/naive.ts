import { from, scan } from 'rxjs'
import type { FundSpec } from '../streams/fund/spec.ts'
import { cappedWeights, largest } from '../streams/fund/weighting.ts'
import { toNumber } from '../streams/lib/decimal.ts'
import type { Interner } from '../streams/lib/interner.ts'
import type { Ticks } from '../streams/market/ticks.ts'
import type { PortfolioSpec } from '../streams/pnl/portfolioSpec.ts'

/**
 * The peer: the same work as one would write it down first. Each tick is an object and an emission; `scan` makes a new state with
 * copied maps; at the end of a frame what is watched is computed again and compared with what was sent, and each second every
 * portfolio and fund becomes a row of JSON.
 */

interface Candle {
  openT: number
  o: number
  h: number
  l: number
  c: number
  v: number
  n: number
}

interface Market {
  readonly prices: ReadonlyMap<string, number>
  readonly candles: ReadonlyMap<string, Candle>
  readonly t: number
}

interface Tick {
  readonly symbol: string
  readonly t: number
  readonly price: number
  readonly size: number
}

const MINUTES = [1, 5, 60, 1440]

const apply = (market: Market, { symbol, t, price, size }: Tick): Market => {
  const prices = new Map(market.prices).set(symbol, price)
  const candles = new Map(market.candles)
  for (const minutes of MINUTES) {
    const key = `${minutes}:${symbol}`
    const openT = t - (t % (minutes * 60_000))
    const old = candles.get(key)
    candles.set(
      key,
      old?.openT === openT
        ? { ...old, h: Math.max(old.h, price), l: Math.min(old.l, price), c: price, v: old.v + size, n: old.n + 1 }
        : { openT, o: price, h: price, l: price, c: price, v: size, n: 1 },
    )
  }
  return { prices, candles, t }
}

type State = Record<string, unknown>

const difference = (before: State | undefined, after: State): State => {
  const patch: State = {}
  for (const [key, value] of Object.entries(after)) {
    if (typeof value === 'object' && value !== null) {
      const inner = difference(before?.[key] as State | undefined, value as State)
      if (Object.keys(inner).length > 0) patch[key] = inner
    } else if (before?.[key] !== value) patch[key] = value
  }
  return patch
}

const rounded = (value: number): number => Number(value.toPrecision(12))

export const naive = (
  batches: readonly Ticks[],
  symbols: Interner,
  funds: readonly FundSpec[],
  portfolios: readonly PortfolioSpec[],
  watchedPortfolios: number,
  frameMs: number,
): { messages: number; bytes: number; rows: number } => {
  const counts = { messages: 0, bytes: 0, rows: 0 }
  const units = new Map<string, Map<string, number>>()
  const sent = new Map<string, State>()

  const fundState = (fund: FundSpec, { prices }: Market): State => {
    let held = units.get(fund.id)
    if (held === undefined) {
      const assets = [...fund.supplies]
      if (!assets.every(([asset]) => prices.has(`${asset}-USD`))) return {}
      const weighting = fund.weighting as { count: number; cap: number }
      const weights = cappedWeights(
        largest(
          assets.map(([asset, supply]) => [asset, supply * prices.get(`${asset}-USD`)!] as const),
          weighting.count,
        ),
        weighting.cap,
      )!
      held = new Map([...weights].map(([asset, weight]) => [asset, (weight * 100) / prices.get(`${asset}-USD`)!]))
      units.set(fund.id, held)
    }
    const values = [...held].map(([asset, amount]) => [asset, amount * prices.get(`${asset}-USD`)!] as const)
    const nav = values.reduce((sum, [, value]) => sum + value, 0)
    return {
      nav: rounded(nav),
      aum: rounded(nav * 10_000),
      level: rounded(nav),
      prices: Object.fromEntries([...held.keys()].map(asset => [asset, rounded(prices.get(`${asset}-USD`)!)])),
      weights: Object.fromEntries(values.map(([asset, value]) => [asset, rounded(value / nav)])),
      drift: Object.fromEntries(values.map(([asset, value]) => [asset, rounded(value / nav - 0.05)])),
    }
  }
  const portfolioState = ({ transactions }: PortfolioSpec, { prices }: Market): State => {
    const assets = transactions.map(({ asset, qty, price }) => {
      const amount = toNumber(qty)
      const now = prices.get(`${asset}-USD`) ?? 0
      return [
        asset,
        { qty: amount, price: rounded(now), value: rounded(amount * now), unrealised: rounded(amount * (now - toNumber(price!))) },
      ] as const
    })
    const value = assets.reduce((sum, [, a]) => sum + a.value, 0)
    const unrealised = assets.reduce((sum, [, a]) => sum + a.unrealised, 0)
    return { value: rounded(value), unrealised: rounded(unrealised), total: rounded(unrealised), assets: Object.fromEntries(assets) }
  }
  const push = (channel: string, state: State, t: number): void => {
    const patch = difference(sent.get(channel), state)
    if (Object.keys(patch).length === 0) return
    sent.set(channel, state)
    counts.messages += 1
    counts.bytes += Buffer.byteLength(JSON.stringify({ ch: channel, t, d: patch }))
  }

  let frame = 0
  let second = 0
  const frameEnds = (market: Market): void => {
    for (const fund of funds) push(`fund:${fund.id}`, fundState(fund, market), frame)
    for (const portfolio of portfolios.slice(0, watchedPortfolios)) push(`pnl:${portfolio.id}`, portfolioState(portfolio, market), frame)
    if (frame < second + 1000) return
    second = frame
    for (const fund of funds) counts.rows += JSON.stringify(fundState(fund, market)).length > 0 ? 1 : 0
    for (const portfolio of portfolios) counts.rows += JSON.stringify(portfolioState(portfolio, market)).length > 0 ? 1 : 0
  }
  let last: Market | undefined
  from(ticksOf(batches, symbols))
    .pipe(scan(apply, { prices: new Map(), candles: new Map(), t: 0 }))
    .subscribe(market => {
      const end = Math.ceil(market.t / frameMs) * frameMs
      if (last && end !== frame) frameEnds(last)
      frame = end
      last = market
      counts.rows += 1
    })
  return counts
}

const ticksOf = function* (batches: readonly Ticks[], symbols: Interner): Iterable<Tick> {
  for (const { columns, from, to } of batches) {
    for (let i = from; i < to; i++)
      yield { symbol: symbols.at(columns.symbol[i]!), t: columns.t[i]!, price: columns.price[i]!, size: columns.size[i]! }
  }
}
