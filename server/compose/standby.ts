import type { Logger } from 'pino'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Settings } from '../config/settings.ts'
import { admission } from '../gateway/admission.ts'
import { openTransport } from '../gateway/transports/open.ts'
import { problem } from '../gateway/transports/problem.ts'
import type { Handlers, Transport } from '../gateway/transports/transport.ts'
import { metrics } from '../telemetry/metrics.ts'
import { readinessOf, startingPart } from '../telemetry/readiness.ts'

/** ms that a core follows before it says so: one that soon leads listens once only. */
const SOON_MS = 300
/** ms that the answers of the moment may take when it ends. */
const CLOSE_MS = 100

/** What a core says of itself as long as it follows another one: that it lives, that it is not ready, and how far it has followed. */
export class Standby {
  private readonly settings: Settings
  private readonly log: Logger
  private entries = 0
  private opening: Promise<Transport | undefined> | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(settings: Settings, log: Logger) {
    this.settings = settings
    this.log = log
  }

  /** Notes to which entry it follows; it listens soon after the first time. */
  following(entries: number): void {
    this.entries = entries
    this.timer ??= setTimeout(() => {
      this.opening = this.listen()
    }, SOON_MS)
  }

  /** Lets the port go. */
  async end(): Promise<void> {
    clearTimeout(this.timer)
    await (await this.opening)?.close(CLOSE_MS)
  }

  private async listen(): Promise<Transport | undefined> {
    const { host, port, behindTls, tls, transport } = this.settings
    try {
      const opened = await openTransport(this.handlers(), { log: this.log, behindTls, ...(tls && { tls }) }, transport)
      await opened.listen(host, port)
      return opened
    } catch (err) {
      // A port that is taken ends the start when this core leads; until then it follows.
      this.log.warn({ err }, 'a core that follows cannot be asked how it is')
      return undefined
    } finally {
      this.log.info({ entries: this.entries }, 'the ledger is followed; this core waits for the lease')
    }
  }

  private handlers(): Handlers<object> {
    const { host } = admission(this.settings)
    const away = (): Response => problem(new ProtocolError('not_ready', 'this core follows another one', 1))
    const readiness = () => readinessOf({ ledger: startingPart(`another core leads; followed to entry ${this.entries}`) })
    const registry = metrics(() => ({ parts: readiness().parts, journal: { entries: this.entries } }))
    const answers: Readonly<Record<string, () => Response | Promise<Response>>> = {
      '/healthz': () => Response.json({ status: 'ok' }),
      '/readyz': () => Response.json(readiness(), { status: 503, headers: { 'retry-after': '1' } }),
      '/metrics': async () => new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType } }),
    }
    return {
      upgrade: ({ url }) => ({ refuse: host(url) ?? away() }),
      open: () => {},
      message: () => {},
      pong: () => {},
      close: () => {},
      http: request => {
        const url = new URL(request.url)
        return host(url) ?? (answers[url.pathname] ?? away)()
      },
    }
  }
}
