import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { BackfillSource } from '../../gateway/hub/backfill.ts'
import type { History } from './history.ts'

/** A past that is not stored within so long is not waited for, ms. */
const PAST_MS = 15_000

/** What was stored, up to a moment that may still be on its way to the engine. */
export const openBackfillSource = (history: History, sink: { until(t: number): Promise<void> }): BackfillSource => ({
  rows: query => history.rows(query),
  until: t => within(sink.until(t), PAST_MS),
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
