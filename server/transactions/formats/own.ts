import { formatDecimal, mulDown } from '../../../streams/lib/decimal.ts'
import { BadRow, COLUMNS, type Transaction, transactionReader } from '../../../streams/pnl/transaction.ts'
import type { Format } from '../format.ts'
import type { TableRow } from '../tableRow.ts'

const read = transactionReader(COLUMNS)
const NUMBERS: ReadonlySet<string> = new Set(['qty', 'price', 'fee', 'cost'])

/** A fee of this part of what was traded, or a larger one, is none that anybody takes. */
const FEE_PART = 10n

/**
 * Throws BadRow if a number was cut in two by its separator: a price of 61,234.50 that is not quoted, in a row that leaves its fee out, has as many
 * fields as the header. It shows by a part with leading zeros, or by a fee that is large beside the price and could be its end.
 */
const checkWhole = (row: TableRow, { qty, price, fee }: Transaction): void => {
  for (const name of ['price', 'fee', 'cost']) {
    const text = row.text(name)
    if (/^0\d/.test(text)) throw row.bad(name, text, 'a number without leading zeros; one with separators has to be quoted')
  }
  const [first, second] = [row.text('price'), row.text('fee')]
  if (price === undefined || !/^\d{1,3}$/.test(first) || !/^\d{3}(?:\.\d+)?$/.test(second)) return
  if (fee * FEE_PART >= mulDown(qty, price))
    throw new BadRow(`price: found ${first} and a fee of ${second}, expected less; if ${first},${second} is meant, it has to be quoted`)
}

/** The server's own transactions file: a row of a portfolio a line. */
export const own: Format = {
  name: 'transactions',
  columns: ['t', 'type', 'asset', 'qty'],
  time: ['t'],
  read: ([row]) => {
    const fields = COLUMNS.map(name => {
      if (!NUMBERS.has(name)) return row!.text(name)
      // A number that is none is refused as it stands.
      const amount = row!.amountOrText(name)
      return typeof amount === 'bigint' ? formatDecimal(amount) : amount
    })
    const tx = read(fields)
    checkWhole(row!, tx)
    return { booked: [tx] }
  },
}
