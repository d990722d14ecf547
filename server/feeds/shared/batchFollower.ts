import type { Logger } from 'pino'
import type { RedisClient } from '../../redis/connection.ts'
import { newestId, type ReadingFigures, readStream, type StreamEntry } from '../../redis/streamReader.ts'
import { CONTENT_FIELD, type TermId, termId } from '../../redis/termWriter.ts'
import type { FeedInput } from '../feed.ts'
import { type Batch, decodeBatch, type Naming } from './batchCodec.ts'
import { Continuity } from './continuity.ts'

/** Silence after which nobody has the feeds, ms: the next core takes them sooner. */
const SILENT_MS = 3_000
const LOOK_MS = 250
const AGAIN_MS = 100

/** How the stream of batches has been followed since the start. */
export interface FollowedInput extends ReadingFigures {
  /** Batches that never came: this core was away for longer than the stream keeps them, or Redis lost them. */
  missed: number
  /** Batches of a form that this version cannot read. */
  unreadable: number
  /** Inputs of feeds that this core's configuration does not have. */
  foreign: number
  /** Cores that took the feeds. */
  terms: number
  /** ms from the writing of the newest batch to its reading, by the clocks of both machines. */
  behindMs: number
}

/** Where batches come from and where their inputs go. */
export interface FollowerOptions {
  /** For commands, and one for reading. */
  readonly client: RedisClient
  readonly reader: RedisClient
  readonly key: string
  readonly naming: Naming
  /** The numbers of the feeds that are shared. */
  readonly feeds: readonly number[]
  readonly put: (input: FeedInput) => void
  readonly signal: AbortSignal
  readonly log: Logger
}

/** Puts in what the core that has the feeds reads of them; every core puts in the same inputs in the same order. */
export class BatchFollower {
  readonly figures: FollowedInput = { entries: 0, bytes: 0, failures: 0, missed: 0, unreadable: 0, foreign: 0, terms: 0, behindMs: 0 }
  private readonly options: FollowerOptions
  private readonly continuity = new Continuity()
  /** The newest word on each feed, as text: it is repeated, and put in once. */
  private readonly said = new Map<string, string>()
  private last: TermId | undefined
  private heardAt = performance.now()
  private isSilent = false

  constructor(options: FollowerOptions) {
    this.options = options
  }

  /** Time since something was heard, ms. */
  get silentMs(): number {
    return performance.now() - this.heardAt
  }

  /** Follows from the newest batch on, until the signal aborts. */
  async run(): Promise<void> {
    const { client, reader, key, signal } = this.options
    const timer = setInterval(() => this.look(), LOOK_MS)
    try {
      let from: string | undefined
      while (from === undefined && !signal.aborted) {
        from = await newestId(client, key).catch(() => undefined)
        if (from === undefined) await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
      }
      if (from === undefined) return
      for await (const entries of readStream(reader, { key, from, signal, figures: this.figures }))
        for (const entry of entries) this.take(entry)
    } finally {
      clearInterval(timer)
    }
  }

  private take({ id, fields }: StreamEntry): void {
    this.follow(termId(id))
    this.heardAt = performance.now()
    this.isSilent = false
    let batch: Batch
    try {
      batch = decodeBatch(fields.get(CONTENT_FIELD)!, this.options.naming)
    } catch {
      this.figures.unreadable += 1
      this.continuity.doubt()
      return
    }
    this.figures.foreign += batch.foreign
    this.figures.behindMs = Math.max(0, Date.now() - batch.at)
    for (const input of batch.inputs) this.put(input)
  }

  private put(input: FeedInput): void {
    if (input.kind === 'feed' || input.kind === 'subscriptions') {
      const [about, text] = [`${input.kind} ${input.feed}`, JSON.stringify(input)]
      if (this.said.get(about) === text) return
      this.said.set(about, text)
    }
    this.options.put(input.kind === 'ticks' ? this.continuity.take(input) : input)
  }

  /** Sees by the numbers whether something is missing. The first term that is followed began before. */
  private follow({ term, n }: TermId): void {
    const { last, figures } = this
    this.last = { term, n }
    if (last === undefined) return
    const isNext = term === last.term ? n === last.n + 1 : n === 0
    if (term !== last.term) figures.terms += 1
    if (isNext && term === last.term) return
    // The core that takes the feeds connects by itself: what came meanwhile nobody has heard.
    this.continuity.doubt()
    if (isNext) return
    const missed = term === last.term ? n - last.n - 1 : n
    figures.missed += missed
    this.options.log.warn({ missed }, 'batches of the feeds were missed; candles of this time have a gap')
  }

  private look(): void {
    if (this.isSilent || this.silentMs < SILENT_MS) return
    this.isSilent = true
    this.said.clear()
    this.options.log.warn('no core has the feeds')
    for (const feed of this.options.feeds) this.options.put({ kind: 'feed', feed, state: 'down' })
  }
}
