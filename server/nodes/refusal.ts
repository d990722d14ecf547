import { ERRORS, type ErrorCode, ProtocolError } from '../../streams/wire/errors.ts'

/** A ProtocolError as it goes from one process to another. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly retryAfter?: number
  readonly order?: unknown
}

/** Returns a refusal as it is sent. */
export const refusalOf = ({ code, message, retryAfter, order }: ProtocolError): Refusal => ({
  code,
  message,
  ...(retryAfter !== undefined && { retryAfter }),
  ...(order !== undefined && { order }),
})

/** Returns the error that was sent; of a code that this version does not know, `internal`. */
export const readRefusal = (sent: unknown): ProtocolError => {
  const { code, message, retryAfter, order } = sent as Refusal
  return new ProtocolError(Object.hasOwn(ERRORS, code) ? code : 'internal', message, retryAfter, order)
}
