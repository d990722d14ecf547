import { setTimeout as delay } from 'node:timers/promises'
import { type LedgerPlace, RedisJournal } from '../journal/redis/redisJournal.ts'
import { RedisAway } from '../journal/redis/redisLink.ts'
import type { RedisLogLine } from '../journal/redis/redisThread.ts'
import { yieldTurn } from '../lib/yieldTurn.ts'
import type { HouseJournal } from './houseJournal.ts'
import type { LedgerService } from './ledgerService.ts'

/**
 * Follows the ledger in Redis until this core leads. The state follows, too, so that taking over takes no time. Says to which entry it follows,
 * when that has changed. Rejects with JournalError if this core's copy is not one of the ledger.
 */
export const followLedger = async (
  place: LedgerPlace,
  openService: (journal: HouseJournal) => LedgerService,
  send: (message: RedisLogLine | { readonly following: number }) => void,
): Promise<{ journal: HouseJournal; service: LedgerService }> => {
  const journal = new RedisJournal(place, send)
  let service: LedgerService | undefined
  let told = -1
  const step = (): boolean => {
    const entries = journal.follow()
    service?.follow(entries)
    if (journal.caughtUp) service ??= openService(journal)
    if (journal.caughtUp && journal.seq !== told) {
      told = journal.seq
      send({ following: told })
    }
    return journal.leading !== undefined
  }
  try {
    while (!(await untilAnswered(step))) await yieldTurn()
    return { journal, service: service! }
  } catch (error) {
    journal.close()
    throw error
  }
}

/** ms until Redis is asked again. */
const AGAIN_MS = 100

/** Does a step again as long as Redis is away. */
const untilAnswered = async <T>(step: () => T): Promise<T> => {
  for (;;) {
    try {
      return step()
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error
      await delay(AGAIN_MS)
    }
  }
}
