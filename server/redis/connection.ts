import { Cluster, Redis } from 'ioredis'
import { UsageError } from '../config/options.ts'
import type { RedisAddress } from '../config/redisAddress.ts'

/** A connection to a Redis, or to a cluster of them. */
export type RedisClient = Redis | Cluster

/** Where the loss of a connection and its return are logged. */
export interface RedisLog {
  info(about: object, text: string): void
  warn(about: object, text: string): void
}

/** How long a command may go unanswered, ms: after that its connection counts as dead and is made again. */
const ANSWER_MS = 1_000
/** How long a start waits for Redis, ms. */
const START_MS = 10_000
/** How long a read waits for entries, ms. */
export const READ_BLOCK_MS = 500
/** Answers of a Redis that takes neither this name nor this password: waiting does not help. */
const REFUSED = /^(WRONGPASS|NOAUTH|NOPERM)\b/
const RECONNECT_FIRST_MS = 50
const RECONNECT_MAX_MS = 250

const again = (attempt: number): number => Math.min(RECONNECT_FIRST_MS * attempt, RECONNECT_MAX_MS) + Math.random() * RECONNECT_FIRST_MS

/**
 * Opens a connection. It connects by itself, and again after each loss, until it is ended; a command that cannot be answered fails within
 * a second, and nothing waits in a queue: the sender knows what became of it, or that this is unknown. One for `reading` waits longer,
 * because its reads block. The options were measured: `commandTimeout` alone leaves a dead connection open, `socketTimeout` closes it; any
 * retry by the client may run a command twice.
 */
export const openRedis = (address: RedisAddress, use: 'commands' | 'reading', log: RedisLog): RedisClient => {
  const client = address.kind === 'cluster' ? openCluster(address, use) : openServer(address, use)
  logChanges(client, address.shown, log)
  // That it cannot be reached is logged, and tried again.
  client.connect().catch(() => {})
  return client
}

/** Resolves when the connection can be used. Rejects with one line if it cannot within `ms`, and with a usage error if it is refused. */
export const whenReady = (client: RedisClient, address: RedisAddress, ms: number): Promise<void> =>
  new Promise((resolve, reject) => {
    if (client.status === 'ready') {
      resolve()
      return
    }
    let why = 'no answer'
    const noted = (error: Error): void => {
      why = error.message
      if (!REFUSED.test(why)) return
      over()
      reject(new UsageError(`${address.shown}: found ${why.split(' ')[0]}, expected a name and password in the URL that this Redis takes`))
    }
    const over = (): void => {
      clearTimeout(timer)
      client.off('ready', ready)
      client.off('error', noted)
    }
    const ready = (): void => {
      over()
      resolve()
    }
    const timer = setTimeout(() => {
      over()
      reject(new Error(`${address.shown}: found ${why}, expected a Redis`))
    }, ms)
    client.on('ready', ready)
    client.on('error', noted)
  })

/**
 * Opens several connections to one Redis, each for its use. Resolves with them under the same names when all can be used. If one cannot within
 * ten seconds, closes all of them and rejects with one line.
 */
export const openReady = async <Name extends string>(
  address: RedisAddress,
  uses: Readonly<Record<Name, 'commands' | 'reading'>>,
  log: RedisLog,
): Promise<Readonly<Record<Name, RedisClient>>> => {
  const opened = Object.entries<'commands' | 'reading'>(uses).map(([name, use]) => [name, openRedis(address, use, log)] as const)
  try {
    await Promise.all(opened.map(([, client]) => whenReady(client, address, START_MS)))
  } catch (error) {
    for (const [, client] of opened) client.disconnect()
    throw error
  }
  return Object.fromEntries(opened) as Record<Name, RedisClient>
}

const optionsOf = ({ username, password, tls }: RedisAddress, use: 'commands' | 'reading') => {
  const answerMs = use === 'reading' ? ANSWER_MS + READ_BLOCK_MS : ANSWER_MS
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    maxRetriesPerRequest: 0,
    commandTimeout: answerMs,
    socketTimeout: answerMs,
    connectTimeout: ANSWER_MS,
    keepAlive: ANSWER_MS,
    // A server that has become a replica refuses to write: the connection looks for the one that does.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  }
}

/**
 * A connection that comes back until it is closed. The library itself gives up for good if a sentinel reports a failover, or a server that it is
 * a replica, while it is connecting: it looks for the server, is cut off, and ends.
 */
class LastingRedis extends Redis {
  private isClosed = false

  override disconnect(reconnect = false): void {
    this.isClosed ||= !reconnect
    super.disconnect(reconnect)
  }

  /** Connects again after a while, unless it was closed. */
  again(): void {
    setTimeout(() => {
      // If this fails, it has ended again.
      if (!this.isClosed) this.connect().catch(() => {})
    }, RECONNECT_FIRST_MS)
  }
}

const openServer = (address: RedisAddress, use: 'commands' | 'reading'): Redis => {
  const { kind, nodes, name, db } = address
  const reached =
    kind === 'sentinel'
      ? {
          sentinels: [...nodes],
          name,
          failoverDetector: true,
          sentinelCommandTimeout: 500,
          sentinelRetryStrategy: again,
          ...(address.tls && { enableTLSForSentinelMode: true }),
        }
      : { host: nodes[0]!.host, port: nodes[0]!.port, db }
  const client = new LastingRedis({
    ...optionsOf(address, use),
    ...reached,
    lazyConnect: true,
    enableOfflineQueue: false,
    retryStrategy: again,
  })
  client.on('end', () => client.again())
  return client
}

const openCluster = (address: RedisAddress, use: 'commands' | 'reading'): Cluster => {
  return new Cluster([...address.nodes], {
    redisOptions: optionsOf(address, use),
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: again,
    slotsRefreshTimeout: ANSWER_MS,
  })
}

/** Logs the loss of a connection and its return, once each. */
const logChanges = (client: RedisClient, where: string, log: RedisLog): void => {
  let lost = true
  let why: string | undefined
  client.on('error', (error: Error) => {
    // Reported with the first attempt that fails, and not again with those after it.
    if (why === undefined) log.warn({ redis: where, why: error.message }, 'Redis cannot be reached')
    why = error.message
  })
  client.on('ready', () => {
    log.info({ redis: where }, lost ? 'connected to Redis' : 'connected to Redis again')
    lost = false
    why = undefined
  })
}
