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

/** Rows that one page looks through at most. */
const LOOKS_MAX = 10

/** Opens the alerts of a core; '' is the shard of one that is alone. */
export const openStoredAlerts = (engine: Promise<Engine>, shard: string): StoredAlerts => {
  const read = openReader(engine)
  return {
    async page(query, mayRead) {
      const alerts: Alert[] = []
      let { cursor } = query
      for (let look = 0; look < LOOKS_MAX; look++) {
        const found = await read(running => alertsOf(running, shard, { ...query, ...(cursor !== undefined && { cursor }) }))
        for (const alert of found) {
          cursor = writeCursor(alert.since, alert.id)
          if (!mayRead(alert)) continue
          alerts.push(alert)
          if (alerts.length === query.limit) return { alerts, next: cursor }
        }
        if (found.length < query.limit) return { alerts }
      }
      return { alerts, ...(cursor !== undefined && { next: cursor }) }
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

/** The last moment that a column can hold, ms. */
const clamped = (ms: number): number => Math.min(ms, LAST_MS)

const alertsOf = async (engine: Engine, shard: string, { from, to, state, rule, channel, limit, cursor }: AlertQuery): Promise<Alert[]> => {
  const [since, id] = (readCursor(cursor, 'number', 'string') ?? []) as [number?, string?]
  const conditions = [
    'shard = {shard:String}',
    `since >= ${timeOf('from')}`,
    `since < ${timeOf('to')}`,
    ...(rule === undefined ? [] : ['rule = {rule:String}']),
    ...(channel === undefined ? [] : ['channel = {channel:String}']),
    ...(since === undefined ? [] : [`(since, id) < (${timeOf('after')}, {id:String})`]),
  ]
  return readAll(
    engine,
    `SELECT argMax(alert, step) AS newest FROM ${quoted(engine.database)}.alerts WHERE ${conditions.join(' AND ')}
     GROUP BY since, id ${state === undefined ? '' : 'HAVING argMax(state, step) = {state:String}'}
     ORDER BY since DESC, id DESC LIMIT {limit:UInt32} ${READ_LIMITS}`,
    { shard, from: clamped(from), to: clamped(to), limit, state, rule, channel, ...(since !== undefined && { after: since, id }) },
  )
}

const readAll = async (engine: Engine, query: string, parameters: Readonly<Record<string, unknown>>): Promise<Alert[]> => {
  const input = await select(engine, query, parameters)
  const alerts: Alert[] = []
  while (!input.ended) alerts.push(JSON.parse(text.read(input)) as Alert)
  return alerts
}

const text = codecOf('String') as Codec<string>
