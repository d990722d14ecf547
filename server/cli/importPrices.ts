import { join } from 'node:path'
import { type DestinationStream, pino } from 'pino'
import { Interner } from '../../streams/lib/interner.ts'
import type { SymbolMap } from '../../streams/market/symbols.ts'
import { CANDLE, type Ticks } from '../../streams/market/ticks.ts'
import { UsageError } from '../config/options.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { replay } from '../feeds/replay/replay.ts'
import { SpecError } from '../feeds/specError.ts'
import type { CandlesAnswer, ImportedCandle } from '../gateway/api/candleImport.ts'
import { openSink } from '../storage/write/sink.ts'
import type { Imported } from './importTransactions.ts'
import type { OwnDirectory } from './ownDirectory.ts'
import { type RunningServer, ServerError } from './server.ts'

/** Where candles go. */
export interface CandleStore {
  readonly symbols: Interner
  readonly sources: Interner
  put(ticks: readonly Ticks[], imported: Imported, refused: (why: string) => void): Promise<void>
  close(): Promise<void>
}

/** Candles that go at once. */
const ROWS = 10_000

/** `FILE` or `FILE#SYMBOL`, read as `replay:` reads it, into the store. Throws UsageError if it holds no candles. */
export const importPrices = async (
  file: string,
  map: SymbolMap,
  store: CandleStore,
  imported: Imported,
  bad: (why: string) => void,
): Promise<void> => {
  const { symbols, sources } = store
  const said: DestinationStream = {
    write: line => {
      const { msg, kind, where, why, counts } = JSON.parse(line) as Record<string, unknown> & { counts?: Record<string, number> }
      const all = Object.entries(counts ?? {})
      const alone = all.length === 1 && all[0]![1] === 1
      const kinds = all.map(([name, n]) => `${name} ${n}`).join(', ')
      bad(kind === undefined ? `${msg}: ${why}` : alone ? `line ${where}: ${msg}: ${kind}` : `line ${where} and others: ${msg}: ${kinds}`)
    },
  }
  const feed = await replay({ spec: `replay:${file}`, base: process.cwd(), map, environment: systemEnvironment }).catch(error => {
    throw error instanceof SpecError ? new UsageError(error.message.replace(/^replay:/, '')) : error
  })
  const log = pino({ level: 'warn' }, said)
  const context = { feed: 0, symbols, sources, map, log, signal: new AbortController().signal }
  let waiting: Ticks[] = []
  let rows = 0
  let seen = 0
  const flush = async (): Promise<void> => {
    if (rows > 0) await store.put(waiting, imported, bad)
    waiting = []
    rows = 0
  }
  for await (const batch of feed.open(context)) {
    if (batch.kind === 'feed' || batch.kind === 'subscriptions') continue
    if (batch.kind !== 'ticks' || batch.columns.type.subarray(batch.from, batch.to).some(type => type !== CANDLE))
      throw new UsageError(`${file}: found no candles, expected a file with open_time_ms,open,high,low,close,volume_base`)
    imported.refused += Object.values(batch.bad).reduce((sum, n) => sum + n, 0)
    waiting.push(batch)
    seen += batch.messages
    rows += batch.to - batch.from
    if (rows >= ROWS) await flush()
  }
  await flush()
  if (seen === 0) throw new UsageError(`${file}: found no rows, expected some behind the header`)
}

/** The store of a running server. */
export const serverStore = (server: RunningServer): CandleStore => {
  const symbols = new Interner()
  const post = async (lines: readonly string[], imported: Imported, refused: (why: string) => void): Promise<void> => {
    let answer: CandlesAnswer
    try {
      answer = await server.post<CandlesAnswer>('/v1/admin/candles', 'application/x-ndjson', lines.join('\n'))
    } catch (error) {
      if (!(error instanceof ServerError && error.status === 413 && lines.length > 1)) throw error
      const half = lines.length >> 1
      await post(lines.slice(0, half), imported, refused)
      await post(lines.slice(half), imported, refused)
      return
    }
    imported.accepted += answer.accepted
    imported.known += answer.known
    for (const { row, why } of answer.refused) {
      imported.refused += 1
      refused(`${JSON.parse(lines[row - 1]!).id}: ${why}`)
    }
  }
  return {
    symbols,
    sources: new Interner(),
    async put(ticks, imported, refused) {
      const lines = ticks.flatMap(batch => [...linesOf(batch, symbols)])
      // A batch may be as long as a block of the file is.
      for (let from = 0; from < lines.length; from += ROWS) await post(lines.slice(from, from + ROWS), imported, refused)
    },
    close: async () => {},
  }
}

function* linesOf({ columns, from, to }: Ticks, symbols: Interner): Generator<string> {
  const { symbol, t, price, size, id, candle } = columns
  for (let i = from; i < to; i++) {
    const span = candle!.span[i]!
    yield JSON.stringify({
      symbol: symbols.at(symbol[i]!),
      open_t: t[i]! - span + 1,
      span,
      o: candle!.open[i]!,
      h: candle!.high[i]!,
      l: candle!.low[i]!,
      c: price[i]!,
      v: size[i]!,
      id: id[i]!,
    } satisfies ImportedCandle)
  }
}

/** Returns the store of a data directory that no server holds. It closes the directory. */
export const directoryStore = async (directory: OwnDirectory): Promise<CandleStore> => {
  const [symbols, sources] = [new Interner(), new Interner()]
  const opening = openSink({
    spoolDir: join(directory.path, 'spool'),
    engine: Promise.resolve(directory.engine),
    symbols,
    sources,
    log: pino({ level: 'error' }, pino.destination(2)),
  })
  const sink = await opening.catch(async error => {
    await directory.close()
    throw error
  })
  return {
    symbols,
    sources,
    async put(ticks, imported) {
      const { stored, known } = await sink.import(ticks)
      if (stored > 0) directory.keep()
      imported.accepted += stored
      imported.known += known
    },
    async close() {
      await sink.close(60_000)
      await directory.close()
    },
  }
}
