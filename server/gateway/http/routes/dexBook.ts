import type { Levels } from '../../../../streams/market/levels.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { nameOf } from '../../../dex/coin.ts'
import type { Dex } from '../../../dex/dex.ts'
import { type Asked, decimalOf } from './dexQuery.ts'

/** An order book as the aggregators' formats have it: price before volume, as texts. */
export interface LevelTexts {
  readonly bids: readonly LevelText[]
  readonly asks: readonly LevelText[]
}
type LevelText = readonly [price: string | undefined, volume: string | undefined]

/** Returns the pools' order book, `levels` levels a side. Throws a ProtocolError if there is none: swaps between two people leave no orders. */
export const bookTexts = (dex: Dex, { pair, market }: Asked, levels: number): LevelTexts => {
  const book = dex.book(pair, market, levels)
  if (book === undefined) throw new ProtocolError('not_found', `no order book of ${market ?? nameOf(pair)} is known`)
  return { bids: textsOf(book.bids), asks: textsOf(book.asks) }
}

const textsOf = (side: Levels['bids']): LevelText[] => side.map(([price, base]) => [decimalOf(price), decimalOf(base)])
