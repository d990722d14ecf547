import { Subject } from 'rxjs'
import type { Input } from '../../streams/input.ts'

/**
 * The one ordered input. What is put in while an input is being worked on waits until that is done, so frames never nest: each
 * is computed, stored and published whole before the next begins.
 */
export class InputQueue {
  readonly input$ = new Subject<Input>()
  private waiting: Input[] = []
  private busy = false

  put(input: Input): void {
    this.waiting.push(input)
    if (this.busy) return
    this.busy = true
    try {
      // The list grows while it is walked, by what its own effects put in.
      for (let i = 0; i < this.waiting.length; i++) this.input$.next(this.waiting[i]!)
    } finally {
      this.waiting = []
      this.busy = false
    }
  }
}
