import { splitSymbol, symbolMap } from '../../../streams/market/symbols.ts'
import type { TableRow } from '../tableRow.ts'

const MAP = symbolMap({})

/** Returns the base and the quote of a pair as a venue writes it: "BTC-USDT", "BTC/USDT", "BTCUSDT". Throws BadRow if nothing says where it is split. */
export const pairOf = (row: TableRow, venue: string, ...columns: readonly string[]): { readonly base: string; readonly quote: string } => {
  const text = row.text(...columns)
  const split = splitSymbol(MAP.canonical(venue, text) ?? '')
  if (split === undefined) throw row.bad(columns[0]!, text, 'a pair such as BTC-USDT')
  return split
}

/** Returns whether a side is a purchase. Throws BadRow if it is neither that nor a sale. */
export const isPurchase = (row: TableRow, ...columns: readonly string[]): boolean => {
  const text = row.text(...columns)
  if (/^(buy|b)$/i.test(text)) return true
  if (/^(sell|s)$/i.test(text)) return false
  throw row.bad(columns[0]!, text, 'BUY or SELL')
}
