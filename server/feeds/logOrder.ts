import type { ChainLog } from '../../streams/pools/chainLog.ts'

/** A log as a source gives it: its index counts through the block, or through its transaction alone. */
export interface SourcedLog extends Pick<ChainLog, 'block' | 'index' | 'address' | 'topics' | 'data'> {
  /** The transaction's index in the block; NaN if the source does not say. */
  readonly transaction: number
  /** Its hash; '' if the source does not say. */
  readonly transactionHash: string
}

/** Logs of one transaction at most, where their indexes count through it alone. */
const LOGS_PER_TRANSACTION = 100_000

/**
 * Returns the logs of one block in the order of the chain, with indexes that count through the block. Some nodes and exports count through
 * each transaction: that shows where two logs that differ have one index, or a later transaction has a smaller one. Then the order is that
 * of the transactions, or if these are not known the order in which the logs came.
 */
export const inBlockOrder = <L extends SourcedLog>(logs: readonly L[]): L[] => {
  const transactionsKnown = logs.every(({ transaction }) => transaction >= 0)
  const byIndex = [...logs].sort((a, b) => (transactionsKnown && a.transaction - b.transaction) || a.index - b.index)
  const countThroughBlock = byIndex.every((log, i) => {
    const before = byIndex[i - 1]
    return before === undefined || before.index < log.index || (before.index === log.index && isSame(before, log))
  })
  if (countThroughBlock) return byIndex
  if (transactionsKnown) return byIndex.map(log => ({ ...log, index: log.transaction * LOGS_PER_TRANSACTION + log.index }))
  const placed: L[] = []
  return logs.map(log => {
    const known = placed.findIndex(other => isSame(other, log))
    return { ...log, index: known < 0 ? placed.push(log) - 1 : known }
  })
}

/** Whether two logs with places in one block are one, as far as both say. */
const isSame = (a: SourcedLog, b: SourcedLog): boolean =>
  a.index === b.index &&
  a.data === b.data &&
  a.topics.join() === b.topics.join() &&
  agree(a.address.toLowerCase(), b.address.toLowerCase()) &&
  agree(a.transactionHash, b.transactionHash)

const agree = (a: string, b: string): boolean => a === b || a === '' || b === ''
