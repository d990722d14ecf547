import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Settings } from '../config/settings.ts'
import { isLoopback } from '../config/settings.ts'
import { isAddress, isNamedHere, isOwn } from './transports/origin.ts'
import { problem } from './transports/problem.ts'

/** Who may connect, by the names a request carries. Each answer is undefined, or the response that refuses. */
export interface Admission {
  /**
   * A server on loopback is reached by names of this machine only: a foreign name that resolves to it is an attack. If `hosts` lists names,
   * any server is reached by these, or by its address.
   */
  host(url: URL): Response | undefined
  /** A browser's page that opens a socket must be the server's own or one that `origins` lists. */
  socket(headers: Headers, url: URL): Response | undefined
  /**
   * Another site's page may not ask by HTTP either: its form could register clients, or fail logins until the visitor's address is locked out.
   * `isPublic`: the path is a page or a file that any site may link to or load.
   */
  request(request: Request, url: URL, isPublic: (pathname: string) => boolean): Response | undefined
}

/** Reads from the settings who may connect. */
export const admission = ({ host, behindTls, config }: Settings): Admission => {
  const onlyHere = isLoopback(host) && !behindTls
  const hosts = new Set([...config.hosts, ...config.origins.filter(origin => URL.canParse(origin)).map(origin => new URL(origin).host)])
  const named = config.hosts.length > 0
  const origins = new Set(config.origins)
  const mayAsk = (origin: string, url: URL): boolean => origins.has(origin) || isOwn(origin, url, behindTls)
  return {
    host: url => {
      if (onlyHere && !isNamedHere(url, hosts))
        return refused(`host: found "${url.host}", expected a name of this machine, or one of "hosts" or "origins"`)
      if (named && !onlyHere && !isAddress(url) && !isNamedHere(url, hosts))
        return refused(`host: found "${url.host}", expected one that "hosts" or "origins" lists`)
      return undefined
    },
    socket: (headers, url) => {
      const origin = headers.get('origin')
      return origin === null || mayAsk(origin, url) ? undefined : foreign(origin)
    },
    request: ({ method, headers }, url, isPublic) => {
      const origin = headers.get('origin')
      if (origin === null ? headers.get('sec-fetch-site') !== 'cross-site' : mayAsk(origin, url)) return undefined
      const reads = method === 'GET' || method === 'HEAD'
      return reads && isPublic(url.pathname) ? undefined : foreign(origin ?? 'another site')
    },
  }
}

const refused = (message: string): Response => problem(new ProtocolError('not_allowed', message))

const foreign = (origin: string): Response =>
  refused(`origin: found "${origin.slice(0, 200)}", expected the server's own or one that "origins" lists`)
