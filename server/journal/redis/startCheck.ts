import { UsageError } from '../../config/options.ts'
import type { RedisAddress } from '../../config/redisAddress.ts'
import { openRedis, type RedisLog, whenReady } from '../../redis/connection.ts'
import { journalFault, redisFacts, versionFault } from '../../redis/startChecks.ts'
import { JournalError } from '../journalError.ts'

/** ms that a start waits for Redis. */
const READY_MS = 5_000

/**
 * Asks the Redis of the ledger whether it can lose what it acknowledges. Rejects with UsageError if it can, unless it may; with JournalError if it
 * cannot be reached.
 */
export const checkLedgerServer = async (address: RedisAddress, mayLose: boolean, log: RedisLog): Promise<void> => {
  const client = openRedis(address, 'commands', log)
  try {
    await whenReady(client, address, READY_MS)
    const facts = await redisFacts(client)
    const unusable = versionFault(facts)
    if (unusable !== undefined) throw new UsageError(`--redis-journal: ${address.shown}: ${unusable}`)
    const fault = journalFault(facts)
    if (fault === undefined) return
    if (!mayLose)
      throw new UsageError(
        `--redis-journal: ${address.shown}: ${fault}; with --redis-journal-may-lose orders that were acknowledged may be lost`,
      )
    log.warn({ redis: address.shown, why: fault }, 'orders that were acknowledged may be lost')
  } catch (error) {
    throw error instanceof UsageError ? error : new JournalError((error as Error).message)
  } finally {
    client.disconnect()
  }
}
