import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { RedisAddress } from '../../config/redisAddress.ts'
import { orAborted } from '../../lib/orAborted.ts'
import { openReady, type RedisClient } from '../../redis/connection.ts'
import { TermWriter } from '../../redis/termWriter.ts'
import type { Feed, FeedInput, TickNames } from '../feed.ts'
import { encodeBatch, type Naming } from './batchCodec.ts'
import { BatchFollower } from './batchFollower.ts'
import { BatchSender } from './batchSender.ts'
import { FeedLease, INPUT_KEYS, RENEW_MS } from './feedLease.ts'

/** ms between two attempts to take the lease. */
const CONTEND_MS = 250
/** ms that a core which gives the feeds up still writes what it has read. */
const LAST_BATCHES_MS = 500

/** The feeds of a core, and where their inputs go. */
export interface SharedRun extends TickNames {
  readonly feeds: readonly Feed[]
  /** Opens a feed by its number. */
  readonly open: (feed: number, signal: AbortSignal) => AsyncIterable<FeedInput>
  readonly put: (input: FeedInput) => void
  readonly signal: AbortSignal
}

/** Feeds that several cores share: one has them open, by a lease, and all put in what it reads. */
export class SharedFeeds {
  private readonly client: RedisClient
  private readonly reader: RedisClient
  private readonly log: Logger
  private readonly lease: FeedLease
  private follower: BatchFollower | undefined
  private writer: TermWriter | undefined

  private constructor(client: RedisClient, reader: RedisClient, log: Logger) {
    this.client = client
    this.reader = reader
    this.log = log
    this.lease = new FeedLease(client, INPUT_KEYS, randomBytes(9).toString('base64url'))
  }

  /** Connects to the Redis of the address. Rejects with one line if there is none. */
  static async open(address: RedisAddress, log: Logger): Promise<SharedFeeds> {
    const { client, reader } = await openReady(address, { client: 'commands', reader: 'reading' }, log)
    return new SharedFeeds(client, reader, log)
  }

  /** Whether this core has the feeds open. */
  get leads(): boolean {
    return this.writer !== undefined
  }

  /** Returns the figures for `status`. */
  figures() {
    const { figures, silentMs } = this.follower ?? { figures: {}, silentMs: 0 }
    const { written = 0, dropped = 0, waiting = 0 } = this.writer?.figures ?? {}
    return { leads: this.leads, written, dropped, waiting, ...figures, silentMs }
  }

  /** Follows the feeds, and has them open whenever the lease is this core's, until the signal aborts. Rejects if a feed cannot go on. */
  async run(run: SharedRun): Promise<void> {
    const { client, reader, log } = this
    const { feeds, put, signal, symbols, sources } = run
    const naming: Naming = { feeds: feeds.map(({ id }) => id), symbols, sources }
    const shared = [...feeds.keys()].filter(i => !feeds[i]!.own)
    this.follower = new BatchFollower({ client, reader, key: INPUT_KEYS.batches, naming, feeds: shared, put, signal, log })
    try {
      await Promise.all([this.follower.run(), this.contend(run, shared, naming)])
    } finally {
      client.disconnect()
      reader.disconnect()
    }
  }

  private async contend({ open, signal }: SharedRun, shared: readonly number[], naming: Naming): Promise<void> {
    while (!signal.aborted) {
      const term = await this.lease.take(encodeBatch([], Date.now(), naming)).catch(() => undefined)
      if (term === undefined) await orAborted(delay(CONTEND_MS), signal)
      else await this.lead(term, { open, signal, shared, naming })
    }
  }

  private async lead(term: number, { open, signal, shared, naming }: Leading): Promise<void> {
    const { client, log, lease } = this
    log.info({ term }, 'this core has the feeds')
    const writer = new TermWriter({ client, key: INPUT_KEYS.batches, term, entries: 'batches', log })
    const lost = new AbortController()
    const over = AbortSignal.any([signal, lost.signal])
    const renewing = setInterval(() => {
      lease.renew(term).then(
        isMine => isMine || lost.abort(),
        // Redis is away: if another core takes the lease, what this one still writes is refused.
        () => {},
      )
    }, RENEW_MS)
    void writer.fenced.then(() => lost.abort())
    const sender = new BatchSender(writer, naming, Date.now)
    this.writer = writer
    try {
      await Promise.all([orAborted(new Promise<never>(() => {}), over), ...shared.map(feed => drain(open(feed, over), sender, over))])
    } finally {
      lost.abort()
      clearInterval(renewing)
      sender.end()
      this.writer = undefined
      await writer.end(LAST_BATCHES_MS)
      await lease.release(term).catch(() => {})
      log.info({ term }, 'this core has given the feeds up')
    }
  }
}

interface Leading extends Pick<SharedRun, 'open' | 'signal'> {
  readonly shared: readonly number[]
  readonly naming: Naming
}

const drain = async (inputs: AsyncIterable<FeedInput>, sender: BatchSender, signal: AbortSignal): Promise<void> => {
  for await (const input of inputs) {
    if (signal.aborted) return
    sender.add(input)
  }
}
