import { Readable } from 'node:stream'
import { drainStream } from '@clickhouse/client'
import { ENTRY_COLUMNS } from '../../journal/auditRows.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'

/** An entry as the copy has it. */
export interface CopiedEntry {
  readonly seq: number
  readonly text: string
  readonly hash: string
}

/** Entries and characters of them that are read at once. */
const PAGE = 2_000

const rowsOf = async <T>({ client }: Engine, query: string, query_params: Readonly<Record<string, unknown>>): Promise<T[]> => {
  const answer = await client.query({
    query,
    query_params,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  })
  return answer.json<T>()
}

/** Returns number and hash of the newest entry that the copy has of a journal; undefined if it has none. */
export const newestCopied = async (engine: Engine, journal: string): Promise<Omit<CopiedEntry, 'text'> | undefined> => {
  const [row] = await rowsOf<{ n: number; seq: number; hash: string }>(
    engine,
    `SELECT count() AS n, max(entries.seq) AS seq, argMax(hash, (entries.seq, stored)) AS hash FROM ${quoted(engine.database)}.entries
     WHERE journal = {journal:String}`,
    { journal },
  )
  return row && row.n > 0 ? { seq: row.seq, hash: row.hash } : undefined
}

/** Returns the hash that the copy has of an entry; undefined if it does not have it. */
export const copiedHash = async (engine: Engine, journal: string, seq: number): Promise<string | undefined> => {
  const rows = await rowsOf<{ hash: string }>(
    engine,
    `SELECT hash FROM ${quoted(engine.database)}.entries WHERE journal = {journal:String} AND seq = {seq:UInt64} ORDER BY stored DESC LIMIT 1`,
    { journal, seq },
  )
  return rows[0]?.hash
}

/** Returns the journals that the copy has entries of, that which was written last first. */
export const copiedJournals = async (engine: Engine): Promise<{ readonly journal: string; readonly seq: number }[]> =>
  rowsOf(
    engine,
    `SELECT journal, max(entries.seq) AS seq FROM ${quoted(engine.database)}.entries GROUP BY journal ORDER BY max(stored) DESC, journal`,
    {},
  )

/** Yields the entries that the copy has of a journal, in order; of entries with one number that which was written last. */
export async function* copiedEntries(engine: Engine, journal: string): AsyncGenerator<CopiedEntry, void> {
  for (let after = 0; ; ) {
    const page = await rowsOf<CopiedEntry>(
      engine,
      `SELECT seq, text, hash FROM ${quoted(engine.database)}.entries WHERE journal = {journal:String} AND seq > {after:UInt64}
       ORDER BY seq, stored DESC LIMIT 1 BY seq LIMIT ${PAGE}`,
      { journal, after },
    )
    if (page.length === 0) return
    yield* page
    after = page.at(-1)!.seq
  }
}

/**
 * Takes the entries of a journal after a number out of the copy, because the journal goes on otherwise. They stay in the table
 * `abandoned_entries`.
 */
export const abandonCopied = async (engine: Engine, journal: string, after: number): Promise<void> => {
  const { client, database, layout } = engine
  const query_params = { journal, after }
  const which = 'WHERE journal = {journal:String} AND seq > {after:UInt64}'
  await client.command({
    query: `INSERT INTO ${quoted(database)}.abandoned_entries (journal, seq, t, text, hash, stored)
      SELECT journal, seq, t, text, hash, stored FROM ${quoted(database)}.entries ${which}`,
    query_params,
  })
  for (const query of layout.statements(`ALTER TABLE ${quoted(database)}.entries DELETE ${which}`))
    await client.command({ query, query_params, clickhouse_settings: { mutations_sync: '2' } })
}

/** Inserts rows as `entryRows` writes them. The same token again adds nothing. */
export const insertEntries = async ({ client, database }: Engine, token: string, slices: readonly Uint8Array[]): Promise<void> => {
  const { stream } = await client.exec({
    query: `INSERT INTO ${quoted(database)}.entries (${ENTRY_COLUMNS}) FORMAT TabSeparated`,
    values: Readable.from(slices, { objectMode: false }),
    clickhouse_settings: {
      async_insert: 0,
      insert_deduplicate: 1,
      insert_deduplication_token: token,
      max_partitions_per_insert_block: '0',
      optimize_on_insert: 0,
      // It has time; the cores have others to serve.
      max_threads: 1,
      input_format_parallel_parsing: 0,
    },
  })
  await drainStream(stream)
}
