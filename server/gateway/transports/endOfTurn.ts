/** Flushes sockets at the end of the turn of the event loop in which they were given something: one write a socket and turn. */
export class EndOfTurn {
  private waiting: { flush(): void }[] = []

  /** Flushes a socket at the end of this turn. To be called with the first message that waits in it. */
  add(socket: { flush(): void }): void {
    if (this.waiting.length === 0) setImmediate(() => this.flush())
    this.waiting.push(socket)
  }

  private flush(): void {
    const sockets = this.waiting
    this.waiting = []
    for (const socket of sockets) socket.flush()
  }
}
