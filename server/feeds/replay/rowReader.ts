import { csvFields } from '../../../streams/lib/csv.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { FeedInput } from '../feed.ts'
import type { Block } from '../../lib/blocks.ts'
import { OutlierFilter, type Timed } from './outlierFilter.ts'
import type { Reader, Reading } from './reader.ts'

/** A row of a file; its symbol is -1 if it is unknown. */
export interface CsvRow extends Timed {
  readonly line: number
}

/** Reads CSV row by row. A kind of file says how its fields become a row, and a row a tick. */
export abstract class RowReader<Row extends CsvRow> implements Reader {
  protected readonly reading: Reading
  protected readonly writer: TickWriter
  /** Names the file's content; undefined until a row needs it. */
  protected content: string | undefined
  /** Fields that a row has at least. */
  private readonly width: number
  private readonly rows: OutlierFilter<Row>
  /** The line that a rejection is about. */
  private line = 0

  constructor(width: number, reading: Reading) {
    this.width = width
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
    for (let i = first === 1 ? 1 : 0; i < lines.length; i++) {
      const text = lines[i]!
      if (text === '') continue
      this.line = first + i
      const fields = csvFields(text)
      const received = this.receivedAt(fields)
      // A row that says when it was received needs no other to confirm its time, and confirms none.
      if (!Number.isNaN(received)) this.rows.end()
      this.writer.message(received)
      if (fields.length < this.width) {
        this.writer.reject('unreadable')
        continue
      }
      if (this.content === undefined && this.needsContent(fields)) this.content = await this.reading.content()
      const row = this.rowOf(fields, this.line)
      if (row.symbol < 0) this.writer.reject('symbol')
      else if (Number.isNaN(received) && this.isSound(row)) this.rows.put(row)
      else this.writeAt(row)
    }
  }

  end(): void {
    this.rows.end()
  }

  drain(): readonly FeedInput[] {
    const batch = this.writer.drain()
    return batch ? [batch] : []
  }

  private writeAt(row: Row): void {
    this.line = row.line
    this.write(row)
  }
}
