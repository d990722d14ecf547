import type { z } from 'zod'
import { delay, type Environment } from '../../feeds/environment.ts'
import { redactor } from '../../lib/redaction.ts'
import { readBounded } from './boundedBody.ts'
import { Budget, type Rate } from './budget.ts'
import { SourceError } from './sourceError.ts'
import { waitBefore } from './waits.ts'

/** An answer of another kind than asked for, that came with a status of success: some sources say so that they refuse. */
export interface Refusal {
  readonly why: string
  /** The same request may succeed later. */
  readonly again: boolean
  /** A smaller one may. */
  readonly tooMuch?: boolean
}

/** Who is asked, how, and how often. */
export interface SourceOptions {
  /** As errors name it. */
  readonly source: string
  /** Its address; what it has behind the host may be a key and is never shown. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Keys, wherever they stand in the requests. */
  readonly secrets: readonly string[]
  readonly rate: Rate
  readonly environment: Environment
  /** Its answers are small: they are kept, and the source is asked whether they have changed (ETags). */
  readonly keeps?: boolean
  /** Looks at each answer before its form is checked, and at what a bad request is answered with. */
  readonly refusal?: (body: unknown) => Refusal | undefined
  /** ms until an answer must be whole. */
  readonly answerMs?: number
}

/** A request: a path behind the address, or a body to post there. */
export interface Request<T> {
  readonly path?: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** What the answer has to be, and what is read of it. */
  readonly form: z.ZodType<T>
  readonly signal: AbortSignal
}

/** What was read of an answer. */
export interface Answer<T> {
  readonly value: T
  /** The header `link`, by which answers of several pages say how many there are. */
  readonly link: string | null
}

/** What a client has done since its start. */
export interface RequestFigures {
  readonly requests: number
  /** Requests that were made again. */
  readonly retries: number
  /** Answers that said that nothing has changed. */
  readonly unchanged?: number
}

const ANSWER_MS = 60_000
/** Answers that are kept. */
const KEPT_MAX = 512
/** No wait that is asked for is longer, ms: the schedule comes again. */
const LONGEST_WAIT_MS = 120_000

interface Kept extends Answer<unknown> {
  readonly etag: string
}

/** Asks one source for JSON, no faster than it allows. Retries what may succeed later, and rejects with a SourceError for the rest. */
export class SourceClient {
  private readonly options: SourceOptions
  private readonly budget: Budget
  private readonly redact: (text: string) => string
  private readonly kept = new Map<string, Kept>()
  private readonly counts = { requests: 0, retries: 0, unchanged: 0 }

  constructor(options: SourceOptions) {
    const { url, secrets, rate, environment } = options
    this.options = options
    this.budget = new Budget(rate, environment)
    const { pathname, searchParams, username, password } = new URL(url)
    const inAddress = [...pathname.split('/'), ...searchParams.values(), username, password]
    this.redact = redactor([...secrets, ...inAddress].flatMap(secret => [secret, encodeURIComponent(secret)]))
  }

  get figures(): RequestFigures {
    return { ...this.counts }
  }

  /** Resolves with what was read of the answer. */
  async ask<T>(request: Request<T>): Promise<Answer<T>> {
    const { environment } = this.options
    const { signal } = request
    for (let attempt = 0; ; attempt++) {
      await this.budget.take(signal)
      try {
        return await this.once(request)
      } catch (error) {
        signal.throwIfAborted()
        const failure = error instanceof Failure ? error : new Failure({ why: causeOf(error), again: true })
        const wait = failure.again ? waitBefore(attempt + 1, failure.waitMs, environment.random()) : undefined
        if (wait === undefined || wait > LONGEST_WAIT_MS) throw this.given(failure, wait)
        this.counts.retries += 1
        if (failure.waitMs !== undefined) this.budget.pauseUntil(environment.now() + failure.waitMs)
        await delay(environment, wait, signal)
      }
    }
  }

  private async once<T>({ path = '', query, body, form, signal }: Request<T>): Promise<Answer<T>> {
    const { url, headers, refusal, keeps = false, environment, answerMs = ANSWER_MS } = this.options
    const address = new URL(path === '' ? url : url.replace(/\/$/, '') + path)
    for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value)
    const kept = body === undefined ? this.kept.get(address.href) : undefined
    this.counts.requests += 1
    const response = await fetch(address, {
      // A redirection would take keys along to another address.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
      headers: {
        accept: 'application/json',
        'user-agent': 'driftwire',
        ...headers,
        ...(kept && { 'if-none-match': kept.etag }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    })
    const { status } = response
    const text = await readBounded(response)
    if (text === undefined) throw new Failure({ why: 'found an answer that is too long', again: false, tooMuch: true }, status)
    if (status === 304 && kept !== undefined) {
      this.counts.unchanged += 1
      return kept as Kept & Answer<T>
    }
    const found = status === 200 ? parsed(text) : jsonOf(text)
    const refused = status === 200 || status === 400 ? refusal?.(found) : undefined
    if (refused) throw new Failure(refused, status)
    if (status !== 200) throw failureOf(response, found, environment.now())
    const read = form.safeParse(found)
    if (!read.success) throw new Failure({ why: 'found an answer of another form', again: true }, status)
    const answer = { value: read.data, link: response.headers.get('link') }
    if (keeps && body === undefined) this.keep(address.href, response.headers.get('etag'), answer)
    return answer
  }

  private keep(address: string, etag: string | null, answer: Answer<unknown>): void {
    this.kept.delete(address)
    if (etag === null) return
    this.kept.set(address, { ...answer, etag })
    if (this.kept.size > KEPT_MAX) this.kept.delete(this.kept.keys().next().value!)
  }

  private given({ message, status, tooMuch }: Failure, wait: number | undefined): SourceError {
    const { source, url } = this.options
    const asks = wait === undefined ? '' : `; it asks to wait ${Math.ceil(wait / 1000)} s`
    const code = status === undefined || status === 200 ? '' : `${status} `
    // A part of the path may be the name of the source, too, as of a chain.
    const line = `${source} at ${new URL(url).host}: ${code}${this.redact(message).replaceAll(/\s+/g, ' ')}${asks}`
    return new SourceError(line.length > 300 ? `${line.slice(0, 299)}…` : line, status, tooMuch)
  }
}

/** Why a request failed, as the source said it: keys may be in it. */
class Failure extends Error {
  readonly again: boolean
  readonly tooMuch: boolean
  readonly status: number | undefined
  /** ms that the source asks to wait. */
  readonly waitMs: number | undefined

  constructor({ why, again, tooMuch = false }: Refusal, status?: number, waitMs?: number) {
    super(why)
    this.again = again
    this.tooMuch = tooMuch
    this.status = status
    this.waitMs = waitMs
  }
}

const parsed = (text: string): unknown => {
  if (text.trim() === '') throw new Failure({ why: 'found an empty answer', again: true }, 200)
  const found = jsonOf(text)
  if (found === undefined) throw new Failure({ why: 'found an answer that is not JSON', again: true }, 200)
  return found
}

const failureOf = ({ status, headers }: Response, body: unknown, now: number): Failure => {
  const spent = headers.get('x-ratelimit-remaining') === '0' && (status === 403 || status === 429)
  const again = status === 202 || status === 408 || status === 429 || status >= 500 || spent
  const reset = Number(headers.get('x-ratelimit-reset'))
  const waitMs = retryAfter(headers.get('retry-after'), now) ?? (spent && reset > 0 ? Math.max(0, reset * 1000 - now) : undefined)
  return new Failure({ why: whyOf(status, body), again, tooMuch: status === 413 }, status, waitMs)
}

const whyOf = (status: number, body: unknown): string => {
  if (status === 202) return 'the answer is still being computed'
  const isElsewhere = status >= 300 && status < 400
  return told(body) ?? (isElsewhere ? 'found a redirection, which is not followed' : 'found no answer that can be read')
}

/** Returns the ms that a header asks to wait; undefined if it says nothing. */
const retryAfter = (header: string | null, now: number): number | undefined => {
  if (header === null || header.trim() === '') return undefined
  const seconds = Number(header)
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns the message of an error answer in JSON. */
const told = (body: unknown): string | undefined => {
  const { message, error } = Object(body) as { message?: unknown; error?: unknown }
  const inner = Object(error) as { message?: unknown }
  return [message, error, inner.message].find(found => typeof found === 'string')
}

const causeOf = (error: unknown): string => {
  const { message, name, cause } = error as Error
  if (name === 'TimeoutError') return 'found no whole answer in time'
  const inner = cause instanceof Error ? cause : undefined
  return `found no answer (${(inner as { code?: string } | undefined)?.code ?? inner?.message ?? message})`
}
