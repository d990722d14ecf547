import { setTimeout as delay } from 'node:timers/promises'
import { type RunningServer, ServerError } from './server.ts'

/** Waits between attempts, ms; a server that says how long to wait is waited for so long. */
const WAITS = [200, 500, 1_000, 2_000, 5_000]
/** A wait that is asked for is not longer, ms. */
const LONGEST_WAIT = 60_000
const TIMEOUT = 60_000

/** What a running server gives under `path`. What may succeed later is tried again some times; rejects with ServerError where it does not. */
export const readFrom = async <T>({ url }: RunningServer, token: string | undefined, path: string): Promise<T> => {
  for (let attempt = 0; ; attempt++) {
    const { value, failure, after } = await tried<T>(url, token, path)
    if (failure === undefined) return value as T
    if (after === undefined || attempt === WAITS.length) throw failure
    await delay(Math.max(WAITS[attempt]!, Math.min(after * 1_000, LONGEST_WAIT)))
  }
}

/** `after`: seconds until it may succeed, where it may. */
interface Tried<T> {
  readonly value?: T
  readonly failure?: ServerError
  readonly after?: number
}

const tried = async <T>(url: string, token: string | undefined, path: string): Promise<Tried<T>> => {
  let status: number | undefined
  try {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(url + path, { headers, signal: AbortSignal.timeout(TIMEOUT) })
    status = response.status
    const body = (await response.json()) as T & { code?: string; detail?: string; retry?: boolean }
    if (response.ok) return { value: body }
    const { code = response.statusText, detail, retry = false } = body
    const failure = new ServerError(`${url}: ${status} ${code}${detail === undefined ? '' : `: ${detail}`}`, status)
    return { failure, ...(retry && { after: Number(response.headers.get('retry-after')) || 0 }) }
  } catch (error) {
    if (error instanceof SyntaxError) return { failure: new ServerError(`${url}: ${status}: found an answer that is not JSON`, status) }
    const cause = (error as { cause?: { code?: string } }).cause?.code
    return { failure: new ServerError(`${url}: found no answer (${cause ?? (error as Error).message})`), after: 0 }
  }
}
