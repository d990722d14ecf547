import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { drainPending, Session } from 'chdb'
import { SessionPool } from '../storage/engine/sessions.ts'
import { engineSettings, insertFromFile } from '../storage/engine/statement.ts'
import { clusterConfig, unreplicated } from './clusterEngine.ts'

/**
 * A ClickHouse server: the part of the HTTP interface that the client speaks, in front of the same engine. Started with a
 * directory, a port (0: any), perhaps a password, and perhaps the name of a cluster whose only server it is, it says `{port}` to its parent, which can make it fail by sending it a Fault.
 */
export interface Fault {
  /**
   * `slow`: waits `ms` before it runs a statement. `lost answer`: runs an insert to the end and cuts the connection. `cut body`:
   * cuts the connection while the rows are coming in. `error`: answers an insert with a server's error before it does anything; `code` is
   * that of the error, 999 if left out. With `into` it strikes inserts into this table only.
   */
  readonly kind: 'slow' | 'lost answer' | 'cut body' | 'error'
  /** Of how many inserts. */
  readonly times: number
  readonly ms?: number
  readonly code?: string
  readonly into?: string
}

/** Query parameters that are no settings. */
const RESERVED = new Set(['query', 'query_id', 'database', 'session_id', 'role'])

const [dataDir = '', port = '0', password = '', cluster = ''] = process.argv.slice(2)

/** A statement as it came, with its settings: only a server of a cluster keeps them, the newest. */
export interface Asked {
  readonly sql: string
  readonly settings: Readonly<Record<string, string>>
}
const KEPT = 1_000
const asked: Asked[] = []

/** Notes what a server of a cluster is asked, and returns the statement that one server can run; the tables are not replicated then. */
const taken = (sql: string, query: URLSearchParams): string => {
  if (cluster === '') return sql
  asked.push({ sql, settings: Object.fromEntries([...query].filter(([name]) => !RESERVED.has(name) && !name.startsWith('param_'))) })
  if (asked.length > KEPT) asked.shift()
  return unreplicated(sql)
}

let fault: Fault | undefined

/** The fault that is to strike this insert. */
const strike = (query: string): Fault | undefined => {
  const now = fault
  if (now?.into !== undefined && !query.includes(`.${now.into} `)) return undefined
  if (now) fault = now.times > 1 ? { ...now, times: now.times - 1 } : undefined
  return now
}

const literal = (text: string): string => `'${text.replace(/[\\']/g, c => `\\${c}`)}'`

/** `SET` for what stands in the query string: settings by name, parameters under `param_`, escaped already. */
const assignments = (query: URLSearchParams): { set: string[]; reset: string[] } => {
  const entries = [...query].filter(([name]) => !RESERVED.has(name))
  const parameters = entries.filter(([name]) => name.startsWith('param_'))
  const settings = Object.entries(engineSettings(Object.fromEntries(entries.filter(([name]) => !name.startsWith('param_')))))
  return {
    set: [...settings, ...parameters].map(([name, value]) => `${name} = ${literal(String(value))}`),
    reset: settings.map(([name]) => `${name} = DEFAULT`),
  }
}

const run = async (session: Session, query: URLSearchParams, sql: string, rows: Buffer | undefined): Promise<Buffer> => {
  const { set, reset } = assignments(query)
  const file = join(tmpdir(), `clickhouse-${randomUUID()}`)
  try {
    if (query.get('readonly') === '1') await session.queryAsync(`USE \`${query.get('database')}\``)
    if (set.length > 0) await session.queryAsync(`SET ${set.join(', ')}`)
    if (rows) await writeFile(file, rows)
    const result = await session.queryAsync(rows ? insertFromFile(sql, file) : sql, {
      format: query.get('default_format') ?? 'TabSeparated',
    })
    return Buffer.from(result.bytes())
  } finally {
    if (rows) await rm(file, { force: true })
    if (reset.length > 0 && query.get('readonly') !== '1') await session.queryAsync(`SET ${reset.join(', ')}`)
  }
}

const answerError = (response: ServerResponse, error: unknown): void => {
  const text = error instanceof Error ? error.message : String(error)
  const code = /Code: (\d+)/.exec(text)?.[1] ?? '1002'
  response.writeHead(code === '60' || code === '81' ? 404 : 500, { 'X-ClickHouse-Exception-Code': code })
  response.end(text.slice(Math.max(0, text.indexOf('Code: '))))
}

/** Whether a request comes as the user `default` with the password, where there is one. */
const knows = ({ headers }: IncomingMessage): boolean =>
  password === '' || headers.authorization === `Basic ${Buffer.from(`default:${password}`).toString('base64')}`

const handle = async (request: IncomingMessage, response: ServerResponse, pool: SessionPool): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname === '/ping') {
    response.end('Ok.\n')
    return
  }
  if (!knows(request)) {
    answerError(
      response,
      new Error('Code: 516. DB::Exception: default: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)'),
    )
    return
  }
  const query = url.searchParams
  const inserting = request.method === 'POST' && query.has('query')
  const struck = inserting ? strike(query.get('query')!) : undefined
  if (struck?.kind === 'cut body') {
    request.once('data', () => request.socket.destroy())
    return
  }
  const body = await buffer(request)
  if (struck?.kind === 'error') {
    const { code = '999' } = struck
    answerError(
      response,
      new Error(
        `Code: ${code}. DB::Exception: ${code === '60' ? 'Unknown table. (UNKNOWN_TABLE)' : 'Coordination error. (KEEPER_EXCEPTION)'}`,
      ),
    )
    return
  }
  if (struck?.kind === 'slow') await delay(struck.ms)
  // Of a session that can only read, nothing can be set back.
  const reader = query.get('readonly') === '1' ? new Session(dataDir) : undefined
  const session = reader ?? (await pool.acquire())
  try {
    const sql = taken(query.get('query') ?? body.toString(), query)
    const answer = await run(session, query, sql, inserting ? body : undefined)
    if (struck?.kind === 'lost answer') request.socket.destroy()
    else response.writeHead(200, { 'X-ClickHouse-Query-Id': query.get('query_id') ?? '' }).end(answer)
  } catch (error) {
    answerError(response, error)
  } finally {
    if (reader) reader.close()
    else pool.give(session)
  }
}

const configured = (): string[] => {
  if (cluster === '') return []
  const file = `${dataDir}.xml`
  writeFileSync(file, clusterConfig(cluster))
  return [`--config-file=${file}`]
}
const connectionArgs = configured()
const pool = new SessionPool(() => new Session(dataDir, { connectionArgs }), 3)
const server = createServer({ maxHeaderSize: 1024 * 1024 }, (request, response) => {
  handle(request, response, pool).catch(() => request.socket.destroy())
})
process.on('message', (next: Fault | null | 'asked') => {
  if (next === 'asked') {
    process.send?.(asked.splice(0))
    return
  }
  fault = next ?? undefined
  process.send?.('set')
})
process.on('SIGTERM', () => {
  server.closeAllConnections()
  server.close(async () => {
    await pool.close()
    await drainPending()
    process.exit(0)
  })
})
process.on('disconnect', () => process.exit(0))
server.listen(Number(port), '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }))
