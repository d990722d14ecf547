/** An AbortController that is made only if somebody asks for the signal: making and collecting one costs more than most questions do. */
export class LazyAbort {
  /** Whether it was aborted. */
  aborted = false
  private controller: AbortController | undefined

  /** Aborts with it, now if it was aborted before. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      if (this.aborted) this.controller.abort()
    }
    return this.controller.signal
  }

  /** Aborts the signal. */
  abort(): void {
    this.aborted = true
    this.controller?.abort()
  }
}
