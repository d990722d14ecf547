import { readEntry } from '../../streams/ledger/entryText.ts'
import { entryAt, type Journal } from '../journal/journal.ts'
import type { RecordedEntry } from './port.ts'

/** Rows of portfolios that are read at once; the last entry may go beyond. */
const ROWS = 20_000

/** Returns the next entries after a number that add rows to portfolios. `recordings` are the numbers of all such entries, rising. */
export const recordedAfter = (journal: Journal, recordings: readonly number[], after: number): RecordedEntry[] => {
  const page: RecordedEntry[] = []
  let rows = 0
  for (let i = firstAbove(recordings, after); i < recordings.length && rows < ROWS; i++) {
    const entry = readEntry(entryAt(journal, recordings[i]!)!.text)
    if (entry.kind !== 'record') continue
    page.push({ seq: entry.seq, portfolio: entry.portfolio, transactions: entry.transactions })
    rows += entry.transactions.length
  }
  return page
}

/** Returns the place of the first number above `n` in a list that rises. */
const firstAbove = (list: readonly number[], n: number): number => {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle]! <= n) low = middle + 1
    else high = middle
  }
  return low
}
