import { STATUS_CODES } from 'node:http'
import { ERRORS, ProtocolError } from '../../../streams/wire/errors.ts'

/** The media type of problem details. */
const PROBLEM_TYPE = 'application/problem+json'

/** Returns a refusal as RFC 9457 problem details, with `status` if HTTP has a more precise one than the code's own. */
export const problem = (
  refusal: ProtocolError,
  status: number = ERRORS[refusal.code].status,
  headers: Record<string, string> = {},
): Response => {
  const all: Record<string, string> = { 'content-type': PROBLEM_TYPE, ...headers }
  if (status === 429 || status === 503) all['retry-after'] = String(refusal.retryAfter ?? 1)
  if (status === 401) all['www-authenticate'] = 'Bearer'
  return new Response(problemText(refusal, status), { status, headers: all })
}

/** Returns the body of problem details alone. */
export const problemText = ({ code, message, retry, order }: ProtocolError, status: number): string =>
  JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail: message,
    code,
    retry,
    ...(order !== undefined && { order }),
  })

/**
 * Returns an answer with the name of its request in it, if it is a fault of the server: who shows it to an operator has what the log has.
 * A refusal stays as it is: the same request is answered the same again.
 */
export const withRequestId = async (response: Response, requestId: string): Promise<Response> => {
  if (response.status !== 500 || response.headers.get('content-type') !== PROBLEM_TYPE) return response
  const text = JSON.stringify({ ...((await response.json()) as object), requestId })
  return new Response(text, response)
}

/** Returns the answer to bytes that cannot be read as a request. */
export const malformed = (detail: string): Response => problem(new ProtocolError('invalid_request', detail))

/** Returns the answer to a request that comes while the server is stopping. */
export const shuttingDown = (): Response => problem(new ProtocolError('not_ready', 'the server is stopping'))

/** Returns the answer to a websocket that would be one too many. */
export const tooManySockets = (): Response => problem(new ProtocolError('too_much', 'every place for a websocket is taken', 1), 503)
