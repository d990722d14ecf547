import { readRedisAddress } from '../../config/redisAddress.ts'
import { RedisJournal } from '../../journal/redis/redisJournal.ts'
import type { RedisSettings } from './redisServer.ts'

/** A Redis that loses nothing of what it has acknowledged. */
export const DURABLE: RedisSettings = { appendonly: 'yes', appendfsync: 'always' }

/** Opens a ledger in Redis with a copy in a file. It follows until it is asked to lead. */
export const following = ({ file, url, repairs = false }: { file: string; url: string; repairs?: boolean }): RedisJournal =>
  new RedisJournal({ file, address: readRedisAddress('redis-journal', url), mayLose: false, repairs })

/** Opens a ledger as its leader: waits until nobody else is. */
export const leading = (place: { file: string; url: string; repairs?: boolean }): RedisJournal => {
  const journal = following(place)
  try {
    while (!journal.leading) journal.follow()
    return journal
  } catch (error) {
    journal.close()
    throw error
  }
}
