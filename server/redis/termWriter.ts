import type { Logger } from 'pino'
import type { RedisClient } from './connection.ts'
import { newestId } from './streamReader.ts'

/** Entries of the stream, and the bytes beyond which it keeps fewer. */
const STREAM_ENTRIES = 3_000
const STREAM_BYTES = 128 * 1024 * 1024
/** Entries that wait for Redis, and their bytes, beyond which the oldest are dropped. */
const BACKLOG_ENTRIES = 1_000
const BACKLOG_BYTES = 32 * 1024 * 1024
/** Entries that are sent before an answer to the first has come. */
const IN_FLIGHT = 64
const AGAIN_MS = 50
/** The field of an entry that has its content. */
export const CONTENT_FIELD = 'f'

/** The id of an entry, `<term>-<n>`: the term of its writer, and its number within the term, from 1 on; the term itself begins with zero. */
export interface TermId {
  readonly term: number
  readonly n: number
}

/** Reads the id of an entry. */
export const termId = (id: string): TermId => {
  const dash = id.indexOf('-')
  return { term: Number(id.slice(0, dash)), n: Number(id.slice(dash + 1)) }
}

const CLAIM = `
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local last = newest and tonumber(string.match(newest[1], '^%d+')) or 0
local term = tonumber(ARGV[1])
if term == 0 then term = math.max(last + 1, tonumber(redis.call('TIME')[1])) end
if term <= last then return redis.error_reply('FENCED the newest term is ' .. last) end
redis.call('XADD', KEYS[1], string.format('%d-0', term), ARGV[2], ARGV[3])
return term`

/**
 * Begins a term with an entry of the content `first`: all entries of older terms are refused from now on. Returns its number: that of a lease,
 * if it is given, else one that nobody has had or will have. Rejects if a newer term has begun.
 */
export const beginTerm = async (client: RedisClient, key: string, first: Buffer, lease = 0): Promise<number> =>
  (await client.eval(CLAIM, 1, key, lease, CONTENT_FIELD, first)) as number

/** How a stream was written since the start. */
export interface WritingFigures {
  /** Entries that are in the stream, and their bytes. */
  written: number
  bytes: number
  /** Attempts that failed. */
  failures: number
  /** Entries that were never written, because Redis was away for too long: readers see the hole in their numbers. */
  dropped: number
  /** Entries that wait now. */
  waiting: number
  /** ms that the newest answer took. */
  answerMs: number
}

interface Entry {
  readonly n: number
  readonly bytes: Buffer
  at: number
}

/** Where a term is written, and how the log calls its entries: frames, batches. */
export interface TermWriterOptions {
  readonly client: RedisClient
  readonly key: string
  readonly term: number
  readonly entries: string
  readonly log: Logger
}

/**
 * Writes the entries of a term into a stream, in their order, under the ids `<term>-<n>`. What Redis has not answered is sent again, as it was:
 * an id is taken once only, so it cannot be there twice.
 */
export class TermWriter {
  readonly figures: WritingFigures = { written: 0, bytes: 0, failures: 0, dropped: 0, waiting: 0, answerMs: 0 }
  /** Resolves when another process has begun a newer term: nothing can be written any more. */
  readonly fenced: Promise<void>
  private readonly client: RedisClient
  private readonly key: string
  private readonly term: number
  private readonly entries: string
  private readonly log: Logger
  private readonly queue: Entry[] = []
  private waitingBytes = 0
  private sent = 0
  private n = 0
  private readonly sizes: number[] = []
  private sizesTotal = 0
  private again: ReturnType<typeof setTimeout> | undefined
  private failing = false
  private ended = false
  private fence: () => void = () => {}
  private emptied: (() => void)[] = []

  constructor({ client, key, term, entries, log }: TermWriterOptions) {
    this.client = client
    this.key = key
    this.term = term
    this.entries = entries
    this.log = log
    this.fenced = new Promise(resolve => {
      this.fence = resolve
    })
    client.on('ready', this.pump)
  }

  /** Writes the next entry, as soon as Redis takes it. */
  append(bytes: Buffer): void {
    if (this.ended) return
    this.n += 1
    this.queue.push({ n: this.n, bytes, at: 0 })
    this.figures.waiting = this.queue.length
    this.waitingBytes += bytes.length
    while (this.queue.length > BACKLOG_ENTRIES || (this.waitingBytes > BACKLOG_BYTES && this.queue.length > 1)) {
      this.shift()
      this.figures.dropped += 1
    }
    this.sizes.push(bytes.length)
    this.sizesTotal += bytes.length
    while (this.sizes.length > STREAM_ENTRIES || (this.sizesTotal > STREAM_BYTES && this.sizes.length > 1))
      this.sizesTotal -= this.sizes.shift()!
    this.pump()
  }

  /** Ends when all that waits has been written, or after `ms`. */
  async end(ms: number): Promise<void> {
    if (this.queue.length > 0 && !this.ended) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, ms)
        this.emptied.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    this.stop()
  }

  /** Entries that the stream keeps. What older terms wrote stays for readers that are behind, until this term has filled the stream. */
  private get kept(): number {
    return this.sizes.length < this.n ? this.sizes.length : STREAM_ENTRIES
  }

  private readonly pump = (): void => {
    if (this.client.status !== 'ready' || this.ended) return
    while (this.sent < this.queue.length && this.sent < IN_FLIGHT) this.send(this.queue[this.sent++]!)
  }

  private send(entry: Entry): void {
    entry.at = performance.now()
    this.client
      .xadd(this.key, 'MAXLEN', '~', this.kept, `${this.term}-${entry.n}`, CONTENT_FIELD, entry.bytes)
      .then(() => this.written(entry))
      .catch((error: Error) => this.failed(entry, error))
  }

  private written({ n, at }: Entry): void {
    this.figures.answerMs = performance.now() - at
    while (this.queue[0] !== undefined && this.queue[0].n <= n) {
      this.figures.written += 1
      this.figures.bytes += this.shift().bytes.length
    }
    if (this.failing)
      this.log.info({ waiting: this.queue.length, dropped: this.figures.dropped }, `${this.entries} are written to Redis again`)
    this.failing = false
    this.pump()
    if (this.queue.length === 0) for (const done of this.emptied.splice(0)) done()
  }

  private failed(entry: Entry, error: Error): void {
    if (this.ended || this.queue[0] === undefined || entry.n < this.queue[0].n) return
    if (error.message.includes('equal or smaller')) {
      void this.refused(entry)
      return
    }
    this.figures.failures += 1
    if (!this.failing) this.log.warn({ why: error.message }, `${this.entries} cannot be written to Redis, retrying`)
    this.failing = true
    this.sendAgain()
  }

  /** The id is taken: by the same entry, the answer to which was lost, or by a newer term. */
  private async refused(entry: Entry): Promise<void> {
    try {
      const { term } = termId(await newestId(this.client, this.key))
      if (term <= this.term) {
        this.written(entry)
        return
      }
      this.log.warn({ term: this.term, newer: term }, `another core has begun to write ${this.entries}`)
      this.stop()
      this.fence()
    } catch {
      this.sendAgain()
    }
  }

  private sendAgain(): void {
    this.sent = 0
    this.again ??= setTimeout(() => {
      this.again = undefined
      this.pump()
    }, AGAIN_MS)
  }

  private shift(): Entry {
    const entry = this.queue.shift()!
    this.waitingBytes -= entry.bytes.length
    this.sent = Math.max(0, this.sent - 1)
    this.figures.waiting = this.queue.length
    return entry
  }

  private stop(): void {
    this.ended = true
    clearTimeout(this.again)
    this.client.off('ready', this.pump)
    for (const done of this.emptied.splice(0)) done()
  }
}
