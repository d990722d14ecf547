import type { Observable } from 'rxjs'
import type { Entry, Message } from './message.ts'

/** An entry that has arrived, under the id that the stream gave it (`ms-n`): ids rise in the order in which entries were sent. */
export interface Arrived extends Entry {
  readonly id: string
}

/**
 * Carries entries from a process to others, in order. An entry may be lost: that shows in the numbers of those after it. None comes twice.
 * Its ends are named: a core by its epoch, a gateway by a name of its own.
 */
export interface Line {
  readonly name: string
  /** Hot. */
  readonly entries$: Observable<Arrived>
  /** Resolves with the entry's id. Rejects if it is not known to have arrived, or if nobody of that name is there. */
  send(to: string, entry: Entry): Promise<string>
}

/** Bytes of one entry, about. */
const ENTRY_BYTES = 1024 * 1024

/** Gathers the messages of a turn of the event loop for one receiver, and sends them as one entry. */
export class Outbox {
  private readonly line: Line
  private readonly to: string
  private batch: Message[] = []
  private bytes = 0
  private sent: Promise<string> | undefined
  private n = 0

  constructor(line: Line, to: string) {
    this.line = line
    this.to = to
  }

  /** Sends a message whose loss shows by itself: no answer comes. */
  post(message: Message): void {
    void this.put(message)
  }

  /** Sends a message with the others of this turn. Resolves with the id of their entry; rejects if it is not known to have arrived. */
  put(message: Message): Promise<string> {
    const size = 'bytes' in message ? (message.bytes?.length ?? 0) : 0
    if (this.bytes > 0 && this.bytes + size > ENTRY_BYTES) this.sent = undefined
    if (this.sent === undefined) {
      const batch: Message[] = []
      this.batch = batch
      this.bytes = 0
      this.sent = new Promise((resolve, reject) => {
        setImmediate(() => {
          if (this.batch === batch) this.sent = undefined
          this.n += 1
          this.line.send(this.to, { from: this.line.name, n: this.n, messages: batch }).then(resolve, reject)
        })
      })
      // A message that nobody waits for may be lost: one who waits for its answer finds out.
      this.sent.catch(() => {})
    }
    this.batch.push(message)
    this.bytes += size
    return this.sent
  }
}

/** Finds holes in the numbers of one sender. */
export class Sequence {
  private next: number | undefined

  /** Takes the number of an entry. Returns false if entries before it are missing. */
  follows(n: number): boolean {
    const whole = this.next === undefined || n === this.next
    this.next = n + 1
    return whole
  }
}
