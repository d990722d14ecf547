import { operatorsServer, type ServerOptions } from './server.ts'

/** Runs `spool retry`: a running server sends the files that it has set aside to ClickHouse again. Returns the exit code. */
export const retrySpool = async (options: ServerOptions, environment: Readonly<Record<string, string | undefined>>): Promise<number> => {
  const server = await operatorsServer(options, environment)
  const { files, rows } = await server.post<{ files: number; rows: number }>('/v1/admin/spool/retry', 'application/json', '{}')
  console.log(`${files} files with ${rows} rows are sent again; sink.setAside of the channel status shows if one is refused again`)
  return 0
}
