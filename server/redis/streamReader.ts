import { setTimeout as delay } from 'node:timers/promises'
import { READ_BLOCK_MS, type RedisClient } from './connection.ts'

/** One entry of a stream. */
export interface StreamEntry {
  readonly id: string
  /** Its values by their names. They are slices of what was read: what is kept has to be copied. */
  readonly fields: ReadonlyMap<string, Buffer>
}

/** How a stream has been read since the start. */
export interface ReadingFigures {
  entries: number
  bytes: number
  /** Reads that failed. */
  failures: number
}

/** Time until a read that failed is tried again, ms. */
const AGAIN_MS = 50

/**
 * Reads a stream from behind the id `from` on until the signal aborts: yields what has come, in order, and an empty list whenever nothing
 * has come for a while or nothing could be read. It goes on where it was whatever happens; that entries are gone, because the reader was
 * away for longer than the stream keeps them, shows in their ids alone. The connection must be one for reading, and nobody else's.
 */
export const readStream = async function* (
  client: RedisClient,
  {
    key,
    from,
    signal,
    figures,
  }: { readonly key: string; readonly from: string; readonly signal: AbortSignal; readonly figures: ReadingFigures },
): AsyncGenerator<readonly StreamEntry[], void, undefined> {
  let last = from
  while (!signal.aborted) {
    let entries: readonly StreamEntry[] = []
    try {
      const reply = await client.xreadBuffer('COUNT', READ_COUNT, 'BLOCK', READ_BLOCK_MS, 'STREAMS', key, last)
      entries = reply === null ? [] : reply[0]![1].map(entryOf)
    } catch {
      figures.failures += 1
      await delay(AGAIN_MS)
    }
    if (signal.aborted) return
    for (const { fields } of entries) for (const value of fields.values()) figures.bytes += value.length
    figures.entries += entries.length
    last = entries.at(-1)?.id ?? last
    yield entries
  }
}

/** Entries of one read. */
const READ_COUNT = 100

const entryOf = ([id, values]: readonly [Buffer, readonly Buffer[]]): StreamEntry => {
  const fields = new Map<string, Buffer>()
  for (let i = 0; i + 1 < values.length; i += 2) fields.set(values[i]!.toString(), values[i + 1]!)
  return { id: id.toString(), fields }
}

/** Returns the id of the newest entry of a stream, `0-0` if there is none. */
export const newestId = async (client: RedisClient, key: string): Promise<string> =>
  (await client.xrevrange(key, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0'
