import type { Input } from '../../../streams/input.ts'
import type { FeedInput } from '../feed.ts'
import { Cursor, firstTwo } from './cursor.ts'

/** A replay by its number in the inputs. */
export interface Replay {
  readonly feed: number
  readonly batches: AsyncIterable<FeedInput>
}

/**
 * Several replays as one ordered input, by event time, ties by the feed's number. A frame holds what has
 * (k−1)·frameMs < t ≤ k·frameMs, a late row counting as of the newest time before it, and is closed right behind its last event;
 * before events that come after empty frames, time comes to the end of the last empty one.
 */
export const merged = async function* (replays: readonly Replay[], frameMs: number): AsyncGenerator<Input> {
  const cursors = replays.map(({ feed, batches }) => new Cursor(feed, batches)).sort((a, b) => a.rank - b.rank)
  let frameEnd = Number.NaN
  try {
    for (const cursor of cursors) yield* goneOn(cursor)
    for (;;) {
      const [next, other] = firstTwo(cursors)
      if (next === undefined) break
      const end = Math.ceil(next.key / frameMs) * frameMs
      // NaN before the first event: no frame to be closed.
      if (end > frameEnd) {
        yield { kind: 'clock', t: frameEnd }
        if (end - frameMs > frameEnd) yield { kind: 'clock', t: end - frameMs }
      }
      frameEnd = end
      yield next.upTo(end, other)
      if (next.spent) yield* goneOn(next)
    }
    if (!Number.isNaN(frameEnd)) yield { kind: 'clock', t: frameEnd }
  } finally {
    for (const cursor of cursors) await cursor.close()
  }
}

/** Returns the inputs before the next events of a replay, or undefined if there are none. */
const goneOn = async function* (cursor: Cursor): AsyncGenerator<Input> {
  yield* await cursor.advance()
  if (cursor.key === Number.POSITIVE_INFINITY) yield { kind: 'feed', feed: cursor.rank, state: 'ended' }
}
