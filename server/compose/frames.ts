import type { Logger } from 'pino'
import type { Term } from '../bus/redis/publish.ts'
import type { Settings } from '../config/settings.ts'

/**
 * Begins a term in which this process publishes its frames; undefined without `--redis`, where not even the code is loaded. `lease`: the
 * number of the term, if a lease gives it.
 */
export const openFrames = async ({ redis, shard }: Settings, log: Logger, lease = 0): Promise<Term | undefined> => {
  if (redis === undefined) return undefined
  const [{ openTerm }, { frameKeys, shardName }] = await Promise.all([import('../bus/redis/publish.ts'), import('../bus/redis/keys.ts')])
  return openTerm(redis, frameKeys(shardName(shard)), log.child({ module: 'frames' }), lease)
}
