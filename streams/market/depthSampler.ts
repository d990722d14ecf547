import type { BookLevels, Levels } from './levels.ts'

/** ms that lie between two looks at the same book, by the clock of its venue or by that of the receipt. */
const APART_MS = 100

/** What is known of a book's looks. */
interface Watched {
  readonly symbol: number
  readonly source: number
  /** Event time of its newest change. */
  t: number
  read: () => Levels | undefined
  /** Newest times of the connection at the last look. */
  seenT: number
  seenAt: number
  /** It was known at the last look. */
  known: boolean
}

const NONE: readonly BookLevels[] = []
const unknown = () => undefined

/**
 * The books of one connection that are shown, each looked at when it has changed and a while has passed since the last look: however
 * fast it changes and however slowly it is taken, one look waits. That a book is lost is told at once.
 */
export class DepthSampler {
  private readonly feed: number
  private readonly books = new Map<number, Watched>()
  private readonly due = new Set<Watched>()

  constructor(feed: number) {
    this.feed = feed
  }

  /** A book changed at `t` (ms). `read` gives its levels when it is looked at; undefined where there is nothing to be shown. */
  changed(symbol: number, source: number, t: number, read: () => Levels | undefined): void {
    let book = this.books.get(symbol)
    if (book === undefined) {
      book = { symbol, source, t, read, seenT: Number.NEGATIVE_INFINITY, seenAt: Number.NEGATIVE_INFINITY, known: false }
      this.books.set(symbol, book)
    }
    book.read = read
    // A venue sends in order: an older time after a newer one is still the newer book's.
    if (t > book.t) book.t = t
    this.due.add(book)
  }

  /** A book has a hole since `t` (ms; NaN unknown): it is not to be believed until it is sent whole. */
  lost(symbol: number, t: number): void {
    const book = this.books.get(symbol)
    if (book) this.lose(book, t)
  }

  /** All books are gone. */
  allLost(): void {
    for (const book of this.books.values()) this.lose(book, Number.NaN)
  }

  /**
   * The looks that are due, in a moment when the connection's newest event time and time of receipt are these (ms; NaN unknown); `all`
   * where no other moment comes.
   */
  take(newest: number, received: number, all = false): readonly BookLevels[] {
    if (this.due.size === 0) return NONE
    const looks: BookLevels[] = []
    for (const book of this.due) {
      const { symbol, source, t, read, known } = book
      const ripe = all || read === unknown || newest - book.seenT >= APART_MS || received - book.seenAt >= APART_MS
      if (!ripe) continue
      this.due.delete(book)
      const levels = read()
      if (levels === undefined && !known) continue
      book.known = levels !== undefined
      book.seenT = newest
      book.seenAt = received
      looks.push({ kind: 'levels', feed: this.feed, symbol, source, t, levels })
    }
    return looks
  }

  private lose(book: Watched, t: number): void {
    book.read = unknown
    if (t > book.t) book.t = t
    this.due.add(book)
  }
}
