import { h } from 'preact'
import type { FundState, PnlState, PoolState, TickState } from '../../../driftwire-client/src/index.ts'
import { compact, count, direction, fixed, PlacesBySymbol, percent, signed, signedPercent } from '../format/number.ts'
import { clock } from '../format/time.ts'
import { dayOpen } from '../live/dayOpen.ts'
import type { Column } from '../parts/columns.ts'
import { type Text, toned } from '../parts/figure.tsx'
import { WatchButton } from '../parts/watchButton.tsx'

/** The columns of the overview's tables. A row is the name of what it shows. */

const places = new PlacesBySymbol()

/** Returns the places of a symbol's price, the same everywhere on the page. */
export const placesFor = (symbol: string, price: number | undefined): number => places.of(symbol, price)

const nameColumn = <State>(head: string, path: string, width: number): Column<string, State> => ({
  key: 'name',
  head,
  width,
  align: 'left',
  heading: true,
  show: id => ({ text: id, href: `/${path}/${encodeURIComponent(id)}` }),
  order: id => id,
})

const difference = (value: number | undefined, digits = 2) => toned(signedPercent(value, digits), direction(value && value * 100, digits))
const gain = (value: number | undefined) => toned(signed(value, 2), direction(value, 2))

const watchColumn = <State>(prefix: string): Column<string, State> => ({
  key: 'watch',
  head: 'Watched',
  headHidden: true,
  width: 32,
  fixed: true,
  show: () => '',
  part: id => h(WatchButton, { channel: `${prefix}${id}`, name: id }),
})

/** Returns a fund's change since the beginning of the UTC day. */
export const fundToday = (id: string, nav: number | undefined): Text => {
  const open = dayOpen(`fund:${id}`, 'nav')
  const change = nav === undefined || open === undefined || open.value === 0 ? undefined : nav / open.value - 1
  const why = open ? `since ${clock(open.t)} UTC, when it was ${fixed(open.value, 4)}` : 'no row of this day is stored yet'
  return { ...difference(change), why }
}

/** Funds. */
export const FUND_COLUMNS: readonly Column<string, FundState>[] = [
  watchColumn('fund:'),
  nameColumn('Fund', 'funds', 120),
  { key: 'nav', head: 'NAV', width: 104, show: (_, s) => fixed(s?.nav, 4), order: (_, s) => s?.nav, raw: (_, s) => s?.nav },
  { key: 'today', head: 'Today', width: 96, show: (id, s) => fundToday(id, s?.nav) },
  { key: 'market', head: 'Market', width: 104, show: (_, s) => fixed(s?.market, 4), order: (_, s) => s?.market, raw: (_, s) => s?.market },
  {
    key: 'premium',
    head: 'Premium',
    width: 104,
    show: (_, s) => difference(s?.premium, 3),
    order: (_, s) => s?.premium,
    raw: (_, s) => s?.premium,
  },
  { key: 'aum', head: 'Assets', width: 112, show: (_, s) => compact(s?.aum), order: (_, s) => s?.aum, raw: (_, s) => s?.aum },
  {
    key: 'shares',
    head: 'Shares',
    width: 104,
    show: (_, s) => fixed(s?.shares === undefined ? undefined : Number(s.shares), 0),
    order: (_, s) => Number(s?.shares),
    raw: (_, s) => s?.shares,
  },
  {
    key: 'drift',
    head: 'Drift',
    width: 88,
    show: (_, s) => percent(s?.totalDrift),
    order: (_, s) => s?.totalDrift,
    raw: (_, s) => s?.totalDrift,
  },
  {
    key: 'rebalance',
    head: 'Rebalance',
    width: 112,
    align: 'left',
    show: (_, s) =>
      s?.rebalance?.needed
        ? { text: s.rebalance.reason ?? 'needed', tone: 'warn' }
        : { text: s === undefined ? '—' : 'not needed', tone: 'quiet' },
    order: (_, s) => s?.rebalance?.reason,
  },
]

/** Portfolios. A sum that is unknown because of an asset without a price is absent, and says so. */
export const PORTFOLIO_COLUMNS: readonly Column<string, PnlState>[] = [
  watchColumn('pnl:'),
  nameColumn('Portfolio', 'portfolios', 96),
  { key: 'value', head: 'Value', width: 112, show: (_, s) => fixed(s?.value), order: (_, s) => s?.value, raw: (_, s) => s?.value },
  { key: 'total', head: 'Gain', width: 112, show: (_, s) => gain(s?.total), order: (_, s) => s?.total, raw: (_, s) => s?.total },
  { key: 'day', head: 'Today', width: 104, show: (_, s) => gain(s?.day), order: (_, s) => s?.day, raw: (_, s) => s?.day },
  {
    key: 'drawdown',
    head: 'Drawdown',
    width: 88,
    show: (_, s) => percent(s?.drawdown?.rel),
    order: (_, s) => s?.drawdown?.rel,
    raw: (_, s) => s?.drawdown?.rel,
  },
]

/** Returns what a figure of a day lacks: the time before `since`, or trades that nobody heard. */
const lackOf = (day: { readonly since?: number | undefined; readonly gap?: boolean | undefined } | undefined): string | undefined => {
  const since = day?.since === undefined ? [] : [`complete since ${new Date(day.since).toISOString().slice(0, 16).replace('T', ' ')} UTC`]
  return [...since, ...(day?.gap ? ['trades are missing'] : [])].join('; ') || undefined
}

/** Pools. */
export const POOL_COLUMNS: readonly Column<string, PoolState>[] = [
  watchColumn('pool:'),
  nameColumn('Pool', 'pools', 112),
  {
    key: 'price',
    head: 'Price',
    width: 112,
    show: (id, s) => fixed(s?.price, placesFor(id, s?.price)),
    order: (_, s) => s?.price,
    raw: (_, s) => s?.price,
  },
  { key: 'tvl', head: 'Liquidity', width: 96, show: (_, s) => compact(s?.tvl), order: (_, s) => s?.tvl, raw: (_, s) => s?.tvl },
  {
    key: 'volume',
    head: 'Volume 24 h',
    width: 104,
    show: (_, s) => ({ text: compact(s?.volume24h), why: lackOf(s) }),
    order: (_, s) => s?.volume24h,
    raw: (_, s) => s?.volume24h,
  },
  {
    key: 'trades',
    head: 'Trades 24 h',
    width: 96,
    show: (_, s) => ({ text: count(s?.trades24h), why: lackOf(s) }),
    order: (_, s) => s?.trades24h,
    raw: (_, s) => s?.trades24h,
  },
]

/** Returns the change over the running day; undefined if a price of it is not known. */
export const changeOf = (s: TickState | undefined): number | undefined =>
  s?.price !== undefined && s.day?.open ? s.price / s.day.open - 1 : undefined

const price = (key: 'price' | 'bid' | 'ask', head: string): Column<string, TickState> => ({
  key,
  head,
  width: 112,
  show: (id, s) => fixed(s?.[key], placesFor(id, s?.price)),
  order: (_, s) => s?.[key],
  raw: (_, s) => s?.[key],
})

/** The market. */
export const SYMBOL_COLUMNS: readonly Column<string, TickState>[] = [
  watchColumn('tick:'),
  nameColumn('Symbol', 'market', 120),
  price('price', 'Price'),
  {
    key: 'change',
    head: 'Change 24 h',
    width: 112,
    show: (_, s) => ({ ...difference(changeOf(s)), why: lackOf(s?.day) }),
    order: (_, s) => changeOf(s),
    raw: (_, s) => changeOf(s),
  },
  price('bid', 'Bid'),
  price('ask', 'Ask'),
  ...(['high', 'low'] as const).map(
    (key): Column<string, TickState> => ({
      key,
      head: key === 'high' ? 'High 24 h' : 'Low 24 h',
      width: 112,
      show: (id, s) => ({ text: fixed(s?.day?.[key], placesFor(id, s?.price)), why: lackOf(s?.day) }),
      order: (_, s) => s?.day?.[key],
      raw: (_, s) => s?.day?.[key],
    }),
  ),
  {
    key: 'volume',
    head: 'Volume 24 h',
    width: 112,
    show: (_, s) => ({ text: compact(s?.day?.notional), why: lackOf(s?.day) }),
    order: (_, s) => s?.day?.notional,
    raw: (_, s) => s?.day?.notional,
  },
]
