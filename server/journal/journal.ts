import type { LedgerEntry } from '../../streams/input.ts'

/** What was decided, in order, for ever: durable before anybody sees it. */
export interface Journal {
  /** All entries so far, oldest first. */
  read(): Promise<readonly LedgerEntry[]>
  /** Resolves when the entries are on disk. Rejects, and nothing of them stands, where they cannot be. */
  append(entries: readonly LedgerEntry[]): Promise<void>
  close(): Promise<void>
}
