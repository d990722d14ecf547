import { BehaviorSubject, Subject } from 'rxjs'
import type { Push } from '../../../streams/channels/channelStates.ts'
import type { RedisClient } from '../../redis/connection.ts'
import { newestId, type ReadingFigures, readStream, type StreamEntry } from '../../redis/streamReader.ts'
import { CONTENT_FIELD, termId } from '../../redis/termWriter.ts'
import type { Bus, Flush } from '../bus.ts'
import { ChannelCopies } from './channelCopies.ts'
import { decodeFrame, type Part } from './frameCodec.ts'
import { epochOf, type FrameKeys } from './keys.ts'
import { WishSender } from './wishSender.ts'

/** Silence after which a gateway says that its states are stale, ms. */
const SILENT_MS = 1_000
const LOOK_MS = 100
const MINUTE_MS = 60_000
const AGAIN_MS = 100

/** What a gateway has read since the start. */
export interface FollowingFigures extends ReadingFigures {
  /** Frames that never came: the stream was trimmed, or lost them. */
  holes: number
  /** Times that all snapshots were asked for again after a hole. */
  rejoins: number
  /** Channels that were brought up to date by a snapshot after a hole. */
  healed: number
  /** Terms of cores that began. */
  terms: number
  /** Frames of a form that this version cannot read. */
  unreadable: number
}

/** Where frames come from, and how wishes get there. */
export interface RedisBusOptions {
  /** For commands, and one for reading. */
  readonly client: RedisClient
  readonly reader: RedisClient
  readonly keys: FrameKeys
  /** The name of this gateway, which no other has, nor this one after another start. */
  readonly name: string
  readonly now: () => number
}

/**
 * The bus of a gateway: follows the stream of frames. What is kept of a frame is a slice of one copy of it. All numbers are the core's, so
 * they are the same at every gateway. Frames that never come leave no gap in any channel: a snapshot says what they changed, and that is
 * pushed as one merged patch.
 */
export class RedisBus implements Bus {
  epoch = epochOf(0)
  readonly flushes$ = new Subject<Flush>()
  readonly silence$ = new BehaviorSubject<number | undefined>(undefined)
  readonly channels = new ChannelCopies()
  readonly figures: FollowingFigures = { entries: 0, bytes: 0, failures: 0, holes: 0, rejoins: 0, healed: 0, terms: 0, unreadable: 0 }
  private readonly options: RedisBusOptions
  private readonly wishes: WishSender
  private readonly stop = new AbortController()
  private readonly timers: ReturnType<typeof setInterval>[] = []
  private last: { term: number; n: number } = { term: 0, n: 0 }
  private heardAt: number
  /** Wall clock, ms: nothing has been heard since then if nothing was ever heard. */
  private readonly madeAt = Date.now()
  private reading: Promise<void> | undefined

  constructor(options: RedisBusOptions) {
    this.options = options
    this.heardAt = options.now()
    this.wishes = new WishSender(options, () => this.channels.lacking())
  }

  /** How long nothing has been heard of the core, ms. */
  get silentMs(): number {
    return this.options.now() - this.heardAt
  }

  watch(channel: string, on: boolean): void {
    this.channels.watch(channel, on)
    this.wishes.change(channel, on)
  }

  /** Begins to follow the stream, with all frames of the newest term that it still has. Listeners must be there by now. */
  begin(): void {
    this.timers.push(
      setInterval(() => this.look(), LOOK_MS),
      setInterval(() => this.channels.age(), MINUTE_MS),
    )
    this.wishes.begin()
    this.reading = this.read()
  }

  /** Ends, and says that nothing is wanted any more. */
  async end(): Promise<void> {
    this.stop.abort()
    for (const timer of this.timers) clearInterval(timer)
    await Promise.all([this.wishes.end(), this.reading])
  }

  private async read(): Promise<void> {
    const { client, reader, keys } = this.options
    const { signal } = this.stop
    let from: string | undefined
    while (from === undefined && !signal.aborted) {
      try {
        from = `${termId(await newestId(client, keys.frames)).term}-0`
      } catch {
        await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
      }
    }
    if (from === undefined) return
    for await (const entries of readStream(reader, { key: keys.frames, from, signal, figures: this.figures }))
      for (const entry of entries) this.take(entry)
  }

  private take({ id, fields }: StreamEntry): void {
    const { term, n } = termId(id)
    const { last } = this
    this.last = { term, n }
    if (term !== last.term) this.restart(term)
    else if (n !== last.n + 1) {
      this.figures.holes += n - last.n - 1
      this.rejoin()
    }
    let parts: Part[]
    try {
      parts = decodeFrame(Buffer.from(fields.get(CONTENT_FIELD)!))
    } catch {
      this.figures.unreadable += 1
      this.rejoin()
      return
    }
    this.heardAt = this.options.now()
    for (const part of parts) this.flush(part)
    if (this.silence$.value !== undefined) this.silence$.next(undefined)
  }

  private flush({ t, pushes, ready }: Part): void {
    const { channels } = this
    channels.t = Math.max(channels.t, t)
    const taken: Push[] = []
    const begun: Push[] = []
    for (const push of pushes) if (channels.push(push) === 'next') taken.push(push)
    for (const push of ready) {
      const found = channels.snapshotted(push)
      if (found === 'begun') begun.push(push)
      else if (found !== undefined) {
        taken.push(found)
        this.figures.healed += 1
      }
    }
    channels.tidy()
    this.flushes$.next({ epoch: this.epoch, t: channels.t, pushes: taken, ready: begun })
  }

  /** A core has begun: numbers begin again, and nothing is watched any more. */
  private restart(term: number): void {
    this.epoch = epochOf(term)
    this.figures.terms += 1
    this.wishes.clear()
    this.channels.restart(this.epoch)
    this.flushes$.next({ epoch: this.epoch, t: 0, pushes: [], ready: [] })
  }

  /** Frames are missing: of whatever is copied a snapshot says what they changed. */
  private rejoin(): void {
    this.figures.rejoins += 1
    this.channels.doubt()
    this.wishes.again()
  }

  private look(): void {
    if (this.silence$.value === undefined && this.silentMs >= SILENT_MS) this.silence$.next(this.channels.t || this.madeAt)
  }
}
