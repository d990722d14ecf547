import { STATUS_CODES } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** A request that waits for its answer, on either library. After the end, or when the client has gone, every call does nothing. */
export interface HttpExchange {
  /** Aborts when the client has gone before it had the whole answer. */
  readonly signal: AbortSignal
  /** The head has been sent: it is too late for another answer. */
  readonly begun: boolean
  /** Sends the head. */
  head(head: ResponseHead): void
  /** Sends a piece of the body, not empty. Resolves when there is room for the next, or the client has gone. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** The body is complete. */
  end(): void
  /** Breaks the connection off, so that nobody takes a part for the whole. */
  destroy(): void
}

/** What precedes the body of an answer. */
export interface ResponseHead {
  readonly status: number
  readonly statusText: string
  readonly headers: readonly (readonly [string, string])[]
  /** Bytes of the body; undefined if they are not known before its end. */
  readonly length: number | undefined
  /** No body follows, whatever `length` says: the answer to HEAD, 204, 304. */
  readonly bodiless: boolean
  /** No further request on this connection. */
  readonly close: boolean
}

/** Headers of the connection, which the application cannot set. */
const OF_THE_CONNECTION = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'upgrade'])

const FORBIDDEN = /[\0\r\n]/

/**
 * Sends a response to the client, with `more` headers beside its own. The body is read no faster than the client takes it. Rejects if the response cannot be sent as it
 * is, or if its body fails or is not as long as its Content-Length says; a part may have been sent then (`out.begun`).
 */
export const sendResponse = async (
  out: HttpExchange,
  method: string,
  response: Response,
  close = false,
  more: readonly (readonly [string, string])[] = [],
): Promise<void> => {
  if (response.status < 200) throw new RangeError(`a response of status ${response.status}`)
  const headers = [...[...response.headers].filter(([name]) => !OF_THE_CONNECTION.has(name)), ...more]
  if (headers.some(([, value]) => FORBIDDEN.test(value))) throw new TypeError('a header of the response holds a line break')
  const declared = contentLength(response.headers)
  const bodiless = method === 'HEAD' || response.status === 204 || response.status === 304
  const begin = (length: number | undefined) =>
    out.head({
      status: response.status,
      statusText: response.statusText || STATUS_CODES[response.status] || 'Unknown',
      headers,
      length,
      bodiless,
      close,
    })
  if (bodiless || response.body === null) {
    begin(!bodiless ? 0 : response.status === 204 ? undefined : declared)
    out.end()
    response.body?.cancel().catch(() => {})
    return
  }
  const reader = response.body.getReader()
  const stop = () => void reader.cancel(out.signal.reason).catch(() => {})
  if (out.signal.aborted) stop()
  out.signal.addEventListener('abort', stop)
  try {
    await pump(reader, out, declared, begin)
  } finally {
    out.signal.removeEventListener('abort', stop)
    // If the body was not read to its end, its source is asked to stop.
    stop()
  }
}

const pump = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  out: HttpExchange,
  declared: number | undefined,
  begin: (length: number | undefined) => void,
): Promise<void> => {
  let step = await reader.read()
  let next = step.done ? undefined : reader.read()
  // A body that is one chunk, as of most answers, ends in the same turn: then its length is known before the head goes out.
  const whole = step.done ? 0 : (await Promise.race([next!, nextTurn(undefined)]))?.done ? step.value.length : undefined
  const length = declared ?? whole
  if (whole !== undefined && whole !== length) throw new RangeError(`a body of ${whole} bytes said to have ${length}`)
  begin(length)
  let sent = 0
  while (!step.done && !out.signal.aborted) {
    sent += step.value.length
    if (length !== undefined && sent > length) throw new RangeError(`a body of more than the ${length} bytes it said to have`)
    if (step.value.length > 0) await out.write(step.value)
    step = await (next ?? reader.read())
    next = undefined
  }
  if (out.signal.aborted) return
  if (length !== undefined && sent < length) throw new RangeError(`a body of ${sent} bytes said to have ${length}`)
  out.end()
}

const contentLength = (headers: Headers): number | undefined => {
  const text = headers.get('content-length')
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
