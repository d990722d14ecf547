import type { Hono } from 'hono'
import { DAY } from '../../../../streams/market/candles.ts'
import { INTERVALS } from '../../../../streams/wire/channels.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { nameOf } from '../../../dex/coin.ts'
import type { Dex } from '../../../dex/dex.ts'
import type { DexMarket } from '../../../dex/markets.ts'
import type { SwapImport } from '../../../dex/swapImport.ts'
import type { Env } from '../app.ts'
import { typeOf } from '../body.ts'
import { cmcRoutes } from './cmc.ts'
import { askedOf, isNow, momentOf, numberOf, timesOf, wholeOf } from './dexQuery.ts'
import { geckoRoutes } from './gecko.ts'

/** Rows in one answer. */
const ROWS_MAX = 10_000

const BY = ['volume', 'trades', 'liquidity'] as const

/** Decentralised markets: the aggregators' formats, candles, liquidity, the largest, and swaps from outside. */
export const dexRoutes = (app: Hono<Env>, { dex, swaps }: { readonly dex: Dex; readonly swaps: SwapImport }): void => {
  geckoRoutes(app, dex)
  cmcRoutes(app, dex)

  app.get('/v1/dex/top', async c => {
    const by = c.req.query('by') ?? 'volume'
    if (!BY.includes(by as 'volume')) throw new ProtocolError('invalid_params', `by: found "${by.slice(0, 40)}", expected ${BY.join(', ')}`)
    const limit = wholeOf(c, 'limit', 10, 1, 1_000)
    const lying = ({ market }: Pick<DexMarket, 'market'>): number => (isNow(c) ? dex.locked(market) : Number.NaN)
    const rank = (market: DexMarket): number => {
      // What is unknown comes last.
      const value =
        by === 'trades'
          ? market.n
          : by === 'volume'
            ? market.unpriced > 0 && market.unpriced === market.n
              ? Number.NaN
              : market.worth
            : lying(market)
      return Number.isNaN(value) ? -1 : value
    }
    const markets = await dex.markets(momentOf(c, dex))
    return c.json(
      markets
        .map(market => ({ market, rank: rank(market) }))
        .sort((a, b) => b.rank - a.rank)
        .slice(0, limit)
        .map(({ market: { pair, market, n, worth, unpriced, last } }) => ({
          pair: nameOf(pair),
          ...(market !== '' && { pool: market }),
          trades24h: n,
          unpriced24h: unpriced,
          price: numberOf(last.price),
          ...((n === 0 || unpriced < n) && { volume24h: numberOf(worth) }),
          liquidity: numberOf(lying({ market })),
        })),
    )
  })

  app.get('/v1/dex/candles/:id', async c => {
    const { pair, market } = askedOf(dex, c.req.param('id'))
    const interval = c.req.query('interval') ?? '1h'
    if (!Object.hasOwn(INTERVALS, interval))
      throw new ProtocolError('invalid_params', `interval: found "${interval.slice(0, 40)}", expected ${Object.keys(INTERVALS).join(', ')}`)
    const span = INTERVALS[interval as keyof typeof INTERVALS]
    const { from, to } = timesOf(c, dex, 'from', 'to')
    // `from ≤ t < to` here, as everywhere in history.
    const rows = await dex.candles({ pair, market, from: from - 1, to: to - 1 }, span, ROWS_MAX + 1)
    const shown = rows
      .slice(0, ROWS_MAX)
      .map(({ open_t, n, o, h, l, c, v, q }) => ({
        open_t,
        o: numberOf(o),
        h: numberOf(h),
        l: numberOf(l),
        c: numberOf(c),
        v: numberOf(v),
        q: numberOf(q),
        n,
      }))
    return c.json({ rows: shown, ...(rows.length > ROWS_MAX && { next: rows[ROWS_MAX]!.open_t }) })
  })

  app.get('/v1/dex/liquidity/:id', async c => {
    const { pair } = askedOf(dex, c.req.param('id'))
    const to = wholeOf(c, 'to', momentOf(c, dex) + 1, 0, 8.64e15)
    const from = wholeOf(c, 'from', Math.max(0, to - 30 * DAY), 0, 8.64e15)
    const rows = await dex.liquidity(pair, { from, to, limit: ROWS_MAX + 1 })
    const shown = rows
      .slice(0, ROWS_MAX)
      .map(row => ({
        market: row.market,
        t: row.t,
        hours: row.n,
        base_amount: numberOf(row.baseAmount),
        quote_amount: numberOf(row.quoteAmount),
        base_price: numberOf(row.basePrice),
        quote_price: numberOf(row.quotePrice),
        base_liquidity: numberOf(row.baseLiquidity),
        quote_liquidity: numberOf(row.quoteLiquidity),
        liquidity: numberOf(row.liquidity),
      }))
    return c.json({ pair: nameOf(pair), rows: shown, ...(rows.length > ROWS_MAX && { next: rows[ROWS_MAX]!.t }) })
  })

  app.post('/v1/admin/swaps', async c => {
    if (typeOf(c) !== 'application/x-ndjson')
      throw new ProtocolError('unsupported_media_type', `content-type: found "${typeOf(c)}", expected application/x-ndjson`)
    return c.json(await swaps.accept(c.get('who'), () => c.req.text()))
  })
}
