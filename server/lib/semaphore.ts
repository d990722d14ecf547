import { ProtocolError } from '../../streams/wire/errors.ts'

/** Lets so many go on at once and so many wait; who comes after them is refused, and may try again. */
export class Semaphore {
  private running = 0
  private readonly waiting: (() => void)[] = []
  private readonly atOnce: number
  private readonly mayWait: number

  constructor(atOnce: number, mayWait: number) {
    this.atOnce = atOnce
    this.mayWait = mayWait
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.atOnce) this.running += 1
    else if (this.waiting.length < this.mayWait) await new Promise<void>(resolve => this.waiting.push(resolve))
    else throw new ProtocolError('too_much', 'too many are waiting for history already')
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.running -= 1
    }
  }
}
