import { open, stat } from 'node:fs/promises'
import Database from 'libsql'
import { UsageError } from '../config/options.ts'
import { blocksOf } from '../lib/blocks.ts'
import { type CsvHeader, CsvReader, type CsvRow, csvHeader, misfit } from '../lib/csv.ts'
import { type AtomicSwap, BadSwap, type LeftOut, readSwap } from './swap.ts'

/** What became of a row, or what is wrong with it. */
export type Row = AtomicSwap | LeftOut | { readonly line: number; readonly why: string }

const COLUMNS = [
  'uuid',
  'started_at',
  'finished_at',
  'is_success',
  'maker_coin',
  'taker_coin',
  'maker_amount',
  'taker_amount',
  'maker_coin_usd_price',
  'taker_coin_usd_price',
] as const
/** Columns that a source need not have. */
const OPTIONAL: ReadonlySet<string> = new Set(['maker_coin_usd_price', 'taker_coin_usd_price'])
/** Rows at a time. */
const PIECE = 1_000
const SQLITE = Buffer.from('SQLite format 3\0')

/**
 * Reads the rows of `stats_swaps` in an SQLite file or as CSV (gzip or not), a piece at a time. Rows that were completed before `since`
 * (ms) may be left out. Throws UsageError if the file is neither.
 */
export const swapsIn = async function* (file: string, since = 0): AsyncGenerator<Row[]> {
  let begin: Buffer
  try {
    const handle = await open(file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SQLITE.length), 0, SQLITE.length, 0).finally(() => handle.close())
    begin = buffer.subarray(0, bytesRead)
    if ((await stat(file)).size === 0) throw new UsageError(`${file}: found an empty file, expected swaps`)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code}), expected an SQLite file or CSV of swaps`)
  }
  yield* begin.equals(SQLITE) ? inTable(file, since) : inLines(file)
}

const inTable = async function* (file: string, since: number): AsyncGenerator<Row[]> {
  const db = new Database(file, { readonly: true, timeout: 5_000 } as Database.Options)
  try {
    const there = new Set(
      (db.prepare('SELECT name FROM pragma_table_info(?)').all('stats_swaps') as { name: string }[]).map(({ name }) => name),
    )
    const columns = checked(file, there)
    const ask = db.prepare(
      `SELECT rowid AS line, ${columns.join(', ')} FROM stats_swaps
       WHERE rowid > ? AND finished_at >= ? ORDER BY rowid LIMIT ${PIECE}`,
    )
    for (let after = -1; ; ) {
      const records = ask.all(after, Math.floor(since / 1000)) as ({ line: number } & Record<string, unknown>)[]
      if (records.length === 0) return
      yield records.map(({ line, ...record }) => rowOf(line, record))
      after = records.at(-1)!.line
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${file}: found that ${(error as Error).message}, expected a table stats_swaps`)
  } finally {
    db.close()
  }
}

const inLines = async function* (file: string): AsyncGenerator<Row[]> {
  let header: CsvHeader | undefined
  let csv = new CsvReader(',')
  for await (const { first, lines, broken } of blocksOf(file)) {
    if (header === undefined) {
      header = csvHeader(lines[0]!)
      csv = new CsvReader(header.delimiter)
      checked(file, new Set(header.names))
    }
    const from = first === 1 ? 1 : 0
    for (let i = from; i < lines.length; i += PIECE) yield recordsOf(csv.read(first + i, lines.slice(i, i + PIECE)), header)
    if (broken !== undefined) yield [{ line: first + lines.length, why: `the file breaks off: ${broken}` }]
  }
  if (header !== undefined) yield recordsOf(csv.end(), header)
}

const recordsOf = (rows: readonly CsvRow[], header: CsvHeader): Row[] =>
  rows.map(row => {
    const why = misfit(row, header)
    if (why !== undefined) return { line: row.line, why }
    return rowOf(row.line, Object.fromEntries(header.names.map((name, j) => [name, row.fields[j]!])))
  })

/** Returns the columns to be read. Throws UsageError if one that is needed is not there. */
const checked = (file: string, there: ReadonlySet<string>): string[] => {
  const missing = COLUMNS.find(column => !there.has(column) && !OPTIONAL.has(column))
  if (missing !== undefined) throw new UsageError(`${file}: found no column "${missing}", expected those of stats_swaps`)
  return COLUMNS.filter(column => there.has(column))
}

const rowOf = (line: number, record: Record<string, unknown>): Row => {
  try {
    return readSwap(record)
  } catch (error) {
    if (!(error instanceof BadSwap)) throw error
    return { line, why: error.message }
  }
}
