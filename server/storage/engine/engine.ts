import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import type { ClickHouseServer } from '../../config/clickhouseServer.ts'
import { retryDelayMs } from '../../lib/backoff.ts'
import { logError } from '../../lib/errorEvents.ts'
import { orAborted } from '../../lib/orAborted.ts'
import { CLUSTER_SETTINGS, clusterFault } from './cluster.ts'
import { embeddedConnection } from './connection.ts'
import { type Guest, serverGuest } from './guest.ts'
import { clusterLayout, type Layout, REACHED, SINGLE } from './layout.ts'
import { addMeasureColumns } from './measureColumns.ts'
import { migrate, quoted } from './migrate.ts'
import { Replicas } from './replicas.ts'
import { type Retention, retain } from './retention.ts'

/** ClickHouse, ready for use: within this process or on a server, which makes no difference to its users. */
export interface Engine {
  readonly client: ClickHouseClient
  readonly database: string
  /** How its tables lie. */
  readonly layout: Layout
  /** Servers that are asked about the past before this one; undefined if there are none. */
  readonly replicas: Replicas | undefined
  /** For statements of others. */
  readonly guest: Guest
  /** Closes it. The embedded engine cancels statements that do not end soon. */
  close(): Promise<void>
}

/** Where the engine is, and how its database is set up. */
export interface EngineOptions {
  /** A directory for this process alone, or a server. */
  readonly source: { readonly dataDir: string } | ClickHouseServer
  readonly database?: string
  readonly retention?: Retention
  /** Bytes that the embedded engine may take. */
  readonly memory?: number
  /** The directory that the embedded engine may write backups to. */
  readonly backups?: string
  readonly log: Logger
  /** Ends the wait for a server that does not answer, and the opening. */
  readonly signal?: AbortSignal
}

/** The data directory cannot be opened, or the server refuses the user. The message is one line, for the user who started the process. */
export class EngineError extends Error {}

/** Bytes that the embedded engine may take if nothing else is said. */
export const MEMORY = 2 * 1024 ** 3
/** The name of the database. */
export const DATABASE = 'driftwire'
const READERS = 2
/** ms that a server may take for one statement; an insert that takes longer is sent again with the same token. */
const REQUEST_TIMEOUT = 60_000

/**
 * Opens the engine and brings its database up to date. A server that cannot be reached is waited for; a directory that cannot
 * be opened and a server that refuses the user are an EngineError. Opening a directory blocks the event loop for a moment: listen first.
 */
export const openEngine = async (options: EngineOptions): Promise<Engine> => {
  const { source, log } = options
  const database = options.database ?? DATABASE
  const layout = 'url' in source && source.cluster !== undefined ? clusterLayout(source.cluster) : SINGLE
  const { client, guest } =
    'url' in source
      ? { client: await serverClient(source, options), guest: serverGuest(source.url, database, settingsOf(source)) }
      : await embedded(source.dataDir, database, options)
  const replicas =
    'url' in source && source.read !== undefined && source.read.length > 0
      ? new Replicas(source.read, { session_timezone: 'UTC', ...settingsOf(source) }, log)
      : undefined
  const close = async (): Promise<void> => {
    await Promise.all([guest.close(), client.close(), replicas?.close()])
  }
  // What is still to be done is then refused: half a migration is as good as one that was killed.
  const stop = (): void => void close().catch(() => {})
  options.signal?.addEventListener('abort', stop, { once: true })
  try {
    options.signal?.throwIfAborted()
    const prepared = async () => ({
      migrations: await migrate(client, database, undefined, layout),
      added: await addMeasureColumns(client, database, undefined, layout),
      retained: await retain(client, database, options.retention ?? {}, layout),
    })
    const { migrations, added, retained } = 'url' in source ? await insisting(prepared, options) : await prepared()
    if (migrations.length > 0) log.info({ migrations }, 'database migrated')
    if (added.length > 0) log.info({ columns: added }, 'columns added')
    if (retained.length > 0) log.info({ tables: retained }, 'retention changed')
    const broken = await brokenParts(client, database, layout)
    if (broken > 0) logError(log, 'engine_parts_lost', { parts: broken })
  } catch (error) {
    await close()
    throw error
  } finally {
    options.signal?.removeEventListener('abort', stop)
  }
  return { client, database, layout, replicas, guest, close }
}

/** Resolves with the engine once it is open; with undefined if that fails, which its opener reports, or if `signal` ends the wait. */
export const whenOpen = (opening: Promise<Engine>, signal: AbortSignal): Promise<Engine | undefined> =>
  orAborted(opening, signal).catch(() => undefined)

const embedded = async (
  dataDir: string,
  database: string,
  { memory = MEMORY, backups }: EngineOptions,
): Promise<Pick<Engine, 'client' | 'guest'>> => {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new EngineError(`data directory ${dataDir}: found ${(error as NodeJS.ErrnoException).code}, expected a directory to write to`)
  }
  try {
    const connection = await embeddedConnection({ dataDir, readers: READERS, memory, backups })
    return { client: createClient({ connection, log: { level: ClickHouseLogLevel.OFF } }), guest: connection.guest(quoted(database)) }
  } catch (error) {
    // The engine prints the reason on its standard error, and its own error does not have it.
    const holder = await holderOf(dataDir)
    const found = holder === undefined ? (error as Error).message : `it is in use by process ${holder}`
    throw new EngineError(`data directory ${dataDir}: found that ${found}, expected one that no other process holds`, { cause: error })
  }
}

/** Returns the living process that the directory's status file names. */
const holderOf = async (dataDir: string): Promise<number | undefined> => {
  const status = await readFile(join(dataDir, 'status'), 'utf8').catch(() => '')
  const pid = Number(/^PID: (\d+)/m.exec(status)?.[1])
  if (!(pid > 0) || pid === process.pid) return undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined
  }
  return pid
}

const settingsOf = ({ cluster }: ClickHouseServer): ClickHouseSettings => (cluster === undefined ? {} : CLUSTER_SETTINGS)

const serverClient = async (source: ClickHouseServer, { log, signal }: EngineOptions): Promise<ClickHouseClient> => {
  const { url, cluster } = source
  const client = createClient({
    url,
    request_timeout: REQUEST_TIMEOUT,
    clickhouse_settings: { session_timezone: 'UTC', ...settingsOf(source) },
    log: { level: ClickHouseLogLevel.OFF },
  })
  try {
    for (let attempt = 0; ; attempt++) {
      const answer = await client.ping({ select: true })
      if (answer.success) {
        const fault = cluster === undefined ? undefined : await clusterFault(client, cluster)
        if (fault !== undefined) throw new EngineError(`ClickHouse at ${new URL(url).host}: ${fault}`)
        return client
      }
      const { message } = answer.error
      if (REFUSED.has((answer.error as { code?: string }).code ?? ''))
        throw new EngineError(`ClickHouse at ${new URL(url).host}: found "${message.trim()}", expected a user and password that it knows`)
      if (attempt === 0) log.warn({ error: message }, 'ClickHouse does not answer; retrying')
      await delay(retryDelayMs(attempt), undefined, signal && { signal })
    }
  } catch (error) {
    await client.close()
    throw error
  }
}

/** Runs `work` until a server that is still starting lets it. An error that will stay is thrown at once. */
const insisting = async <T>(work: () => Promise<T>, { log, signal = new AbortController().signal }: EngineOptions): Promise<T> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string }
      // An error without a code is not one of ClickHouse, and no connection that failed either.
      if (!STARTING.has(code)) throw error
      if (attempt === 0) log.warn({ error: message }, 'ClickHouse is not ready; retrying')
      await delay(retryDelayMs(attempt), undefined, { signal })
    }
  }
}

/** Codes that a connection which breaks has, and those of a server that starts, stops, or is full or busy. */
const STARTING = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'],
  '60', // UNKNOWN_TABLE
  '81', // UNKNOWN_DATABASE
  '159', // TIMEOUT_EXCEEDED
  '164', // READONLY
  '198', // DNS_ERROR
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '241', // MEMORY_LIMIT_EXCEEDED
  '242', // TABLE_IS_READ_ONLY
  '252', // TOO_MANY_PARTS
  '279', // ALL_CONNECTION_TRIES_FAILED
  '285', // TOO_FEW_LIVE_REPLICAS
  '286', // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  '289', // REPLICA_IS_NOT_IN_QUORUM
  '319', // UNKNOWN_STATUS_OF_INSERT
  '394', // QUERY_WAS_CANCELLED
  '425', // SYSTEM_ERROR
  '473', // DEADLOCK_AVOIDED
  '519', // NO_REMOTE_SHARD_AVAILABLE
  '999', // KEEPER_EXCEPTION
])

/** UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED. */
const REFUSED = new Set(['192', '193', '194', '516'])

const brokenParts = async (client: ClickHouseClient, database: string, layout: Layout): Promise<number> => {
  const answer = await client.query({
    query: `SELECT toUInt32(count()) AS parts FROM ${layout.system('detached_parts')} WHERE database = {database:String} AND reason LIKE 'broken%' ${REACHED}`,
    query_params: { database },
    format: 'JSONEachRow',
  })
  return (await answer.json<{ parts: number }>())[0]?.parts ?? 0
}
