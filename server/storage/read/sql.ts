import { type Column, table } from '../../lib/textTable.ts'
import type { Engine } from '../engine/engine.ts'
import { GUEST_LIMITS } from '../engine/guest.ts'
import { guarded, SqlRefusal } from './sqlGuard.ts'

/** The forms of an answer. */
export const SQL_FORMS = ['json', 'csv', 'table'] as const
/** One of SQL_FORMS. */
export type SqlForm = (typeof SQL_FORMS)[number]

/** How an answer is wanted. */
export interface SqlWish {
  readonly form: SqlForm
  /** Columns of the terminal, for a table. */
  readonly width?: number
}

/** Characters of a statement. */
const LONGEST = 64 * 1024

/**
 * Runs a statement that can only read the database's own tables, and returns its answer as text: JSON `{columns: [{name, type}], rows: [{…}]}`,
 * CSV with a head, or a table. Numbers of JSON are as the engine writes them, exact; decimals are texts. Rejects with SqlRefusal, whose message
 * is for the statement's author, or with an error of the connection.
 */
export const runSql = async (engine: Engine, statement: string, { form, width }: SqlWish): Promise<string> => {
  if (statement.trim() === '') throw new SqlRefusal('found nothing, expected a statement')
  if (statement.length > LONGEST) throw new SqlRefusal(`found ${statement.length} characters, expected at most ${LONGEST}`)
  try {
    const text = await guarded(engine, statement)
    const answer = await engine.guest.run(text, FORMATS[form])
    return SHOWN[form](answer.toString(), width)
  } catch (error) {
    throw explained(error)
  }
}

const FORMATS: Readonly<Record<SqlForm, string>> = {
  json: 'JSON',
  csv: 'CSVWithNames',
  table: 'JSONCompactStringsEachRowWithNamesAndTypes',
}

/** NULL in the format of tables. */
const NULL = 'ᴺᵁᴸᴸ'

/** In JSON no value holds a line break, so a line that closes a list is the list's own. */
const jsonOf = (text: string): string => {
  const [, meta, data] = /"meta":\n\t(\[[\s\S]*?\n\t\]),\n\n\t"data":\n\t(\[[\s\S]*\n\t\]),\n\n\t"rows":/.exec(text) ?? []
  if (meta === undefined || data === undefined) throw new Error('found an answer of another form, expected JSON of the engine')
  return `{"columns":${meta.replaceAll(/[\n\t]/g, '')},"rows":${data.replaceAll(/[\n\t]/g, '')}}`
}

/** Columns of a time of day with milliseconds: `…11:18:45.450`. */
const TIME_LEAST = 13

const tableOf = (text: string, width?: number): string => {
  const [names = [], types = [], ...rows] = text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as string[])
  const columns = names.map(
    (head, i): Column<readonly string[]> => ({
      head,
      cell: row => (row[i] === NULL ? undefined : row[i]),
      left: !/^(Nullable\(|LowCardinality\()*(U?Int|Float|Decimal|BFloat)/.test(types[i]!),
      ...(/Date/.test(types[i]!) ? { least: TIME_LEAST, keepsEnd: true } : { least: 8 }),
      // Figures are shown whole or not at all; the first column stays.
      ...(i > 0 && { rank: i }),
    }),
  )
  return table(rows, columns, width === undefined ? {} : { width })
}

const SHOWN: Readonly<Record<SqlForm, (text: string, width?: number) => string>> = {
  json: text => `${jsonOf(text)}\n`,
  csv: text => text,
  table: (text, width) => `${tableOf(text, width)}\n`,
}

/** What an error of the engine means to the statement's author; `tooMuch` if a smaller statement may succeed. */
export class SqlError extends SqlRefusal {
  readonly tooMuch: boolean

  constructor(message: string, tooMuch: boolean) {
    super(message)
    this.tooMuch = tooMuch
  }
}

const { rows, seconds, memory, bytes } = GUEST_LIMITS
/** TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED, TOO_MANY_ROWS_OR_BYTES. */
const LIMITS: Readonly<Record<string, string>> = {
  '159': `more than ${seconds} s`,
  '160': `more than ${seconds} s`,
  '241': `more than ${memory / 1e6} MB of memory`,
  '396': `an answer of more than ${rows} rows or ${bytes / 1024 ** 2} MiB`,
}

const explained = (error: unknown): unknown => {
  const { code, message } = error as { code?: string; message?: string }
  if (error instanceof SqlRefusal || !/^\d+$/.test(code ?? '')) return error
  const limit = LIMITS[code!]
  if (limit !== undefined) return new SqlError(`found ${limit}, expected a statement that takes less`, true)
  return new SqlError(oneLine(message ?? ''), false)
}

/** An error of the engine in one line, without its stack, its version and the query again. */
const oneLine = (message: string): string =>
  message
    .split(/\n\s*0\. |\(version /)[0]!
    .replace(/\s+/g, ' ')
    .replace(/^(Code: \d+\. )?(DB::Exception: )+/, '')
    // A list of all that could have stood there says less than where it stands.
    .replace(/\. Expected one of: .*/, '')
    .replace(/: In scope SELECT formatQuerySingleLine.*/, '')
    .slice(0, 500)
    .trim()
