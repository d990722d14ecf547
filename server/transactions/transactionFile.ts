import { BadRow, type Transaction } from '../../streams/pnl/transaction.ts'
import type { Block } from '../lib/blocks.ts'
import { type CsvHeader, CsvReader, type CsvRow, csvHeader, misfit } from '../lib/csv.ts'
import { checkedRow, whyBad } from './checkedRow.ts'
import { transactionsOf } from './deal.ts'
import { Direction } from './direction.ts'
import { type FileContext, type Format, type FormatContext, Ignored } from './format.ts'
import { FORMATS } from './formats/index.ts'
import { type NumberStyle, NumberStyles } from './numberStyle.ts'
import { Parties } from './parties.ts'
import { digestOf, RowIds } from './rowIds.ts'
import { type Columns, columnsOf, TableRow } from './tableRow.ts'

/** What became of rows that belong together: rows of a portfolio, or why there are none. */
export type Reading = { readonly lines: readonly number[] } & (
  | { readonly transactions: readonly Transaction[] }
  | { readonly refused: string }
  | { readonly ignored: string }
)

/** A header without any row behind it. */
export class NoRows extends BadRow {}

/** Gives the lines of a file from the first on, each time it is called. */
export type Lines = () => AsyncIterable<Block> | Iterable<Block>

/** The number of different rows without an id within which equal ones are told apart. */
const APART = 100_000
/** Lines before a header: some exports begin with a title, or with whose account it is. */
const PREAMBLE_MAX = 30
/** Rows of a file whose rows belong together; a portfolio holds no more. */
const ROWS_MAX = 1_000_000

const EXPECTED =
  'a transactions file (t,type,asset,qty …), the transfers of a wallet (tx_hash,timestamp,kind …) or an export that docs/portfolios.md lists'

/** What has to be known of a file before its rows can be read. */
interface Survey {
  readonly format: Format
  readonly header: CsvHeader
  /** The number of the header's line. */
  readonly headerLine: number
  readonly columns: Columns
  readonly style: NumberStyle
  readonly newestFirst: boolean
  readonly parties: Parties
}

/**
 * Reads a file of transactions, of whatever format: its rows in the order in which they happened, as far as the file shows it, each once and
 * each accounted for. The lines are read twice, first to find out what the file is and which way it runs. Rows without an id get one made of
 * their contents. Throws BadRow if the file is of no format that is known, or has no rows.
 */
export const transactionsIn = async function* (
  lines: Lines,
  context: FileContext,
  formats: readonly Format[] = FORMATS,
): AsyncGenerator<Reading> {
  const survey = await surveyOf(lines, formats)
  const reader = new FileReader(survey, context)
  for await (const rows of rowsIn(lines, survey)) for (const row of rows) yield* reader.take(row)
  yield* reader.end()
}

const surveyOf = async (lines: Lines, known: readonly Format[]): Promise<Survey> => {
  let found: Omit<Survey, 'style' | 'newestFirst' | 'parties'> | undefined
  let parties = new Parties([])
  let styles = new NumberStyles(',')
  const direction = new Direction()
  const first: string[] = []
  let rows = 0
  let csv = new CsvReader(',')
  const survey = (row: CsvRow): void => {
    const { format, columns } = found!
    rows += 1
    for (const field of row.fields) styles.note(field)
    const tableRow = new TableRow(row.line, row.fields, columns, 'point')
    parties.note(tableRow)
    try {
      direction.note(tableRow.time(...format.time))
    } catch {
      // It will be refused at its place.
    }
  }
  for await (const block of lines()) {
    let from = 0
    for (; found === undefined && from < block.lines.length && first.length < PREAMBLE_MAX; from++) {
      const line = block.lines[from]!
      if (line.trim() === '') continue
      first.push(line)
      const recognised = recognise(line, known)
      if (recognised === undefined) continue
      found = { ...recognised, headerLine: block.first + from }
      parties = new Parties(recognised.format.parties ?? [])
      styles = new NumberStyles(recognised.header.delimiter)
      csv = new CsvReader(recognised.header.delimiter)
    }
    if (found === undefined && first.length >= PREAMBLE_MAX) break
    if (found !== undefined) for (const row of csv.read(block.first + from, block.lines.slice(from))) survey(row)
  }
  if (found !== undefined) for (const row of csv.end()) survey(row)
  if (first.length === 0) throw new BadRow(`found an empty file, expected ${EXPECTED}`)
  if (found === undefined) throw new BadRow(`header: found "${first[0]!.slice(0, 80)}", expected ${EXPECTED}`)
  if (rows === 0) throw new NoRows('found no rows, expected some behind the header')
  return { ...found, style: styles.style, newestFirst: direction.newestFirst, parties }
}

/** Returns the format whose header a line is, undefined if it is none. Of several the one with the most columns, because it asks for the most. */
const recognise = (
  line: string,
  known: readonly Format[],
): Omit<Survey, 'style' | 'newestFirst' | 'parties' | 'headerLine'> | undefined => {
  const header = csvHeader(line)
  const columns = columnsOf(header.names)
  const has = (name: string): boolean => columns.has(name.toLowerCase())
  const formats = known.filter(format => format.columns.every(wanted => (typeof wanted === 'string' ? has(wanted) : wanted.some(has))))
  const format = formats.reduce<Format | undefined>((best, f) => (best && best.columns.length >= f.columns.length ? best : f), undefined)
  return format && { format, header, columns }
}

const rowsIn = async function* (lines: Lines, { header, headerLine }: Survey): AsyncGenerator<CsvRow[]> {
  const csv = new CsvReader(header.delimiter)
  for await (const { first, lines: block } of lines()) {
    const skipped = Math.max(0, headerLine + 1 - first)
    if (skipped < block.length) yield csv.read(first + skipped, block.slice(skipped))
  }
  yield csv.end()
}

/** Reads rows in their order, or gathers those that belong together until the end. */
class FileReader {
  private readonly survey: Survey
  private readonly context: FormatContext
  private readonly ids = new RowIds(APART)
  private readonly groups = new Map<string, TableRow[]>()
  private gathered = 0
  /** Of a file with its newest row first: rows of one time, which have to be turned round. */
  private run: Reading[] = []

  constructor(survey: Survey, context: FileContext) {
    this.survey = survey
    this.context = { ...context, own: survey.parties.own(context.file), numbered: id => this.ids.numbered(id) }
  }

  *take(csvRow: CsvRow): Iterable<Reading> {
    const { header, columns, style, format } = this.survey
    const { line, fields } = csvRow
    const why = misfit(csvRow, header)
    if (why !== undefined) {
      yield { lines: [line], refused: why }
      return
    }
    const row = new TableRow(line, fields, columns, style)
    if (format.keyOf === undefined) yield* this.inOrder(this.readingOf([row]))
    else yield* this.gather(row, format.keyOf)
  }

  *end(): Iterable<Reading> {
    const groups = [...this.groups.values()]
    for (const rows of this.survey.newestFirst ? groups.reverse() : groups) yield this.readingOf(rows)
    yield* this.run.reverse()
  }

  private *gather(row: TableRow, keyOf: (row: TableRow) => string): Iterable<Reading> {
    this.gathered += 1
    if (this.gathered > ROWS_MAX) throw new BadRow(`found more than ${ROWS_MAX} rows, expected a file of fewer`)
    let key: string
    try {
      key = keyOf(row)
    } catch (error) {
      yield { lines: [row.line], ...whyNot(error) }
      return
    }
    const rows = this.groups.get(key)
    if (rows) rows.push(row)
    else this.groups.set(key, [row])
  }

  private *inOrder(reading: Reading): Iterable<Reading> {
    if (!this.survey.newestFirst) {
      yield reading
      return
    }
    if (this.run.length > 0 && timeIn(reading) !== timeIn(this.run[0]!)) {
      yield* this.run.reverse()
      this.run = []
    }
    this.run.push(reading)
  }

  private readingOf(rows: readonly TableRow[]): Reading {
    const lines = rows.map(({ line }) => line)
    try {
      const read = this.survey.format.read(this.survey.newestFirst ? rows.toReversed() : rows, this.context)
      const transactions = 'booked' in read ? read.booked : this.booked(rows, read)
      return { lines, transactions: transactions.map(tx => this.ids.named(checkedRow(tx))) }
    } catch (error) {
      return { lines, ...whyNot(error) }
    }
  }

  private booked(rows: readonly TableRow[], deals: Exclude<ReturnType<Format['read']>, { booked: unknown }>): Transaction[] {
    const { format } = this.survey
    if (this.context.quote === '') throw new BadRow('the currency that the portfolio counts in is not known, expected it with --quote')
    // Only deals without an id are named by what their rows say.
    let name: string | undefined
    return deals.flatMap((deal, i) => {
      // Another export may have the rows of one second in another order.
      if (deal.id === '')
        name ??= this.ids.numbered(
          `${format.name}:${digestOf(
            rows
              .map(({ fields }) => fields.join('\0'))
              .sort()
              .join('\n'),
          )}`,
        )
      return transactionsOf(deal, this.context.quote, i === 0 ? (name ?? '') : `${name ?? ''}/${i + 1}`)
    })
  }
}

/** Returns why rows bring nothing. Throws an error that is no fault of theirs. */
const whyNot = (error: unknown): { readonly ignored: string } | { readonly refused: string } =>
  error instanceof Ignored ? { ignored: error.message } : { refused: whyBad(error) }

/** Returns the time that a reading speaks of, ms; NaN if none, which equals no other. */
const timeIn = (reading: Reading): number => ('transactions' in reading ? (reading.transactions[0]?.t ?? Number.NaN) : Number.NaN)
