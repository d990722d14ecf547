import { session } from './session.ts'

/** A refusal by HTTP: RFC 9457. */
export class Refused extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Sends a request to the server's own routes with the session's token. Throws Refused if the answer is not good. */
export const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
  const token = session.peek()?.token
  const headers = new Headers(init.headers)
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  const response = await fetch(path, { ...init, headers })
  if (response.ok) return response
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string }
  throw new Refused(
    response.status,
    problem.code ?? 'internal',
    problem.detail ?? problem.title ?? `${response.status} ${response.statusText}`,
  )
}

/** Returns the JSON of a route. */
export const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  (await send(path, signal ? { signal } : {})).json() as Promise<T>

/** Posts JSON and returns the JSON of the answer. */
export const post = async <T>(path: string, body: object = {}, signal?: AbortSignal): Promise<T> =>
  (
    await send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    })
  ).json() as Promise<T>
