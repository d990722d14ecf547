/** Lets a bounded number of works run at once and a bounded number wait, in order. Any more are refused. */
export class Semaphore {
  private running = 0
  private readonly waiting: (() => void)[] = []
  private readonly atOnce: number
  private readonly mayWait: number
  private readonly refusal: () => Error

  /** `refusal` makes the error for a work that comes when the waiting places are taken. */
  constructor(atOnce: number, mayWait: number, refusal: () => Error) {
    this.atOnce = atOnce
    this.mayWait = mayWait
    this.refusal = refusal
  }

  /**
   * Runs `work` when there is a place, and returns its result. Rejects with the refusal if too many wait, and with the reason of `signal`
   * if it aborts before the work begins: the waiting place is free at once. From then on the signal is the work's concern.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.running < this.atOnce) this.running += 1
    else if (this.waiting.length < this.mayWait) await this.turn(signal)
    else throw this.refusal()
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.running -= 1
    }
  }

  private turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(begin), 1)
        reject(signal!.reason)
      }
      this.waiting.push(begin)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }
}
