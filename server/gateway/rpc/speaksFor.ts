import type { Principal } from '../../identity/access.ts'

/** A result, or a promise of it, and for whom the socket speaks from now on, whatever becomes of the promise. */
export class SpeaksFor {
  readonly who: Principal
  readonly result: unknown

  constructor(who: Principal, result: unknown) {
    this.who = who
    this.result = result
  }
}
