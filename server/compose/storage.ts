import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Interner } from '../../streams/lib/interner.ts'
import { BACKUPS } from '../backup/makeBackup.ts'
import type { Settings } from '../config/settings.ts'
import { deferred } from '../lib/deferred.ts'
import { type Engine, openEngine } from '../storage/engine/engine.ts'
import { openSink, type Sink } from '../storage/write/sink.ts'

/** ClickHouse and the way to it. */
export interface Storage {
  /** Resolves when the engine answers; rejects if it cannot be used. */
  readonly engine: Promise<Engine>
  /** Takes rows from the first frame on; they wait on disk until the engine answers. */
  readonly sink: Sink
  /** Starts the engine: last, because it takes seconds, and sockets and journal need not wait for it. */
  startEngine(): void
  /** Rows of former runs may be stored: a directory that is new has none. */
  readonly mayHavePast: boolean
  /** What was stored before this start, or belongs to the time before it, is put in as soon as the engine answers. */
  readonly awaitsPast: boolean
}

/** Opens the sink of a core; `hasPast`: its feeds know the time before this start. Throws if the spool of an earlier run cannot be read. */
export const openStorage = async (
  { clickhouse, dataDir, config }: Settings,
  hasPast: boolean,
  names: { readonly symbols: Interner; readonly sources: Interner },
  beforeOwnRows: (engine: Engine) => Promise<void>,
  log: Logger,
  signal: AbortSignal,
): Promise<Storage> => {
  const opened = deferred<Engine>()
  // Each user of the engine handles its failure; nobody else has to.
  opened.promise.catch(() => {})
  const mayHavePast = clickhouse !== undefined || existsSync(join(dataDir, 'clickhouse'))
  const awaitsPast = mayHavePast || hasPast
  const sink = await openSink({
    ...(awaitsPast && { beforeOwnRows }),
    spoolDir: join(dataDir, 'spool'),
    engine: opened.promise,
    symbols: names.symbols,
    sources: names.sources,
    log,
    spoolBytes: config.limits.spoolBytes,
  })
  return {
    engine: opened.promise,
    sink,
    mayHavePast,
    awaitsPast,
    startEngine() {
      const source = clickhouse ?? { dataDir: join(dataDir, 'clickhouse') }
      openEngine({ source, backups: join(dataDir, BACKUPS), retention: config.retention, log, signal }).then(opened.resolve, opened.reject)
    },
  }
}
