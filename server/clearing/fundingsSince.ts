import { clientAccount } from '../../streams/ledger/accounts.ts'
import type { Entry } from '../../streams/ledger/entry.ts'
import { readEntry } from '../../streams/ledger/entryText.ts'
import type { AssetEvent } from '../../streams/market/assetEvent.ts'
import { entryAt, type Journal } from '../journal/journal.ts'

/**
 * Returns what deposits less withdrawals of an event's asset have brought into each account since the event, 10⁻¹⁸: what the custodian
 * booked after it counts units of after it. `fresh` are entries that are not in the journal yet.
 */
export const fundingsSince = (journal: Journal, { t, asset, to }: AssetEvent, fresh: readonly Entry[]): Map<string, bigint> => {
  const sums = new Map<string, bigint>()
  const take = (entry: Entry): void => {
    if ((entry.kind !== 'deposit' && entry.kind !== 'withdrawal') || entry.t < t) return
    // Under a new name nothing of before is deposited.
    if (entry.asset !== asset || entry.asset !== to || entry.status !== 'settled') return
    const account = clientAccount(entry.client)
    sums.set(account, (sums.get(account) ?? 0n) + (entry.kind === 'deposit' ? entry.amount : -entry.amount))
  }
  for (const { text } of journal.since(firstAt(journal, t) - 1)) if (FUNDING.test(text)) take(readEntry(text))
  for (const entry of fresh) take(entry)
  return sums
}

/** What the text of a deposit or a withdrawal has in it. */
const FUNDING = /"kind":"(deposit|withdrawal)"/

/** Returns the number of the first entry that is not older than `t` (ms), by halves: entries are never older than the one before. */
const firstAt = (journal: Journal, t: number): number => {
  let low = 1
  let high = journal.seq + 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (readEntry(entryAt(journal, middle)!.text).t < t) low = middle + 1
    else high = middle
  }
  return low
}
