import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError } from '../config/options.ts'
import { localToken, RunningServer, ServerError } from './server.ts'

const OPTIONS = { url: { type: 'string' }, token: { type: 'string' } } as const

/** Runs `spool retry`: a running server sends the files that it has set aside to ClickHouse again. Returns the exit code. Throws UsageError. */
export const spool = async (args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Promise<number> => {
  const { url = environment.DRIFTWIRE_URL, token } = read(args)
  const given = token ?? environment.DRIFTWIRE_TOKEN ?? environment.DRIFTWIRE_ADMIN_TOKEN
  const local = url === undefined ? await localToken(resolve(environment.DRIFTWIRE_DATA ?? 'data')) : undefined
  const server = new RunningServer(url, given ?? local, environment.DRIFTWIRE_PORT)
  try {
    if (!(await server.answers())) throw new ServerError(`${server.url}: found no server, expected a running one`)
    const { files, rows } = await server.post<{ files: number; rows: number }>('/v1/admin/spool/retry', 'application/json', '{}')
    console.log(`${files} files with ${rows} rows are sent again; sink.setAside of the channel status shows if one is refused again`)
    return 0
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    console.error(`driftwire: ${error.message}`)
    return 1
  }
}

const read = (args: readonly string[]): { url?: string | undefined; token?: string | undefined } => {
  let given: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>
  try {
    given = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`spool: ${(error as Error).message.split(/\. |\n/)[0]}`)
  }
  if (given.positionals.length !== 1 || given.positionals[0] !== 'retry')
    throw new UsageError(`spool: found "${given.positionals.join(' ')}", expected retry`)
  return given.values
}
