import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { SubscribedChannel } from '../../../streams/wire/methods.ts'
import type { ChecksumPush, PatchPush, RowsPush, SnapshotPush } from '../../../streams/wire/pushes.ts'
import { waitBefore } from './backoff.ts'
import type { Calls } from './calls.ts'
import { Feed } from './feed.ts'
import type { Follower } from './follower.ts'
import { RequestError } from './requestError.ts'

/** Channels of one request: with what they resume from they stay far below the 64 KiB of a request. */
const CHANNELS_PER_REQUEST = 200
/** ms after which a channel that does not exist yet is asked for again. */
const APPEARS_MS = 10_000
/** Codes that another login may change. */
const NEEDS_LOGIN = new Set(['not_logged_in', 'not_allowed'])
/** Channels whose states are another's if the client is another. */
const OWN = new Set(['orders', 'holdings'])

/** What feeds need. */
export interface FeedsOptions {
  readonly calls: Calls
  /** Whether the line is ready for subscriptions. */
  readonly ready: () => boolean
  /** Whether figures are of now, as far as the line is concerned. */
  readonly live: () => boolean
  /** Whether a login is under way. */
  readonly loggingIn: () => boolean
  readonly random: () => number
  readonly refused: (channel: string, error: RequestError, again: boolean) => void
  readonly healed: (channel: string) => void
  readonly pastFailed: (channel: string, error: RequestError) => void
}

interface Subscription {
  readonly options: object
  readonly feeds: Feed[]
  readonly resume: Record<string, object>
}

/** All channels that are followed over one line, each subscribed once. */
export class Feeds {
  /** States proved by a checksum, and states thrown away because a patch or a checksum did not fit. */
  readonly counts = { checked: 0, healed: 0 }
  private readonly options: FeedsOptions
  private readonly feeds = new Map<string, Feed>()
  private readonly left = new Set<string>()
  private readonly timers = new Set<ReturnType<typeof setTimeout>>()
  private flushing: ReturnType<typeof setTimeout> | undefined
  /** Channels whose gateway hears nothing of their core. */
  private cut: ReadonlySet<string> = new Set()
  private closed = false
  private waitForLogin: (() => void)[] = []

  constructor(options: FeedsOptions) {
    this.options = options
  }

  /** Follows a channel until the returned function is called. */
  follow(channel: string, follower: Follower): () => void {
    if (this.closed) {
      follower.end()
      return () => {}
    }
    const feed = this.feeds.get(channel) ?? new Feed(channel)
    this.feeds.set(channel, feed)
    feed.join(follower)
    this.later()
    return () => {
      feed.leave(follower)
      this.later()
    }
  }

  /** The line is ready: all is subscribed at once. */
  open(): void {
    this.left.clear()
    this.flush()
  }

  /** The line is lost. */
  lost(): void {
    this.cut = new Set()
    for (const feed of this.feeds.values()) feed.lost()
    this.restate()
  }

  /** Shows again whatever has become stale, or is no longer. */
  restate(): void {
    for (const feed of this.feeds.values()) feed.restate(this.stale(feed))
  }

  /** The gateway hears nothing of the core of these channels; of none, if the list is empty. */
  cutOff(channels: readonly string[]): void {
    this.cut = new Set(channels)
    this.restate()
  }

  /** The socket speaks for somebody, or for nobody any more: another client, or the same. */
  bound(other: boolean): void {
    for (const feed of this.feeds.values()) {
      if (!other || feed.phase === 'refused') continue
      if (OWN.has(feed.channel)) feed.doubt()
      else if (feed.phase === 'live') feed.phase = 'idle'
    }
    for (const again of this.waitForLogin.splice(0)) again()
    this.later()
  }

  /** Takes a push of a channel. */
  push(push: SnapshotPush | PatchPush | ChecksumPush | RowsPush): void {
    const feed = this.feeds.get(push.ch) ?? ('snap' in push ? this.brought(push.ch, undefined) : undefined)
    if (feed === undefined) return
    if ('rows' in push) {
      if (push.error) this.pastRefused(feed, push.error)
      else feed.rows(push.rows as readonly JsonObject[], push.more)
      return
    }
    const outcome = feed.push(push, this.stale(feed))
    if (outcome === 'checked') this.counts.checked += 1
    if (outcome !== 'gap' && outcome !== 'mismatch') return
    this.counts.healed += 1
    feed.doubt()
    this.options.healed(push.ch)
    this.flush()
  }

  /** Ends all who follow. */
  close(): void {
    this.closed = true
    clearTimeout(this.flushing)
    for (const timer of this.timers) clearTimeout(timer)
    for (const feed of this.feeds.values()) feed.end()
    this.feeds.clear()
  }

  private stale({ channel, phase }: Feed): boolean {
    return !this.options.live() || phase !== 'live' || this.cut.has(channel)
  }

  /** Many follow and leave in one go: one request for all of them. */
  private later(): void {
    this.flushing ??= setTimeout(() => this.flush(), 0)
  }

  private flush(): void {
    clearTimeout(this.flushing)
    this.flushing = undefined
    for (const [channel, feed] of this.feeds) {
      if (!feed.deserted) continue
      this.feeds.delete(channel)
      if (feed.phase === 'asked' || feed.phase === 'live') this.left.add(channel)
    }
    if (!this.options.ready()) return
    for (const channel of this.left) if (this.feeds.has(channel)) this.left.delete(channel)
    if (this.left.size > 0) this.unsubscribe([...this.left])
    // The server ends with a pattern what it fits.
    for (const channel of this.left) {
      const pattern = new Feed(channel)
      for (const feed of this.feeds.values()) if (pattern.covers(feed.channel) && feed.phase !== 'refused') feed.phase = 'idle'
    }
    this.left.clear()
    this.subscribe([...this.feeds.values()].filter(feed => feed.wants))
  }

  private unsubscribe(channels: readonly string[]): void {
    for (let i = 0; i < channels.length; i += CHANNELS_PER_REQUEST)
      this.options.calls.now('unsubscribe', { channels: channels.slice(i, i + CHANNELS_PER_REQUEST) }, () => {})
  }

  /** Subscribes channels, those with equal options in one request. */
  private subscribe(feeds: readonly Feed[]): void {
    const requests: Subscription[] = []
    const open = new Map<string, Subscription>()
    for (const feed of feeds) {
      const { options, resume } = feed.ask()
      const key = JSON.stringify(options)
      let request = open.get(key)
      if (request === undefined || request.feeds.length === CHANNELS_PER_REQUEST) {
        request = { options, feeds: [], resume: {} }
        open.set(key, request)
        requests.push(request)
      }
      request.feeds.push(feed)
      if (resume) request.resume[feed.channel] = resume
    }
    for (const request of requests) this.send(request)
  }

  private send({ options, feeds, resume }: Subscription): void {
    const params = { channels: feeds.map(({ channel }) => channel), ...options, ...(Object.keys(resume).length > 0 && { resume }) }
    this.options.calls.now('subscribe', params, (error, result) => {
      const answers = (result ?? {}) as Record<string, SubscribedChannel>
      for (const feed of feeds) this.answered(feed, error, answers[feed.channel])
      for (const [channel, answer] of Object.entries(answers))
        if (!answer.error && !params.channels.includes(channel)) this.brought(channel, answer.recovered)
      // Rows that are missing after all must be asked for before the snapshot comes.
      if (feeds.some(feed => feed.phase === 'live' && feed.wants)) this.flush()
    })
  }

  /** Patterns have brought a channel. Returns it; undefined if nobody follows such a pattern any more. */
  private brought(channel: string, recovered: boolean | undefined): Feed | undefined {
    for (const pattern of [...this.feeds.values()]) if (pattern.bring(channel)) this.feeds.get(channel)?.broughtBy(pattern, recovered)
    return this.feeds.get(channel)
  }

  private answered(feed: Feed, failure: unknown, answer: SubscribedChannel | undefined): void {
    if (this.feeds.get(feed.channel) !== feed || feed.phase !== 'asked') return
    if (answer && answer.error === undefined) {
      feed.accepted(answer.recovered)
      feed.restate(this.stale(feed))
      return
    }
    const error = answer?.error
      ? new RequestError(answer.error.code, `${feed.channel}: ${answer.error.message}`, answer.error.retry)
      : (failure as RequestError)
    // The next line asks again.
    if (error.code === 'not_connected' || error.code === 'closed') return
    this.refuse(feed, error)
  }

  private refuse(feed: Feed, error: RequestError): void {
    const login = NEEDS_LOGIN.has(error.code) && this.options.loggingIn()
    const appears = error.code === 'unknown_channel' && feed.awaited
    const again = error.retry || appears || login
    this.options.refused(feed.channel, error, again)
    if (!again) {
      this.feeds.delete(feed.channel)
      feed.fail(error)
      return
    }
    feed.phase = 'refused'
    const ask = (): void => {
      feed.phase = 'idle'
      this.later()
    }
    if (login) this.waitForLogin.push(ask)
    else this.after(appears ? APPEARS_MS : waitBefore(feed.refusals++, this.options.random()), ask)
  }

  private pastRefused(feed: Feed, { code, message, retry }: { code: string; message: string; retry: boolean }): void {
    const error = new RequestError(code, message, retry)
    this.options.pastFailed(feed.channel, error)
    if (!retry) {
      feed.rows([], false)
      return
    }
    feed.pastFailed(false)
    this.after(waitBefore(feed.refusals++, this.options.random()), () => {
      feed.pastFailed(true)
      this.later()
    })
  }

  private after(ms: number, call: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      call()
    }, ms)
    this.timers.add(timer)
  }
}
