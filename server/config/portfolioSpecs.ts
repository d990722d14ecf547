import { createReadStream } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Logger } from 'pino'
import { csvFields } from '../../streams/lib/csv.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolio.ts'
import { BadRow, type Transaction, transactionReader } from '../../streams/pnl/transaction.ts'
import { UsageError } from './options.ts'
import type { Config } from './schema.ts'

/**
 * Returns the configuration's portfolios with their transactions. A bad row is logged with its number and left out. Throws UsageError if a
 * file cannot be read or lacks a column.
 */
export const portfolioSpecs = async (config: Config, configFile: string, log: Logger): Promise<PortfolioSpec[]> =>
  Promise.all(
    config.portfolios.map(async ({ id, method, feesInCost, ignore, transactions }, i) => ({
      id,
      quote: config.quote,
      method,
      feesInCost,
      ...(ignore && { ignore: new Set(ignore) }),
      transactions:
        transactions === undefined
          ? []
          : await readTransactions(resolve(dirname(configFile), transactions), `${configFile}: portfolios.${i}.transactions`, log),
    })),
  )

/** Bad rows beyond this number are counted, not logged. */
const LOGGED_ROWS = 20

const readTransactions = async (file: string, where: string, log: Logger): Promise<Transaction[]> => {
  const transactions: Transaction[] = []
  const ids = new Set<string>()
  let read: ((fields: readonly string[]) => Transaction) | undefined
  let line = 0
  let bad = 0
  try {
    for await (const text of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1
      if (text.trim() === '') continue
      try {
        if (read === undefined) {
          read = transactionReader(csvFields(text.replace(/^\uFEFF/, '')))
          continue
        }
        const transaction = read(csvFields(text))
        if (transaction.id !== '' && ids.has(transaction.id))
          throw new BadRow(`id: found "${transaction.id}" a second time, expected each id once`)
        ids.add(transaction.id)
        transactions.push(transaction)
      } catch (error) {
        if (!(error instanceof BadRow)) throw error
        if (read === undefined) throw new UsageError(`${where}: ${file}, ${error.message}`)
        bad += 1
        if (bad <= LOGGED_ROWS) log.warn({ file, line, why: error.message }, 'a row of the transactions is left out')
      }
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(
      `${where}: "${file}" cannot be read (${(error as NodeJS.ErrnoException).code}), expected a CSV file of transactions`,
    )
  }
  if (bad > LOGGED_ROWS) log.warn({ file, bad }, 'more rows of the transactions are left out')
  // Sorting is stable: rows of one time stay in the file's order.
  return transactions.sort((a, b) => a.t - b.t)
}
