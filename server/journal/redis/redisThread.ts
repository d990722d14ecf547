import { randomUUID } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { RedisAddress } from '../../config/redisAddress.ts'
import { answerSync } from '../../lib/syncThread.ts'
import { openRedis, whenReady } from '../../redis/connection.ts'
import type { Commit, StoredCommit } from './commit.ts'
import { Lease, RENEW_MS, type Taken } from './lease.ts'
import { type Appended, LedgerStream, reasonOf } from './ledgerStream.ts'

/** The thread between the clearing house, which waits for each answer, and Redis. It keeps the lease while the house is busy. */

/** What the thread is started with. */
export interface RedisThreadData {
  readonly address: RedisAddress
  readonly mayLose: boolean
  /** One cell: when the last renewal that succeeded began, in ns of the monotonic clock. */
  readonly renewedAt: BigInt64Array
}

/** What can be asked of the thread. */
export type RedisAsk =
  /** Waits for the connection, and answers with the head. */
  | { readonly ask: 'open' }
  /** Answers with the commits after an id. With `genesis` it also takes the lease if nobody holds it; see `Lease.take`. */
  | { readonly ask: 'follow'; readonly after: string; readonly blockMs: number; readonly genesis: string | undefined }
  | { readonly ask: 'append'; readonly commit: Commit }
  /** Renews the lease now, and answers with whether this core still leads. */
  | { readonly ask: 'renew' }
  /** Gives the lease up and ends the connections. */
  | { readonly ask: 'close' }

/** What the thread answers; to each question its own members. */
export interface RedisAnswer {
  readonly head?: string | undefined
  readonly commits?: readonly StoredCommit[]
  /** More commits may be there already. */
  readonly more?: boolean
  readonly taken?: Taken | undefined
  readonly appended?: Appended
  readonly leads?: boolean
}

/** What the thread says without being asked. */
export type RedisNotice =
  /** Another core leads. */
  { readonly lost: true } | RedisLogLine

/** A line for the log. */
export interface RedisLogLine {
  readonly log: 'info' | 'warn'
  readonly about: object
  readonly text: string
}

/** ms that a start waits for Redis. */
const OPEN_MS = 5_000
/** Renewals after which the replicas are counted again. */
const COUNT_EVERY = 3

const notify = (notice: RedisNotice): void => parentPort?.postMessage(notice)
const log = {
  info: (about: object, text: string) => notify({ log: 'info', about, text }),
  warn: (about: object, text: string) => notify({ log: 'warn', about, text }),
}

answerSync<RedisThreadData, RedisAsk, RedisAnswer>(({ address, mayLose, renewedAt }) => {
  // WAIT holds its connection up, and an append may take as long as the disk: the lease has a connection of its own.
  const client = openRedis(address, 'commands', log)
  const other = openRedis(address, 'commands', log)
  const stream = new LedgerStream(client, mayLose)
  const lease = new Lease(other, randomUUID())
  let timer: NodeJS.Timeout | undefined
  let renewals = 0

  const renew = async (): Promise<boolean> => {
    const from = process.hrtime.bigint()
    const leads = await lease.renew()
    if (leads) Atomics.store(renewedAt, 0, from)
    return leads
  }
  const keep = async (): Promise<void> => {
    try {
      if (!(await renew())) {
        timer = undefined
        notify({ lost: true })
        return
      }
      renewals += 1
      if (renewals % COUNT_EVERY === 0) await stream.countReplicas(other)
    } catch {
      // Redis is away. The lease may run out; it is renewed when Redis is back, unless another core was first.
    }
    clearTimeout(timer)
    timer = setTimeout(keep, RENEW_MS)
  }
  // Its lease may have run out meanwhile.
  other.on('ready', () => {
    if (timer === undefined) return
    clearTimeout(timer)
    void keep()
  })
  const follow = async (after: string, blockMs: number, genesis: string | undefined): Promise<RedisAnswer> => {
    const from = process.hrtime.bigint()
    const taken = genesis === undefined ? undefined : await lease.take(genesis)
    if (taken !== undefined) {
      Atomics.store(renewedAt, 0, from)
      timer = setTimeout(keep, RENEW_MS)
      return { taken }
    }
    // Asked before: all up to this head must be in what follows.
    const head = await stream.head()
    return { head, ...(await stream.read(after, blockMs)) }
  }

  const answer = async (ask: RedisAsk): Promise<RedisAnswer> => {
    switch (ask.ask) {
      case 'open':
        await Promise.all([whenReady(client, address, OPEN_MS), whenReady(other, address, OPEN_MS)])
        return { head: await stream.head() }
      case 'follow':
        return follow(ask.after, ask.blockMs, ask.genesis)
      case 'append':
        return { appended: await stream.append(ask.commit) }
      case 'renew':
        return { leads: await renew() }
      case 'close':
        clearTimeout(timer)
        timer = undefined
        await lease.release().catch(() => {})
        client.disconnect()
        other.disconnect()
        return {}
    }
  }
  return ask =>
    answer(ask).catch(error => {
      throw new Error(reasonOf(error))
    })
})
