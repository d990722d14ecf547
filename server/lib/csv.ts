import Papa from 'papaparse'

/** A row of a CSV file. */
export interface CsvRow {
  /** The number of its first line; a file begins with line 1. */
  readonly line: number
  readonly fields: readonly string[]
  /** Why the row cannot be read; it then has no fields. */
  readonly fault?: string
}

/** The first line of a table: the names of its columns, and what parts them. */
export interface CsvHeader {
  readonly names: readonly string[]
  readonly delimiter: string
}

const DELIMITERS = [',', ';', '\t', '|'] as const
/** Lines of a row: a quote that is open for longer was never closed, and must not take the rest of the file. */
const LINES_PER_ROW_MAX = 100
const UNCLOSED = 'found a quote that is not closed, expected fields as RFC 4180 has them'

/** Returns the header in a line, parted by what gives it the most columns. */
export const csvHeader = (line: string): CsvHeader => {
  const headers = DELIMITERS.map(delimiter => ({ delimiter, names: fieldsOf(line, delimiter).map(name => name.trim()) }))
  return headers.reduce((best, header) => (header.names.length > best.names.length ? header : best))
}

/** Returns the fields of one line (RFC 4180). */
export const fieldsOf = (line: string, delimiter = ','): string[] => Papa.parse<string[]>(line, { delimiter, newline: '\n' }).data[0] ?? []

/**
 * Reads lines of CSV into rows. The lines come in pieces, in their order; a row whose quoted field goes on behind a piece is given with the
 * next. Blank lines are no rows. A row with a fault takes one line, and the next line is read again as one.
 */
export class CsvReader {
  private readonly delimiter: string
  private waiting: readonly string[] = []
  private waitingFrom = 1

  constructor(delimiter: string) {
    this.delimiter = delimiter
  }

  /** Returns the rows of lines of which the first has the number `first`. */
  read(first: number, lines: readonly string[]): CsvRow[] {
    const from = this.waiting.length > 0 ? this.waitingFrom : first
    const all = this.waiting.length > 0 ? [...this.waiting, ...lines] : lines
    this.waiting = []
    return this.rows(from, all, false)
  }

  /** Returns the rows of lines that waited for more: nothing more comes. */
  end(): CsvRow[] {
    const lines = this.waiting
    this.waiting = []
    return this.rows(this.waitingFrom, lines, true)
  }

  private rows(first: number, lines: readonly string[], last: boolean): CsvRow[] {
    // Without a quote there is nothing to be parsed, only to be parted: what the parser does, at half its cost.
    const plain = !lines.some(line => line.includes('"'))
    const { data, errors } = plain ? { data: lines, errors: [] } : this.parsed(lines)
    if (errors.length > 0 || data.length !== lines.length) return this.oneByOne(first, lines, last)
    const rows: CsvRow[] = []
    for (let i = 0; i < lines.length; i++) {
      const line = data[i]!
      const fields = typeof line === 'string' ? line.split(this.delimiter) : line
      if (!isBlank(fields)) rows.push({ line: first + i, fields })
    }
    return rows
  }

  /** Reads rows that may take several lines, or are not well-formed. */
  private oneByOne(first: number, lines: readonly string[], last: boolean): CsvRow[] {
    const rows: CsvRow[] = []
    for (let i = 0; i < lines.length; ) {
      let here = lines.slice(i, i + 1)
      let row = this.parsed(here, 1)
      if (row.errors.length > 0) {
        here = lines.slice(i, i + LINES_PER_ROW_MAX)
        row = this.parsed(here, 1)
      }
      const open = row.errors.length > 0 && row.errors.every(({ code }) => code === 'MissingQuotes')
      if (open && !last && i + here.length === lines.length && here.length < LINES_PER_ROW_MAX) {
        this.waiting = here
        this.waitingFrom = first + i
        break
      }
      const fields = row.data[0] ?? []
      if (row.errors.length > 0) rows.push({ line: first + i, fields: [], fault: UNCLOSED })
      else if (!isBlank(fields)) rows.push({ line: first + i, fields })
      i += row.errors.length > 0 ? 1 : linesIn(fields)
    }
    return rows
  }

  private parsed(lines: readonly string[], rows = 0): Papa.ParseResult<string[]> {
    return Papa.parse<string[]>(lines.join('\n'), { delimiter: this.delimiter, newline: '\n', preview: rows })
  }
}

/** Says whether a row is blank: a line without any character but blanks and delimiters says nothing. */
const isBlank = (fields: readonly string[]): boolean => fields.every(field => field.trim() === '')

/** Returns how many lines a row takes. */
const linesIn = (fields: readonly string[]): number => fields.reduce((sum, field) => sum + field.split('\n').length - 1, 1)

/** Returns why a row does not fit its header; undefined if it does. */
export const misfit = ({ fields, fault }: CsvRow, { names }: CsvHeader): string | undefined =>
  fault ?? (fields.length === names.length ? undefined : `found ${fields.length} fields, expected ${names.length}`)

/** Returns the lines of a text, whatever ends them: LF, CRLF, or CR alone if there is no LF. A byte order mark is left out. */
export const linesOf = (text: string): string[] => {
  const whole = text.replace(/^\uFEFF/, '')
  return whole.includes('\n') ? whole.split(/\r?\n/) : whole.split('\r')
}
