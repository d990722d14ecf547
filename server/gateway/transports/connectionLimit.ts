/** Files that the process itself needs open: database, journal, feeds. */
const OWN_FILES = 256

/** Connections that are no websockets (health checks, requests) and find room when every place for a websocket is taken. */
const FOR_HTTP = 256

/** Where the system names no limit. */
const UNLIMITED = 1_000_000

export interface ConnectionLimit {
  readonly sockets: number
  readonly connections: number
}

/**
 * How many websockets, and connections altogether, there is room for. Without file descriptors a server cannot even refuse
 * (uWebSockets.js spins, and no file can be opened any more), so it stops before: `wanted` counts only as far as they go.
 */
export const connectionLimitFor = (wanted: number | undefined, openFiles: number): ConnectionLimit => {
  const forHttp = Math.floor(Math.min(FOR_HTTP, openFiles / 4))
  const room = Math.floor(openFiles - Math.min(OWN_FILES, openFiles / 4)) - forHttp
  const sockets = Math.min(wanted ?? room, room)
  return { sockets, connections: sockets + forHttp }
}

/** The soft limit of file descriptors (`ulimit -n`). */
export const openFilesLimit = (): number => {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean }
  const before = report.excludeNetwork ?? false
  // Otherwise the names of all network interfaces are looked up.
  report.excludeNetwork = true
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: number | 'unlimited' } } }
  report.excludeNetwork = before
  const limit = userLimits?.open_files?.soft
  return typeof limit === 'number' ? Math.min(limit, UNLIMITED) : UNLIMITED
}
