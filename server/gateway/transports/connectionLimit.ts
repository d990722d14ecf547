/** Files that the process itself needs open: database, journal, feeds. */
const OWN_FILES = 256

/** Connections for HTTP (health checks, requests) that find room when every place for a websocket is taken. */
const FOR_HTTP = 256

/** Open files, if the system names no limit. */
const UNLIMITED = 1_000_000

/** How many there may be at a time. */
export interface ConnectionLimit {
  /** Websockets. */
  readonly sockets: number
  /** TCP connections, those of websockets included. */
  readonly connections: number
}

/**
 * Returns how many websockets and connections there is room for: as many as are wanted, if there are file descriptors for them.
 * Without descriptors a server cannot even refuse (uWebSockets.js spins, and no file can be opened), so it stops before that.
 */
export const connectionLimitFor = (wanted: number | undefined, openFiles: number): ConnectionLimit => {
  const forHttp = Math.floor(Math.min(FOR_HTTP, openFiles / 4))
  const room = Math.floor(openFiles - Math.min(OWN_FILES, openFiles / 4)) - forHttp
  const sockets = Math.min(wanted ?? room, room)
  return { sockets, connections: sockets + forHttp }
}

/** Returns the soft limit of file descriptors (`ulimit -n`). */
export const openFilesLimit = (): number => {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean }
  const before = report.excludeNetwork ?? false
  // Otherwise the report looks up the names of all network interfaces.
  report.excludeNetwork = true
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: number | 'unlimited' } } }
  report.excludeNetwork = before
  const limit = userLimits?.open_files?.soft
  return typeof limit === 'number' ? Math.min(limit, UNLIMITED) : UNLIMITED
}
