import type { FeedHealth } from '../../streams/market/feedHealth.ts'
import type { Figures } from '../lib/figures.ts'

/** Returns the figures of feeds, by feed, as metrics show them: of what a venue refused, and of what is missing, the number. */
export const feedFigures = (feeds: readonly FeedHealth[]): Figures =>
  Object.fromEntries(
    feeds.map(({ id, state, ticks, messages, late, lag, silent, bad, passed, refused, missing }) => [
      id,
      {
        ...{ state, ticks, messages, late, lag, silent, bad: { ...bad }, passed: { ...passed } },
        refused: Object.keys(refused).length,
        missing: Object.keys(missing).length,
      },
    ]),
  )
