import { readFileSync } from 'node:fs'
import type { Driftwire } from '../../clients/driftwire-client/src/index.ts'
import { UsageError } from '../config/options.ts'
import type { ServerOptions } from './server.ts'
import { ask, askHidden } from './terminal/prompt.ts'
import { overWire } from './wire.ts'

/** Who a command speaks for, as typed. */
export interface ClientOptions {
  readonly url?: string
  readonly user?: string
  readonly 'token-file'?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Does something over a connection that speaks for a client: by the token of a file or of the environment, else by name and password, which are
 * asked for if there is a terminal. Rejects with UsageError if there are no credentials, with ServerError if the server refuses them.
 */
export const asClient = async <T>(options: ClientOptions, environment: Environment, act: (wire: Driftwire) => Promise<T>): Promise<T> => {
  const token = tokenOf(options, environment)
  const place: ServerOptions = { url: options.url }
  if (token !== undefined) return overWire({ ...place, token }, environment, act)
  const { user, password } = await namedClient(options, environment)
  return overWire(place, environment, async wire => {
    await wire.login(user, password)
    return act(wire)
  })
}

/** A name on the command line counts before a token of the environment. */
const tokenOf = ({ user, 'token-file': file }: ClientOptions, environment: Environment): string | undefined => {
  if (file !== undefined) return tokenIn(file)
  return user === undefined ? environment.DRIFTWIRE_TOKEN : undefined
}

const tokenIn = (file: string): string => {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`${file}: found ${(error as NodeJS.ErrnoException).code}, expected a file with a token`)
  }
  if (!/^[\x21-\x7e]+$/.test(text)) throw new UsageError(`${file}: found something else, expected one line with a token`)
  return text
}

const namedClient = async ({ user }: ClientOptions, { DRIFTWIRE_PASSWORD }: Environment): Promise<{ user: string; password: string }> => {
  const { stdin } = process
  if (!stdin.isTTY && (user === undefined || DRIFTWIRE_PASSWORD === undefined))
    throw new UsageError(
      `credentials: found ${user === undefined ? 'none' : 'no password'}, expected DRIFTWIRE_TOKEN, --token-file, or --user and DRIFTWIRE_PASSWORD`,
    )
  const name = user ?? (await ask('client: ', stdin))
  if (name === '') throw new UsageError('client: found nothing, expected a name')
  return { user: name, password: DRIFTWIRE_PASSWORD ?? (await askHidden('password: ', stdin)) }
}
