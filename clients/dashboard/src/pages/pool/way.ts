/** The two ways to read a price. */
export const WAYS = ['token0', 'token1'] as const
/** Which token a price is in. */
export type Way = (typeof WAYS)[number]

/** Returns a price of token1 in token0, or the other way round. */
export const turned = (price: number | undefined, way: Way): number | undefined =>
  price === undefined || way === 'token0' ? price : 1 / price
