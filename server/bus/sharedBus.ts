import { Subject } from 'rxjs'
import type { Bus, Flush } from './bus.ts'

/** A bus that several listen to: a channel is watched as long as one of them wants it. All get what any of them watches. */
export class SharedBus {
  private readonly inner: Bus
  private readonly flushes$ = new Subject<Flush>()
  /** Who wants a channel. */
  private readonly wanted = new Map<string, Set<Bus>>()
  private readonly readable = new Set<string>()

  constructor(inner: Bus) {
    this.inner = inner
    inner.flushes$.subscribe(flush => {
      for (const { channel } of flush.ready) if (this.wanted.has(channel)) this.readable.add(channel)
      this.flushes$.next(flush)
    })
  }

  /** Whether a channel is watched and has been in `ready`: its snapshot is of now. */
  canRead(channel: string): boolean {
    return this.readable.has(channel)
  }

  /** Returns the bus as one of the listeners sees it. */
  member(): Bus {
    const { inner, flushes$ } = this
    const member: Bus = {
      get epoch() {
        return inner.epoch
      },
      flushes$,
      silence$: inner.silence$,
      channels: inner.channels,
      watch: (channel, on) => this.watch(member, channel, on),
    }
    return member
  }

  private watch(member: Bus, channel: string, on: boolean): void {
    const members = this.wanted.get(channel) ?? new Set()
    if (on) {
      this.wanted.set(channel, members.add(member))
      this.inner.watch(channel, true)
    } else if (members.delete(member) && members.size === 0) {
      this.wanted.delete(channel)
      this.readable.delete(channel)
      this.inner.watch(channel, false)
    }
  }
}
