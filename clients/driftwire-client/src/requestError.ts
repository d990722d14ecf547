/**
 * An error in place of a result: the server's, with a `code` of the protocol's list, or the client's own: `not_connected` (the
 * connection was lost before the answer), `timeout`, `closed`, `too_much` (too many requests wait for the connection).
 */
export class RequestError extends Error {
  readonly code: string
  /** Whether the same request may succeed later. */
  readonly retry: boolean
  /** The order, if it was written down as rejected. */
  readonly order: unknown

  constructor(code: string, message: string, retry: boolean, order?: unknown) {
    super(message)
    this.name = 'RequestError'
    this.code = code
    this.retry = retry
    this.order = order
  }
}
