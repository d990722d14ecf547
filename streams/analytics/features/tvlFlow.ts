import { logRatio } from './past.ts'

/** What a protocol holds of a token. */
export interface TokenHeld {
  readonly token: string
  readonly amount: number
  /** USD at the beginning of the day; NaN if not known. */
  readonly price: number
}

/**
 * Returns the ln change of a TVL over a day with every token at its price of the beginning: what was put in and taken out, without what prices did. NaN if
 * a token that is held on either side has no price.
 */
export const tvlFlow = (before: readonly TokenHeld[], after: readonly TokenHeld[]): number => {
  const prices = new Map([...after, ...before].map(({ token, price }) => [token, price]))
  const worth = (held: readonly TokenHeld[]): number =>
    held.reduce((sum, { token, amount }) => (amount === 0 ? sum : sum + amount * prices.get(token)!), 0)
  return logRatio(worth(after), worth(before))
}
