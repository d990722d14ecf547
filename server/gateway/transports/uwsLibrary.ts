import type { HttpRequest, HttpResponse, TemplatedApp, us_socket, us_socket_context_t, WebSocket } from 'uWebSockets.js'
import { once } from 'node:events'
import { createServer } from 'node:net'

export type { HttpRequest, HttpResponse, TemplatedApp, WebSocket }
export type UpgradeContext = us_socket_context_t

/** A socket that listens; nobody looks into it. */
export type Listening = us_socket

/** What is used of uWebSockets.js, as it is at run time: the types that come with it leave some of this out and promise other things. */
export interface UwsLibrary {
  app(tls: { readonly cert: string; readonly key: string } | undefined): TemplatedApp
  /** Rejects with what the system says against the address. */
  listen(app: TemplatedApp, host: string, port: number): Promise<Listening>
  port(listening: Listening): number
  stopListening(listening: Listening): void
}

/** Rejects where there is no binary for this version of Node, system and processor. */
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

/** Rejects with the reason why nobody can listen there, which the library does not tell. */
const reasonAgainst = async (host: string, port: number): Promise<never> => {
  const probe = createServer().listen(port, host)
  await once(probe, 'listening')
  probe.close()
  throw new Error('refused for no reason that the system tells')
}
