import type { Asset } from './assets.ts'

/** The question of the page. */
interface Question {
  readonly assets: readonly Asset[]
  readonly cap: number
  readonly count: number
  readonly capital: number
}

/** A share begins at this, in the quote currency. */
const PRICE = 100

/** Writes a number above zero as a decimal of 12 digits and at most 12 places, without an exponent. */
const decimal = (value: number): string =>
  Number(value.toPrecision(12))
    .toFixed(12)
    .replace(/\.?0+$/, '')

/** Returns the fund and the supplies that a backtest of the question asks for: a market capitalisation is price × supply. */
export const wishOf = ({ assets, cap, count, capital }: Question, drift: number, feeBps: number): object => ({
  fund: {
    weighting: { scheme: 'market-cap', count, cap },
    initialPrice: String(PRICE),
    initialShares: decimal(capital / PRICE),
    rebalance: { assetThreshold: drift, feeBps },
  },
  supplies: Object.fromEntries(
    assets.flatMap(({ symbol, marketCap, price }) => (price === undefined ? [] : [[symbol, decimal(marketCap / price)]])),
  ),
})
