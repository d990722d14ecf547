import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UsageError } from '../config/options.ts'

/** The server cannot be reached, or does not do what it was asked for. The message is one line. */
export class ServerError extends Error {
  /** HTTP status; undefined if there was no answer. */
  readonly status: number | undefined

  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
}

/** What a command was given of the server that it speaks to. */
export interface ServerOptions {
  readonly url?: string | undefined
  readonly token?: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** Returns the server that a command speaks to: the one that is named, else the local one. Throws UsageError for what is no address. */
export const serverOf = ({ url, token }: ServerOptions, environment: Environment): RunningServer =>
  new RunningServer(url, token, environment.DRIFTWIRE_PORT)

/**
 * Returns the server that an operator speaks to. Without a token the admin's is taken: of the environment, and of the local server the one
 * that it made itself. Rejects with UsageError for what is no address, with ServerError if nobody answers there.
 */
export const operatorsServer = async ({ url, token }: ServerOptions, environment: Environment): Promise<RunningServer> => {
  const given = token ?? environment.DRIFTWIRE_ADMIN_TOKEN
  const local = url === undefined ? await localToken(resolve(environment.DRIFTWIRE_DATA ?? 'data')) : undefined
  return answering(serverOf({ url, token: given ?? local }, environment))
}

/** Resolves with the server if somebody answers there; rejects with ServerError otherwise. */
export const answering = async (server: RunningServer): Promise<RunningServer> => {
  if (await server.answers()) return server
  throw new ServerError(`${server.url}: found no server, expected a running one`)
}

/** Waits between attempts, ms; a server that says how long to wait is waited for so long. */
const WAITS = [200, 500, 1_000, 2_000, 5_000]
/** A wait that is asked for is not longer, ms. */
const LONGEST_WAIT = 60_000
const TIMEOUT_MS = 60_000

/** A running server, as commands talk to it. All that they ask for may be sent twice. */
export class RunningServer {
  readonly url: string
  private readonly token: string | undefined

  /** `url` as given, else the local server's. */
  constructor(url: string | undefined, token: string | undefined, port = '8080') {
    const text = url ?? `http://127.0.0.1:${port}`
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
      throw new UsageError(`--url: found "${text}", expected an address such as http://127.0.0.1:8080`)
    this.url = text.replace(/\/+$/, '')
    this.token = token
  }

  /** Whether somebody answers there. */
  async answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok
    } catch {
      return false
    }
  }

  /** Returns the answer to a GET that comes within `ms`; rejects otherwise, and retries nothing. */
  async once<T>(path: string, ms: number): Promise<T> {
    const answer = await this.tried(path, {}, ms)
    if (!answer.ok) throw new ServerError(`${this.url}: ${answer.why}`, answer.status)
    return answer.value as T
  }

  /** Returns the answer to a GET. Retries what may succeed later; rejects with ServerError if it does not. */
  get<T>(path: string): Promise<T> {
    return this.insisted(path, {})
  }

  /** The answer to a POST, likewise. */
  post<T>(path: string, type: string, body: string): Promise<T> {
    return this.insisted(path, { method: 'POST', headers: { 'content-type': type }, body })
  }

  /** Returns the answer to a POST as text, whatever its type; rejects otherwise, and retries nothing: what it asks for is heavy. */
  async text(path: string, body: string): Promise<string> {
    const answer = await this.tried(path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body }, TIMEOUT_MS, 'text')
    if (!answer.ok) throw new ServerError(`${this.url}: ${answer.why}`, answer.status)
    return answer.value as string
  }

  private async insisted<T>(path: string, init: RequestInit): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.tried(path, init, TIMEOUT_MS)
      if (answer.ok) return answer.value as T
      if (!answer.retry || attempt === WAITS.length) throw new ServerError(`${this.url}: ${answer.why}`, answer.status)
      await delay(Math.max(WAITS[attempt]!, Math.min(answer.after * 1_000, LONGEST_WAIT)))
    }
  }

  private async tried(path: string, init: RequestInit, ms: number, form: 'json' | 'text' = 'json'): Promise<Answer> {
    const headers = { ...(init.headers as object), ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }) }
    let response: Response
    let text: string
    try {
      response = await fetch(this.url + path, { ...init, headers, signal: AbortSignal.timeout(ms) })
      text = await response.text()
    } catch (error) {
      const cause = (error as { cause?: { code?: string } }).cause?.code
      return { ok: false, status: undefined, why: `found no answer (${cause ?? (error as Error).message})`, retry: true, after: 0 }
    }
    if (response.ok && form === 'text') return { ok: true, value: text }
    const json = parsed(text)
    if (response.ok && json === undefined)
      return { ok: false, status: response.status, why: `${response.status}: found an answer that is not JSON`, retry: false, after: 0 }
    if (response.ok) return { ok: true, value: json }
    const { code = response.statusText, detail = '', retry = false } = (json ?? {}) as { code?: string; detail?: string; retry?: boolean }
    const why = `${response.status} ${code}${detail === '' ? '' : `: ${detail}`}`
    return { ok: false, status: response.status, why, retry, after: Number(response.headers.get('retry-after')) || 0 }
  }
}

type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: number | undefined; readonly why: string; readonly retry: boolean; readonly after: number }

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns the token that the server of a directory has made for its admin; undefined if there is none. */
export const localToken = async (dataDir: string): Promise<string | undefined> => {
  const text = await readFile(join(dataDir, 'admin.token'), 'utf8').catch(() => undefined)
  return text?.trim()
}
