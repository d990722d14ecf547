import { type ConnectionState, connect, type Driftwire, RequestError } from '../../clients/driftwire-client/src/index.ts'
import { ServerError, type ServerOptions, serverOf } from './server.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Returns the address of the websocket of the server that a command speaks to. Throws UsageError for what is no address. */
export const wireUrl = (options: ServerOptions, environment: Environment): string =>
  `${serverOf(options, environment).url.replace(/^http/, 'ws')}/ws`

/**
 * Does something over a connection, and closes it. Rejects with ServerError if there is no server, if the connection is lost before the answer,
 * or if the server refuses what is asked.
 */
export const overWire = async <T>(options: ServerOptions, environment: Environment, act: (wire: Driftwire) => Promise<T>): Promise<T> => {
  const url = wireUrl(options, environment)
  const wire = connect(url, { storage: NOWHERE, ...(options.token !== undefined && { token: options.token }) })
  try {
    return await Promise.race([act(wire), failureOf(wire, url)])
  } catch (error) {
    throw error instanceof RequestError ? new ServerError(`${url}: ${error.code}: ${error.message}`) : error
  } finally {
    wire.close()
  }
}

/** Rejects with ServerError if there is no server at first, or if it refuses the token. */
const failureOf = (wire: Driftwire, url: string): Promise<never> =>
  new Promise((_, reject) => {
    let live = false
    wire.connection.subscribe(({ state, why }: ConnectionState) => {
      live ||= state === 'live'
      if (!live && state === 'reconnecting') reject(new ServerError(`${url}: found no answer${why === undefined ? '' : ` (${why})`}`))
    })
    wire.events.subscribe(event => {
      if (event.kind !== 'login') return
      const { code = 'bad_credentials', message } = event.error as { code?: string; message: string }
      reject(new ServerError(`${url}: ${code}: ${message}`))
    })
  })

/** A command that ends without an answer says by which key its order can be asked for again. */
const NOWHERE = { getItem: () => null, setItem: () => {}, removeItem: () => {} }
