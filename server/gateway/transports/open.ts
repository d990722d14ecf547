import { readKeyPair } from '../../lib/keyPair.ts'
import { connectionLimitFor, openFilesLimit } from './connectionLimit.ts'
import { HttpSide } from './http.ts'
import { DEFAULT_MAX_BACKPRESSURE, DEFAULT_MAX_BODY, type Handlers, type Transport, type TransportOptions } from './transport.ts'
import { UwsTransport } from './uws.ts'
import { loadUws, type UwsLibrary } from './uwsLibrary.ts'
import { WsTransport } from './ws.ts'

/** `auto`: uWebSockets.js where it loads, else ws. */
export type TransportChoice = 'auto' | 'uws' | 'ws'

/** A transport that does not listen yet. Rejects where the chosen library does not load, or the TLS files are no certificate and key. */
export const openTransport = async <Data>(
  handlers: Handlers<Data>,
  options: TransportOptions,
  choice: TransportChoice = 'auto',
): Promise<Transport> => {
  const log = options.log.child({ module: 'transport' })
  const places = connectionLimitFor(options.maxSockets, openFilesLimit())
  if (options.maxSockets && places.sockets < options.maxSockets) {
    log.warn({ wanted: options.maxSockets, sockets: places.sockets }, 'the limit of open files allows fewer websockets')
  }
  const http = new HttpSide((request, info) => handlers.http(request, info), options.maxBody ?? DEFAULT_MAX_BODY, log)
  const maxBackpressure = options.maxBackpressure ?? DEFAULT_MAX_BACKPRESSURE
  const pair = options.tls && readKeyPair(options.tls)
  const library = choice === 'ws' ? undefined : await load(choice, log)
  log.info({ transport: library ? 'uws' : 'ws', sockets: places.sockets, tls: pair !== undefined }, 'transport chosen')
  return library
    ? new UwsTransport(library, handlers, http, places, maxBackpressure, options.tls)
    : new WsTransport(handlers, http, places, maxBackpressure, pair)
}

const load = async (choice: 'auto' | 'uws', log: TransportOptions['log']): Promise<UwsLibrary | undefined> => {
  try {
    return await loadUws()
  } catch (err) {
    if (choice === 'uws') throw err
    log.warn({ err }, 'uWebSockets.js does not load here: ws serves in its place, at up to 1.4 times the cost')
    return undefined
  }
}
