import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { readOptions } from '../config/options.ts'
import { readSettings } from '../config/settings.ts'
import { JournalError } from '../journal/journalError.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { EngineError, openEngine } from '../storage/engine/engine.ts'
import { runSql, type SqlForm, type SqlWish } from '../storage/read/sql.ts'
import { SqlRefusal } from '../storage/read/sqlGuard.ts'
import type { CommandContext } from './command.ts'
import { answering, localToken, ServerError, type ServerOptions, serverOf } from './server.ts'
import { say, saying } from './terminal/say.ts'

interface SqlOptions extends ServerOptions {
  readonly csv?: boolean
  readonly json?: boolean
  readonly data?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Runs `sql STATEMENT`, by the running server, or in a directory that no server holds. Returns the exit code. Throws UsageError. */
export const sql = async (statement: string, options: SqlOptions, { environment, columns }: CommandContext): Promise<number> => {
  const asked = statement === '-' ? await text(process.stdin) : statement
  const form: SqlForm = options.csv ? 'csv' : options.json ? 'json' : 'table'
  const wish: SqlWish = { form, ...(form === 'table' && process.stdout.isTTY && { width: columns }) }
  const answer = await ask(asked, wish, options, environment)
  await saying(() => say(answer))
  return 0
}

/** The server that is named, or the local one if it answers; otherwise, or if it is named, the directory. */
const ask = async (statement: string, wish: SqlWish, { url, token, data }: SqlOptions, environment: Environment): Promise<string> => {
  const given = readOptions(data === undefined ? {} : { data }, environment)
  const { dataDir, adminToken } = readSettings(given, environment, join(packageRoot(), 'server', 'demo', 'config.json'))
  if (data !== undefined && url === undefined) return inDirectory(dataDir, statement, wish)
  const shown = token ?? adminToken ?? (url === undefined ? await localToken(dataDir) : undefined)
  const server = serverOf({ url, token: shown }, environment)
  if (url === undefined && !(await server.answers())) return inDirectory(dataDir, statement, wish)
  const query = new URLSearchParams({ format: wish.form, ...(wish.width !== undefined && { width: String(wish.width) }) })
  return (await answering(server)).text(`/v1/admin/sql?${query}`, statement)
}

const inDirectory = async (dataDir: string, statement: string, wish: SqlWish): Promise<string> => {
  let journal: SqliteJournal | undefined
  try {
    // A server of the directory holds its journal.
    journal = new SqliteJournal(join(dataDir, 'journal.db'))
    const engine = await openEngine({
      source: { dataDir: join(dataDir, 'clickhouse') },
      log: pino({ level: 'error' }, pino.destination(2)),
    })
    try {
      return await runSql(engine, statement, wish)
    } finally {
      await engine.close()
    }
  } catch (error) {
    if (error instanceof JournalError || error instanceof EngineError)
      throw new ServerError(`${error.message}; give the --url of the server that holds it`)
    throw error instanceof SqlRefusal ? new ServerError(`sql: ${error.message}`) : error
  } finally {
    journal?.close()
  }
}
