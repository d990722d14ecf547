import type { BookLevels } from '../../../streams/market/levels.ts'
import type { Ticks } from '../../../streams/market/ticks.ts'
import type { ChainEvents } from '../../../streams/pools/chainLog.ts'
import type { FeedInput } from '../feed.ts'

type Batch = Ticks | BookLevels | ChainEvents

/**
 * The place of a merge by event time in one of its streams. A stream's own order stays: the key is the newest time so far, so
 * late rows stay where they came. Batches are handed on as windows on the columns they came in.
 */
export class Cursor {
  /** The smaller comes first at the same time. */
  readonly rank: number
  /** The newest time up to the next event; Infinity behind the last. */
  key = Number.NEGATIVE_INFINITY
  private readonly batches: AsyncIterator<FeedInput>
  private batch: Batch | undefined
  private at = 0
  private end = 0

  constructor(rank: number, batches: AsyncIterable<FeedInput>) {
    this.rank = rank
    this.batches = batches[Symbol.asyncIterator]()
  }

  /** Nothing is left of the batch. */
  get spent(): boolean {
    return this.at === this.end
  }

  /** Moves to the next batch with events, and returns the inputs before it. */
  async advance(): Promise<readonly FeedInput[]> {
    const before: FeedInput[] = []
    for (;;) {
      const { done, value } = await this.batches.next()
      if (done) {
        this.key = Number.POSITIVE_INFINITY
        return before
      }
      if (value.kind !== 'feed' && value.kind !== 'subscriptions') {
        this.batch = value
        this.at = value.kind === 'ticks' ? value.from : 0
        this.end = value.kind === 'ticks' ? value.to : value.kind === 'chain' ? value.logs.length : 1
        if (!this.spent) {
          this.key = Math.max(this.key, this.timeAt(this.at))
          return before
        }
      }
      before.push(value)
    }
  }

  /** The events up to the time `t` that come before the next one of `other`: at least one. */
  upTo(t: number, other: Cursor | undefined): Batch {
    const from = this.at
    const limit = other === undefined ? Number.POSITIVE_INFINITY : other.key
    const tiesAreMine = other === undefined || this.rank < other.rank
    do {
      this.at += 1
      if (this.at === this.end) break
      this.key = Math.max(this.key, this.timeAt(this.at))
    } while (this.key <= t && (this.key < limit || (tiesAreMine && this.key === limit)))
    return windowOf(this.batch!, from, this.at)
  }

  async close(): Promise<void> {
    await this.batches.return?.()
  }

  private timeAt(i: number): number {
    const batch = this.batch!
    return batch.kind === 'ticks' ? batch.columns.t[i]! : batch.kind === 'chain' ? batch.logs[i]!.t : batch.t
  }
}

/** Of cursors sorted by rank the one that comes first, and the one after it; undefined behind the last event. */
export const firstTwo = (cursors: readonly Cursor[]): [Cursor | undefined, Cursor | undefined] => {
  let first: Cursor | undefined
  let second: Cursor | undefined
  for (const cursor of cursors) {
    if (cursor.key === Number.POSITIVE_INFINITY) continue
    if (first === undefined || cursor.key < first.key) {
      second = first
      first = cursor
    } else if (second === undefined || cursor.key < second.key) second = cursor
  }
  return [first, second]
}

/** Several streams of one feed as one, by event time, ties in the order of the streams. */
export const inOrder = async function* (streams: readonly AsyncIterable<FeedInput>[]): AsyncGenerator<FeedInput> {
  const cursors = streams.map((stream, i) => new Cursor(i, stream))
  try {
    for (const cursor of cursors) yield* await cursor.advance()
    for (;;) {
      const [next, other] = firstTwo(cursors)
      if (next === undefined) return
      yield next.upTo(Number.POSITIVE_INFINITY, other)
      if (next.spent) yield* await next.advance()
    }
  } finally {
    for (const cursor of cursors) await cursor.close()
  }
}

/** Returns a part of a batch. The counts of its reading go with its first part, once. */
const windowOf = (batch: Batch, from: number, to: number): Batch => {
  if (batch.kind === 'ticks') {
    if (from === batch.from) return to === batch.to ? batch : { ...batch, to }
    return { ...batch, from, to, messages: 0, bad: NONE, passed: NONE, gaps: [] }
  }
  if (batch.kind === 'levels') return batch
  const logs = batch.logs.slice(from, to)
  return from === 0 ? { ...batch, logs } : { ...batch, logs, messages: 0, bad: NONE }
}

const NONE = {}
