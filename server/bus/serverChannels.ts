import { Subject } from 'rxjs'
import { ChannelStates, type Channels, type ChannelView } from '../../streams/channels/channelStates.ts'
import type { StateTree } from '../../streams/channels/stateTree.ts'
import { Changes, Source } from '../../streams/lib/dependencies.ts'
import type { Flush } from './bus.ts'

/** How a channel is shown: `write` puts what lies behind it into the state whenever that has been touched. */
export type Show = (state: StateTree) => Pick<ChannelView, 'write' | 'shown'>

/** Time until a channel that could not be opened is tried again, ms. */
const AGAIN_MS = 1_000

/** Channels of one kind that the server can show. */
export interface Offer {
  /** Whether the name is one of these channels. */
  matches(name: string): boolean
  /** Opens a channel. Resolves later if what it shows has to be fetched first. */
  open(name: string): Show | Promise<Show>
  /** Nobody listens any more, or the channel could not be opened. Without this a channel stays open for good. */
  closed?(name: string): void
}

/**
 * The channels that the pipeline does not compute because they are of the server itself or of one client alone. They are numbered,
 * patched and merged like all others and have the time of the newest frame.
 */
export class ServerChannels {
  readonly flushes$ = new Subject<Flush>()
  private readonly epoch: string
  private readonly states: ChannelStates
  private readonly now: () => number
  private readonly changes = new Changes()
  private readonly sources = new Map<string, Source>()
  /** Channels that are being opened, and whether somebody still wants them. */
  private readonly opening = new Map<string, boolean>()
  private readonly offers: Offer[] = []

  /** `digits`: significant digits of measures. `now` returns the event time of the newest frame, ms. */
  constructor(epoch: string, digits: number, now: () => number) {
    this.epoch = epoch
    this.states = new ChannelStates(epoch, digits)
    this.now = now
  }

  /** The states as of now. */
  get channels(): Channels {
    this.states.t = this.now()
    return this.states
  }

  /** Adds a kind of channels. */
  offer(offer: Offer): void {
    this.offers.push(offer)
  }

  /** Whether the channel is one of these, open or not. */
  has(name: string): boolean {
    return this.offers.some(offer => offer.matches(name))
  }

  /** Begins or stops listening. */
  watch(name: string, on: boolean): void {
    if (this.opening.has(name)) {
      this.opening.set(name, on)
      return
    }
    const channel = this.states.get(name)
    if (channel) {
      channel.watch(on)
      if (on) {
        this.changes.mark(channel)
        this.flush([name])
      } else this.close(name)
      return
    }
    if (!on) return
    const show = this.offerOf(name)?.open(name)
    if (show === undefined) return
    if (show instanceof Promise) void this.openWhenThere(name, show)
    else this.open(name, show)
  }

  /** What lies behind a channel has changed; it is shown at the next flush. */
  touch(name: string): void {
    this.sources.get(name)?.touch(this.changes)
  }

  /** Commits and sends what was touched, and snapshots of the channels in `ready`. */
  flush(ready: readonly string[] = []): void {
    this.states.t = this.now()
    this.changes.recompute(this.states.t)
    const pushes = this.states.drain()
    if (pushes.length === 0 && ready.length === 0) return
    this.flushes$.next({ epoch: this.epoch, t: this.states.t, pushes, ready: ready.map(name => this.states.snapshot(name)!) })
  }

  private offerOf(name: string): Offer | undefined {
    return this.offers.find(offer => offer.matches(name))
  }

  private async openWhenThere(name: string, show: Promise<Show>): Promise<void> {
    this.opening.set(name, true)
    try {
      const shown = await show
      if (this.opening.get(name)) this.open(name, shown)
      else this.offerOf(name)?.closed?.(name)
      this.opening.delete(name)
    } catch {
      // What it shows cannot be had now; all who wait for it go on waiting.
      this.offerOf(name)?.closed?.(name)
      setTimeout(() => {
        const wanted = this.opening.get(name) === true
        this.opening.delete(name)
        if (wanted) this.watch(name, true)
      }, AGAIN_MS).unref()
    }
  }

  private open(name: string, show: Show): void {
    const source = new Source()
    this.sources.set(name, source)
    const channel = this.states.open(name, source, state => ({ state, ...show(state) }))
    channel.watch(true)
    this.changes.mark(channel)
    this.flush([name])
  }

  private close(name: string): void {
    const offer = this.offerOf(name)
    if (offer?.closed === undefined) return
    offer.closed(name)
    this.states.drop(name)
    this.sources.delete(name)
  }
}
