/** Coins as atomic-swap exchanges name them: `KMD`, `LTC-segwit`, `USDC-PLG20`, `USDC-PLG20_OLD`. */

const COIN = /^([A-Za-z0-9][A-Za-z0-9.$]{0,31})(?:-([A-Za-z0-9]{1,16}))?(_OLD)?$/

/** The coin without the platform that it moves on, so that variants of one coin are one; undefined where no coin is named so. */
export const tickerOf = (coin: string): string | undefined => COIN.exec(coin)?.[1]

/** Worth nothing: for trying out. */
const TEST_COINS = new Set(['DOC', 'MARTY'])

export const isTestCoin = (ticker: string): boolean => TEST_COINS.has(ticker)

/** Two coins, the first counted in the second. */
export interface Pair {
  readonly base: string
  readonly quote: string
}

export const nameOf = ({ base, quote }: Pair): string => `${base}_${quote}`

/** Reads `KMD_LTC`, `KMD_USDC-PLG20_OLD`: coins without their platforms. Undefined where it names no two coins. */
export const parsePair = (text: string): Pair | undefined => {
  // An underscore also stands before OLD.
  const coins = text.replace(/_OLD(?=_|$)/g, '.OLD').split('_')
  const [base, quote, more] = coins.map(coin => tickerOf(coin.replace(/\.OLD$/, '_OLD')))
  return base === undefined || quote === undefined || more !== undefined || coins.length !== 2 ? undefined : { base, quote }
}

/** Market capitalisation in the quote currency; undefined where unknown. */
export type CapOf = (ticker: string) => number | undefined

/**
 * Two coins as a pair: the one of the lower market capitalisation is the base. Compared are two leading digits, so that a pair
 * does not turn round with every move of a price; equal or unknown, the alphabet decides.
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
