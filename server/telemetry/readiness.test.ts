import { describe, expect, it } from 'vitest'
import { FeedHealth } from '../../streams/market/feedHealth.ts'
import type { ClearingStats } from '../clearing/port.ts'
import type { SinkStats } from '../storage/write/sink.ts'
import { diskPart, feedsPart, journalPart, readinessOf, sinkPart, startingPart } from './readiness.ts'

const feed = (state: FeedHealth['state']): FeedHealth => {
  const health = new FeedHealth({ id: 'sim', live: true }, 1_000)
  health.state = state
  return health
}
const journal = (stats: Partial<ClearingStats>): ClearingStats => ({
  ...{ state: 'open', entries: 1, commits: 1, waiting: 0, refused: 0, failure: undefined, verifiedTo: 1, faults: 0, fault: undefined },
  ...stats,
})
const sink = (bytes: number, lastError?: string): SinkStats => ({ waiting: { rows: 0, bytes, files: 0 }, lastError }) as SinkStats

describe('a part', () => {
  it.each([
    ['a start that is over', startingPart(undefined), 'ready', undefined],
    ['a start', startingPart('starting'), 'waiting', 'starting'],
    ['no feed', feedsPart([]), 'ready', undefined],
    ['feeds that speak, or have ended', feedsPart([feed('live'), feed('ended')]), 'ready', undefined],
    ['a feed without a connection', feedsPart([feed('live'), feed('down')]), 'degraded', 'sim is down'],
    ['a feed that connects', feedsPart([feed('connecting')]), 'degraded', 'sim is connecting'],
    ['an empty spool', sinkPart(sink(0), 100), 'ready', undefined],
    ['a spool that fills', sinkPart(sink(80), 100), 'degraded', 'found 80 bytes waiting, expected less than 80 % of limits.spoolBytes'],
    ['an engine that refuses', sinkPart(sink(0, 'no'), 100), 'degraded', 'no'],
    ['an open journal', journalPart(journal({})), 'ready', undefined],
    ['a full disk under the journal', journalPart(journal({ state: 'failing', failure: 'SQLITE_FULL' })), 'degraded', 'SQLITE_FULL'],
    ['a fault of the chain', journalPart(journal({ fault: 'entry 3' })), 'degraded', 'entry 3'],
    ['a closed journal', journalPart(journal({ state: 'closed' })), 'degraded', 'the journal is closed'],
    ['room', diskPart({ freeBytes: 100, sizeBytes: 200 }, 100), 'ready', undefined],
    [
      'too little room',
      diskPart({ freeBytes: 99, sizeBytes: 200 }, 100),
      'degraded',
      'found 99 bytes free, expected at least limits.spoolBytes',
    ],
    ['room that is not known', diskPart(undefined, 100), 'degraded', 'its free space is not known'],
  ])('%s', (_, part, state, why) => {
    expect(part).toEqual(why === undefined ? { state } : { state, why })
  })
})

it('a server is ready while no part waits', () => {
  expect(readinessOf({ journal: { state: 'degraded', why: 'full' }, feeds: { state: 'ready' } })).toMatchObject({
    ready: true,
    waiting: {},
  })
  expect(readinessOf({ clickhouse: { state: 'waiting', why: 'starting' } })).toMatchObject({
    ready: false,
    waiting: { clickhouse: 'starting' },
  })
})
