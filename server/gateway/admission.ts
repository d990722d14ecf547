import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Settings } from '../config/settings.ts'
import { isLoopback } from '../config/settings.ts'
import { isNamedHere, isOwn } from './transports/origin.ts'
import { problem } from './transports/problem.ts'

/** Who may connect, by the names a request carries. Each answer is undefined, or the response that refuses. */
export interface Admission {
  /** A server on loopback is reached by names of this machine only: a foreign name that resolves to it is an attack. */
  host(url: URL): Response | undefined
  /** A browser's page must be the server's own or one that `origins` lists. */
  origin(origin: string | null, url: URL): Response | undefined
}

/** Reads from the settings who may connect. */
export const admission = ({ host, behindTls, config }: Settings): Admission => {
  const onlyHere = isLoopback(host) && !behindTls
  const listedHosts = new Set(config.origins.filter(origin => URL.canParse(origin)).map(origin => new URL(origin).host))
  const refuse = (message: string): Response => problem(new ProtocolError('not_allowed', message))
  return {
    host: url =>
      onlyHere && !isNamedHere(url, listedHosts)
        ? refuse(`host: found "${url.host}", expected a name of this machine or of an origin that "origins" lists`)
        : undefined,
    origin: (origin, url) =>
      origin !== null && !isOwn(origin, url) && !config.origins.includes(origin)
        ? refuse(`origin: found "${origin}", expected the server's own or one that "origins" lists`)
        : undefined,
  }
}
