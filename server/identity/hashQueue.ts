import { ProtocolError } from '../../streams/wire/errors.ts'

interface Waiting {
  readonly start: () => void
  readonly refuse: (refusal: ProtocolError) => void
}

/**
 * Runs costly work, a limited number at once, a limited number waiting. Networks take turns. If all places are taken, the network that has
 * most of them gives one up to one that has fewer: a network that floods the server waits behind itself and not before the others.
 */
export class HashQueue {
  running = 0
  waiting = 0
  /** Number of times that there was no place. */
  refused = 0
  private readonly limits: { readonly running: number; readonly waiting: number }
  /** By network; none is empty, and the first is next. */
  private readonly queues = new Map<string, Waiting[]>()

  constructor(limits: { readonly running: number; readonly waiting: number }) {
    this.limits = limits
  }

  /** Runs the work when its turn comes. Rejects with the ProtocolError `too_much` if there is no place, or none any more. */
  async run<T>(network: string, work: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.running) this.running += 1
    else await this.place(network)
    try {
      return await work()
    } finally {
      this.next()
    }
  }

  /** Resolves when work that is done hands on its turn. */
  private place(network: string): Promise<void> {
    if (this.waiting >= this.limits.waiting) this.makeRoom(network)
    this.waiting += 1
    return new Promise((start, refuse) => {
      const queue = this.queues.get(network)
      if (queue) queue.push({ start, refuse })
      else this.queues.set(network, [{ start, refuse }])
    })
  }

  private makeRoom(network: string): void {
    this.refused += 1
    const refusal = new ProtocolError('too_much', `found ${this.waiting} waiting, expected fewer`, 1)
    let longest: Waiting[] = []
    for (const queue of this.queues.values()) if (queue.length > longest.length) longest = queue
    const own = this.queues.get(network)?.length ?? 0
    if (longest.length <= own + 1) throw refusal
    this.waiting -= 1
    longest.pop()!.refuse(refusal)
  }

  private next(): void {
    for (const [network, queue] of this.queues) {
      this.queues.delete(network)
      const { start } = queue.shift()!
      if (queue.length > 0) this.queues.set(network, queue)
      this.waiting -= 1
      start()
      return
    }
    this.running -= 1
  }
}
