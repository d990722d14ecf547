import type { RedisAddress } from '../../config/redisAddress.ts'
import { compiledFile } from '../../lib/compiledFile.ts'
import { deferred } from '../../lib/deferred.ts'
import { SyncThread } from '../../lib/syncThread.ts'
import { JournalError } from '../journalError.ts'
import { SURE_MS } from './lease.ts'
import type { RedisAnswer, RedisAsk, RedisLogLine, RedisNotice, RedisThreadData } from './redisThread.ts'

/** Redis did not answer. It may later. */
export class RedisAway extends JournalError {}

/** A core's link to the ledger in Redis, which answers at once. It knows whether this core may be sure that it leads. */
export class RedisLink {
  /** Why this core leads no more, and nothing can be done with its ledger; undefined if that has not happened. */
  ended: string | undefined
  /** Resolves with that when it has happened. */
  readonly lost: Promise<string>
  private readonly resolve: (why: string) => void
  private readonly thread: SyncThread<RedisAsk, RedisAnswer>
  private readonly renewedAt = new BigInt64Array(new SharedArrayBuffer(8))

  /** Starts the thread that speaks with Redis. `say` gets its lines for the log. */
  constructor({ address, mayLose }: { readonly address: RedisAddress; readonly mayLose: boolean }, say: (line: RedisLogLine) => void) {
    const { promise, resolve } = deferred<string>()
    this.lost = promise
    this.resolve = resolve
    const data: RedisThreadData = { address, mayLose, renewedAt: this.renewedAt }
    this.thread = new SyncThread(compiledFile('./redisThread.js', import.meta.url), data)
    this.thread.worker.on('message', (message: RedisNotice) => {
      if ('lost' in message) this.end(LOST)
      else say(message)
    })
  }

  /** Asks, and waits for the answer. Throws RedisAway if there is none. */
  ask(ask: RedisAsk): RedisAnswer {
    try {
      return this.thread.ask(ask)
    } catch (error) {
      throw new RedisAway(`Redis: ${(error as Error).message}`)
    }
  }

  /** Notes that this core leads no more. The first reason counts. */
  end(why: string): void {
    this.ended ??= why
    this.resolve(why)
  }

  /** Renews the lease. Throws JournalError if that is not known to have succeeded, and ends if another core leads. */
  renew(): void {
    if (this.ask({ ask: 'renew' }).leads) return
    this.end(LOST)
    throw new JournalError(LOST)
  }

  /** Returns why this core cannot be sure that it leads; undefined if it can. */
  unsure(): string | undefined {
    try {
      if (this.ended === undefined && !this.isSure()) this.renew()
    } catch (error) {
      return (error as Error).message
    }
    return this.ended ?? (this.isSure() ? undefined : 'Redis answers too slowly')
  }

  /** Gives the lease up, if this core has it, and ends the thread. */
  close(): void {
    try {
      this.ask({ ask: 'close' })
    } catch {
      // The thread has ended; the lease runs out.
    }
    void this.thread.end()
  }

  private isSure(): boolean {
    return process.hrtime.bigint() - Atomics.load(this.renewedAt, 0) < BigInt(SURE_MS) * 1_000_000n
  }
}

/** What is done if another core leads. */
export const LOST = 'another core has taken the lease: this one ends, and follows when it is started again'
