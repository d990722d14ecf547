import { randomUUID } from 'node:crypto'
import { createWriteStream, ReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ClickHouseClientConfigOptions, parseError } from '@clickhouse/client'
import type { Session } from 'chdb'
import { SessionPool } from './sessions.ts'
import { assignments, engineSettings, insertFromFile, isPattern, reads, streamFormat } from './statement.ts'

/** What `createClient` takes in place of HTTP. */
export type Connection = NonNullable<ClickHouseClientConfigOptions['connection']>

type Params = Parameters<Connection['query']>[0]

export interface EmbeddedOptions {
  readonly dataDir: string
  /** Statements that may read at once; writes have a session of their own and never wait behind a read. */
  readonly readers: number
  /** Bytes all statements and merges together may take. */
  readonly memory: number
}

/** Settings of every session. */
const BASE: Readonly<Record<string, string>> = { session_timezone: 'UTC' }

/**
 * ClickHouse within this process, behind the client's own interface. `exec` runs off the event loop and gives the whole
 * result: for answers of bounded size. `query` streams: for any size, but its planning takes a few ms of the loop. Rows to
 * insert go to the engine as a file; a stream of a whole file is handed over by its name, anything else is written to one.
 * A statement that has begun runs to its end, whatever `abort_signal` says.
 *
 * Loading the engine and opening the directory block the event loop: 0.1 s, 0.5 s where the library is not in memory, and
 * 0.25 ms for each part of a table. Throws what the engine says where it cannot open the directory.
 */
export const embeddedConnection = async (options: EmbeddedOptions): Promise<Connection> => {
  const chdb = await import('chdb')
  const args = Object.entries(BASE).map(([name, value]) => `--${name}=${value}`)
  const open = (...more: string[]) => new chdb.Session(options.dataDir, { connectionArgs: [...args, ...more] })
  // Only the first session of a directory can say what holds for the engine as a whole.
  const writers = new SessionPool(() => open(`--max_server_memory_usage=${options.memory}`), 1)
  const readers = new SessionPool(() => open(), options.readers)
  const streams = new Set<Readable>()

  const result = (params: { query_id?: string }) => ({
    query_id: params.query_id ?? randomUUID(),
    response_headers: {},
    http_status_code: 200,
  })

  /** A session that cannot be set back to what it was is replaced. */
  const giveBack = async (pool: SessionPool, session: Session, settings: Readonly<Record<string, unknown>>): Promise<void> => {
    try {
      await restore(session, settings)
      pool.give(session)
    } catch {
      session.close()
      pool.give(open())
    }
  }

  /** Runs one statement on a session of the pool and returns what it prints. Settings are those of this statement alone. */
  const run = async (pool: SessionPool, query: string, params: Params): Promise<Buffer> => {
    const session = await pool.acquire()
    const settings = engineSettings(params.clickhouse_settings)
    try {
      const set = assignments(query, settings, params.query_params ?? {})
      if (set.length > 0) await session.queryAsync(`SET ${set.join(', ')}`)
      const bytes = (await session.queryAsync(query)).bytes()
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    } catch (error) {
      throw explained(error)
    } finally {
      await giveBack(pool, session, settings)
    }
  }

  const stream = async (format: string, params: Params): Promise<Readable> => {
    const session = await readers.acquire()
    const settings = engineSettings(params.clickhouse_settings)
    const release = () => giveBack(readers, session, settings)
    try {
      const set = assignments(params.query, settings, params.query_params ?? {})
      if (set.length > 0) await session.queryAsync(`SET ${set.join(', ')}`)
      const chunks = session.queryStream(params.query, { format })[Symbol.asyncIterator]()
      const first = await chunks.next() // an error of the statement itself is the call's
      const readable = Readable.from(bytesOf(first, chunks), { objectMode: false })
      streams.add(readable)
      // Ended, failed or given up: the session is free once the chunk that is being computed has come.
      readable.once('close', () => {
        streams.delete(readable)
        Promise.resolve(chunks.return?.()).then(release, release)
      })
      return readable
    } catch (error) {
      await release()
      throw explained(error)
    }
  }

  const insert = async (params: Params, values: Readable | string): Promise<void> => {
    if (values instanceof ReadStream && typeof values.path === 'string' && !isPattern(values.path)) {
      values.destroy()
      await run(writers, insertFromFile(params.query, values.path), params)
      return
    }
    const path = join(tmpdir(), `insert-${randomUUID()}`)
    try {
      await pipeline(typeof values === 'string' ? Readable.from([values]) : values, createWriteStream(path))
      await run(writers, insertFromFile(params.query, path), params)
    } finally {
      await rm(path, { force: true })
    }
  }

  const whole = (params: Params) => run(reads(params.query) ? readers : writers, params.query, params)

  return {
    async query(params) {
      const format = streamFormat(params.query)
      return { ...result(params), stream: format ? await stream(format, params) : readable(await whole(params)) }
    },
    async exec(params) {
      if (params.values !== undefined) {
        await insert(params, params.values)
        return { ...result(params), stream: readable(Buffer.alloc(0)) }
      }
      return { ...result(params), stream: readable(await whole(params)) }
    },
    async insert(params) {
      await insert(params, params.values)
      return result(params)
    },
    async command(params) {
      await run(writers, params.query, params)
      return result(params)
    },
    async ping() {
      try {
        await run(readers, 'SELECT 1', { query: '' })
        return { success: true }
      } catch (error) {
        return { success: false, error: error as Error }
      }
    },
    async close() {
      for (const stream of streams) stream.destroy()
      await Promise.all([readers.close(), writers.close()])
      await chdb.drainPending()
    },
  }
}

/** Sets back what `settings` changed. */
const restore = async (session: Session, settings: Readonly<Record<string, unknown>>): Promise<void> => {
  const names = Object.keys(settings)
  if (names.length === 0) return
  await session.queryAsync(`SET ${names.map(name => `${name} = ${BASE[name] === undefined ? 'DEFAULT' : `'${BASE[name]}'`}`).join(', ')}`)
}

const readable = (bytes: Buffer): Readable => Readable.from(bytes.length > 0 ? [bytes] : [], { objectMode: false })

async function* bytesOf<C extends { raw(): Uint8Array }>(first: IteratorResult<C>, chunks: AsyncIterator<C>): AsyncGenerator<Uint8Array> {
  try {
    for (let chunk = first; !chunk.done; chunk = await chunks.next()) yield chunk.value.raw()
  } catch (error) {
    throw explained(error)
  }
}

/** The engine's error as the client knows errors of a server: with a code. */
const explained = (error: unknown): Error => {
  const text = error instanceof Error ? error.message : String(error)
  const at = text.indexOf('Code: ')
  const known = parseError(at > 0 ? text.slice(at) : text)
  if (!('code' in known)) return error instanceof Error ? error : known
  known.cause = error
  return known
}
