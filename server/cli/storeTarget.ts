import { join } from 'node:path'
import { readOptions } from '../config/options.ts'
import { readSettings } from '../config/settings.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { type OwnDirectory, openOwnDirectory } from './ownDirectory.ts'
import { answering, localToken, type RunningServer, type ServerOptions, serverOf } from './server.ts'

/** Where a command that stores something was told to. */
export interface StoreOptions extends ServerOptions {
  readonly data?: string
}

/** What a command stores something in: a running server, or a directory that none holds. */
export type StoreTarget = { readonly server: RunningServer } | { readonly directory: OwnDirectory }

/**
 * Opens the running server, if one is named or the local one answers; otherwise, or if it is named, the directory itself. Rejects with ServerError if the
 * server does not answer or holds the directory, with UsageError for what is no address.
 */
export const openStoreTarget = async (
  { url, token: given, data }: StoreOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<StoreTarget> => {
  const options = readOptions(data === undefined ? {} : { data }, environment)
  const { dataDir, adminToken } = readSettings(options, environment, join(packageRoot(), 'server', 'demo', 'config.json'))
  if (data !== undefined && url === undefined) return { directory: await openOwnDirectory(dataDir) }
  const token = given ?? adminToken ?? (url === undefined ? await localToken(dataDir) : undefined)
  const server = serverOf({ url, token }, environment)
  if (url !== undefined || (await server.answers())) return { server: await answering(server) }
  return { directory: await openOwnDirectory(dataDir) }
}
