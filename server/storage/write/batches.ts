import type { FrameRows } from '../../../streams/frame.ts'
import type { Interner } from '../../../streams/lib/interner.ts'
import type { Ticks } from '../../../streams/market/ticks.ts'
import type { MeasureRow } from '../../../streams/measures/rows.ts'
import { measureTableOf } from '../engine/measureTables.ts'
import { RowWriter } from '../engine/rowBinary.ts'
import type { TableName } from '../engine/tables.ts'
import { noRows, type RowCounts } from './rowCounts.ts'
import { type StoredIndex, type Suspects, streamOf } from './storedIndex.ts'
import { TickRows } from './tickRows.ts'
import { TickWatermarks } from './tickWatermarks.ts'

/** Encoded rows of one table that are not handed over yet. */
export interface Batch {
  readonly table: TableName
  /** The frame of the first row, ms. */
  readonly frame: number
  readonly out: RowWriter
  rows: number
  /** Rows among them that may have been stored before this start. */
  suspects: Suspects
  /** When the first row came, by `performance.now()`, ms. */
  readonly since: number
}

/** A batch is handed over at this size: some 170,000 ticks, which the engine takes at nearly its best rate. */
const BATCH_BYTES = 16 * 1024 * 1024
/** Room for the row that makes it full. Memory that is not written to is not used, so a smaller buffer would gain nothing. */
const BUFFER_BYTES = BATCH_BYTES + 64 * 1024
/** Buffers of stored batches that are kept for the next batches. */
const SPARE = 4

/** Turns the rows of frames into batches, a table at a time. */
export class Batches {
  /** Rows left out because a column cannot hold their values. */
  readonly rejected: RowCounts = noRows()
  private readonly open = new Map<TableName, Batch>()
  private readonly spare: RowWriter[] = []
  private readonly tickRows: TickRows
  private readonly watermarks: TickWatermarks
  private readonly index: StoredIndex
  private readonly finished: (batch: Batch) => void
  private continued = { frame: Number.NaN, rows: 0 }

  constructor(symbols: Interner, sources: Interner, index: StoredIndex, finished: (batch: Batch) => void) {
    this.watermarks = new TickWatermarks(symbols, sources, index)
    this.tickRows = new TickRows(symbols, sources, this.watermarks)
    this.index = index
    this.finished = finished
  }

  /** Rows and bytes not yet handed over. */
  get rows(): number {
    return [...this.open.values()].reduce((sum, batch) => sum + batch.rows, 0)
  }

  get bytes(): number {
    return [...this.open.values()].reduce((sum, batch) => sum + batch.out.length, 0)
  }

  /** The first frame of the rows that are here, ms; Infinity if there are none. */
  get firstFrame(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.open.values()].map(batch => batch.frame))
  }

  /** Says that a frame (ms) has `rows` ticks that were stored before this start: those that come now stand behind them. */
  continue(frame: number, rows: number): void {
    this.continued = { frame, rows }
  }

  /** Encodes the rows of a frame. */
  accept({ t, ticks, measures }: FrameRows): void {
    let row = t === this.continued.frame ? this.continued.rows : 0
    for (const batch of ticks) row = this.acceptTicks(batch, t, t, row)
    for (const measure of measures) this.acceptMeasure(measure, t)
  }

  /** Encodes ticks that are in no frame, between the frame `t` (ms) and the next. */
  acceptImport(ticks: readonly Ticks[], t: number): void {
    let row = 0
    for (const batch of ticks) row = this.acceptTicks(batch, t, 0, row)
  }

  /** Hands over all batches whose first row came at `since` or before. */
  finish(since = Number.POSITIVE_INFINITY): void {
    for (const batch of this.open.values()) if (batch.since <= since) this.handOver(batch)
  }

  /** Takes back the buffer of a batch that is in a file. */
  reuse(out: RowWriter): void {
    out.length = 0
    if (this.spare.length < SPARE) this.spare.push(out)
  }

  /** `frame` stands in the rows, `t` is when they came. */
  private acceptTicks(ticks: Ticks, t: number, frame: number, row: number): number {
    for (let i = ticks.from; i < ticks.to; ) {
      const batch = this.batch('ticks', t)
      i = this.tickRows.write(batch.out, ticks, i, frame, row, BATCH_BYTES)
      this.rejected.ticks += this.tickRows.unstorable
      row += this.tickRows.rows
      this.added(batch, this.tickRows.rows)
    }
    return row
  }

  private acceptMeasure(measure: MeasureRow, frame: number): void {
    const table = measureTableOf(measure.kind)
    const batch = this.batch(table.name, frame)
    try {
      table.write(batch.out, measure)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.rejected[table.name] += 1
      this.added(batch, 0)
      return
    }
    this.index.meet(table, streamOf(measure.id), measure.t, batch.suspects)
    this.added(batch, 1)
  }

  private batch(table: TableName, frame: number): Batch {
    let batch = this.open.get(table)
    if (batch === undefined) {
      batch = { table, frame, out: this.spare.pop() ?? new RowWriter(BUFFER_BYTES), rows: 0, suspects: new Map(), since: performance.now() }
      this.open.set(table, batch)
    }
    return batch
  }

  private added(batch: Batch, rows: number): void {
    batch.rows += rows
    if (batch.out.length >= BATCH_BYTES) this.handOver(batch)
    else if (batch.rows === 0) {
      this.open.delete(batch.table)
      this.reuse(batch.out)
    }
  }

  private handOver(batch: Batch): void {
    this.open.delete(batch.table)
    if (batch.table === 'ticks') batch.suspects = this.watermarks.drain()
    this.finished(batch)
  }
}
