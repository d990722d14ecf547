import { readKeyPair } from '../../lib/keyPair.ts'
import { connectionLimitFor, openFilesLimit } from './connectionLimit.ts'
import { HttpSide } from './http.ts'
import { KeyPairFiles, type WatchedPair } from './keyPairFiles.ts'
import { Lists } from './lists.ts'
import { DEFAULT_MAX_BACKPRESSURE, DEFAULT_MAX_BODY, type Handlers, type Transport, type TransportOptions } from './transport.ts'
import { UwsTransport } from './uws.ts'
import { loadUws, type UwsLibrary } from './uwsLibrary.ts'
import { WsTransport } from './ws.ts'

/** Which library serves. `auto`: uWebSockets.js if it loads, else ws. */
export type TransportChoice = 'auto' | 'uws' | 'ws'

/** Opens a transport, not listening yet. Rejects if the chosen library does not load or the TLS files are no certificate and key. */
export const openTransport = async <Data extends object>(
  handlers: Handlers<Data>,
  options: TransportOptions,
  choice: TransportChoice = 'auto',
): Promise<Transport> => {
  const log = options.log.child({ module: 'transport' })
  const limit = connectionLimitFor(options.maxSockets, openFilesLimit())
  if (options.maxSockets && limit.sockets < options.maxSockets) {
    log.warn({ wanted: options.maxSockets, sockets: limit.sockets }, 'the limit of open files (ulimit -n) allows fewer websockets')
  }
  const http = new HttpSide(
    (request, info) => handlers.http(request, info),
    options.maxBody ?? DEFAULT_MAX_BODY,
    options.tls !== undefined || options.behindTls === true,
    log,
  )
  const maxBackpressure = options.maxBackpressure ?? DEFAULT_MAX_BACKPRESSURE
  const { tls } = options
  const pair = tls && readKeyPair(tls)
  const watched: WatchedPair | undefined = tls &&
    pair && { pair, names: tls, watch: renew => new KeyPairFiles(tls, pair, renew, log, tls.checkMs) }
  const library = choice === 'ws' ? undefined : await load(choice, log)
  log.info({ transport: library ? 'uws' : 'ws', sockets: limit.sockets, tls: pair !== undefined }, 'transport chosen')
  const lists = new Lists<Data>()
  const inner = lists.around(handlers)
  return lists.over(
    library
      ? new UwsTransport(library, inner, http, limit, maxBackpressure, watched)
      : new WsTransport(inner, http, limit, maxBackpressure, watched),
  )
}

const load = async (choice: 'auto' | 'uws', log: TransportOptions['log']): Promise<UwsLibrary | undefined> => {
  try {
    return await loadUws()
  } catch (err) {
    if (choice === 'uws') throw err
    log.warn({ err }, 'uWebSockets.js does not load here: ws serves instead, at up to 1.4 times the cost')
    return undefined
  }
}
