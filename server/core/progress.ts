/** How far a start has come. Flags that one part sets and others read. */
export class Progress {
  /** The engine answers and knows what the configuration says. */
  engineReady = false
  /** No replay runs, or it has ended and all its rows can be read. */
  stored: boolean
  /** The server takes nobody in any more. */
  stopping = false

  constructor(replaying: boolean) {
    this.stored = !replaying
  }
}
