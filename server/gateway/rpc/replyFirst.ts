/** A result, and what happens once the reply is on its way, in the same turn: a channel's first push comes after the reply. */
export class ReplyFirst {
  readonly result: unknown
  readonly after: () => void

  constructor(result: unknown, after: () => void) {
    this.result = result
    this.after = after
  }
}
