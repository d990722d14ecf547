import { createHash } from 'node:crypto'
import { readCount, UsageError } from './options.ts'

/** One of several parts into which portfolios and pools are divided. */
export interface Shard {
  /** From 1 to `count`. The first also has the funds and the clearing house. */
  readonly number: number
  readonly count: number
}

/** More cores than one Redis carries batches for. */
const SHARDS_MAX = 64

/** Reads `K/N`. Throws UsageError if it is none. */
export const readShard = (text: string): Shard => {
  const [number = '', count = '', ...more] = text.split('/')
  if (more.length > 0 || !/^\d+$/.test(number) || !/^\d+$/.test(count))
    throw new UsageError(`--shard: found "${text}", expected K/N, such as 1/2`)
  const shards = readCount('shard', count, 1, SHARDS_MAX)
  return { number: readCount('shard', number, 1, shards), count: shards }
}

/** Returns a shard as it is written: `2/3`. */
export const shardText = ({ number, count }: Shard): string => `${number}/${count}`

/** Returns the shard that alerts are stored under; '' for a core that is alone. */
export const alertShard = ({ shard }: { readonly shard?: Shard | undefined }): string => (shard === undefined ? '' : shardText(shard))

/** Returns the name by which questions reach the core of a shard and epoch: two shards may have the same epoch. */
export const coreName = (shard: Shard | undefined, epoch: string): string => (shard === undefined ? epoch : `${shardText(shard)}:${epoch}`)

/**
 * Returns the number of the shard, of `count`, to which a portfolio or pool belongs: the one in whose list it stands; if in none, the first 32 bits
 * of its id's SHA-256, modulo the count.
 */
export const shardOf = (id: string, count: number, lists: Lists = []): number => {
  const listed = lists.findIndex(ids => ids.includes(id))
  return (listed >= 0 ? listed : createHash('sha256').update(id).digest().readUInt32BE(0) % count) + 1
}

/** Ids that the configuration puts into the first shard, the second, and so on. */
export type Lists = readonly (readonly string[])[]

/** What is divided. */
interface Divided {
  readonly funds: readonly Named[]
  readonly portfolios: readonly Named[]
  readonly pools: readonly Named[]
}

interface Named {
  readonly id: string
}

/** Returns what a shard has of a configuration, or of what it describes: its portfolios and pools, and in the first all funds. */
export const partOf = <D extends Divided>(whole: D, shard: Shard | undefined, lists: Lists): D => {
  if (shard === undefined) return whole
  const isMine = ({ id }: Named): boolean => shardOf(id, shard.count, lists) === shard.number
  const { funds, portfolios, pools } = whole
  return { ...whole, funds: shard.number === 1 ? funds : [], portfolios: portfolios.filter(isMine), pools: pools.filter(isMine) }
}
