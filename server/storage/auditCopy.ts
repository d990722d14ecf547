import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { backOff } from './backOff.ts'
import { deferred } from './deferred.ts'
import type { Engine } from './engine.ts'
import { quoted } from './migrate.ts'

/** Where the entries come from: it keeps them until they are asked for, so that nothing has to be queued here. */
export interface EntrySource {
  readonly id: string
  /** Entries after a number, as they stand in the journal. */
  page(after: number, limit: number): Promise<readonly { readonly seq: number; readonly text: string; readonly hash: string }[]>
}

export interface AuditCopyStats {
  /** Number of the newest entry that ClickHouse has. */
  readonly storedTo: number
  readonly retries: number
  readonly lastError: string | undefined
}

const BATCH = 5_000
/** From one insert to the next, ms: each costs the engine a part to be merged, however small. */
const PACE_MS = 500

/**
 * Copies the journal into ClickHouse: each entry once, however often the engine is away. What ClickHouse has tells where to go
 * on, so a crash anywhere leaves nothing out; and a batch that is tried again bears the same token.
 */
export class AuditCopy {
  private readonly source: EntrySource
  private readonly log: Logger
  private readonly abort = new AbortController()
  private more = deferred<void>()
  private readonly done: Promise<void>
  private stats_: AuditCopyStats = { storedTo: 0, retries: 0, lastError: undefined }

  constructor(engine: Promise<Engine>, source: EntrySource, log: Logger) {
    this.source = source
    this.log = log
    this.done = this.run(engine)
  }

  /** There are new entries. */
  wake(): void {
    this.more.resolve()
  }

  stats(): AuditCopyStats {
    return this.stats_
  }

  /** Ends after the batch on its way; what is left comes with the next start. */
  async close(): Promise<void> {
    this.abort.abort()
    this.more.resolve()
    await this.done
  }

  private async run(opening: Promise<Engine>): Promise<void> {
    const { signal } = this.abort
    const ended = new Promise<undefined>(resolve => signal.addEventListener('abort', () => resolve(undefined), { once: true }))
    const engine = await Promise.race([opening, ended]).catch(() => undefined)
    if (engine === undefined) return
    let after: number | undefined
    for (let attempt = 0; !signal.aborted; ) {
      try {
        after ??= await newest(engine, this.source.id)
        const begun = performance.now()
        const lines = await this.source.page(after, BATCH)
        if (lines.length > 0) {
          await insert(engine, this.source.id, lines)
          after = lines.at(-1)!.seq
        }
        attempt = 0
        this.stats_ = { ...this.stats_, storedTo: after, lastError: undefined }
        if (lines.length === BATCH) continue
        await delay(begun + PACE_MS - performance.now(), undefined, { signal }).catch(() => {})
        await this.more.promise
        this.more = deferred()
      } catch (error) {
        if (signal.aborted) return
        if (attempt === 0) this.log.warn({ error: (error as Error).message }, 'ClickHouse does not take entries; trying on')
        this.stats_ = { ...this.stats_, retries: this.stats_.retries + 1, lastError: (error as Error).message }
        await delay(backOff(attempt++), undefined, { signal }).catch(() => {})
      }
    }
  }
}

const newest = async ({ client, database }: Engine, journal: string): Promise<number> => {
  const answer = await client.query({
    query: `SELECT toFloat64(max(seq)) AS seq FROM ${quoted(database)}.entries WHERE journal = {journal:String}`,
    query_params: { journal },
    format: 'JSONEachRow',
  })
  return (await answer.json<{ seq: number }>())[0]?.seq ?? 0
}

const insert = async ({ client, database }: Engine, journal: string, lines: Awaited<ReturnType<EntrySource['page']>>): Promise<void> => {
  await client.insert({
    table: `${quoted(database)}.entries`,
    values: lines.map(line => rowOf(journal, line)),
    format: 'JSONEachRow',
    clickhouse_settings: {
      async_insert: 0,
      insert_deduplicate: 1,
      insert_deduplication_token: `${journal}-${lines[0]!.seq}-${lines.at(-1)!.seq}`,
      max_partitions_per_insert_block: '0',
    },
  })
}

/** What an entry's text holds, as columns beside it; amounts stay the decimal strings that they are. */
interface Written {
  readonly t: number
  readonly who: string
  readonly kind: string
  readonly key?: string
  readonly fund?: string
  readonly status?: string
  readonly code?: string
  readonly postings?: readonly Readonly<Record<'account' | 'asset' | 'amount' | 'after', string>>[]
}

const rowOf = (journal: string, { seq, text, hash }: { readonly seq: number; readonly text: string; readonly hash: string }): object => {
  const { t, who, kind, key = '', fund = '', status = '', code = '', postings = [] } = JSON.parse(text) as Written
  return {
    ...{ journal, seq, t, who, kind, text, hash, key, fund, status, code },
    'postings.account': postings.map(p => p.account),
    'postings.asset': postings.map(p => p.asset),
    'postings.amount': postings.map(p => p.amount),
    'postings.after': postings.map(p => p.after),
  }
}
