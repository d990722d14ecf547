import { formatDecimal } from '../../../streams/lib/decimal.ts'
import type { Transaction } from '../../../streams/pnl/transaction.ts'
import { linesOf } from '../../lib/csv.ts'
import { transactionsIn } from '../transactionFile.ts'

/** What became of the rows of a file: the transactions in their order, and each line that brought none, with the reason. */
export interface Readings {
  readonly transactions: Transaction[]
  readonly refused: [line: number, why: string][]
  readonly ignored: [line: number, why: string][]
  /** Lines that brought transactions. */
  readonly booked: number[]
}

/** Reads a file of transactions into a portfolio that counts in `quote`. */
export const readings = async (text: string, { quote = 'USD', file = 'file.csv' } = {}): Promise<Readings> => {
  const read: Readings = { transactions: [], refused: [], ignored: [], booked: [] }
  for await (const reading of transactionsIn(() => [{ first: 1, lines: linesOf(text) }], { file, quote })) {
    if ('transactions' in reading) {
      read.transactions.push(...reading.transactions)
      read.booked.push(...reading.lines)
    } else if ('refused' in reading) for (const line of reading.lines) read.refused.push([line, reading.refused])
    else for (const line of reading.lines) read.ignored.push([line, reading.ignored])
  }
  return read
}

/** Returns what is held of each asset after transactions, by nothing but addition; money that was paid and earned is of the quote currency. */
export const holdings = (transactions: readonly Transaction[], quote = 'USD'): Record<string, string> => {
  const sums = new Map<string, bigint>()
  const add = (asset: string, amount: bigint): void => void sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  for (const { type, asset, qty, cost, fee } of transactions) {
    const out = type === 'sell' || type === 'withdraw' || type === 'fee'
    if (type !== 'transfer') add(asset, out ? -qty : qty)
    // A trade for another coin has its worth as its cost, but no money moves: it has two rows.
    if (type === 'buy') add(quote, -(cost ?? fee))
    else if (type === 'sell') add(quote, cost ?? -fee)
    else add(quote, -fee)
  }
  return Object.fromEntries([...sums].filter(([, amount]) => amount !== 0n).map(([asset, amount]) => [asset, formatDecimal(amount)]))
}
