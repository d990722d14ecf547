import type { RedisClient } from '../../redis/connection.ts'
import type { FrameKeys } from './keys.ts'
import { WISH_FIELD, WISH_MS, type Wish } from './wish.ts'

/** Wishes that the stream keeps: a core that begins asks for nothing older. */
const KEPT = 1_000
/** What has not come is asked for again, ms. */
const LACKING_MS = 1_000

/** Says to the core what this gateway wants to follow: what changes at once, one entry a turn of the event loop, and now and then all of it. */
export class WishSender {
  private readonly client: RedisClient
  private readonly keys: FrameKeys
  private readonly name: string
  private readonly lacking: () => Iterable<string>
  private readonly wanted = new Set<string>()
  private readonly on = new Set<string>()
  private readonly off = new Set<string>()
  private all = true
  private snapshots = false
  private turn: NodeJS.Immediate | undefined
  private timers: ReturnType<typeof setInterval>[] = []

  /** `lacking` lists the channels of which a snapshot is missing. */
  constructor({ client, keys, name }: { client: RedisClient; keys: FrameKeys; name: string }, lacking: () => Iterable<string>) {
    this.client = client
    this.keys = keys
    this.name = name
    this.lacking = lacking
  }

  /** Begins to send. */
  begin(): void {
    this.client.on('ready', this.soon)
    this.timers = [
      setInterval(() => {
        this.all = true
        this.soon()
      }, WISH_MS),
      setInterval(() => {
        for (const channel of this.lacking()) this.on.add(channel)
        if (this.on.size > 0 || this.all) this.soon()
      }, LACKING_MS),
    ]
    this.soon()
  }

  /** Wants a channel from now on, or no longer. */
  change(channel: string, on: boolean): void {
    if (on) this.wanted.add(channel)
    else this.wanted.delete(channel)
    const [now, before] = on ? [this.on, this.off] : [this.off, this.on]
    now.add(channel)
    before.delete(channel)
    this.soon()
  }

  /** Needs snapshots of all that it wants. */
  again(): void {
    this.all = true
    this.snapshots = true
    this.soon()
  }

  /** Wants nothing any more: there is another core, which knows of nothing. */
  clear(): void {
    for (const set of [this.wanted, this.on, this.off]) set.clear()
    this.all = true
    this.soon()
  }

  /** Sends that nothing is wanted, and nothing any more. */
  async end(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer)
    this.client.off('ready', this.soon)
    clearImmediate(this.turn)
    await this.write({ of: this.name, all: [] }).catch(() => {})
  }

  private readonly soon = (): void => {
    if (this.timers.length > 0) this.turn ??= setImmediate(() => this.send())
  }

  private send(): void {
    this.turn = undefined
    const [on, off] = [[...this.on], [...this.off]]
    const wish: Wish = {
      of: this.name,
      ...(this.all && { all: [...this.wanted] }),
      ...(this.snapshots && { again: true }),
      ...(on.length > 0 && { on }),
      ...(!this.all && off.length > 0 && { off }),
    }
    const { snapshots } = this
    this.all = false
    this.snapshots = false
    this.on.clear()
    this.off.clear()
    this.write(wish).catch(() => {
      // It may have arrived or not: all of it is said again as soon as there is a connection.
      this.all = true
      this.snapshots ||= snapshots
      for (const channel of on) if (this.wanted.has(channel)) this.on.add(channel)
    })
  }

  private write(wish: Wish): Promise<unknown> {
    return this.client.xadd(this.keys.wishes, 'MAXLEN', '~', KEPT, '*', WISH_FIELD, JSON.stringify(wish))
  }
}
