import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { explain } from '../../streams/wire/explain.ts'
import { readKeyPair } from '../lib/keyPair.ts'
import { type Chain, readChains } from './chains.ts'
import { contradiction } from './checks.ts'
import { type ClickHouseServer, readClickHouse } from './clickhouseServer.ts'
import { LOG_FORMATS, LOG_LEVELS, type Options, ROLES, readChoice, readCount, UsageError } from './options.ts'
import { type OtlpSettings, readOtlp } from './otlp.ts'
import { type RedisAddress, readRedisAddress } from './redisAddress.ts'
import { type Config, configSchema } from './schema.ts'
import { readShard, type Shard, shardText } from './shard.ts'
import { readSourceKeys, type SourceKeys } from './sourceKeys.ts'

/** What a process does, and what lies between it and others. */
export interface NodeSettings {
  readonly role: (typeof ROLES)[number]
  /** Frames, commands and leases go through it; undefined: everything is in this process. */
  readonly redis: RedisAddress | undefined
  /** Where the ledger lies, if not in a file of this process. */
  readonly redisJournal: RedisAddress | undefined
  /** A gateway that is asked to stop says so to its balancer by /readyz, and serves on for this time, ms. */
  readonly drainMs: number
  /** The part that this process has; undefined: everything. */
  readonly shard: Shard | undefined
  /** A journal that may lose what was acknowledged does not end the start. */
  readonly redisJournalMayLose: boolean
}

/** The options and the configuration of a start, parsed and checked. */
export interface Settings extends NodeSettings {
  readonly host: string
  readonly port: number
  /** The directory in which everything is kept. */
  readonly dataDir: string
  /** A ClickHouse server; undefined: embedded in the data directory. */
  readonly clickhouse: ClickHouseServer | undefined
  readonly feeds: readonly string[]
  /** How many times faster event time runs than the clock on the wall; Infinity: as fast as the sink takes it. */
  readonly speed: number
  readonly waitClients: number
  readonly recordFrames: string | undefined
  readonly exitAtEnd: boolean
  readonly repair: boolean
  readonly behindTls: boolean
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly transport: 'uws' | 'ws' | undefined
  readonly logLevel: string
  /** Undefined: as standard error asks for. */
  readonly logFormat: 'json' | 'text' | undefined
  readonly adminToken: string | undefined
  readonly config: Config
  /** Chains of the configuration, by name. */
  readonly chains: ReadonlyMap<string, Chain>
  /** Keys of the sources of metrics, and of what is said of contracts. */
  readonly sourceKeys: SourceKeys
  /** With which alerts for webhooks are signed; '' if there is none, and then there are no webhooks. */
  readonly alertSecret: string
  /** Where traces go; undefined if nobody asks for them. */
  readonly otlp: OtlpSettings | undefined
  /** The configuration's file: relative file names in it are relative to its directory. */
  readonly configFile: string
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/

/** Returns whether only this machine can reach the host. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

/** Reads the settings from options and configuration. Throws UsageError with one line: where, what was found, what was expected. */
export const readSettings = (options: Options, environment: Readonly<Record<string, string | undefined>>, demo: string): Settings => {
  const file = options.config ?? demo
  const config = readConfig(file)
  const nodes = readNodes(options)
  if (nodes.shard !== undefined && config.shards.length > nodes.shard.count)
    throw new UsageError(`${file}: shards: found ${config.shards.length} lists, expected at most ${nodes.shard.count}, as --shard says`)
  const host = options.host ?? '127.0.0.1'
  const tls = readTls(options)
  if (!isLoopback(host) && !tls && !options['behind-tls'])
    throw new UsageError(
      `--host: found "${host}", which others can reach, expected --tls-cert and --tls-key, or --behind-tls if a proxy in front speaks TLS`,
    )
  return {
    ...nodes,
    host,
    port: readCount('port', options.port ?? '8080', 0, 65_535),
    dataDir: resolve(options.data ?? 'data'),
    clickhouse: readClickHouse(options),
    feeds: options.feed ?? config.feeds,
    speed: readSpeed(options.speed ?? '1'),
    waitClients: readCount('wait-clients', options['wait-clients'] ?? '0', 0, 1_000_000),
    recordFrames: options['record-frames'],
    exitAtEnd: options['exit-at-end'] ?? false,
    repair: options.repair ?? false,
    behindTls: options['behind-tls'] ?? false,
    tls,
    transport: options.transport === undefined ? undefined : readChoice('transport', options.transport, ['uws', 'ws']),
    logLevel: readChoice('log-level', options['log-level'] ?? 'info', LOG_LEVELS),
    logFormat: options['log-format'] === undefined ? undefined : readChoice('log-format', options['log-format'], LOG_FORMATS),
    otlp: readOtlp(options.otlp, environment),
    adminToken: environment.DRIFTWIRE_ADMIN_TOKEN || undefined,
    config,
    chains: readChains(config.chains, environment, file),
    sourceKeys: readSourceKeys(environment),
    alertSecret: readAlertSecret(config, environment),
    configFile: file,
  }
}

const readNodes = (options: Options): NodeSettings => {
  const { redis, 'redis-journal': journal } = options
  const role = readChoice('role', options.role ?? 'all', ROLES)
  if (role !== 'all' && redis === undefined)
    throw new UsageError(`--role: found ${role} without --redis, expected the URL of a Redis beside it`)
  if (journal !== undefined && redis === undefined)
    throw new UsageError('--redis-journal: found without --redis, expected the URL of a Redis for all else beside it')
  if (options['redis-journal-may-lose'] && redis === undefined)
    throw new UsageError('--redis-journal-may-lose: found without --redis, expected the URL of a Redis beside it')
  const shard = options.shard === undefined ? undefined : readShard(options.shard)
  if (shard !== undefined && redis === undefined)
    throw new UsageError('--shard: found without --redis, expected the URL of a Redis through which the parts share their feeds')
  const hasLedger = shard === undefined || shard.number === 1
  if (!hasLedger && journal !== undefined)
    throw new UsageError(`--redis-journal: found beside --shard ${shardText(shard)}, expected it at shard 1, which has the ledger`)
  const address = redis === undefined ? undefined : readRedisAddress('redis', redis)
  return {
    role,
    redis: address,
    shard,
    redisJournal: journal === undefined ? (hasLedger ? address : undefined) : readRedisAddress('redis-journal', journal),
    drainMs: readDrain(options, role),
    redisJournalMayLose: options['redis-journal-may-lose'] ?? false,
  }
}

/** A balancer stands before a gateway whose TLS is spoken by something else. */
const readDrain = ({ 'drain-ms': drain, 'behind-tls': behindTls = false }: Options, role: NodeSettings['role']): number =>
  readCount('drain-ms', drain ?? (role === 'gateway' && behindTls ? '5000' : '0'), 0, 600_000)

const readConfig = (file: string): Config => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code}), expected a configuration file`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${file}: found no JSON (${(error as Error).message}), expected a configuration file`)
  }
  const result = configSchema.safeParse(json, { reportInput: true })
  if (!result.success) throw new UsageError(`${file}: ${explain(result.error, '').replace(/^: /, '')}`)
  const wrong = contradiction(result.data)
  if (wrong !== undefined) throw new UsageError(`${file}: ${wrong}`)
  return result.data
}

const readAlertSecret = (
  { alerts }: Config,
  { DRIFTWIRE_ALERT_SECRET: secret = '' }: Readonly<Record<string, string | undefined>>,
): string => {
  if (alerts.webhooks.length > 0 && secret === '')
    throw new UsageError('DRIFTWIRE_ALERT_SECRET: found nothing, expected the secret with which alerts.webhooks are signed')
  return secret
}

const readTls = ({ 'tls-cert': cert, 'tls-key': key }: Options): Settings['tls'] => {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined)
    throw new UsageError(`--tls-${cert ? 'key' : 'cert'}: found nothing, expected both --tls-cert and --tls-key`)
  try {
    readKeyPair({ cert, key })
  } catch (error) {
    throw new UsageError(`--tls-cert, --tls-key: ${(error as Error).message}`)
  }
  return { cert, key }
}

const readSpeed = (text: string): number => {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const speed = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || !(speed > 0)) throw new UsageError(`--speed: found "${text}", expected a number above zero, or max`)
  return speed
}
