import { type Shard, shardText } from '../../config/shard.ts'

/** The keys by which a core and its gateways meet. All of one shard lie in one slot of a cluster. */
export interface FrameKeys {
  /** The stream of frames; ids are `<term>-<n>`. */
  readonly frames: string
  /** The stream of what gateways want to follow. */
  readonly wishes: string
}

/** Returns the keys of a shard. */
export const frameKeys = (shard: string): FrameKeys => ({ frames: `{dw:${shard}}:frames`, wishes: `{dw:${shard}}:wishes` })

/** Returns the name of a shard in keys; without one, that of a core that has everything. */
export const shardName = (shard: Shard | undefined): string => (shard === undefined ? 'all' : shardText(shard))

/** Returns the epoch of all numbers that a core gives in its term. */
export const epochOf = (term: number): string => term.toString(36)
