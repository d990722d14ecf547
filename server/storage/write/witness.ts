import type { Logger } from 'pino'
import { JournalError, REPAIR } from '../../journal/journalError.ts'
import type { Engine } from '../engine/engine.ts'
import { copiedHash, copiedJournals, newestCopied } from './entryCopy.ts'

/** A journal that ClickHouse is asked about. */
export interface Witnessed {
  readonly id: string
  /** The file, for messages. */
  readonly file: string
  /** It had no entry when it was opened. */
  readonly fresh: boolean
  /** The copy is this journal's alone: it lies in the same directory. */
  readonly alone: boolean
  /** Returns the hash of an entry, if there is one of this number, and the number of the newest. */
  hashAt(seq: number): Promise<{ readonly hash: string | undefined; readonly newest: number }>
}

/**
 * Holds a journal against ClickHouse's copy, which nothing that changes the file can change: they must agree on the newest entry of the copy,
 * and so, by the chain, on all before it. Returns its number; or why they do not agree.
 */
export const confirmedTo = async (
  engine: Engine,
  journal: Witnessed,
  log: Logger,
): Promise<{ readonly seq: number; readonly fault?: JournalError }> => {
  const copy = await newestCopied(engine, journal.id)
  if (copy === undefined) return { seq: 0, ...(await strangers(engine, journal, log)) }
  const { hash, newest } = await journal.hashAt(copy.seq)
  if (hash === copy.hash) return { seq: copy.seq }
  const fault = async (): Promise<string> => {
    const common = Math.min(copy.seq, newest)
    const first = await firstDifference(engine, journal, common)
    if (first <= common) return `found another entry ${first} than ClickHouse has, expected the same`
    return `found ${newest} entries, expected the ${copy.seq} that ClickHouse has`
  }
  return { seq: 0, fault: new JournalError(`${journal.file}: ${await fault()}; ${REPAIR}`) }
}

/** A journal of which its own copy knows nothing, but of another, is not the one that was here. */
const strangers = async (engine: Engine, { file, fresh, alone }: Witnessed, log: Logger): Promise<{ fault?: JournalError }> => {
  const [other] = await copiedJournals(engine)
  if (other === undefined) return {}
  if (alone)
    return { fault: new JournalError(`${file}: found another journal, expected the one of which ClickHouse has ${other.seq}; ${REPAIR}`) }
  if (fresh) log.warn({ file, ...other }, 'the journal is new, and ClickHouse has entries of another')
  return {}
}

/** Returns the first number up to `common` at which journal and copy differ; the number after it if there is none. */
const firstDifference = async (engine: Engine, journal: Witnessed, common: number): Promise<number> => {
  let [low, high] = [1, common + 1]
  while (low < high) {
    const middle = (low + high) >> 1
    const [{ hash }, copied] = [await journal.hashAt(middle), await copiedHash(engine, journal.id, middle)]
    if (copied === undefined || hash === copied) low = middle + 1
    else high = middle
  }
  return low
}
