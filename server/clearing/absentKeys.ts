/**
 * Where a request comes from. Numbers rise with time: a socket bears the one of its opening, an HTTP request the one of its
 * beginning, and a question after an order the one of its asking.
 */
export interface Origin {
  readonly source: number
  readonly at: number
}

let moments = 0
/** A number above all before it. */
export const nextMoment = (): number => ++moments

/** Keys remembered at most; the oldest go. What lies longer unread in a dead socket's buffer than so many questions is not feared. */
const KEYS_MAX = 100_000

/**
 * Keys of which a client was told that no order bears them, and that none ever will. An order that an older connection still
 * holds in its buffer comes too late; on the one that asked, or on a newer one, the key is as good as new.
 */
export class AbsentKeys {
  private readonly asked = new Map<string, Origin>()

  add(who: string, key: string, origin: Origin): void {
    const name = `${who}\n${key}`
    this.asked.delete(name)
    this.asked.set(name, origin)
    if (this.asked.size > KEYS_MAX) this.asked.delete(this.asked.keys().next().value!)
  }

  /** Whether an order under this key comes too late. */
  holds(who: string, key: string, { source, at }: Origin): boolean {
    const asked = this.asked.get(`${who}\n${key}`)
    return asked !== undefined && source !== asked.source && at < asked.at
  }
}
