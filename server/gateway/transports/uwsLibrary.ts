import type { HttpRequest, HttpResponse, TemplatedApp, us_socket, us_socket_context_t, WebSocket } from 'uWebSockets.js'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

export type { HttpRequest, HttpResponse, TemplatedApp, WebSocket }
/** What `upgrade` needs back when it accepts. */
export type UpgradeContext = us_socket_context_t

/** A socket that listens. */
export type Listening = us_socket

/** The used part of uWebSockets.js as it is at run time. The types that come with it lack some of this and promise other things. */
export interface UwsLibrary {
  /** Creates a server, over TLS if the names of two PEM files are given. */
  app(tls: { readonly cert: string; readonly key: string } | undefined): TemplatedApp
  /** Rejects with the system's reason if nobody can listen there. */
  listen(app: TemplatedApp, host: string, port: number): Promise<Listening>
  /** Returns the port. */
  port(listening: Listening): number
  /** Takes no more connections; those that are there stay. */
  stopListening(listening: Listening): void
}

/** Loads the library. Rejects if it has no binary for this version of Node, system and processor. */
export const loadUws = async (): Promise<UwsLibrary> => {
  const uws = (await import('uWebSockets.js')) as typeof import('uWebSockets.js') & {
    LIBUS_LISTEN_EXCLUSIVE_PORT: number
    _cfg(setting: 'silent'): void
  }
  // No header that names the library.
  uws._cfg('silent')
  type Listen = (host: string, port: number, options: number, then: (listening: Listening | false) => void) => void
  return {
    app: tls => (tls ? uws.SSLApp({ cert_file_name: tls.cert, key_file_name: tls.key }) : uws.App()),
    async listen(app, host, port) {
      // By default a second server on the same port would "succeed" and take half of the connections.
      const listening = await new Promise<Listening | false>(resolve =>
        (app.listen as unknown as Listen).call(app, host, port, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, resolve),
      )
      return listening || (await reasonAgainst(host, port))
    },
    port: uws.us_socket_local_port,
    stopListening: uws.us_listen_socket_close,
  }
}

/** Returns a port of this host that nobody listens on. */
export const freePort = async (host: string): Promise<number> => {
  const probe = createServer().listen(0, host)
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Rejects with the reason why nobody can listen there, which the library does not report. */
const reasonAgainst = async (host: string, port: number): Promise<never> => {
  const probe = createServer().listen(port, host)
  await once(probe, 'listening')
  probe.close()
  throw new Error('the system gives no reason')
}
