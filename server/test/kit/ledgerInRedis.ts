import { readRedisAddress } from '../../config/redisAddress.ts'
import { RedisJournal } from '../../journal/redis/redisJournal.ts'
import { RedisAway } from '../../journal/redis/redisLink.ts'
import type { RedisSettings } from './redisServer.ts'

/** A Redis that loses nothing of what it has acknowledged. */
export const DURABLE: RedisSettings = { appendonly: 'yes', appendfsync: 'always' }

/** Opens a ledger in Redis with a copy in a file. It follows until it is asked to lead. */
export const following = ({ file, url, repairs = false }: { file: string; url: string; repairs?: boolean }): RedisJournal =>
  new RedisJournal({ file, address: readRedisAddress('redis-journal', url), mayLose: false, repairs })

/** Opens a ledger as its leader: waits until nobody else is. */
export const leading = (place: { file: string; url: string; repairs?: boolean }): RedisJournal =>
  followUntil(following(place), journal => journal.leading !== undefined)

/** Follows until nothing is missing, or until it leads. */
export const caughtUp = (journal: RedisJournal): RedisJournal => {
  journal.caughtUp = false
  return followUntil(journal, () => journal.caughtUp)
}

/** Redis may be away for a moment. If it is not that, the journal is closed. */
const followUntil = (journal: RedisJournal, holds: (journal: RedisJournal) => boolean): RedisJournal => {
  const from = performance.now()
  while (!holds(journal)) {
    try {
      journal.follow()
    } catch (error) {
      if (error instanceof RedisAway && performance.now() - from < AWAY_MS) continue
      journal.close()
      throw error
    }
  }
  return journal
}
const AWAY_MS = 5_000
