import { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { Block } from '../../lib/blocks.ts'
import { type CsvHeader, CsvReader, type CsvRow, misfit } from '../../lib/csv.ts'
import type { FeedInput } from '../feed.ts'
import { OutlierFilter, type Timed } from './outlierFilter.ts'
import type { Reader, Reading } from './reader.ts'

/** A row of a file as an event; its symbol is -1 if it is unknown, its time NaN if it has none. */
export interface EventRow extends Timed {
  readonly line: number
}

/** Reads CSV row by row. A kind of file says how its fields become a row, and a row a tick. */
export abstract class RowReader<Row extends EventRow> implements Reader {
  protected readonly reading: Reading
  protected readonly writer: TickWriter
  /** Names the file's content; undefined until a row needs it. */
  protected content: string | undefined
  private readonly header: CsvHeader
  private readonly csv: CsvReader
  /** ms: a later time lies ahead of now. */
  private latest = Number.POSITIVE_INFINITY
  private readonly rows: OutlierFilter<Row>
  /** The line that a rejection is about. */
  private line = 0

  constructor(header: CsvHeader, reading: Reading) {
    this.header = header
    this.csv = new CsvReader(header.delimiter)
    this.reading = reading
    this.writer = new TickWriter(reading.context.feed, (kind, n) => reading.leftOut.note(kind, n, this.line))
    this.rows = new OutlierFilter<Row>(
      row => this.writeAt(row),
      row => {
        this.line = row.line
        this.writer.reject('time')
      },
    )
  }

  /** Returns the time at which the row was received, ms; NaN if it does not say. */
  protected receivedAt(_fields: readonly string[]): number {
    return Number.NaN
  }

  /** Returns whether the row is named by the file's content. */
  protected abstract needsContent(fields: readonly string[]): boolean
  /** Returns the row of a line that has all its fields. */
  protected abstract rowOf(fields: readonly string[], line: number): Row
  /** Returns whether the writer will take the row, so that its time can confirm its neighbours'. */
  protected abstract isSound(row: Row): boolean
  /** Writes the row's tick. */
  protected abstract write(row: Row): void

  async read({ first, lines }: Block): Promise<void> {
    this.latest = this.reading.latest()
    await this.readRows(this.csv.read(first, lines))
  }

  async end(): Promise<void> {
    await this.readRows(this.csv.end())
    this.rows.end()
  }

  drain(): readonly FeedInput[] {
    const batch = this.writer.drain()
    return batch ? [batch] : []
  }

  private async readRows(rows: readonly CsvRow[]): Promise<void> {
    for (const csvRow of rows) {
      const { line, fields } = csvRow
      // The first line is the header.
      if (line === 1) continue
      this.line = line
      const received = this.receivedAt(fields)
      // A row that says when it was received needs no other to confirm its time, and confirms none.
      if (!Number.isNaN(received)) this.rows.end()
      this.writer.message(received)
      if (misfit(csvRow, this.header) !== undefined) {
        this.writer.reject('unreadable')
        continue
      }
      if (this.content === undefined && this.needsContent(fields)) this.content = await this.reading.content()
      const row = this.rowOf(fields, line)
      if (row.symbol < 0) this.writer.reject('symbol')
      else if (row.t > this.latest) this.writer.reject('time')
      else if (Number.isNaN(received) && this.isSound(row)) this.rows.put(row)
      else this.writeAt(row)
    }
  }

  private writeAt(row: Row): void {
    this.line = row.line
    this.write(row)
  }
}
