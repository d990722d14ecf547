import type { RedisClient } from './connection.ts'

/** What a start has to know of a Redis. A managed service keeps some of it to itself: that is undefined. */
export interface RedisFacts {
  readonly version: string
  readonly aof: boolean
  /** `always`, `everysec` or `no`; undefined if the server does not say. */
  readonly fsync: string | undefined
  /** What it does when its memory is full. */
  readonly eviction: string | undefined
}

/** Asks a Redis for its settings. */
export const redisFacts = async (client: RedisClient): Promise<RedisFacts> => {
  const info = await client.info()
  const said = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
  // Managed services refuse CONFIG.
  const fsync = await client.config('GET', 'appendfsync').catch(() => undefined)
  return {
    version: said('redis_version') ?? 'unknown',
    aof: said('aof_enabled') === '1',
    fsync: second(fsync),
    eviction: said('maxmemory_policy'),
  }
}

const second = (reply: unknown): string | undefined => (Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined)

/** The oldest version that has all commands which are used. */
const OLDEST = [6, 2]

/** Returns why a Redis cannot be used at all; undefined if it can. */
export const versionFault = ({ version }: RedisFacts): string | undefined => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < OLDEST[0]! || (major === OLDEST[0] && minor < OLDEST[1]!)
  return isOld ? `found version ${version}, expected ${OLDEST.join('.')} or later` : undefined
}

/** Returns why what a Redis acknowledges can be lost, so that no journal may lie on it; undefined if it cannot. */
export const journalFault = ({ aof, fsync, eviction }: RedisFacts): string | undefined => {
  if (!aof) return 'found no append-only file, expected appendonly yes and appendfsync always'
  if (fsync !== 'always') return `found appendfsync ${fsync ?? 'unknown'}, expected always`
  if (eviction !== undefined && eviction !== 'noeviction') return `found maxmemory-policy ${eviction}, expected noeviction`
  return undefined
}

/** Returns what of the settings makes frames slow, or loses them more often than need be. */
export const frameWarnings = ({ aof, fsync, eviction }: RedisFacts): string[] => [
  ...(aof && fsync === 'always'
    ? [
        'found appendfsync always: each frame waits for the disk, 4 ms and at worst 150 ms instead of 0.4; expected a second Redis for the journal',
      ]
    : []),
  ...(eviction !== undefined && eviction !== 'noeviction'
    ? [`found maxmemory-policy ${eviction}: when memory is full all frames go at once; expected noeviction`]
    : []),
]
