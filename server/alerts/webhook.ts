import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { deferred } from '../lib/deferred.ts'
import { logError } from '../lib/errorEvents.ts'
import type { Delivery } from './deliveries.ts'
import { SIGNATURE_HEADER, signature } from './signature.ts'

/** Messages that may wait for one address; the oldest are dropped and counted. */
export const WAITING_MAX = 1_000
const TIMEOUT_MS = 10_000
/** ms to the second attempt, and between two at most. */
const FIRST_MS = 1_000
const LONGEST_MS = 300_000
/** ms for which a message is tried. */
const GIVE_UP_MS = 86_400_000

/** What a webhook needs. */
export interface WebhookOptions {
  readonly url: string
  readonly secret: string
  /** Called when a message is done with. */
  readonly done: (delivery: Delivery) => void
  readonly counts: WebhookCounts
  readonly signal: AbortSignal
  readonly log: Logger
  /** ms since the epoch. */
  readonly now?: () => number
  /** ms to the second attempt. */
  readonly firstMs?: number
}

/** What has become of messages since the start, of all webhooks together. */
export interface WebhookCounts {
  sent: number
  retries: number
  /** Not sent because too many waited, or for a day. */
  dropped: number
  /** Not sent because the address said that it never takes them. */
  refused: number
  lastError: string | undefined
}

/** Sends messages to one address, one after another, each until it is taken: an answer of 2xx within ten seconds. */
export class Webhook {
  private readonly options: Required<WebhookOptions>
  private readonly queue: { readonly delivery: Delivery; readonly since: number }[] = []
  private more = deferred<void>()
  /** Resolves when no message is on its way any more. */
  readonly ended: Promise<void>

  constructor(options: WebhookOptions) {
    this.options = { now: Date.now, firstMs: FIRST_MS, ...options }
    options.signal.addEventListener('abort', () => this.more.resolve(), { once: true })
    this.ended = this.run()
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.queue.length
  }

  /** Takes a message. */
  put(delivery: Delivery): void {
    this.queue.push({ delivery, since: this.options.now() })
    while (this.queue.length > WAITING_MAX) this.drop()
    this.more.resolve()
  }

  private async run(): Promise<void> {
    const { signal } = this.options
    while (!signal.aborted) {
      const first = this.queue[0]
      if (first === undefined) {
        await this.more.promise
        this.more = deferred()
        continue
      }
      const { delivery, since } = first
      if (await this.send(delivery, since)) this.finish(delivery)
    }
  }

  /** Sends one message. Returns whether it is done with; false if it was dropped meanwhile, or if the process ends. */
  private async send(delivery: Delivery, since: number): Promise<boolean> {
    const { signal, counts, now, firstMs } = this.options
    for (let attempt = 0; this.queue[0]?.delivery === delivery; attempt++) {
      const { outcome, why, afterMs } = await this.post(delivery)
      if (signal.aborted && outcome !== 'taken') return false
      counts.lastError = why
      if (outcome === 'taken') {
        counts.sent += 1
        return true
      }
      if (outcome === 'refused' || now() - since > GIVE_UP_MS) {
        counts[outcome === 'refused' ? 'refused' : 'dropped'] += 1
        logError(this.options.log, 'webhook_gave_up', { to: this.host, delivery: delivery.id, error: why })
        return true
      }
      if (attempt === 0) this.options.log.warn({ to: this.host, error: why }, 'a webhook does not take an alert; retrying')
      counts.retries += 1
      const wait = Math.max(afterMs, Math.min(LONGEST_MS, firstMs * 2 ** attempt) * (0.5 + Math.random() / 2))
      await delay(Math.min(wait, LONGEST_MS), undefined, { signal }).catch(() => {})
      if (signal.aborted) return false
    }
    return false
  }

  private async post({ id, body }: Delivery): Promise<{ outcome: 'taken' | 'refused' | 'failed'; why?: string; afterMs: number }> {
    const { url, secret, now, signal } = this.options
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'driftwire-delivery': encodeURIComponent(id),
          [SIGNATURE_HEADER]: signature(secret, Math.floor(now() / 1000), body),
        },
        body,
        // It would take the alert to an address that nobody has configured.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      await answer.body?.cancel()
      if (answer.ok) return { outcome: 'taken', afterMs: 0 }
      const isFinal = answer.status >= 400 && answer.status < 500 && ![408, 425, 429].includes(answer.status)
      const after = Number(answer.headers.get('retry-after'))
      return { outcome: isFinal ? 'refused' : 'failed', why: `it answers ${answer.status}`, afterMs: after > 0 ? after * 1_000 : 0 }
    } catch (error) {
      return { outcome: 'failed', why: whyNot(error as Error), afterMs: 0 }
    }
  }

  /** Forgets a message; if it was dropped while it was on its way, another one is the first by now, and stays. */
  private finish(delivery: Delivery): void {
    if (this.queue[0]?.delivery !== delivery) return
    this.queue.shift()
    this.options.done(delivery)
  }

  private drop(): void {
    const { counts, log } = this.options
    if (counts.dropped === 0) log.warn({ to: this.host, waiting: WAITING_MAX }, 'too many alerts wait for a webhook; dropping the oldest')
    counts.dropped += 1
    this.finish(this.queue[0]!.delivery)
  }

  /** Of an address the rest may be a secret. */
  private get host(): string {
    return new URL(this.options.url).host
  }
}

/** Returns why there was no answer. Everybody reads it in `status`, and messages of errors have addresses in them. */
const whyNot = ({ name, cause }: Error): string =>
  name === 'TimeoutError'
    ? 'it does not answer within ten seconds'
    : `it cannot be reached (${(cause as { code?: string } | undefined)?.code ?? name})`
