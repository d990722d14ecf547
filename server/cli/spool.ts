import { operatorsServer, type ServerOptions } from './server.ts'

/** Runs `spool retry`: a running server sends the rows that it has set aside to ClickHouse again. Returns the exit code. */
export const retrySpool = async (options: ServerOptions, environment: Readonly<Record<string, string | undefined>>): Promise<number> => {
  const server = await operatorsServer(options, environment)
  const { files, rows } = await server.post<{ files: number; rows: number }>('/v1/admin/spool/retry', 'application/json', '{}')
  console.log(
    `${rows} rows are sent again, among them those of ${files} files; setAside of the channel status shows which are refused again`,
  )
  return 0
}
