import type { Logger } from 'pino'
import { retrying } from '../../lib/retrying.ts'
import { requestOf } from './otlpJson.ts'
import type { Attributes, Span } from './tracer.ts'

/** Where spans go, and as whose. */
export interface OtlpOptions {
  /** The collector's URL for traces. */
  readonly url: string
  /** Such as the key of a service. */
  readonly headers: Readonly<Record<string, string>>
  /** What is said of this process: `service.name` and the like. */
  readonly resource: Attributes
  readonly log: Logger
}

/** Figures of the way to the collector: spans since the start, and those that wait now. */
export interface OtlpFigures {
  readonly exported: number
  /** Lost: too many waited, or the collector refused them. */
  readonly dropped: number
  readonly waiting: number
  /** Attempts that failed. */
  readonly failures: number
}

/** Spans that may wait; more are dropped. */
const WAITING_MAX = 4_096
/** Spans of one request. */
const BATCH = 512
/** ms until spans that are fewer than a batch are sent. */
const AGE_MS = 1_000
/** ms that the collector may take to answer. */
const ANSWER_MS = 5_000
/** Answers after which the same spans are sent again; after all others they are dropped (OTLP/HTTP, "Failures"). */
const AGAIN = new Set([429, 502, 503, 504])

/** Sends spans to a collector by OTLP, as JSON over HTTP, a request at a time. What it cannot send in time it drops and counts. */
export class OtlpExporter {
  private readonly options: OtlpOptions
  private readonly stop = new AbortController()
  private waiting: Span[] = []
  private sending: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined
  private readonly counts = { exported: 0, dropped: 0, failures: 0 }

  constructor(options: OtlpOptions) {
    this.options = options
  }

  /** Takes spans, which are sent within a second if the collector answers. */
  readonly add = (spans: readonly Span[]): void => {
    if (this.waiting.length + spans.length > WAITING_MAX || this.stop.signal.aborted) {
      this.counts.dropped += spans.length
      return
    }
    this.waiting.push(...spans)
    if (this.sending !== undefined) return
    if (this.waiting.length >= BATCH) this.send()
    else this.timer ??= setTimeout(() => this.send(), AGE_MS).unref()
  }

  get figures(): OtlpFigures {
    return { ...this.counts, waiting: this.waiting.length }
  }

  /** Sends what waits, and takes no more. Resolves when that is sent or has failed once more. */
  async close(): Promise<void> {
    this.send()
    this.stop.abort()
    await this.sending
    this.counts.dropped += this.waiting.length
    this.waiting = []
  }

  private send(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.sending !== undefined) return
    this.sending = this.sendAll().finally(() => {
      this.sending = undefined
    })
  }

  private async sendAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, BATCH)
      const sent = await this.deliver(batch)
      if (sent === undefined) return
      this.waiting.splice(0, batch.length)
      this.counts.exported += sent
      this.counts.dropped += batch.length - sent
    }
  }

  /** Returns how many of the spans the collector has taken; undefined if it did not answer until the end. */
  private deliver(spans: readonly Span[]): Promise<number | undefined> {
    const { log, url } = this.options
    return retrying(() => this.post(spans), {
      signal: this.stop.signal,
      failed: () => {
        this.counts.failures += 1
      },
      warn: ({ message }) => log.warn({ error: message, url }, 'the collector does not take traces; retrying'),
    })
  }

  private async post(spans: readonly Span[]): Promise<number> {
    const { url, headers, resource, log } = this.options
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(requestOf(spans, resource)),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    const text = await response.text()
    if (AGAIN.has(response.status)) throw new Error(`found ${response.status}, expected 200`)
    if (response.ok) return spans.length - rejectedIn(text)
    log.warn({ status: response.status, answer: text.slice(0, 200), url }, 'the collector refuses traces; they are dropped')
    return 0
  }
}

/** A collector may take a part only. */
const rejectedIn = (answer: string): number => {
  try {
    const { partialSuccess } = JSON.parse(answer) as { partialSuccess?: { rejectedSpans?: number | string } }
    return Number(partialSuccess?.rejectedSpans ?? 0)
  } catch {
    return 0
  }
}
