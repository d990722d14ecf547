/** A source did not answer a request, or refused it. The message is one line and has no key in it. */
export class SourceError extends Error {
  /** HTTP status; undefined if there was no answer, or none that can be read. */
  readonly status: number | undefined

  /** Less may be had. */
  readonly tooMuch: boolean

  constructor(message: string, status: number | undefined, tooMuch = false) {
    super(message)
    this.status = status
    this.tooMuch = tooMuch
  }
}
