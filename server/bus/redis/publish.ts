import type { Logger } from 'pino'
import type { RedisAddress } from '../../config/redisAddress.ts'
import { openReady, type RedisClient } from '../../redis/connection.ts'
import { frameWarnings, redisFacts, versionFault } from '../../redis/startChecks.ts'
import { newestId, type ReadingFigures, readStream } from '../../redis/streamReader.ts'
import { beginTerm, TermWriter, type WritingFigures } from '../../redis/termWriter.ts'
import type { Bus } from '../bus.ts'
import { SharedBus } from '../sharedBus.ts'
import { encodeFrame } from './frameCodec.ts'
import { FramePublisher, type PublishedFigures } from './framePublisher.ts'
import { epochOf, type FrameKeys } from './keys.ts'
import { readWish, WISH_FIELD } from './wish.ts'

const LAST_FRAME_MS = 1_000
const AGAIN_MS = 100

/** A term in which this core may write frames. */
export interface Term {
  /** Names all numbers of this core. */
  readonly epoch: string
  /** Resolves when a newer term has begun elsewhere. */
  readonly fenced: Promise<void>
  /** Publishes what the bus brings. Returns it as others in this process may use it. */
  publish(bus: Bus): Bus
  /** Returns the figures for `status`. */
  figures(): WritingFigures & PublishedFigures
  /** Writes what waits, and ends. */
  end(): Promise<void>
}

/**
 * Begins a term at the Redis of the address; `lease`: the number of a term that a lease gives. Rejects with one line if there is no Redis
 * that can be used.
 */
export const openTerm = async (address: RedisAddress, keys: FrameKeys, log: Logger, lease = 0): Promise<Term> => {
  const { client, reader } = await openReady(address, { client: 'commands', reader: 'reading' }, log)
  try {
    await checkRedis(client, address, log)
    const number = await beginTerm(client, keys.frames, encodeFrame([]), lease)
    return new OpenTerm(client, reader, keys, number, log)
  } catch (error) {
    client.disconnect()
    reader.disconnect()
    throw error
  }
}

const checkRedis = async (client: RedisClient, { shown }: RedisAddress, log: Logger): Promise<void> => {
  const facts = await redisFacts(client)
  const fault = versionFault(facts)
  if (fault !== undefined) throw new Error(`${shown}: ${fault}`)
  for (const warning of frameWarnings(facts)) log.warn({ redis: shown }, warning)
}

class OpenTerm implements Term {
  readonly epoch: string
  private readonly client: RedisClient
  private readonly reader: RedisClient
  private readonly keys: FrameKeys
  private readonly writer: TermWriter
  private readonly stop = new AbortController()
  private readonly reading: ReadingFigures = { entries: 0, bytes: 0, failures: 0 }
  private publisher: FramePublisher | undefined

  constructor(client: RedisClient, reader: RedisClient, keys: FrameKeys, term: number, log: Logger) {
    this.epoch = epochOf(term)
    this.client = client
    this.reader = reader
    this.keys = keys
    this.writer = new TermWriter({ client, key: keys.frames, term, entries: 'frames', log })
  }

  get fenced(): Promise<void> {
    return this.writer.fenced
  }

  publish(bus: Bus): Bus {
    const shared = new SharedBus(bus)
    const publisher = new FramePublisher({ shared, writer: this.writer, now: () => performance.now() })
    this.publisher = publisher
    void this.readWishes(publisher)
    return shared.member()
  }

  figures(): WritingFigures & PublishedFigures {
    return { ...this.writer.figures, ...(this.publisher?.figures ?? { gateways: 0, wanted: 0, snapshots: 0 }) }
  }

  async end(): Promise<void> {
    this.stop.abort()
    this.publisher?.end()
    await this.writer.end(LAST_FRAME_MS)
    this.client.disconnect()
    this.reader.disconnect()
  }

  /** Gateways say their whole lists when they hear of the term: older wishes are of no use. */
  private async readWishes(publisher: FramePublisher): Promise<void> {
    const { client, reader, keys } = this
    const { signal } = this.stop
    let from: string | undefined
    while (from === undefined && !signal.aborted) {
      from = await newestId(client, keys.wishes).catch(() => undefined)
      if (from === undefined) await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
    }
    if (from === undefined) return
    for await (const entries of readStream(reader, { key: keys.wishes, from, signal, figures: this.reading })) {
      for (const { fields } of entries) {
        const wish = readWish(fields.get(WISH_FIELD)?.toString() ?? '')
        if (wish) publisher.accept(wish)
      }
    }
  }
}
