import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Figures } from '../../lib/figures.ts'

/** ms that a replica has for an answer. */
const TIMEOUT_MS = 10_000
/** ms for which one that failed is not asked. */
const REST_MS = 5_000

/** A server that is asked about the past. */
interface Replica {
  readonly host: string
  readonly client: ClickHouseClient
  /** When it may be asked again, ms. */
  from: number
  /** Why the last question failed; undefined if it did not. */
  failure: string | undefined
}

/** Codes of a server that lacks tables or the newest rows, is starting, stopping or busy, refuses the user, or cannot reach others of its cluster. */
const CANNOT = new Set(['60', '81', '198', '202', '209', '210', '242', '279', '289', '394', '425', '516', '519', '999'])

/**
 * Servers that answer questions about the past in place of the one that takes the rows. They are asked by turns. If one cannot answer, the next
 * is asked, at last the server itself, and that one rests for a while.
 */
export class Replicas {
  private readonly replicas: readonly Replica[]
  private readonly log: Logger
  private turn = 0
  private counts = { asked: 0, failed: 0, fallbacks: 0 }

  constructor(urls: readonly string[], settings: ClickHouseSettings, log: Logger) {
    this.log = log
    this.replicas = urls.map(url => ({
      host: new URL(url).host,
      client: createClient({ url, request_timeout: TIMEOUT_MS, clickhouse_settings: settings, log: { level: ClickHouseLogLevel.OFF } }),
      from: 0,
      failure: undefined,
    }))
  }

  /** Answers a question by a replica, or by `home` if none of them can. Rejects with what is wrong with the question itself. */
  async ask<T>(home: ClickHouseClient, question: (client: ClickHouseClient) => Promise<T>): Promise<T> {
    for (let tried = 0; tried < this.replicas.length; tried++) {
      const replica = this.replicas[this.turn++ % this.replicas.length]!
      if (Date.now() < replica.from) continue
      try {
        this.counts.asked += 1
        const answer = await question(replica.client)
        if (replica.failure !== undefined) this.log.info({ host: replica.host }, 'a read replica answers again')
        replica.failure = undefined
        return answer
      } catch (error) {
        if (!cannotAnswer(error)) throw error
        this.failed(replica, (error as Error).message)
      }
    }
    this.counts.fallbacks += 1
    return question(home)
  }

  /** Returns what has become of the questions, how many replicas failed the last one, and why the one that failed last did. */
  figures(): Figures {
    const down = this.replicas.filter(({ failure }) => failure !== undefined)
    const [last] = down.sort((a, b) => b.from - a.from)
    return { ...this.counts, down: down.length, lastError: last && `${last.host}: ${last.failure}` }
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await Promise.all(this.replicas.map(({ client }) => client.close()))
  }

  private failed(replica: Replica, message: string): void {
    this.counts.failed += 1
    if (replica.failure === undefined)
      this.log.warn({ host: replica.host, error: message }, 'a read replica does not answer; the past is read elsewhere')
    replica.failure = message
    replica.from = Date.now() + REST_MS
  }
}

/** Returns whether another server may answer what this one did not. An error without a number comes from a server that is not there. */
const cannotAnswer = (error: unknown): boolean => {
  if (error instanceof ProtocolError || error instanceof TypeError || error instanceof RangeError) return false
  const { code = '' } = error as { code?: string }
  return !/^\d+$/.test(code) || CANNOT.has(code)
}
