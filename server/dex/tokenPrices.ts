import type { TokenSpec } from '../../streams/pools/spec.ts'

/**
 * Returns the prices of a pool's two tokens in the quote currency, NaN if unknown. If only one has a price, the other's follows from the
 * pool's own `price` of a token1 in token0.
 */
export const tokenPrices = (
  token0: TokenSpec,
  token1: TokenSpec,
  price: number,
  priceOf: (asset: string) => number,
): readonly [number, number] => {
  const [known0, known1] = [priceOf(token0.asset), priceOf(token1.asset)]
  return [Number.isNaN(known0) ? known1 / price : known0, Number.isNaN(known1) ? known0 * price : known1]
}
