import { readEntry } from '../../streams/ledger/entryText.ts'
import { Ledger } from '../../streams/ledger/ledger.ts'
import type { JournalEntry, Snapshot } from '../journal/journal.ts'

/**
 * Holds a kept state against the entries that it stands for. A state and the seal that vouches for it lie side by side, so anyone who can forge one
 * can forge both; the entries have another witness.
 */
export class StateCheck {
  private readonly kept: Snapshot
  private readonly ledger = new Ledger()

  constructor(kept: Snapshot) {
    this.kept = kept
  }

  /**
   * Takes the next entries, from the first of the journal on. Returns whether the kept state has been confirmed by then. Throws RangeError if an
   * entry does not follow by the ledger's rules, or if the entries give another state.
   */
  confirms(entries: Iterable<Pick<JournalEntry, 'seq' | 'text'>>): boolean {
    const { kept, ledger } = this
    for (const { seq, text } of entries) {
      if (seq > kept.seq) break
      ledger.post(readEntry(text))
    }
    if (ledger.seq < kept.seq) return false
    if (ledger.write() === kept.state) return true
    throw new RangeError(`found another kept state than the ${kept.seq} entries before it give, expected the same`)
  }
}
