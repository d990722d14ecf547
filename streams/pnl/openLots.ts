import { formatDecimal, toNumber } from '../lib/decimal.ts'
import type { AssetLots, Lots, OpenLot } from '../wire/answers/portfolios.ts'
import type { Held, Portfolio } from './portfolio.ts'

/** Which lots are asked for: of all assets or of one, those from a place on, at most `limit`. */
export interface LotsQuery {
  readonly asset?: string
  /** The place of the first: its asset, and how many lots of that come before it. */
  readonly from?: LotPlace
  readonly limit: number
}

/** The place of a lot among those of a portfolio. */
export type LotPlace = readonly [asset: string, before: number]

/** Some of a portfolio's open lots, by asset. */
export interface LotsPage extends Omit<Lots, 'portfolio' | 'next'> {
  /** The place of the first lot that is not here. */
  readonly next?: LotPlace
}

/** Returns open lots of a portfolio, as of `t` (ms). Assets stand in the order of their first rows. */
export const openLots = (portfolio: Portfolio, t: number, { asset, from, limit }: LotsQuery): LotsPage => {
  const { quote, method } = portfolio.spec
  const assets: Record<string, AssetLots> = {}
  const page = { t, quote, method, assets }
  const held = portfolio.held.filter(({ position }) => position.qty !== 0n && (asset === undefined || position.asset === asset))
  const first = from === undefined ? 0 : held.findIndex(({ position }) => position.asset === from[0])
  let left = limit
  for (const each of first < 0 ? [] : held.slice(first)) {
    const { asset: name, lots } = each.position
    if (left === 0) return { ...page, next: [name, 0] }
    const before = from?.[0] === name ? from[1] : 0
    const open = each.unvalued ? [] : lots.open.slice(before, before + left)
    assets[name] = assetLots(each, open)
    left -= open.length
    if (!each.unvalued && before + open.length < lots.open.length) return { ...page, next: [name, before + open.length] }
  }
  return page
}

type Open = Held['position']['lots']['open']

const assetLots = ({ position, instrument, unvalued, flaw }: Held, open: Open): AssetLots => {
  const price = instrument === undefined ? 1 : instrument.price
  return {
    qty: formatDecimal(position.qty),
    ...(Number.isFinite(price) && { price }),
    ...(flaw !== undefined && { unpriced: flaw }),
    ...(!unvalued && { cost: formatDecimal(position.lots.cost), lots: open.map(lot => openLot(lot, price)) }),
  }
}

const openLot = ({ t, qty, cost, unit }: Open[number], price: number): OpenLot => {
  const value = toNumber(qty) * price
  return {
    t,
    qty: formatDecimal(qty),
    cost: formatDecimal(cost),
    price: formatDecimal(unit),
    ...(Number.isFinite(value) && { value, unrealised: value - toNumber(cost) }),
  }
}
