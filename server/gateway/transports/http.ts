import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { logError } from '../../lib/errorEvents.ts'
import { Body, BodyRoom } from './body.ts'
import { malformed, problem, shuttingDown, withRequestId } from './problem.ts'
import { type Incoming, type RequestHead, readHead } from './request.ts'
import { REQUEST_ID } from './requestId.ts'
import { securityHeaders } from './securityHeaders.ts'
import { type HttpExchange, sendResponse } from './sendResponse.ts'
import type { Handlers } from './transport.ts'

/** Methods are upper case; a `Request` cannot have one of these three. */
const METHOD = /^(?!(?:CONNECT|TRACE|TRACK)$)[A-Z][A-Z-]*$/

/** Whether a request of this method has a body. That of a GET or HEAD, which nobody expects, is ignored. */
export const takesBody = (method: string): boolean => method !== 'GET' && method !== 'HEAD'

/** Accepts the body of a request. */
export interface BodySink {
  /** Accepts a chunk that nobody else writes to. */
  add(chunk: Uint8Array<ArrayBuffer>): void
  /** The body is complete. */
  end(): void
}

/** The HTTP of a transport, on either library: from the request as it came in to the answer that was sent. */
export class HttpSide {
  /** Every request from now on is answered 503. */
  closing = false
  private readonly handle: Handlers['http']
  private readonly room: BodyRoom
  private readonly overTls: boolean
  private readonly log: Logger

  /** `overTls`: clients come by TLS, to this server or to a proxy in front. */
  constructor(handle: Handlers['http'], maxBody: number, overTls: boolean, log: Logger) {
    this.handle = handle
    this.room = new BodyRoom(maxBody)
    this.overTls = overTls
    this.log = log
  }

  /** Begins a request. Returns undefined if it has been refused, so that no body is wanted any more. */
  begin(incoming: Incoming, out: HttpExchange): BodySink | undefined {
    let head: RequestHead
    try {
      head = readHead(incoming)
    } catch (error) {
      return this.refuse(incoming, out, malformed((error as Error).message))
    }
    const refuse = (response: Response): undefined => this.refuse(incoming, out, response, head.id)
    if (this.closing) return refuse(shuttingDown())
    if (!METHOD.test(incoming.method))
      return refuse(problem(new ProtocolError('method_not_allowed', `${incoming.method} is not served here`), 501))
    const body = new Body(this.room)
    if (body.hopeless(Number(head.headers.get('content-length') ?? 0))) return refuse(this.tooLarge())
    out.signal.addEventListener('abort', () => body.release())
    return {
      add: chunk => {
        if (out.signal.aborted || body.hopeless()) return
        body.add(chunk)
        if (body.hopeless()) refuse(this.tooLarge())
      },
      end: () => {
        if (!body.hopeless()) void this.respond(incoming, head, body, out)
      },
    }
  }

  /** Answers without asking the application, and ends the connection. */
  refuse(incoming: Incoming, out: HttpExchange, response: Response, id: string = randomUUID()): undefined {
    void this.give(incoming, out, response, id, true)
  }

  private async respond(incoming: Incoming, head: RequestHead, body: Body, out: HttpExchange): Promise<void> {
    if (out.signal.aborted) return
    let response: Response
    if (body.fault === 'too large') response = this.tooLarge()
    else if (body.fault === 'no room') response = problem(new ProtocolError('not_ready', 'too many large requests at a time'))
    else response = await this.ask(incoming, head, body.whole(), out)
    await this.give(incoming, out, response, head.id, false)
    body.release()
  }

  private async ask(
    incoming: Incoming,
    { url, headers, id: requestId }: RequestHead,
    body: Uint8Array<ArrayBuffer>,
    out: HttpExchange,
  ): Promise<Response> {
    const { method, remoteAddress } = incoming
    try {
      const content = takesBody(method) ? body : null
      return await this.handle(new Request(url, { method, headers, body: content, signal: out.signal }), {
        remoteAddress,
        requestId,
        bytes: body.length,
      })
    } catch (err) {
      if (!out.signal.aborted) logError(this.log, 'request_failed', { err, requestId, method, path: url.pathname })
      return problem(new ProtocolError('internal'))
    }
  }

  private async give(incoming: Incoming, out: HttpExchange, response: Response, requestId: string, close: boolean): Promise<void> {
    const { method, target } = incoming
    try {
      const more = [...securityHeaders(response.headers, this.overTls), [REQUEST_ID, requestId] as const]
      await sendResponse(out, method, response.status < 400 ? response : await withRequestId(response, requestId), close, more)
    } catch (err) {
      if (!out.signal.aborted) logError(this.log, 'answer_cut_short', { err, requestId, method, target })
      if (out.begun) out.destroy()
      else await this.give(incoming, out, problem(new ProtocolError('internal')), requestId, true)
    }
  }

  private tooLarge(): Response {
    return problem(new ProtocolError('too_large', `expected a body of at most ${this.room.limit} bytes`))
  }
}
