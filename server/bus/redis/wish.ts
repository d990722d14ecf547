/**
 * What a gateway wants to follow, as it says so: `on` and `off` since the last time, or with `all` the whole list. It needs snapshots of
 * what is in `on` and, with `again`, because it has missed something, of all.
 */
export interface Wish {
  /** The gateway. */
  readonly of: string
  readonly all?: readonly string[] | undefined
  readonly again?: boolean
  readonly on?: readonly string[] | undefined
  readonly off?: readonly string[] | undefined
}

/** The field of an entry that has a wish, as JSON. */
export const WISH_FIELD = 'w'
/** A gateway says its whole list this often, ms; one that has not for WISH_LIFE_MS wants nothing any more. */
export const WISH_MS = 5_000
/** How long a gateway that says nothing is believed to be there, ms. */
export const WISH_LIFE_MS = 16_000

/** What changes with a wish. */
export interface Change {
  /** Channels that somebody wants and nobody wanted before. */
  readonly on: readonly string[]
  /** Channels that nobody wants any more. */
  readonly off: readonly string[]
  /** Channels of which a snapshot is to be sent. */
  readonly snapshots: readonly string[]
}

/** Reads a wish; undefined if it is none. */
export const readWish = (text: string): Wish | undefined => {
  try {
    const { of, all, again, on, off } = JSON.parse(text) as Partial<Record<keyof Wish, unknown>>
    if (typeof of !== 'string' || ![all, on, off].every(list => list === undefined || isNames(list))) return undefined
    return { of, again: again === true, ...({ all, on, off } as Pick<Wish, 'all' | 'on' | 'off'>) }
  } catch {
    return undefined
  }
}

const isNames = (value: unknown): boolean => Array.isArray(value) && value.every(name => typeof name === 'string')

interface Wanting {
  channels: Set<string>
  heardAt: number
}

/** What all gateways together want to follow. */
export class Wishes {
  private readonly gateways = new Map<string, Wanting>()
  private readonly counts = new Map<string, number>()

  /** How many gateways there are. */
  get size(): number {
    return this.gateways.size
  }

  /** How many channels they want. */
  get channels(): number {
    return this.counts.size
  }

  /** Takes in what a gateway says. `now`: ms. */
  accept({ of, all, again = false, on = [], off = [] }: Wish, now: number): Change {
    const wanting = this.gateways.get(of) ?? { channels: new Set(), heardAt: now }
    this.gateways.set(of, wanting)
    wanting.heardAt = now
    const changed = new Changing(this.counts)
    if (all === undefined) {
      for (const channel of off) if (wanting.channels.delete(channel)) changed.less(channel)
      for (const channel of on) if (!wanting.channels.has(channel)) changed.more(channel)
      for (const channel of on) wanting.channels.add(channel)
      return changed.done(on)
    }
    const next = new Set(all)
    const asked = new Set(on)
    const missing = all.filter(channel => !wanting.channels.has(channel) || asked.has(channel))
    for (const channel of wanting.channels) if (!next.has(channel)) changed.less(channel)
    for (const channel of next) if (!wanting.channels.has(channel)) changed.more(channel)
    wanting.channels = next
    return changed.done(again ? all : missing)
  }

  /** Forgets gateways that have not been heard of. Returns the channels that nobody wants any more. */
  expire(now: number): readonly string[] {
    const changed = new Changing(this.counts)
    for (const [name, { channels, heardAt }] of this.gateways) {
      if (now - heardAt < WISH_LIFE_MS) continue
      this.gateways.delete(name)
      for (const channel of channels) changed.less(channel)
    }
    return changed.done([]).off
  }
}

/** Counts who wants what, and what of it begins and ends. */
class Changing {
  private readonly counts: Map<string, number>
  private readonly touched = new Map<string, boolean>()

  constructor(counts: Map<string, number>) {
    this.counts = counts
  }

  more(channel: string): void {
    this.change(channel, 1)
  }

  less(channel: string): void {
    this.change(channel, -1)
  }

  done(snapshots: readonly string[]): Change {
    const [on, off]: [string[], string[]] = [[], []]
    for (const [channel, was] of this.touched) {
      const is = this.counts.has(channel)
      if (is && !was) on.push(channel)
      if (!is && was) off.push(channel)
    }
    return { on, off, snapshots }
  }

  private change(channel: string, by: number): void {
    const before = this.counts.get(channel) ?? 0
    if (!this.touched.has(channel)) this.touched.set(channel, before > 0)
    if (before + by > 0) this.counts.set(channel, before + by)
    else this.counts.delete(channel)
  }
}
