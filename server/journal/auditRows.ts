import type { WrittenPosting } from '../../streams/ledger/entryText.ts'
import type { Journal, JournalEntry } from './journal.ts'

/** The columns of the table `entries` in the order in which `entryRows` writes them; the table fills the others itself. */
export const ENTRY_COLUMNS =
  'journal, seq, t, who, kind, key, fund, status, code, postings.account, postings.asset, postings.amount, postings.after, text, hash'

/** Entries as rows for ClickHouse. */
export interface EntryBatch {
  /** Number of the last entry; if there is none, the number after which was asked. */
  readonly last: number
  /** As `entryRows` writes them, in UTF-8. */
  readonly rows: Uint8Array
  /** Hash of the last entry; '' if there is none. */
  readonly hash: string
  /** Entries whose postings are left out because no column holds them. */
  readonly bare: number
}

/** Characters of entries after which a batch is full; the last entry may go beyond. */
const BATCH_TEXT = 1 << 20

/** Returns at most `limit` entries after a number, as rows for ClickHouse; with `bare` without their postings, which stand in the text, too. */
export const entryBatch = (journal: Journal, after: number, limit: number, bare = false): EntryBatch => {
  const entries: JournalEntry[] = []
  let length = 0
  for (const entry of journal.since(after)) {
    entries.push(entry)
    length += entry.text.length
    if (entries.length >= limit || length >= BATCH_TEXT) break
  }
  const { rows, bare: left } = entryRows(journal.id, entries, bare)
  const last = entries.at(-1)
  return { last: last?.seq ?? after, rows: Buffer.from(rows), hash: last?.hash ?? '', bare: left }
}

/** The members of an entry's text that have columns of their own. */
interface Written {
  readonly t: number
  readonly who: string
  readonly kind: string
  readonly key?: string
  readonly fund?: string
  readonly status?: string
  readonly code?: string
  readonly postings?: readonly WrittenPosting[]
}

/**
 * Returns entries as rows of ClickHouse's format TabSeparated. In it amounts stay the decimal strings that they are: turning them into the
 * 256 bits of a binary row takes longer than all the rest. An entry with an amount that no column holds has no postings beside its text.
 */
export const entryRows = (
  journal: string,
  entries: readonly JournalEntry[],
  bare = false,
): { readonly rows: string; readonly bare: number } => {
  let [rows, left] = ['', 0]
  for (const { seq, text, hash } of entries) {
    const { t, who, kind, key = '', fund = '', status = '', code = '', postings = [] } = JSON.parse(text) as Written
    const moment = new Date(t).toISOString()
    let [accounts, assets, amounts, afters, comma] = ['', '', '', '', '']
    const leavesOut = postings.length > 0 && (bare || postings.some(([, , amount, after]) => isTooLong(amount) || isTooLong(after)))
    if (leavesOut) left += 1
    for (const [account, asset, amount, after] of leavesOut ? [] : postings) {
      accounts += `${comma}'${account}'`
      assets += `${comma}'${asset}'`
      amounts += comma + amount
      afters += comma + after
      comma = ','
    }
    rows += `${journal}\t${seq}\t${moment.slice(0, 10)} ${moment.slice(11, 23)}\t${escaped(who)}\t${kind}\t${escaped(key)}\t${escaped(fund)}\t${status}\t${code}\t`
    rows += `[${accounts}]\t[${assets}]\t[${amounts}]\t[${afters}]\t${escaped(text)}\t${hash}\n`
  }
  return { rows, bare: left }
}

/** Whether an amount has more digits than a column, 58 before its point. A sign counts as one: none comes near. */
const isTooLong = (amount: string): boolean => {
  if (amount.length <= DIGITS) return false
  const point = amount.indexOf('.')
  return (point < 0 ? amount.length : point) > DIGITS
}
const DIGITS = 58

/** Names of accounts and assets have nothing to escape, and no text a tab or a line feed: JSON writes those with a backslash. */
const escaped = (text: string): string => (text.includes('\\') ? text.replaceAll('\\', '\\\\') : text)
