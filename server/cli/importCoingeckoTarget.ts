import { HOUR } from '../../streams/market/candles.ts'
import { openHistory } from '../storage/read/history.ts'
import type { HistoryPage } from '../storage/read/page.ts'
import { type CandleStore, directoryStore, serverStore } from './importPrices.ts'
import { openOwnDirectory } from './ownDirectory.ts'
import { localToken, RunningServer, ServerError } from './server.ts'

/** The place that hours go to. Its content is the only record of how far an import has come. */
export interface Target {
  readonly store: CandleStore
  /** Undefined: a directory that no server holds. */
  readonly server?: RunningServer
  /** Returns the ends (ms) of the hours in which the symbol has a candle from any source, `first ≤ end ≤ last`. */
  hours(symbol: string, first: number, last: number): Promise<ReadonlySet<number>>
  close(): Promise<void>
}

/** The server or the directory that an import goes to. */
export interface TargetOptions {
  /** Of a running server; undefined: the local one, if it answers. */
  readonly url: string | undefined
  readonly token: string | undefined
  readonly port: string | undefined
  readonly dataDir: string
  /** The directory itself is meant. */
  readonly directory: boolean
}

/** Opens the running server, if one is named or the local one answers; otherwise, or if it is meant, the directory. */
export const openTarget = async ({ url, token, port, dataDir, directory }: TargetOptions): Promise<Target> => {
  if (directory) return directoryTarget(dataDir)
  const given = token ?? (url === undefined ? await localToken(dataDir) : undefined)
  const server = new RunningServer(url, given, port)
  if (await server.answers()) return serverTarget(server)
  if (url !== undefined) throw new ServerError(`${server.url}: found no server, expected a running one`)
  return directoryTarget(dataDir)
}

const serverTarget = (server: RunningServer): Target => ({
  store: serverStore(server),
  server,
  hours: (symbol, first, last) =>
    hoursIn(first, last, async query => {
      try {
        return await server.get<HistoryPage>(`/v1/history/candle:1h:${encodeURIComponent(symbol)}?${new URLSearchParams(query)}`)
      } catch (error) {
        // The server does not know the symbol.
        if (error instanceof ServerError && error.status === 404) return { rows: [] }
        throw error
      }
    }),
  close: async () => {},
})

const directoryTarget = async (dataDir: string): Promise<Target> => {
  const directory = await openOwnDirectory(dataDir)
  const store = await directoryStore(directory)
  const history = openHistory(Promise.resolve(directory.engine))
  return {
    store,
    hours: (symbol, first, last) =>
      hoursIn(first, last, ({ from, to, ...cursor }) =>
        history.rows({ channel: `candle:1h:${symbol}`, from: Number(from), to: Number(to), ...cursor }),
      ),
    close: () => store.close(),
  }
}

type Query = { readonly from: string; readonly to: string; readonly cursor?: string }

const hoursIn = async (first: number, last: number, page: (query: Query) => Promise<HistoryPage>): Promise<ReadonlySet<number>> => {
  const ends = new Set<number>()
  const range = { from: String(first - HOUR), to: String(last) }
  for (let cursor: string | undefined; ; ) {
    const { rows, next } = await page(cursor === undefined ? range : { ...range, cursor })
    for (const { open_t } of rows) ends.add((open_t as number) + HOUR)
    if (next === undefined) return ends
    cursor = next
  }
}
