import type { Tracer } from './tracer.ts'

/** Runs what answers a request, traced if that is wanted. `traceparent` came with it. */
export type Traced = <T>(name: string, traceparent: string | undefined, answer: () => T) => T

/** Methods that change something; others are traced only if their caller traces them. */
const COMMANDS = new Set(['create', 'redeem', 'transfer', 'record', 'register'])

/** Returns what traces the methods of websockets. A request ends when its answer has been handed to the socket. */
export const tracedMethods =
  (tracer: Tracer): Traced =>
  (name, traceparent, answer) => {
    if (traceparent === undefined && !COMMANDS.has(name)) return answer()
    const trace = tracer(name, traceparent, { 'rpc.system': 'jsonrpc', 'rpc.method': name })
    if (trace === undefined) return answer()
    try {
      const answered = trace.during(answer)
      if (answered instanceof Promise)
        answered.then(
          // Behind those who reply in the same turn.
          () => queueMicrotask(() => trace.end()),
          error => trace.end({ error: codeOf(error) }),
        )
      else trace.end()
      return answered
    } catch (error) {
      trace.end({ error: codeOf(error) })
      throw error
    }
  }

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? 'internal'

/** Answers an HTTP request. */
export type Fetch<I> = (request: Request, info: I) => Promise<Response>

/** Returns what answers HTTP requests as `fetch` does, and traces those that change something or whose client traces them. */
export const tracedFetch =
  <I>(tracer: Tracer, fetch: Fetch<I>): Fetch<I> =>
  async (request, info) => {
    const { method, headers } = request
    const traceparent = headers.get('traceparent') ?? undefined
    if (traceparent === undefined && method !== 'POST') return fetch(request, info)
    const { pathname } = new URL(request.url)
    const trace = tracer(`${method} ${pathname}`, traceparent, { 'http.request.method': method, 'url.path': pathname })
    if (trace === undefined) return fetch(request, info)
    try {
      const response = await trace.during(() => fetch(request, info))
      const { status } = response
      response.headers.set('traceparent', trace.traceparent)
      trace.end({ attributes: { 'http.response.status_code': status }, error: status < 500 ? undefined : String(status) })
      return response
    } catch (error) {
      trace.end({ error: codeOf(error) })
      throw error
    }
  }
