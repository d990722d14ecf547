import type { WrittenPosting } from '../../streams/ledger/entryText.ts'

/** The columns of the table `entries` in the order in which `entryRows` writes them; the others are the table's to fill. */
export const ENTRY_COLUMNS =
  'journal, seq, t, who, kind, key, fund, status, code, postings.account, postings.asset, postings.amount, postings.after, text, hash'

/** Entries as rows for ClickHouse. */
export interface EntryBatch {
  /** Number of the last entry; if there is none, the number after which was asked. */
  readonly last: number
  /** As `entryRows` writes them, in UTF-8. */
  readonly rows: Uint8Array
}

/** What an entry's text holds as columns beside it. */
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
 * Entries as rows of ClickHouse's format TabSeparated. In it amounts stay the decimal strings that they are: to make them the 256 bits
 * of a binary row takes longer than all the rest.
 */
export const entryRows = (
  journal: string,
  lines: readonly { readonly seq: number; readonly text: string; readonly hash: string }[],
): string => {
  let rows = ''
  for (const { seq, text, hash } of lines) {
    const { t, who, kind, key = '', fund = '', status = '', code = '', postings = [] } = JSON.parse(text) as Written
    const moment = new Date(t).toISOString()
    let [accounts, assets, amounts, afters, comma] = ['', '', '', '', '']
    for (const [account, asset, amount, after] of postings) {
      accounts += `${comma}'${account}'`
      assets += `${comma}'${asset}'`
      amounts += comma + amount
      afters += comma + after
      comma = ','
    }
    rows += `${journal}\t${seq}\t${moment.slice(0, 10)} ${moment.slice(11, 23)}\t${escaped(who)}\t${kind}\t${escaped(key)}\t${escaped(fund)}\t${status}\t${code}\t`
    rows += `[${accounts}]\t[${assets}]\t[${amounts}]\t[${afters}]\t${escaped(text)}\t${hash}\n`
  }
  return rows
}

/** Names of accounts and assets have nothing to escape, and no text a tab or a line feed: JSON writes those with a backslash. */
const escaped = (text: string): string => (text.includes('\\') ? text.replaceAll('\\', '\\\\') : text)
