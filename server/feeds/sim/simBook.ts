import { type Level, type Levels, SHOWN_REACH } from '../../../streams/market/levels.ts'

const LEVELS = 100
/** The worth of the level next to the price and of the farthest one, in the quote currency. */
const NEAR_WORTH = 20_000
const FAR_WORTH = 200_000

/** An order book around a price: thin near it, thicker farther away, and known as far as a book is shown. */
export const simLevels = (price: number, halfSpread: number): Levels => {
  const side = (sign: 1 | -1): Level[] =>
    Array.from({ length: LEVELS }, (_, i) => {
      const share = i / (LEVELS - 1)
      const at = price * (1 + sign * (halfSpread + share * (SHOWN_REACH - halfSpread)))
      return [at, (NEAR_WORTH + share * (FAR_WORTH - NEAR_WORTH)) / at]
    })
  return { bids: side(-1), asks: side(1), reach: { bid: SHOWN_REACH, ask: SHOWN_REACH } }
}
