import { createHash } from 'node:crypto'
import type { Hono } from 'hono'
import { nameOf } from '../../../dex/coin.ts'
import type { Dex } from '../../../dex/dex.ts'
import type { DexMarket, DexTrade } from '../../../dex/markets.ts'
import type { Env } from '../app.ts'
import { askedOf, decimalOf, isNow, momentOf, numberOf, timesOf } from './dexQuery.ts'
import { bookOf, levelsOf } from './gecko.ts'

/** Trades in one answer, of either type. */
const TRADES = 500
const LEVELS = 50
/** What the taker of an atomic swap pays: 1/777. */
const SWAP_FEE = '0.001287'

/** Decentralised markets in CoinMarketCap's format. Times are ms; what is not known is absent. */
export const cmcRoutes = (app: Hono<Env>, dex: Dex): void => {
  app.get('/cmc/summary', async c => {
    const pairs = together(await dex.markets(momentOf(c, dex)))
    return c.json(
      pairs.map(all => {
        const { pair, last, before, base, quote, high, low } = all
        const book = isNow(c) ? dex.book(pair, undefined, 1) : undefined
        return {
          trading_pairs: nameOf(pair),
          base_currency: pair.base,
          quote_currency: pair.quote,
          last_price: numberOf(last.price),
          lowest_ask: numberOf(book?.asks[0]?.[0] ?? Number.NaN),
          highest_bid: numberOf(book?.bids[0]?.[0] ?? Number.NaN),
          base_volume: numberOf(base),
          quote_volume: numberOf(quote),
          price_change_percent_24h: numberOf((last.price / before - 1) * 100),
          highest_price_24h: numberOf(high),
          lowest_price_24h: numberOf(low),
        }
      }),
    )
  })

  app.get('/cmc/assets', async c => {
    const markets = await dex.markets(momentOf(c, dex))
    const assets = new Map<string, object>()
    for (const { pair, market } of markets)
      for (const coin of [pair.base, pair.quote])
        if (market === '' || !assets.has(coin))
          assets.set(coin, {
            name: coin,
            can_withdraw: 'true',
            can_deposit: 'true',
            maker_fee: '0',
            ...(market === '' && { taker_fee: SWAP_FEE }),
          })
    return c.json(Object.fromEntries(assets))
  })

  app.get('/cmc/ticker', async c => {
    const pairs = together(await dex.markets(momentOf(c, dex)))
    return c.json(
      pairs.map(({ pair, last, base, quote }) => ({
        [nameOf(pair)]: { last_price: numberOf(last.price), base_volume: numberOf(base), quote_volume: numberOf(quote), isFrozen: '0' },
      })),
    )
  })

  app.get('/cmc/orderbook/:pair', c => {
    const { pair, market } = askedOf(dex, c.req.param('pair'))
    return c.json({ timestamp: dex.now, ...levelsOf(bookOf(dex, pair, market, LEVELS)) })
  })

  app.get('/cmc/trades/:pair', async c => {
    const { pair, market } = askedOf(dex, c.req.param('pair'))
    const query = { pair, market, ...timesOf(c, dex, 'start_time', 'end_time') }
    const trades = await Promise.all([dex.trades(query, 'buy', TRADES), dex.trades(query, 'sell', TRADES)])
    return c.json(
      trades
        .flat()
        .sort((a, b) => b.t - a.t)
        .map(trade => ({
          trade_id: numberFor(trade),
          price: decimalOf(trade.price),
          base_volume: trade.baseAmount,
          quote_volume: trade.quoteAmount,
          timestamp: trade.t,
          type: trade.type,
        })),
    )
  })
}

/** The format wants an integer, and the same for the same trade: 53 bits of a digest of its id. */
const numberFor = ({ id }: DexTrade): number => Number(createHash('sha256').update(id).digest().readBigUInt64BE() >> 11n)

interface Together {
  readonly pair: DexMarket['pair']
  readonly last: DexMarket['last']
  readonly before: number
  readonly base: number
  readonly quote: number
  readonly high: number
  readonly low: number
}

/** All markets of a pair as one: this format knows pairs only. */
const together = (markets: readonly DexMarket[]): Together[] => {
  const pairs = new Map<string, DexMarket[]>()
  for (const market of markets) pairs.set(nameOf(market.pair), [...(pairs.get(nameOf(market.pair)) ?? []), market])
  return [...pairs.values()].map(all => {
    const newest = all.reduce((a, b) => (b.last.t > a.last.t ? b : a))
    const traded = all.filter(({ n }) => n > 0)
    return {
      pair: newest.pair,
      last: newest.last,
      before: newest.before,
      base: all.reduce((sum, { baseVolume }) => sum + Number(baseVolume), 0),
      quote: all.reduce((sum, { quoteVolume }) => sum + Number(quoteVolume), 0),
      high: traded.length > 0 ? Math.max(...traded.map(({ high }) => high)) : Number.NaN,
      low: traded.length > 0 ? Math.min(...traded.map(({ low }) => low)) : Number.NaN,
    }
  })
}
