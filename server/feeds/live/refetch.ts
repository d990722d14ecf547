import type { Logger } from 'pino'
import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import { Backoff } from '../../lib/backoff.ts'
import type { Environment } from '../environment.ts'
import type { LastingInstrument } from '../venues/lastingInstrument.ts'
import { leftOf, type NumberGap } from '../venues/tradeNumbers.ts'
import type { MissingTrades } from '../venues/venue.ts'

/** An answer over HTTP: its status, how long it asks to wait (ms; NaN if it does not say) and its body. */
export interface PageAnswer {
  readonly status: number
  readonly waitMs: number
  readonly body: string
}

/** Asks for a page; throws if there is no answer. */
export type GetPage = (url: string, signal: AbortSignal) => Promise<PageAnswer>

/** What trades are fetched again with. */
export interface RefetchOptions {
  readonly missing: MissingTrades
  readonly get: GetPage
  readonly writer: TickWriter
  readonly environment: Environment
  readonly log: Logger
  /** Called when trades were written. */
  readonly onNews: () => void
}

/** Trades of a gap beyond which nothing is fetched: some hundred pages. */
const FETCHED_MAX = 100_000
/** Gaps that wait for their turn; those beyond stay gaps. */
const WAITING_MAX = 100
/** ms between two pages: venues allow a few a second. */
const PAGE_MS = 300
/** Failures in a row after which a gap stays one. */
const FAILURES_MAX = 6
/** ms: the longest wait that a venue may ask for. */
const WAIT_MAX_MS = 300_000

/** Fetches trades that a venue's socket has skipped, one gap after the other, page by page. What cannot be had stays missing. */
export class Refetch {
  private readonly options: RefetchOptions
  private readonly waiting: { instrument: LastingInstrument; gap: NumberGap }[] = []
  private readonly stop = new AbortController()
  private callOff: () => void = () => {}
  private running = false

  constructor(options: RefetchOptions) {
    this.options = options
  }

  /** Fetches the trades of a gap when it is its turn. */
  add(instrument: LastingInstrument, gap: NumberGap): void {
    if (leftOf(gap) > FETCHED_MAX || this.waiting.length >= WAITING_MAX) {
      this.options.log.warn({ symbol: instrument.name, missing: leftOf(gap) }, 'too many trades are missing to fetch them; import them')
      return
    }
    this.waiting.push({ instrument, gap })
    if (!this.running) void this.run()
  }

  /** Ends it, whatever is still missing. */
  close(): void {
    this.stop.abort()
    this.callOff()
  }

  private async run(): Promise<void> {
    this.running = true
    for (let next = this.waiting.shift(); next && !this.stop.signal.aborted; next = this.waiting.shift()) {
      const { instrument, gap } = next
      const why = await this.fill(instrument, gap)
      if (this.stop.signal.aborted) break
      const { log } = this.options
      const told = { symbol: instrument.name, from: gap.first, to: gap.last }
      if (why === undefined) log.info(told, 'missing trades were fetched')
      else log.warn({ ...told, left: leftOf(gap), why }, 'missing trades cannot be fetched; import them')
    }
    this.running = false
  }

  /** Returns why some of the gap stays; undefined if nothing does. */
  private async fill(instrument: LastingInstrument, gap: NumberGap): Promise<string | undefined> {
    const backoff = new Backoff(this.options.environment.random)
    let since = gap.from
    for (let failures = 0; gap.left.length > 0; ) {
      const before = leftOf(gap)
      const page = await this.page(instrument, gap, since)
      if (this.stop.signal.aborted) return 'stopped'
      if ('why' in page) {
        failures += 1
        if (page.final || failures >= FAILURES_MAX) return page.why
        await this.pause(Math.min(WAIT_MAX_MS, Math.max(Number.isNaN(page.waitMs) ? 0 : page.waitMs, backoff.next())))
        continue
      }
      failures = 0
      if (page.newest > since) since = page.newest
      else if (leftOf(gap) === before) return 'the venue does not give them'
      if (gap.left.length > 0) await this.pause(PAGE_MS)
    }
    return undefined
  }

  private async page(instrument: LastingInstrument, gap: NumberGap, since: number): Promise<Page> {
    const { missing, get, writer, onNews } = this.options
    const [first] = gap.left[0]!
    const [, last] = gap.left.at(-1)!
    try {
      const { status, waitMs, body } = await get(missing.page(instrument.name, first, last, since), this.stop.signal)
      if (status !== 200) return { why: `HTTP ${status}`, waitMs, final: status >= 400 && status < 500 && !LATER.includes(status) }
      let newest = Number.NEGATIVE_INFINITY
      let some = false
      for (const trade of missing.trades(JSON.parse(body))) {
        if (trade.t > newest && trade.t <= gap.to) newest = trade.t
        // A trade of another time is not the one that is missing, whatever its number.
        if (trade.t >= gap.from - SLACK_MS && trade.t <= gap.to + SLACK_MS && instrument.refill(writer, gap, trade)) some = true
      }
      if (some) onNews()
      return { newest }
    } catch (error) {
      return { why: (error as Error).message, waitMs: Number.NaN, final: false }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const callOff = this.options.environment.after(ms, resolve)
      this.callOff = () => {
        callOff()
        resolve()
      }
    })
  }
}

/** Newest time (ms) of a page, or why there is none. */
type Page = { readonly newest: number } | { readonly why: string; readonly waitMs: number; readonly final: boolean }

/** Statuses that ask to come back later: timeout, too early, too many requests, banned for a while by Binance. */
const LATER = [408, 418, 425, 429]
/** ms by which the time of a trade over HTTP may differ from the times around the gap. */
const SLACK_MS = 1_000

/** ms until an answer has to be there. */
const ANSWER_MS = 20_000
/** Bytes of an answer. */
const ANSWER_MAX = 8 * 1024 * 1024

/** Asks over HTTP. */
export const getPage: GetPage = async (url, signal) => {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]), redirect: 'error' })
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  let body = ''
  const text = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    body += text.decode(chunk, { stream: true })
    if (body.length > ANSWER_MAX) throw new Error(`found more than ${ANSWER_MAX} bytes, expected a page of trades`)
  }
  return { status: response.status, waitMs: seconds * 1_000, body }
}
