import { ERRORS, type Refusal } from '../../streams/protocol.ts'

/** A refusal as RFC 9457 problem details. */
export const problem = (refusal: Refusal): Response => {
  const { status, text, retry } = ERRORS[refusal.code]
  const body = { type: 'about:blank', title: text, status, detail: refusal.message, code: refusal.code, retry }
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (status === 429 || status === 503) headers['retry-after'] = String(refusal.retryAfter ?? 1)
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  return new Response(JSON.stringify(body), { status, headers })
}
