import { STATUS_CODES } from 'node:http'

/** An error as RFC 9457 has it: of the few that arise before the application is asked. */
export const problem = (status: number, code: string, detail: string, headers: Record<string, string> = {}): Response =>
  new Response(problemText(status, code, detail), { status, headers: { 'content-type': 'application/problem+json', ...headers } })

export const problemText = (status: number, code: string, detail: string): string =>
  JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, code, detail })

export const malformed = (detail: string): Response => problem(400, 'malformed', detail)

export const failed = (): Response => problem(500, 'failed', 'the server failed at this request')

/** Refused for now. */
export const busy = (code: string, detail: string): Response => problem(503, code, detail, { 'retry-after': '1' })

export const stopping = (): Response => busy('not_ready', 'the server is stopping')

export const full = (): Response => busy('too_much', 'every place for a websocket is taken')
