import type { Logger } from 'pino'
import { type Alert, type AlertChange, channelsBehind } from '../../streams/alerts/alert.ts'
import { alertAnswer } from '../../streams/alerts/alertAnswer.ts'
import { SEVERITIES } from '../../streams/wire/alerts.ts'
import type { AlertConfig } from '../config/alertSchema.ts'
import { logError } from '../lib/errorEvents.ts'
import type { Figures } from '../lib/figures.ts'
import { Deliveries, type Delivery } from './deliveries.ts'
import { Webhook, type WebhookCounts } from './webhook.ts'

/** What webhooks need. */
export interface WebhooksOptions {
  readonly webhooks: AlertConfig['webhooks']
  /** With which messages are signed. */
  readonly secret: string
  /** Keeps messages until they are delivered. */
  readonly file: string
  /** Whether everybody reads a channel. */
  readonly isPublic: (channel: string) => boolean
  readonly log: Logger
  /** ms to the second attempt. */
  readonly firstMs?: number
}

/** Sends what happens to alerts to the addresses of the configuration: each event once, in order, and again until it is taken. */
export class Webhooks {
  private readonly options: WebhooksOptions
  private readonly deliveries: Deliveries
  private readonly senders: readonly { readonly to: AlertConfig['webhooks'][number]; readonly webhook: Webhook }[]
  private readonly abort = new AbortController()
  private readonly counts: WebhookCounts = { sent: 0, retries: 0, dropped: 0, refused: 0, lastError: undefined }

  /** Throws if the file of a former process cannot be read. */
  constructor(options: WebhooksOptions) {
    const { webhooks, secret, file, log, firstMs } = options
    this.options = options
    this.deliveries = new Deliveries(file)
    const { counts } = this
    this.keep(() => this.deliveries.keepOnly(webhooks.map(({ url }) => url)))
    const done = (delivery: Delivery): void => this.keep(() => this.deliveries.done(delivery))
    this.senders = webhooks.map(to => {
      const { signal } = this.abort
      const webhook = new Webhook({ url: to.url, secret, done, counts, signal, log, ...(firstMs !== undefined && { firstMs }) })
      for (const delivery of this.deliveries.of(to.url)) webhook.put(delivery)
      return { to, webhook }
    })
  }

  /** Takes what has happened in a frame. */
  take(happened: readonly AlertChange[]): void {
    const told = happened.filter(isTold)
    if (told.length === 0) return
    for (const { to, webhook } of this.senders) {
      const deliveries = told.filter(({ alert }) => this.gets(to, alert)).map(change => deliveryOf(to.url, change))
      this.keep(() => this.deliveries.put(deliveries))
      for (const delivery of deliveries) webhook.put(delivery)
    }
  }

  /** Returns what has become of messages. */
  figures(): Figures {
    return { waiting: this.senders.reduce((sum, { webhook }) => sum + webhook.waiting, 0), ...this.counts }
  }

  /** Ends. What is not delivered is sent after the next start. */
  async close(): Promise<void> {
    this.abort.abort()
    await Promise.all(this.senders.map(({ webhook }) => webhook.ended))
  }

  private gets({ least, all }: AlertConfig['webhooks'][number], alert: Alert): boolean {
    return SEVERITIES.indexOf(alert.severity) >= SEVERITIES.indexOf(least) && (all || channelsBehind(alert).every(this.options.isPublic))
  }

  private keep(write: () => void): void {
    try {
      write()
    } catch (error) {
      logError(this.options.log, 'alert_not_kept', { error: (error as Error).message })
    }
  }
}

/** A market alert stands for its members. */
const isTold = ({ event, alert }: AlertChange): boolean => event !== 'joined' && alert.market === undefined

const deliveryOf = (to: string, { event, alert }: AlertChange): Delivery => {
  const id = `${alert.id}/${alert.step}`
  return { id, to, body: JSON.stringify({ id, event, t: alert.t, alert: alertAnswer(alert) }) }
}
