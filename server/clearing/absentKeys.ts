import type { Origin } from '../lib/arrivalOrder.ts'

/** Keys remembered at most; the oldest go. An order is not expected to lie unread in a dead socket's buffer for that long. */
const KEYS_MAX = 100_000

/**
 * Keys of which a client has heard that no order has them, and that none ever will. An order that still lies in the buffer of an older
 * connection comes too late; on the connection that asked, or on a newer one, the key is as good as new.
 */
export class AbsentKeys {
  private readonly questions = new Map<string, Origin>()

  /** Notes that a client has asked for the order under a key, and that there was none. */
  add(who: string, key: string, origin: Origin): void {
    const name = `${who}\n${key}`
    this.questions.delete(name)
    this.questions.set(name, origin)
    if (this.questions.size > KEYS_MAX) this.questions.delete(this.questions.keys().next().value!)
  }

  /** Whether an order under this key comes too late. */
  holds(who: string, key: string, { source, at }: Origin): boolean {
    const question = this.questions.get(`${who}\n${key}`)
    return question !== undefined && source !== question.source && at < question.at
  }
}
