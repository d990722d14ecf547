import type { Alert } from '../../../streams/alerts/alert.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, LAST_MS } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { openReader } from './reader.ts'

/** Which alerts are asked for. */
export interface AlertQuery {
  /** Opened from then on, and before; ms. */
  readonly from: number
  readonly to: number
  readonly state?: 'open' | 'cleared'
  readonly rule?: string
  readonly channel?: string
  readonly limit: number
  readonly cursor?: string
}

/** Alerts, newest first; `next` is the cursor of those that follow. */
export interface AlertPage {
  readonly alerts: readonly Alert[]
  readonly next?: string
}

/** Stored alerts. */
export interface StoredAlerts {
  /** Returns alerts as they stand, newest first; those for which `mayRead` is false are left out, and a page is full without them. Throws as a `Reader`. */
  page(query: AlertQuery, mayRead: (alert: Alert) => boolean): Promise<AlertPage>
}

/** How often one page looks for alerts at most. */
const LOOKS_MAX = 10

/** Opens the alerts of a core; '' is the shard of one that is alone. */
export const openStoredAlerts = (engine: Promise<Engine>, shard: string): StoredAlerts => {
  const read = openReader(engine)
  return {
    async page(query, mayRead) {
      const alerts: Alert[] = []
      let [since, passed] = (readCursor(query.cursor, 'number', 'number') ?? [Number.POSITIVE_INFINITY, 0]) as [number, number]
      for (let look = 0; look < LOOKS_MAX; look++) {
        const found = await read(running => alertsOf(running, shard, query, since, passed))
        for (const alert of found) {
          passed = alert.since === since ? passed + 1 : 1
          since = alert.since
          if (!mayRead(alert)) continue
          alerts.push(alert)
          if (alerts.length === query.limit) return { alerts, next: writeCursor(since, passed) }
        }
        if (found.length < query.limit) return { alerts }
      }
      return { alerts, next: writeCursor(since, passed) }
    },
  }
}

/** Returns the alerts of a shard that were open at the event time `asOf` (ms); Infinity is now. */
export const openAlerts = async (engine: Engine, shard: string, asOf: number): Promise<Alert[]> =>
  readAll(
    engine,
    `SELECT argMax(alert, step) AS newest FROM ${quoted(engine.database)}.alerts
     WHERE shard = {shard:String} ${Number.isFinite(asOf) ? `AND t < ${timeOf('asOf')}` : ''}
     GROUP BY id HAVING argMax(state, step) = 'open' ORDER BY min(since), id`,
    { shard, ...(Number.isFinite(asOf) && { asOf }) },
  )

/** Alerts of one moment that a cursor can pass over. */
const PASSED_MAX = 10_000_000

/** The last moment that a column can hold, ms. */
const clamped = (ms: number): number => Math.min(ms, LAST_MS)

/**
 * Returns the alerts that opened at `since` (ms) or before, without the newest `passed` of them. A page goes on from a time and a number: the id of the
 * last alert that was looked at would name a channel that not everybody reads.
 */
const alertsOf = async (
  engine: Engine,
  shard: string,
  { from, to, state, rule, channel, limit }: AlertQuery,
  since: number,
  passed: number,
): Promise<Alert[]> => {
  const conditions = [
    'shard = {shard:String}',
    `since >= ${timeOf('from')}`,
    `since < ${timeOf('to')}`,
    ...(rule === undefined ? [] : ['rule = {rule:String}']),
    ...(channel === undefined ? [] : ['channel = {channel:String}']),
    `since <= ${timeOf('since')}`,
  ]
  return readAll(
    engine,
    `SELECT argMax(alert, step) AS newest FROM ${quoted(engine.database)}.alerts WHERE ${conditions.join(' AND ')}
     GROUP BY since, id ${state === undefined ? '' : 'HAVING argMax(state, step) = {state:String}'}
     ORDER BY since DESC, id DESC LIMIT {limit:UInt32} OFFSET {passed:UInt32} ${READ_LIMITS}`,
    {
      shard,
      from: clamped(from),
      to: clamped(to),
      since: clamped(since),
      limit,
      passed: Math.min(Math.max(passed, 0), PASSED_MAX),
      state,
      rule,
      channel,
    },
  )
}

const readAll = async (engine: Engine, query: string, parameters: Readonly<Record<string, unknown>>): Promise<Alert[]> => {
  const input = await select(engine, query, parameters)
  const alerts: Alert[] = []
  while (!input.ended) alerts.push(JSON.parse(text.read(input)) as Alert)
  return alerts
}

const text = codecOf('String') as Codec<string>
