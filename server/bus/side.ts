import { Subject } from 'rxjs'
import { type Channels, Frames } from '../../streams/frames.ts'
import { Changes, Source } from '../../streams/source.ts'
import type { State } from '../../streams/state.ts'
import type { Flush } from './bus.ts'

/**
 * Channels that the pipeline does not compute, because they speak of the server itself or of one client alone. They are numbered,
 * patched and merged like all others and bear the time of the newest frame.
 */
export class SideChannels {
  readonly flushes$ = new Subject<Flush>()
  private readonly frames: Frames
  private readonly now: () => number
  private readonly changes = new Changes()
  private readonly sources = new Map<string, Source>()
  private readonly openers: { readonly matches: (name: string) => boolean; readonly show: (name: string, state: State) => () => void }[] =
    []

  /** `now` tells the event time of the newest frame, ms. */
  constructor(epoch: string, digits: number, now: () => number) {
    this.frames = new Frames(epoch, digits)
    this.now = now
  }

  get channels(): Channels {
    this.frames.t = this.now()
    return this.frames
  }

  /** Channels of which `matches` says that they are shown by `show`: what it returns writes the state anew. */
  offer(matches: (name: string) => boolean, show: (name: string, state: State) => () => void): void {
    this.openers.push({ matches, show })
  }

  has(name: string): boolean {
    return this.openers.some(o => o.matches(name))
  }

  /** Begins or ceases to listen. */
  watch(name: string, on: boolean): void {
    const channel = this.frames.get(name) ?? this.open(name)
    if (channel === undefined) return
    channel.watch(on)
    if (!on) return
    this.changes.mark(channel)
    this.flush([name])
  }

  /** What lies behind a channel has changed; it is shown at the next flush. */
  touch(name: string): void {
    this.sources.get(name)?.touch(this.changes)
  }

  /** Commits and sends what was touched. */
  flush(ready: readonly string[] = []): void {
    this.frames.t = this.now()
    this.changes.settle(this.frames.t)
    const pushes = this.frames.take()
    if (pushes.length > 0 || ready.length > 0) this.flushes$.next({ t: this.frames.t, pushes, ready })
  }

  private open(name: string) {
    const opener = this.openers.find(o => o.matches(name))
    if (opener === undefined) return undefined
    const source = new Source()
    this.sources.set(name, source)
    return this.frames.open(name, source, state => ({ state, write: opener.show(name, state) }))
  }
}
