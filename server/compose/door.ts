import type { Logger } from 'pino'
import type { Settings } from '../config/settings.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { TICK_MS } from '../gateway/hub/hub.ts'
import { openTransport } from '../gateway/transports/open.ts'
import type { Transport } from '../gateway/transports/transport.ts'
import { atMultiples } from '../lib/atMultiples.ts'
import { handlersOf, type Served } from './handlers.ts'

/** ms from the end of a frame until it has come to a gateway of its own process. */
const THROUGH_REDIS_MS = 5

/** The port, open for sockets and requests. */
export interface Door {
  readonly port: number
  /** Connections turned away since the start because all places were taken. */
  readonly refused: number
  /** The certificate and the key; undefined without TLS. */
  readonly keyPair: Transport['keyPair']
  /** Looks for a new certificate and key now; false if the server does not speak TLS. */
  renewKeyPair(): boolean
  publish(topic: string, bytes: Uint8Array): void
  /** Takes nobody in any more, and closes what is open after `ms`. */
  close(ms: number): Promise<void>
}

/** Opens the transport and listens. Rejects if the address cannot be listened on. */
export const openDoor = async (settings: Settings, served: Served, log: Logger): Promise<Door> => {
  const { limits } = settings.config
  const transport = await openTransport(
    handlersOf(settings, served),
    {
      log,
      maxBackpressure: limits.sendBufferBytes,
      maxBody: limits.bodyBytes,
      ...(limits.sockets !== undefined && { maxSockets: limits.sockets }),
      behindTls: settings.behindTls,
      ...(settings.tls && { tls: settings.tls }),
    },
    settings.transport,
  )
  const port = await transport.listen(settings.host, settings.port)
  let turn: NodeJS.Immediate | undefined
  // With the frames, and behind them: what goes out at a rate is as of the newest, and a process with nothing to do wakes once for both.
  const tick = (): void => {
    turn = setImmediate(() => served.hub.tick())
  }
  const stop = atMultiples(TICK_MS, systemEnvironment, tick, settings.role === 'gateway' ? THROUGH_REDIS_MS : 0)
  return {
    port,
    get refused() {
      return transport.refused
    },
    keyPair: transport.keyPair,
    renewKeyPair() {
      transport.keyPair?.check()
      return transport.keyPair !== undefined
    },
    publish: (topic, bytes) => transport.publish(topic, bytes),
    async close(ms) {
      stop()
      clearImmediate(turn)
      await transport.close(ms)
    },
  }
}
