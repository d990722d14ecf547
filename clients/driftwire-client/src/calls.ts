import { RequestError } from './requestError.ts'

/** An AbortSignal, as far as a request needs it. */
export interface SignalLike {
  readonly aborted: boolean
  readonly reason?: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** How a request is made. */
export interface RequestOptions {
  /** Gives the request up; its promise rejects with the signal's reason. */
  readonly signal?: SignalLike
  /** ms until the request is given up, the wait for the connection included; 5,000 if left out. */
  readonly timeoutMs?: number
}

/** A reply as it comes. */
export interface Reply {
  readonly id: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string; readonly data: { readonly code: string; readonly retry: boolean; readonly order?: unknown } }
}

/** Is called once: with an error, or with a result. */
export type Done = (error: unknown, result: unknown) => void

interface Call {
  readonly text: string
  readonly done: Done
  sent: boolean
}

const TIMEOUT_MS = 5_000
/** Requests that wait for the connection or for their answers, at most. */
const CALLS_MAX = 10_000

/** The requests under way. Those of users wait until the line is ready for them; the client's own go at once. */
export class Calls {
  private readonly send: (text: string) => void
  private readonly pending = new Map<number, Call>()
  private ready = false
  private closed = false
  private nextId = 1

  constructor(send: (text: string) => void) {
    this.send = send
  }

  /** Sends a request now, over a line that is up. */
  now(method: string, params: object, done: Done, timeoutMs = 2 * TIMEOUT_MS): void {
    this.call(method, params, done, { timeoutMs }, true)
  }

  /** Sends a request as soon as the line is ready. */
  request(method: string, params: object = {}, options: RequestOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) =>
      this.call(method, params, (error, result) => (error === undefined ? resolve(result) : reject(error)), options, this.ready),
    )
  }

  /** The line is up, and its owner is known: requests that waited are sent. */
  open(): void {
    this.ready = true
    for (const call of this.pending.values()) if (!call.sent) this.transmit(call)
  }

  /** The line is lost: what was sent has no answer any more; what was not sent waits for the next line. */
  lost(): void {
    this.ready = false
    for (const [id, { sent, done }] of this.pending) {
      if (!sent) continue
      this.pending.delete(id)
      done(new RequestError('not_connected', 'the connection was lost before the answer', true), undefined)
    }
  }

  /** Takes a reply. */
  reply({ id, result, error }: Reply): void {
    const failure = error && new RequestError(error.data.code, error.message, error.data.retry, error.data.order)
    this.pending.get(id as number)?.done(failure, result)
  }

  /** Refuses whatever is still under way, and all that comes. */
  close(): void {
    this.closed = true
    const calls = [...this.pending.values()]
    this.pending.clear()
    for (const { done } of calls) done(closedError(), undefined)
  }

  private call(method: string, params: object, done: Done, { signal, timeoutMs = TIMEOUT_MS }: RequestOptions, now: boolean): void {
    const refusal = this.refusal(signal)
    if (refusal) {
      done(refusal.error, undefined)
      return
    }
    const id = this.nextId++
    const end = (error: unknown, result: unknown): void => {
      this.pending.delete(id)
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      done(error, result)
    }
    const abort = (): void => end(signal?.reason, undefined)
    const timer =
      timeoutMs === Number.POSITIVE_INFINITY
        ? undefined
        : setTimeout(() => {
            const why = this.pending.get(id)?.sent ? 'no answer came' : 'there was no connection'
            end(new RequestError('timeout', `${method}: ${why} within ${timeoutMs} ms`, true), undefined)
          }, timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    const call: Call = { text: JSON.stringify({ jsonrpc: '2.0', id, method, params }), done: end, sent: false }
    this.pending.set(id, call)
    if (now) this.transmit(call)
  }

  /** Returns why a request cannot be made at all. */
  private refusal(signal: SignalLike | undefined): { readonly error: unknown } | undefined {
    if (this.closed) return { error: closedError() }
    if (signal?.aborted) return { error: signal.reason }
    if (this.pending.size < CALLS_MAX) return undefined
    return { error: new RequestError('too_much', `found ${CALLS_MAX} requests without an answer, expected fewer`, true) }
  }

  private transmit(call: Call): void {
    call.sent = true
    this.send(call.text)
  }
}

const closedError = (): RequestError => new RequestError('closed', 'the client is closed', false)
