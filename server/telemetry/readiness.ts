import type { FeedHealth } from '../../streams/market/feedHealth.ts'
import type { PartState, Readiness } from '../../streams/wire/answers/server.ts'
import type { ClearingStats } from '../clearing/port.ts'
import type { SinkStats } from '../storage/write/sink.ts'
import type { Space } from './diskSpace.ts'

const READY: PartState = { state: 'ready' }
const degraded = (why: string): PartState => ({ state: 'degraded', why })

/** Returns what `/readyz` says of all parts: it is ready if none waits. */
export const readinessOf = (parts: Readonly<Record<string, PartState>>): Readiness => {
  const waiting = Object.entries(parts).flatMap(([name, { state, why = '' }]) => (state === 'waiting' ? [[name, why] as const] : []))
  return { ready: waiting.length === 0, waiting: Object.fromEntries(waiting), parts }
}

/** Returns how a part is that takes a while to begin: `why` says what it still does, and is undefined once it is ready. */
export const startingPart = (why: string | undefined): PartState => (why === undefined ? READY : { state: 'waiting', why })

/** Returns how the feeds are. Without them the server still serves, and marks prices as stale. */
export const feedsPart = (feeds: readonly FeedHealth[]): PartState => {
  const troubled = feeds.flatMap(({ id, state, silent }) =>
    state === 'down' || state === 'connecting' ? [`${id} is ${state}`] : silent ? [`${id} is silent`] : [],
  )
  return troubled.length === 0 ? READY : degraded(troubled.join(', '))
}

/** The part of `limits.spoolBytes` from which on the sink says that it fills. */
const NEARLY_FULL = 0.8

/** Returns how the way of rows to ClickHouse is. Rows wait on disk meanwhile, and the server serves. */
export const sinkPart = ({ waiting, lastError }: SinkStats, spoolBytes: number): PartState => {
  if (lastError !== undefined) return degraded(lastError)
  if (waiting.bytes < NEARLY_FULL * spoolBytes) return READY
  return degraded(`found ${waiting.bytes} bytes waiting, expected less than ${NEARLY_FULL * 100} % of limits.spoolBytes`)
}

/** Returns how the journal is. While it fails orders are refused, and everything else is served. */
export const journalPart = ({ state, failure, fault }: ClearingStats): PartState => {
  if (state === 'closed') return degraded('the journal is closed')
  const why = failure ?? fault
  return why === undefined ? READY : degraded(why)
}

/** Returns how the disk is: it should hold what ClickHouse may not take for a while. */
export const diskPart = (space: Space | undefined, spoolBytes: number): PartState => {
  if (space === undefined) return degraded('its free space is not known')
  if (space.freeBytes >= spoolBytes) return READY
  return degraded(`found ${space.freeBytes} bytes free, expected at least limits.spoolBytes`)
}
