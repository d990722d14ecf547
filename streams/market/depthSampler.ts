import type { BookLevels, Levels } from './levels.ts'

/** ms between two samples of the same book, by its venue's clock or by that of the receipt. */
const SAMPLE_MS = 100

/** A book and its last sample. */
interface SampledBook {
  readonly symbol: number
  readonly source: number
  /** Event time of its newest change. */
  t: number
  read: () => Levels | undefined
  /** Newest event time and time of receipt of the connection at the last sample, ms. */
  sampledT: number
  sampledAt: number
  /** Whether it was known at the last sample. */
  known: boolean
}

const NONE: readonly BookLevels[] = []
const unknown = () => undefined

/**
 * The shown order books of one connection. Each is sampled if it has changed and SAMPLE_MS have passed since its last sample: however fast
 * it changes and however slowly samples are drained, one waits at most. A lost book is sampled at once.
 */
export class DepthSampler {
  private readonly feed: number
  private readonly line: number
  private readonly books = new Map<number, SampledBook>()
  private readonly due = new Set<SampledBook>()

  constructor(feed: number, line = 0) {
    this.feed = feed
    this.line = line
  }

  /** Notes that a book changed at `t` (ms). `read` returns its levels when it is sampled; undefined if there is nothing to be shown. */
  changed(symbol: number, source: number, t: number, read: () => Levels | undefined): void {
    let book = this.books.get(symbol)
    if (book === undefined) {
      book = { symbol, source, t, read, sampledT: Number.NEGATIVE_INFINITY, sampledAt: Number.NEGATIVE_INFINITY, known: false }
      this.books.set(symbol, book)
    }
    book.read = read
    // A venue sends in order: an older time after a newer one still belongs to the newer book.
    if (t > book.t) book.t = t
    this.due.add(book)
  }

  /** Notes that a book has a gap since `t` (ms; NaN unknown): it is unknown until it is sent whole. */
  lost(symbol: number, t: number): void {
    const book = this.books.get(symbol)
    if (book) this.lose(book, t)
  }

  /** Notes that all books are lost. */
  allLost(): void {
    for (const book of this.books.values()) this.lose(book, Number.NaN)
  }

  /**
   * Returns the samples that are due when the connection's newest event time and time of receipt are these (ms; NaN unknown). With `all`
   * every changed book is due, because no other moment comes.
   */
  drain(newest: number, received: number, all = false): readonly BookLevels[] {
    if (this.due.size === 0) return NONE
    const samples: BookLevels[] = []
    for (const book of this.due) {
      const { symbol, source, t, read, known } = book
      const isDue = all || read === unknown || newest - book.sampledT >= SAMPLE_MS || received - book.sampledAt >= SAMPLE_MS
      if (!isDue) continue
      this.due.delete(book)
      const levels = read()
      if (levels === undefined && !known) continue
      book.known = levels !== undefined
      book.sampledT = newest
      book.sampledAt = received
      samples.push({ kind: 'levels', feed: this.feed, ...(this.line > 0 && { line: this.line }), symbol, source, t, levels })
    }
    return samples
  }

  private lose(book: SampledBook, t: number): void {
    book.read = unknown
    if (t > book.t) book.t = t
    this.due.add(book)
  }
}
