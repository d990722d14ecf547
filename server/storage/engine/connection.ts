import { randomUUID } from 'node:crypto'
import { createWriteStream, ReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { type ClickHouseClientConfigOptions, parseError } from '@clickhouse/client'
import type { Session } from 'chdb'
import { GUEST_SETTINGS, GUESTS, type Guest } from './guest.ts'
import { SessionPool } from './sessions.ts'
import { assignments, engineSettings, insertFromFile, isPattern, reads, streamFormat } from './statement.ts'

/** The interface that `createClient` takes in place of HTTP. */
export type Connection = NonNullable<ClickHouseClientConfigOptions['connection']>

type Params = Parameters<Connection['query']>[0]

/** The options of an embedded engine. */
export interface EmbeddedOptions {
  readonly dataDir: string
  /** Statements that may read at once. Writes have a session of their own and never wait behind a read. */
  readonly readers: number
  /** Bytes all statements and merges together may take. */
  readonly memory: number
  /** The directory that backups may be written to and read from; none if left out. */
  readonly backups?: string | undefined
}

/** ms that statements have to end by themselves when the engine closes, and then between two attempts to cancel them. */
const GRACE_MS = 250

/** Threads that the engine keeps for later. Each holds three descriptors, and by itself it would keep up to a thousand. */
const IDLE_THREADS = 16

/** Settings of every session. */
const BASE: Readonly<Record<string, string>> = { session_timezone: 'UTC' }

/**
 * Opens ClickHouse within this process, behind the client's own interface. `exec` runs off the event loop and returns the whole
 * result: for answers of bounded size. `query` streams: for any size, but its planning takes a few ms of the loop. Rows to
 * insert go to the engine as a file: a stream of a whole file by its name, anything else is written to one. A statement that
 * has begun runs to its end, even if its `abort_signal` fires.
 *
 * Loading the engine and opening the directory block the event loop: 0.1 s, 0.5 s if the library is not in memory, and
 * 0.25 ms for each part of a table. Throws the engine's error if it cannot open the directory.
 */
export const embeddedConnection = async (options: EmbeddedOptions): Promise<EmbeddedConnection> => {
  const chdb = await import('chdb')
  const args = Object.entries(BASE).map(([name, value]) => `--${name}=${value}`)
  const open: Open = (...more) => new chdb.Session(options.dataDir, { connectionArgs: [...args, ...more] })
  return new EmbeddedConnection(open, options, () => chdb.drainPending())
}

/** Opens a session, with more arguments of the engine. */
type Open = (...args: string[]) => Session

/** Pools of this process that are not closed: the engine is one for the whole process. */
const openPools = new Set<SessionPool>()

/**
 * Returns whether statements run in the embedded engine of this process. `process.exit` waits for them, but no longer closes the engine: the
 * destructors of its library then run beneath its threads, and the process crashes or hangs for minutes.
 */
export const engineIsBusy = (): boolean => [...openPools].some(({ busy }) => busy)

class EmbeddedConnection implements Connection {
  private readonly open: Open
  private readonly drained: () => Promise<void>
  private readonly writers: SessionPool
  private readonly readers: SessionPool
  private readonly streams = new Set<Readable>()
  private readonly pools: SessionPool[] = []

  constructor(open: Open, { memory, readers, backups }: EmbeddedOptions, drained: () => Promise<void>) {
    this.open = open
    this.drained = drained
    // Only the first session of a directory sets the limits of the engine as a whole. It writes alone, so a backup has all of an insert, or nothing.
    const limits = [`--max_server_memory_usage=${memory}`, `--max_thread_pool_free_size=${IDLE_THREADS}`]
    this.writers = this.pool(1, ...limits, ...(backups === undefined ? [] : [`--backups.allowed_path=${backups}`]))
    this.readers = this.pool(readers)
  }

  async query(params: Params) {
    const format = streamFormat(params.query)
    return { ...result(params), stream: format ? await this.stream(format, params) : readable(await this.whole(params)) }
  }

  async exec(params: Parameters<Connection['exec']>[0]) {
    if (params.values === undefined) return { ...result(params), stream: readable(await this.whole(params)) }
    await this.insertRows(params, params.values)
    return { ...result(params), stream: readable(Buffer.alloc(0)) }
  }

  async insert(params: Parameters<Connection['insert']>[0]) {
    await this.insertRows(params, params.values)
    return result(params)
  }

  async command(params: Params) {
    await this.run(this.writers, params.query, params)
    return result(params)
  }

  async ping(): ReturnType<Connection['ping']> {
    try {
      await this.run(this.readers, 'SELECT 1', { query: '' })
      return { success: true }
    } catch (error) {
      return { success: false, error: error as Error }
    }
  }

  /** Returns a guest of the database, whose name is quoted. Its sessions are opened when it first runs something. */
  guest(database: string): Guest {
    const args = Object.entries(GUEST_SETTINGS).map(([name, value]) => `--${name}=${value}`)
    let sessions: SessionPool | undefined
    return {
      run: async (statement, format) => {
        sessions ??= this.pool(GUESTS, ...args)
        const session = await sessions.acquire()
        try {
          await session.queryAsync(`USE ${database}`)
          const bytes = (await session.queryAsync(statement, { format })).bytes()
          return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        } catch (error) {
          throw explained(error)
        } finally {
          sessions.give(session)
        }
      },
      close: async () => sessions?.close(),
    }
  }

  /** Closes the engine. Statements that do not end soon are cancelled: an insert is sent again, with its token, by the next process. */
  async close(): Promise<void> {
    for (const stream of this.streams) stream.destroy()
    let closed = false
    const ended = Promise.all(this.pools.map(pool => pool.close())).then(() => {
      closed = true
    })
    while (!closed) {
      await Promise.race([ended, delay(GRACE_MS, undefined, { ref: false })])
      if (!closed) await this.cancelAll()
    }
    await this.drained()
    for (const pool of this.pools) openPools.delete(pool)
  }

  /** Cancels what runs, guests' statements too; needs a thread of libuv's pool, which driftwire.cjs makes larger than all pools together. */
  private async cancelAll(): Promise<void> {
    const session = this.open()
    try {
      // SYNC would never come back.
      await session.queryAsync('KILL QUERY WHERE query_id != queryID() ASYNC')
    } catch {
      // They end by themselves then, or the next attempt cancels them.
    } finally {
      session.close()
    }
  }

  private pool(size: number, ...args: string[]): SessionPool {
    const pool = new SessionPool(() => this.open(...args), size)
    this.pools.push(pool)
    openPools.add(pool)
    return pool
  }

  private whole(params: Params): Promise<Buffer> {
    return this.run(reads(params.query) ? this.readers : this.writers, params.query, params)
  }

  /** Runs one statement on a session of the pool and returns what it prints. The settings hold for this statement alone. */
  private async run(pool: SessionPool, query: string, params: Params): Promise<Buffer> {
    const session = await pool.acquire()
    const settings = engineSettings(params.clickhouse_settings)
    try {
      await assign(session, query, settings, params)
      const bytes = (await session.queryAsync(query)).bytes()
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    } catch (error) {
      throw explained(error)
    } finally {
      await this.giveBack(pool, session, settings)
    }
  }

  private async stream(format: string, params: Params): Promise<Readable> {
    const { readers, streams } = this
    const session = await readers.acquire()
    const settings = engineSettings(params.clickhouse_settings)
    const release = () => this.giveBack(readers, session, settings)
    try {
      await assign(session, params.query, settings, params)
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

  private async insertRows(params: Params, values: Readable | string): Promise<void> {
    if (values instanceof ReadStream && typeof values.path === 'string' && !isPattern(values.path)) {
      values.destroy()
      await this.run(this.writers, insertFromFile(params.query, values.path), params)
      return
    }
    const path = join(tmpdir(), `insert-${randomUUID()}`)
    try {
      await pipeline(typeof values === 'string' ? Readable.from([values]) : values, createWriteStream(path))
      await this.run(this.writers, insertFromFile(params.query, path), params)
    } finally {
      await rm(path, { force: true })
    }
  }

  /** Gives a session back. One whose settings cannot be set back is replaced. */
  private async giveBack(pool: SessionPool, session: Session, settings: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await restore(session, settings)
      pool.give(session)
    } catch {
      session.close()
      pool.give(this.open())
    }
  }
}

const result = (params: { query_id?: string }) => ({
  query_id: params.query_id ?? randomUUID(),
  response_headers: {},
  http_status_code: 200,
})

/** Sets what a statement needs in its session: settings and bound parameters. */
const assign = async (
  session: Session,
  query: string,
  settings: Readonly<Record<string, unknown>>,
  { query_params: parameters }: Params,
): Promise<void> => {
  const set = assignments(query, settings, parameters ?? {})
  if (set.length > 0) await session.queryAsync(`SET ${set.join(', ')}`)
}

/** Sets the settings back that a statement changed. */
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

/** Returns the engine's error in the client's form of a server's error: with a code. */
const explained = (error: unknown): Error => {
  const text = error instanceof Error ? error.message : String(error)
  const at = text.indexOf('Code: ')
  const known = parseError(at > 0 ? text.slice(at) : text)
  if (!('code' in known)) return error instanceof Error ? error : known
  known.cause = error
  return known
}
