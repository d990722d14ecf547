import { Subject } from 'rxjs'
import type { RedisClient } from '../redis/connection.ts'
import { type ReadingFigures, readStream, type StreamEntry } from '../redis/streamReader.ts'
import type { Arrived, Line } from './line.ts'
import { decodeMessages, type Entry, encodeMessages } from './message.ts'

/** What is sent to a core, by its epoch, or to a gateway, by its name: a stream for each, all in one slot of a cluster. */
const keyOf = (name: string): string => `{dw:all}:for:${name}`

/** Time until a stream that nobody looks after is gone, ms. */
const LIFE_MS = 30_000
const LOOK_MS = 1_000
/** Entries that a stream keeps at most, whether they are read or not. */
const KEPT = 10_000

/** How a line is opened. */
export interface RedisLineOptions {
  /** For commands, and one for reading that nothing else uses. */
  readonly client: RedisClient
  readonly reader: RedisClient
  readonly name: string
}

/**
 * A line over streams of Redis: each end reads a stream of its own, which it makes and looks after, and writes only to streams that are there.
 * So nothing is sent to an end that has gone, and nothing is left over of it.
 */
export class RedisLine implements Line {
  readonly name: string
  readonly entries$ = new Subject<Arrived>()
  readonly figures: ReadingFigures & { unreadable: number } = { entries: 0, bytes: 0, failures: 0, unreadable: 0 }
  private readonly options: RedisLineOptions
  private readonly key: string
  private readonly stop = new AbortController()
  private timer: NodeJS.Timeout | undefined
  private reading: Promise<void> | undefined
  private last = '0-0'

  constructor(options: RedisLineOptions) {
    this.options = options
    this.name = options.name
    this.key = keyOf(options.name)
  }

  /** Makes the own stream, and reads it from now on. Rejects if Redis does not take it. */
  async begin(): Promise<void> {
    await this.make()
    this.timer = setInterval(() => void this.look(), LOOK_MS)
    this.reading = this.read()
  }

  /** Reads nothing any more, and removes the stream: a sender learns that nobody is there. */
  async end(): Promise<void> {
    this.stop.abort()
    clearInterval(this.timer)
    await this.options.client.del(this.key).catch(() => {})
    await this.reading
  }

  async send(to: string, { from, n, messages }: Entry): Promise<string> {
    const { text, bytes } = encodeMessages(messages)
    const fields = [
      'f',
      from,
      'n',
      n,
      'm',
      text,
      ...(bytes === undefined ? [] : ['b', Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)]),
    ]
    const id = await this.options.client.xadd(keyOf(to), 'NOMKSTREAM', 'MAXLEN', '~', KEPT, '*', ...fields)
    if (id === null) throw new Error(`nobody is there of the name ${to}`)
    return id
  }

  private async make(): Promise<void> {
    const { client } = this.options
    await client.xadd(this.key, '*', 'f', '')
    await client.pexpire(this.key, LIFE_MS)
  }

  /** Keeps the stream, without what has been read. A Redis that has lost it gets it again. */
  private async look(): Promise<void> {
    const { client } = this.options
    try {
      if ((await client.pexpire(this.key, LIFE_MS)) === 0) await this.make()
      else await client.xtrim(this.key, 'MINID', '~', this.last)
    } catch {
      // Redis is away: later.
    }
  }

  private async read(): Promise<void> {
    const { reader } = this.options
    const { key, figures } = this
    for await (const entries of readStream(reader, { key, from: this.last, signal: this.stop.signal, figures })) {
      for (const entry of entries) this.take(entry)
    }
  }

  private take({ id, fields }: StreamEntry): void {
    this.last = id
    const from = fields.get('f')?.toString() ?? ''
    if (from === '') return
    try {
      const messages = decodeMessages(fields.get('m')!.toString(), fields.get('b'))
      this.entries$.next({ id, from, n: Number(fields.get('n')), messages })
    } catch {
      // Of another version, or of somebody else: its number will be missing.
      this.figures.unreadable += 1
    }
  }
}
