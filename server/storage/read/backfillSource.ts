import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { History } from './history.ts'
import type { HistoryPage } from './page.ts'
import type { HistoryQuery } from './query.ts'

/** The part of the history that a subscription with `from` reads. */
export interface BackfillSource {
  /** Returns one page, oldest row first. Of ticks it has those that were accepted by the frame `asOf`. */
  rows(query: Omit<HistoryQuery, 'step'> & Required<Pick<HistoryQuery, 'asOf' | 'limit'>>): Promise<HistoryPage>
  /** Resolves when all rows up to the frame `t` (ms) can be read. Rejects with a ProtocolError if that takes too long. */
  until(t: number): Promise<void>
}

/** ms to wait until the newest rows are stored. */
const WAIT_MS = 15_000

/** Returns a source that reads the history once the sink has stored what is needed for it. */
export const openBackfillSource = (history: History, sink: { until(t: number): Promise<void> }): BackfillSource => ({
  rows: query => history.rows(query),
  until: t => within(sink.until(t), WAIT_MS),
})

const within = async (work: Promise<void>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ProtocolError('not_ready', 'the newest rows are not stored yet', 1)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
