import type { Logger } from 'pino'
import type { Alert, AlertChange } from '../../streams/alerts/alert.ts'
import { logError } from '../lib/errorEvents.ts'
import type { Figures } from '../lib/figures.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { KeptRows } from '../storage/write/keptRows.ts'
import { RowQueue } from '../storage/write/rowQueue.ts'

/** A row of the table `alerts`; times in ms. */
interface AlertRow {
  readonly id: string
  readonly step: number
  readonly t: number
  readonly since: number
  readonly event: string
  readonly state: string
  readonly rule: string
  readonly channel: string
  readonly severity: string
  readonly shard: string
  readonly alert: string
}

/** What the log needs. */
export interface AlertLogOptions {
  readonly engine: Promise<Engine>
  /** Keeps rows until they are stored. */
  readonly file: string
  /** Of this core; '' if there is only one. */
  readonly shard: string
  readonly log: Logger
}

/**
 * Stores what happens to alerts. Rows are in a file from the frame on that they are of until ClickHouse has them, so a kill takes none away: an alert
 * that was sent is known to be open after it.
 */
export class AlertLog {
  private readonly shard: string
  private readonly log: Logger
  private readonly rows: RowQueue<AlertRow>
  private readonly kept: KeptRows<AlertRow>
  private clearing = false

  /** Throws if the file of a former process cannot be read. */
  constructor({ engine, file, shard, log }: AlertLogOptions) {
    this.shard = shard
    this.log = log
    this.rows = new RowQueue(engine, { insert }, log)
    this.kept = new KeptRows(file)
    const left = this.kept.left()
    for (const row of left) this.rows.put(row)
    if (left.length > 0) void this.clearWhenStored()
  }

  /** Takes what has happened in a frame. */
  take(happened: readonly AlertChange[]): void {
    if (happened.length === 0) return
    const rows = happened.map(change => rowOf(change, this.shard))
    try {
      this.kept.add(rows)
    } catch (error) {
      logError(this.log, 'alert_not_kept', { error: (error as Error).message })
    }
    for (const row of rows) this.rows.put(row)
    void this.clearWhenStored()
  }

  /** Resolves when all rows are stored or set aside, or when the queue has ended. */
  stored(): Promise<void> {
    return this.rows.stored()
  }

  /** Returns what has become of the rows. */
  figures(): Figures {
    return { ...this.rows.stats() }
  }

  /** Sends the rows that are set aside again. Returns how many these are. */
  retrySetAside(): number {
    return this.rows.retrySetAside()
  }

  /** Writes what waits, and ends. */
  close(): Promise<void> {
    return this.rows.close()
  }

  private async clearWhenStored(): Promise<void> {
    if (this.clearing) return
    this.clearing = true
    while (this.rows.stats().waiting > 0 && !this.rows.ended) await this.rows.stored()
    this.clearing = false
    const { waiting, setAside, dropped } = this.rows.stats()
    if (waiting + setAside + dropped > 0) return
    try {
      this.kept.clear()
    } catch (error) {
      this.log.warn({ error: (error as Error).message }, 'alerts that are stored cannot be forgotten: the next start stores them again')
    }
  }
}

const rowOf = ({ event, alert }: AlertChange, shard: string): AlertRow => {
  const { id, step, t, since, state, rule, channel, severity } = alert
  return { id, step, t, since, event, state, rule, channel, severity, shard, alert: JSON.stringify(alert satisfies Alert) }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3)

const insert = async ({ client, database }: Engine, rows: readonly AlertRow[]): Promise<void> => {
  const values = rows.map(({ t, since, ...row }) => ({ ...row, t: seconds(t), since: seconds(since) }))
  await client.insert({ table: `${quoted(database)}.alerts`, values, format: 'JSONEachRow' })
}
