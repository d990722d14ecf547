import { setTimeout as sleep } from 'node:timers/promises'
import type { FundSpec } from '../../../streams/fund/spec.ts'
import { toNumber } from '../../../streams/lib/decimal.ts'
import type { Ticks } from '../../../streams/market/ticks.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { PortfolioSpec } from '../../../streams/pnl/portfolioSpec.ts'
import type { PoolSpec, TokenSpec } from '../../../streams/pools/spec.ts'
import { seededRandom } from '../../lib/seededRandom.ts'
import type { Feed, FeedContext, FeedInput, TickNames } from '../feed.ts'
import { nice, type Quoted, SIM_ASSETS, SimMarket } from './market.ts'
import { type Anchor, simPast } from './past.ts'
import { simLevels } from './simBook.ts'
import { SimPool } from './simPool.ts'

/** The seed of the market, the funds and pools it trades, and the portfolios whose purchases and sales took place there. */
export interface SimOptions {
  readonly id: string
  readonly seed: number
  readonly quote: string
  readonly funds: readonly FundSpec[]
  readonly pools: readonly PoolSpec[]
  readonly portfolios: readonly PortfolioSpec[]
  readonly now: () => number
}

const STEP_MS = 50
/** Assets that trade in a step, of thirty. */
const TRADES_A_STEP = 8
/** Steps that are made up for after a stall; the rest of the time is left out. */
const STEPS_MAX = 20
/** ms between two looks at the order books that pools show. */
const BOOK_MS = 100
/** How a fund's share price strays from its NAV: pulled back by this share a step, pushed by this spread. */
const PREMIUM_PULL = 0.002
const PREMIUM_PUSH = 0.0001

/**
 * The built-in market: seeded prices on the wall clock, share prices that wander around NAV, swaps on the configured v2 pools, and the
 * order books that pools show.
 */
export const simFeed = (options: SimOptions): Feed => {
  const { quote, funds } = options
  const markets = funds.flatMap(({ market }) => market ?? [])
  const begun = options.now()
  return {
    id: options.id,
    live: true,
    symbols: [...SIM_ASSETS.map(({ name }) => `${name}-${quote}`), ...markets],
    sources: ['sim'],
    past: names => pastOf(options, begun, names),
    open: context => run(options, context),
  }
}

/** Yields the candles of the time before the market began. Trades of portfolios took place at its prices. */
const pastOf = function* ({ seed, quote, portfolios }: SimOptions, begun: number, { symbols, sources }: TickNames): Iterable<Ticks> {
  const anchors = new Map<string, Anchor[]>()
  for (const { quote: counted, transactions } of portfolios) {
    for (const { t, asset, price = 0n } of counted === quote ? transactions : [])
      if (price > 0n && t < begun) anchors.set(asset, [...(anchors.get(asset) ?? []), { t, price: toNumber(price) }])
  }
  const writer = new TickWriter(0)
  const source = sources.index('sim')
  for (const { asset, candles } of simPast({ seed, to: begun, anchors })) {
    const symbol = symbols.index(`${asset}-${quote}`)
    for (const { openT, span, prices, volume } of candles) writer.candle(symbol, source, openT, span, prices, volume, `past${openT}`)
    const ticks = writer.drain()
    if (ticks) yield ticks
  }
}

const run = async function* (options: SimOptions, context: FeedContext): AsyncIterable<FeedInput> {
  const source = seededRandom(options.seed)
  const market = new SimMarket(source, STEP_MS)
  const shares = options.funds.filter(fund => fund.market !== undefined).map(fund => ({ fund, premium: 0 }))
  const src = context.sources.index('sim')
  const writer = new TickWriter(context.feed)
  const priceOf = ({ asset }: TokenSpec): number => (asset === options.quote ? 1 : (market.priceOf(asset) ?? Number.NaN))
  const pools = options.pools
    .filter(({ kind, token0, token1 }) => kind === 'uniswap-v2' && token0 && token1 && priceOf(token0) > 0 && priceOf(token1) > 0)
    .map(spec => ({ spec, sim: new SimPool(spec, source, STEP_MS) }))

  const books = market.assets.flatMap(asset => {
    const symbol = `${asset.asset}-${options.quote}`
    return options.pools.some(pool => pool.kind === 'orderbook' && pool.symbol === symbol) ? [{ symbol, asset }] : []
  })

  const trade = (symbol: string, t: number, n: number, { price, halfSpread }: Omit<Quoted, 'asset'>): void => {
    const index = context.symbols.index(symbol)
    const bid = nice(price * (1 - halfSpread))
    const ask = nice(price * (1 + halfSpread))
    const buys = source.uniform() < 0.5
    const size = Math.exp(4 + 1.2 * source.normal()) / price
    writer.quote(index, src, t, bid, ask)
    // Rising, and never the same again, also after a restart: the step's time and the number in it.
    writer.trade(index, src, t, buys ? ask : bid, Number(size.toPrecision(5)), buys ? 'buy' : 'sell', `${t}${String(n).padStart(3, '0')}`)
  }

  yield { kind: 'feed', feed: context.feed, state: 'live' }
  let next = Math.ceil(options.now() / STEP_MS) * STEP_MS
  while (!context.signal.aborted) {
    const now = options.now()
    if (now - next > STEPS_MAX * STEP_MS) next = Math.floor(now / STEP_MS) * STEP_MS
    for (; next <= now; next += STEP_MS) {
      market.step()
      writer.message(now)
      let n = 0
      for (let k = 0; k < TRADES_A_STEP; k++) {
        const asset = market.assets[Math.floor(source.uniform() * market.assets.length)]!
        trade(`${asset.asset}-${options.quote}`, next, n++, asset)
      }
      for (const share of shares) {
        share.premium += PREMIUM_PUSH * source.normal() - PREMIUM_PULL * share.premium
        const nav = context.navOf?.(share.fund.id) ?? Number.NaN
        if (nav > 0) trade(share.fund.market!, next, n++, { price: nav * (1 + share.premium), halfSpread: 0.0002 })
      }
      for (const { spec, sim } of pools) {
        const logs = sim.step(next, priceOf(spec.token0!), priceOf(spec.token1!))
        if (logs.length > 0) yield { kind: 'chain', feed: context.feed, logs, messages: 1, bad: {} }
      }
      if (next % BOOK_MS !== 0) continue
      for (const { symbol, asset } of books) {
        const levels = simLevels(asset.price, asset.halfSpread)
        yield { kind: 'levels', feed: context.feed, symbol: context.symbols.index(symbol), source: src, t: next, levels }
      }
    }
    const ticks = writer.drain()
    if (ticks) yield ticks
    await sleep(Math.max(1, next - options.now()), undefined, { signal: context.signal }).catch(() => {})
  }
}
