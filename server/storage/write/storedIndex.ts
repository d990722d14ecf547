import { ROWS_A_TURN, yieldTurn } from '../../lib/yieldTurn.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, RowReader, RowWriter } from '../engine/rowBinary.ts'
import { select, timeOf } from '../engine/select.ts'
import { columnList, streamColumns, type Table } from '../engine/tables.ts'

/** Streams with rows that may have been stored before this start, and the time (ms) of the oldest of these. */
export type Suspects = Map<string, number>

/** Rows whose neighbours in the table are read at once, and names of one query. */
const PIECE = 10_000
const NAMES = 500

/**
 * The rows that were stored before this start. A replay of the same content, and ticks that a venue repeats after a reconnection, are
 * left out here: no key of the table could keep them out of the candles, in which a row counts when it is inserted.
 *
 * Of each stream (of ticks a symbol and source, of measures an id) it learns the newest time that was stored; rows after it
 * are surely new. For the others the engine is asked which of them it has.
 */
export class StoredIndex {
  /** By table and stream, as written in the rows: no row that was stored before this start is newer (ms). */
  private readonly newestOf = new Map<string, number>()
  /** Counts the answers of the engine, so that others may keep what they looked up until the next one. */
  revision = 0

  /** Returns the newest stored time of a stream, ms; Infinity if it is not known yet. `stream` is as `streamOf` writes it. */
  newest(table: Table, stream: string): number {
    return this.newestOf.get(`${table.name} ${stream}`) ?? Number.POSITIVE_INFINITY
  }

  /** Adds a row at `t` to the suspects if it may be stored. */
  meet(table: Table, stream: string, t: number, suspects: Suspects): void {
    if (t <= this.newest(table, stream)) suspects.set(stream, Math.min(t, suspects.get(stream) ?? t))
  }

  /** Returns whether one of the suspects may indeed be stored. Asks the engine about streams that are not known yet. */
  async mayHave(engine: Engine, table: Table, suspects: Suspects): Promise<boolean> {
    const unknown = [...suspects.keys()].filter(stream => this.newest(table, stream) === Number.POSITIVE_INFINITY)
    let from = Number.POSITIVE_INFINITY
    for (const t of suspects.values()) from = Math.min(from, t)
    for (let i = 0; i < unknown.length; i += NAMES) await this.ask(engine, table, unknown.slice(i, i + NAMES), from)
    return [...suspects].some(([stream, t]) => t <= this.newest(table, stream))
  }

  /** Returns those of the rows that the engine lacks; undefined if it lacks all of them. Only for rows that were never sent. */
  async missing(engine: Engine, table: Table, bytes: Buffer, rows: number): Promise<{ bytes: Buffer; rows: number } | undefined> {
    const layout = await layOut(table, bytes, rows)
    const met: Suspects = new Map()
    for (const row of layout) this.meet(table, row.stream, row.t, met)
    if (!(await this.mayHave(engine, table, met))) return undefined
    const suspects = layout.filter(row => row.t <= this.newest(table, row.stream))
    const known = new Set<Row>(table.identity === table.columns.length ? superseded(suspects) : [])
    for (let i = 0; i < suspects.length; i += PIECE) {
      for (const row of await storedAmong(engine, table, bytes, suspects.slice(i, i + PIECE))) known.add(row)
    }
    if (known.size === 0) return undefined
    const kept = layout.filter(row => !known.has(row))
    return { bytes: joined(bytes, kept), rows: kept.length }
  }

  private async ask(engine: Engine, table: Table, unknown: readonly string[], from: number): Promise<void> {
    const columns = table.columns.slice(0, streamColumns(table))
    const input = await select(
      engine,
      `SELECT ${columnList(columns)}, toUnixTimestamp64Milli(max(t)) FROM ${quoted(engine.database)}.${table.name}
       WHERE ${columns[0]!.name} IN {names:Array(String)} AND t >= ${timeOf('from')}
       GROUP BY ${columnList(columns)}`,
      { names: firstNames(unknown), from },
    )
    for (const stream of unknown) this.newestOf.set(`${table.name} ${stream}`, from - 1)
    while (!input.ended) {
      const start = input.at
      for (let i = 0; i < columns.length; i++) TEXT.skip(input)
      const stream = input.bytes.toString('latin1', start, input.at)
      this.newestOf.set(`${table.name} ${stream}`, MS.read(input))
    }
    this.revision += 1
  }
}

/** Returns the stream of these names, as the first columns of a row are written. */
export const streamOf = (...names: string[]): string => {
  const out = new RowWriter(64)
  for (const name of names) TEXT.write(out, name)
  return out.written().toString('latin1')
}

/** A file whose rows cannot be read. */
export class BadRows extends Error {}

/** A row: its place in the bytes, its identity and its stream. */
interface Row {
  readonly from: number
  readonly to: number
  readonly identityTo: number
  readonly stream: string
  readonly t: number
}

const TEXT = codecOf('String')
const MS = codecOf("DateTime64(3, 'UTC')") as Codec<number>

/** Reads rows of a table as they are sent. Rejects with BadRows if they cannot be read, or are not `count`. */
export const checkRows = async (table: Table, bytes: Buffer, count: number): Promise<void> => void (await layOut(table, bytes, count))

const layOut = async (table: Table, bytes: Buffer, count: number): Promise<Row[]> => {
  const rows: Row[] = []
  try {
    for (const row of rowsIn(table, bytes)) {
      rows.push(row)
      if (rows.length % ROWS_A_TURN === 0) await yieldTurn()
    }
  } catch (error) {
    throw new BadRows((error as Error).message)
  }
  if (rows.length !== count) throw new BadRows(`found ${rows.length} rows, expected ${count}`)
  return rows
}

function* rowsIn(table: Table, bytes: Buffer): Generator<Row> {
  const codecs = table.columns.map(column => codecOf(column.type))
  const time = streamColumns(table)
  const input = new RowReader(bytes)
  while (!input.ended) {
    const from = input.at
    for (let i = 0; i < time; i++) codecs[i]!.skip(input)
    const stream = bytes.toString('latin1', from, input.at)
    const t = MS.read(input)
    for (let i = time + 1; i < table.identity; i++) codecs[i]!.skip(input)
    const identityTo = input.at
    for (let i = table.identity; i < codecs.length; i++) codecs[i]!.skip(input)
    yield { from, to: input.at, identityTo, stream, t }
  }
}

/** Returns rows that a later one of the same stream and time takes the place of: if that is stored, they would take its place. */
const superseded = (rows: readonly Row[]): Row[] => {
  const newest = new Map<string, Row>()
  const before: Row[] = []
  for (const row of rows) {
    const key = `${row.t} ${row.stream}`
    const earlier = newest.get(key)
    if (earlier) before.push(earlier)
    newest.set(key, row)
  }
  return before
}

/** Returns the first name of each stream: of ticks the symbol. */
const firstNames = (streams: Iterable<string>): string[] => {
  const names = new Set<string>()
  for (const stream of streams) names.add(TEXT.read(new RowReader(Buffer.from(stream, 'latin1'))) as string)
  return [...names]
}

/** Returns those of the rows that the table has. If far more rows lie between them, they are looked up in halves. */
const storedAmong = async (engine: Engine, table: Table, bytes: Buffer, rows: readonly Row[]): Promise<Row[]> => {
  const names = firstNames(new Set(rows.map(row => row.stream)))
  const stored = names.length > NAMES ? undefined : await storedBetween(engine, table, names, rows)
  if (stored) return rows.filter(row => stored.has(bytes.toString('latin1', row.from, row.identityTo)))
  const half = rows.length >> 1
  const first = await storedAmong(engine, table, bytes, rows.slice(0, half))
  return first.concat(await storedAmong(engine, table, bytes, rows.slice(half)))
}

/** Returns the identities that the table has of these names in the time of the rows; undefined if they are too many. */
const storedBetween = async (
  engine: Engine,
  table: Table,
  names: readonly string[],
  rows: readonly Row[],
): Promise<Set<string> | undefined> => {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const { t } of rows) {
    from = Math.min(from, t)
    to = Math.max(to, t)
  }
  const identity = table.columns.slice(0, table.identity)
  const most = from === to ? Number.POSITIVE_INFINITY : rows.length * 2 + PIECE
  const input = await select(
    engine,
    `SELECT ${columnList(identity)} FROM ${quoted(engine.database)}.${table.name} FINAL
     WHERE ${table.columns[0]!.name} IN {names:Array(String)}
       AND t BETWEEN ${timeOf('from')} AND ${timeOf('to')}
     ${from === to ? '' : `LIMIT ${most + 1}`}`,
    { names, from, to },
  )
  const stored = await identities(
    input,
    identity.map(column => codecOf(column.type)),
  )
  return stored.size > most ? undefined : stored
}

const identities = async (input: RowReader, codecs: readonly Codec<unknown>[]): Promise<Set<string>> => {
  const found = new Set<string>()
  for (let n = 1; !input.ended; n++) {
    const start = input.at
    for (const codec of codecs) codec.skip(input)
    found.add(input.bytes.toString('latin1', start, input.at))
    if (n % ROWS_A_TURN === 0) await yieldTurn()
  }
  return found
}

/** Returns the bytes of these rows; adjacent rows are copied as one. */
const joined = (bytes: Buffer, rows: readonly Row[]): Buffer => {
  const out = Buffer.allocUnsafe(rows.reduce((sum, row) => sum + row.to - row.from, 0))
  let length = 0
  for (let i = 0; i < rows.length; ) {
    const { from } = rows[i]!
    let { to } = rows[i]!
    for (i += 1; rows[i]?.from === to; i++) to = rows[i]!.to
    length += bytes.copy(out, length, from, to)
  }
  return out
}
