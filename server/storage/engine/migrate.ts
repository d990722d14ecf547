import type { ClickHouseClient } from '@clickhouse/client'
import { type Layout, SINGLE } from './layout.ts'
import { ticks } from './migrations/0001_ticks.ts'
import { candles } from './migrations/0002_candles.ts'
import { measures } from './migrations/0003_measures.ts'
import { entries } from './migrations/0004_entries.ts'
import { pnlHours } from './migrations/0005_pnl_hours.ts'
import { rebalances } from './migrations/0007_rebalances.ts'
import { dex } from './migrations/0008_dex.ts'
import { bars } from './migrations/0009_bars.ts'
import { candlesOfAll } from './migrations/0010_candles_of_all.ts'
import { listening } from './migrations/0011_listening.ts'
import { knownSums } from './migrations/0012_known_sums.ts'
import { poolLogs } from './migrations/0014_pool_logs.ts'
import { abandonedEntries } from './migrations/0015_abandoned_entries.ts'
import { metrics } from './migrations/0016_metrics.ts'
import { scores } from './migrations/0017_scores.ts'
import { alerts } from './migrations/0018_alerts.ts'
import { contracts } from './migrations/0019_contracts.ts'
import type { Migration } from './migrations/migration.ts'

/** The migrations in order. A new one goes to the end. No version has ever had a number 6: the number was skipped, and stays free. */
export const MIGRATIONS: readonly Migration[] = [
  ticks,
  candles,
  measures,
  entries,
  pnlHours,
  rebalances,
  dex,
  bars,
  candlesOfAll,
  listening,
  knownSums,
  poolLogs,
  abandonedEntries,
  metrics,
  scores,
  alerts,
  contracts,
]

/** Returns a name as SQL quotes it. */
export const quoted = (name: string): string => `\`${name.replace(/[\\`]/g, c => `\\${c}`)}\``

/**
 * Brings the database to the form this version knows and returns the names of the migrations that it ran. A migration is
 * recorded when all its statements have run, so one that was cut short runs again. Throws if a newer version wrote the database in a form that this
 * one cannot use.
 */
export const migrate = async (
  client: ClickHouseClient,
  database: string,
  migrations = MIGRATIONS,
  layout: Layout = SINGLE,
): Promise<string[]> => {
  const db = quoted(database)
  const run = async (statement: string): Promise<void> => {
    for (const query of layout.statements(statement)) await client.command({ query })
  }
  const recording = await recordingColumns(client, database)
  if (recording.size === 0) {
    await run(`CREATE DATABASE IF NOT EXISTS ${db}`)
    await run(`CREATE TABLE IF NOT EXISTS ${db}.migrations (id UInt32, name String, applied DateTime64(3, 'UTC') DEFAULT now64(3))
      ENGINE = ReplacingMergeTree ORDER BY id`)
  }
  if (!recording.has('usable_from')) await run(`ALTER TABLE ${db}.migrations ADD COLUMN IF NOT EXISTS usable_from UInt32 DEFAULT id`)
  const recorded = await client.query({
    query: `SELECT id, name, usable_from FROM ${db}.migrations FINAL ORDER BY id`,
    format: 'JSONEachRow',
  })
  const done = new Map((await recorded.json<Recorded>()).map(row => [row.id, row]))
  const known = migrations.at(-1)?.id ?? 0
  const foreign = [...done.values()].filter(({ id, usable_from }) => id > known && usable_from > known).at(-1)
  if (foreign !== undefined)
    throw new Error(
      `database ${database}: found migration ${foreign.id} (${foreign.name}), expected none after ${known}: a newer version wrote it`,
    )
  const ran: string[] = []
  for (const { id, name, statements, usableFrom: usable_from = id } of migrations) {
    if (done.has(id)) continue
    for (const statement of statements(db)) await run(statement)
    await client.insert({ table: `${db}.migrations`, values: [{ id, name, usable_from }], format: 'JSONEachRow' })
    ran.push(name)
  }
  return ran
}

/** A row of the table of migrations. */
interface Recorded {
  readonly id: number
  readonly name: string
  readonly usable_from: number
}

/** Returns the columns of the table of migrations. A cluster that is up to date needs none of its servers to acknowledge anything. */
const recordingColumns = async (client: ClickHouseClient, database: string): Promise<ReadonlySet<string>> => {
  const answer = await client.query({
    query: "SELECT name FROM system.columns WHERE database = {database:String} AND table = 'migrations'",
    query_params: { database },
    format: 'JSONEachRow',
  })
  return new Set((await answer.json<{ name: string }>()).map(({ name }) => name))
}
