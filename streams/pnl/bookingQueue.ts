import { inOrder, type Transaction } from './transaction.ts'

/**
 * The rows of a portfolio in the order in which they are booked: those of its file, and those that came at run time (recorded), which
 * may come in any order. Of one time those of the file are before them. A place in both lists parts what is booked from what waits.
 */
export class BookingQueue {
  private readonly ofFile: readonly Transaction[]
  private recorded: Transaction[] = []
  private nextOfFile = 0
  private nextRecorded = 0

  /** `ofFile` is sorted by time. */
  constructor(ofFile: readonly Transaction[]) {
    this.ofFile = ofFile
  }

  /** All rows in their order, those that wait at the end. */
  get all(): readonly Transaction[] {
    return this.recorded.length === 0 ? this.ofFile : merged(this.ofFile, this.recorded, byTime)
  }

  /** How many rows there are. */
  get size(): number {
    return this.ofFile.length + this.recorded.length
  }

  /** Whether any row is booked. */
  get begun(): boolean {
    return this.nextOfFile + this.nextRecorded > 0
  }

  /** ms: the time of the last row that is booked; -Infinity if none is. */
  get bookedTo(): number {
    const last = (row: Transaction | undefined): number => row?.t ?? Number.NEGATIVE_INFINITY
    return Math.max(last(this.ofFile[this.nextOfFile - 1]), last(this.recorded[this.nextRecorded - 1]))
  }

  /** The next row to be booked. */
  get upcoming(): Transaction | undefined {
    const ofFile = this.ofFile[this.nextOfFile]
    const recorded = this.recorded[this.nextRecorded]
    return recorded === undefined || (ofFile !== undefined && ofFile.t <= recorded.t) ? ofFile : recorded
  }

  /** Passes the upcoming row as booked. Returns whether it was recorded. */
  pass(): boolean {
    const recorded = this.upcoming === this.recorded[this.nextRecorded]
    if (recorded) this.nextRecorded += 1
    else this.nextOfFile += 1
    return recorded
  }

  /** Says whether a row belongs before one that is booked. */
  precedesBooked(tx: Transaction): boolean {
    const ofFile = this.ofFile[this.nextOfFile - 1]
    const recorded = this.recorded[this.nextRecorded - 1]
    return (ofFile !== undefined && tx.t < ofFile.t) || (recorded !== undefined && inOrder(tx, recorded) < 0)
  }

  /** Adds rows that came at run time, in the order of `inOrder`; of one time they come behind those that came before. If one precedes what is booked, `restart` has to follow. */
  record(rows: readonly Transaction[]): void {
    const last = this.recorded.at(-1)
    // Rows that come last anyway, as most do, cost no more than themselves.
    if (last === undefined || inOrder(last, rows[0]!) <= 0) for (const tx of rows) this.recorded.push(tx)
    else this.recorded = merged(this.recorded, rows, inOrder)
  }

  /** Lets all rows wait again. */
  restart(): void {
    this.nextOfFile = 0
    this.nextRecorded = 0
  }
}

const byTime = (a: Transaction, b: Transaction): number => a.t - b.t

/** Returns two lists in order as one; of one place the first list's are before. */
const merged = (
  before: readonly Transaction[],
  added: readonly Transaction[],
  order: (a: Transaction, b: Transaction) => number,
): Transaction[] => {
  const all: Transaction[] = []
  let i = 0
  for (const tx of added) {
    while (i < before.length && order(before[i]!, tx) <= 0) all.push(before[i++]!)
    all.push(tx)
  }
  while (i < before.length) all.push(before[i++]!)
  return all
}
