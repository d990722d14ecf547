import { type Transaction, transactionReader } from '../pnl/transaction.ts'
import { NOON } from './drive.ts'

const COLUMNS = ['type', 'asset', 'qty', 'price', 'fee', 'cost', 't'] as const

const read = transactionReader(COLUMNS)

/** "buy BTC 2 100 1" or, with what was paid in all, "buy BTC 2 - 1 180": type, asset, qty, price, fee, cost; "-" is left out. */
export const transaction = (text: string, t: number = NOON): Transaction => {
  const fields = text.split(' ').map(field => (field === '-' ? '' : field))
  return read([...fields, ...Array<string>(COLUMNS.length - 1 - fields.length).fill(''), String(t)])
}
