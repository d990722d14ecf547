/** Coins as atomic-swap exchanges name them: `KMD`, `LTC-segwit`, `USDC-PLG20`, `USDC-PLG20_OLD`. */

const COIN = /^([A-Za-z0-9][A-Za-z0-9.$]{0,31})(?:-([A-Za-z0-9]{1,16}))?(_OLD)?$/

/** Returns a coin without the platform that it moves on, so that variants of one coin are one; undefined if this names no coin. */
export const tickerOf = (coin: string): string | undefined => COIN.exec(coin)?.[1]

/** Coins that are worth nothing: for trials. */
const TEST_COINS = new Set(['DOC', 'MARTY'])

/** Returns whether a coin is worth nothing. */
export const isTestCoin = (ticker: string): boolean => TEST_COINS.has(ticker)

/** Two coins, the first counted in the second. */
export interface Pair {
  readonly base: string
  readonly quote: string
}

/** Returns a pair as `BASE_QUOTE`. */
export const nameOf = ({ base, quote }: Pair): string => `${base}_${quote}`

/** Reads `KMD_LTC`, `KMD_USDC-PLG20_OLD`; the coins come without their platforms. Undefined if it does not name two coins. */
export const parsePair = (text: string): Pair | undefined => {
  // An underscore also stands before OLD.
  const coins = text.replace(/_OLD(?=_|$)/g, '.OLD').split('_')
  const [base, quote, more] = coins.map(coin => tickerOf(coin.replace(/\.OLD$/, '_OLD')))
  return base === undefined || quote === undefined || more !== undefined || coins.length !== 2 ? undefined : { base, quote }
}

/** Returns the market capitalisation of a coin in the quote currency; undefined if it is unknown. */
export type CapOf = (ticker: string) => number | undefined

/**
 * Returns two coins as a pair. The one of the lower market capitalisation is the base; only two leading digits are compared, so that a
 * pair does not turn round with every move of a price. If they are equal, or one is unknown, the alphabet decides.
 */
export const pairOf = (a: string, b: string, capOf: CapOf): Pair => {
  const [first, second] = a < b ? [a, b] : [b, a]
  const [cap1, cap2] = [leading(capOf(first)), leading(capOf(second))]
  return cap1 > 0 && cap2 > 0 && cap2 < cap1 ? { base: second, quote: first } : { base: first, quote: second }
}

const leading = (cap = 0): number => {
  const [, digits, exponent] = /^(\d\.\d)\d*e([+-]\d+)$/.exec(cap.toExponential(14)) ?? []
  return digits === undefined ? 0 : Number(`${digits}e${exponent}`)
}
