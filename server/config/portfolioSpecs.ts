import { basename, dirname, resolve } from 'node:path'
import type { Logger } from 'pino'
import type { PortfolioSpec } from '../../streams/pnl/portfolioSpec.ts'
import { BadRow, type Transaction, writeTransaction } from '../../streams/pnl/transaction.ts'
import { blocksOf } from '../lib/blocks.ts'
import { otherContents } from '../transactions/checkedRow.ts'
import { NoRows, transactionsIn } from '../transactions/transactionFile.ts'
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
          : await readTransactions(
              resolve(dirname(configFile), transactions),
              config.quote,
              `${configFile}: portfolios.${i}.transactions`,
              log,
            ),
    })),
  )

/** Bad rows beyond this number are counted, not logged. */
const LOGGED_ROWS = 20

const readTransactions = async (file: string, quote: string, where: string, log: Logger): Promise<Transaction[]> => {
  const transactions: Transaction[] = []
  const said = new Map<string, string>()
  let bad = 0
  const leaveOut = (lines: readonly number[], why: string): void => {
    bad += lines.length
    if (bad <= LOGGED_ROWS) log.warn({ file, line: lines[0], why }, 'a row of the transactions is left out')
  }
  try {
    for await (const reading of transactionsIn(() => blocksOf(file), { file: basename(file), quote })) {
      if ('refused' in reading) leaveOut(reading.lines, reading.refused)
      if (!('transactions' in reading)) continue
      for (const tx of reading.transactions) {
        const contents = JSON.stringify(writeTransaction(tx))
        const before = said.get(tx.id)
        said.set(tx.id, before ?? contents)
        if (before === undefined) transactions.push(tx)
        else if (before !== contents) leaveOut(reading.lines, otherContents(tx.id))
      }
    }
  } catch (error) {
    // A file that is only begun is none to complain of.
    if (error instanceof NoRows) return []
    if (error instanceof BadRow) throw new UsageError(`${where}: ${file}, ${error.message}`)
    throw new UsageError(
      `${where}: "${file}" cannot be read (${(error as NodeJS.ErrnoException).code}), expected a CSV file of transactions`,
    )
  }
  if (bad > LOGGED_ROWS) log.warn({ file, bad }, 'more rows of the transactions are left out')
  // Sorting is stable: rows of one time stay in the file's order.
  return transactions.sort((a, b) => a.t - b.t)
}
