import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { HistoryAnswer, HistoryParams } from '../../../streams/wire/methods.ts'
import { waitBefore } from './backoff.ts'
import type { RequestOptions } from './calls.ts'
import { RequestError } from './requestError.ts'

/** Columns of the past, each as long as the others; null is an unknown value. */
export type Columns = Readonly<Record<string, readonly (number | string | boolean | null)[]>>

/** The past of a channel, oldest first: `for await` gives it page by page, `all()` as a whole. */
export interface History<Page> extends AsyncIterable<Page> {
  /** Resolves with all pages as one. */
  all(): Promise<Page>
}

/** What is asked of the past. `to` is now if it is left out. */
export type HistoryQuery = Omit<HistoryParams, 'channel' | 'cursor' | 'to'> & { readonly to?: number } & RequestOptions

/** A page may take longer than another request, ms. */
const TIMEOUT_MS = 30_000
/** A store that is not ready is asked again so often. */
const ATTEMPTS = 8

type Ask = (params: HistoryParams, options: RequestOptions) => Promise<HistoryAnswer>

/** Reads the pages one after the other. A store that is not ready yet is asked again. */
async function* pages(ask: Ask, params: HistoryParams, options: RequestOptions): AsyncGenerator<HistoryAnswer> {
  let cursor: string | undefined
  do {
    const page = await insist(() => ask({ ...params, ...(cursor !== undefined && { cursor }) }, { timeoutMs: TIMEOUT_MS, ...options }))
    yield page
    cursor = page.next
  } while (cursor !== undefined)
}

const insist = async (ask: () => Promise<HistoryAnswer>): Promise<HistoryAnswer> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof RequestError && error.retry) || attempt === ATTEMPTS) throw error
      await new Promise(resolve => setTimeout(resolve, waitBefore(attempt, Math.random())))
    }
  }
}

/** Returns the rows of a channel's past. */
export const rowsOf = (ask: Ask, params: HistoryParams, options: RequestOptions): History<readonly JsonObject[]> => ({
  async *[Symbol.asyncIterator]() {
    for await (const { rows = [] } of pages(ask, params, options)) yield rows
  },
  async all() {
    const all: JsonObject[] = []
    for await (const page of this) for (const row of page) all.push(row)
    return all
  },
})

/** Returns the columns of a channel's past. */
export const columnsOf = (ask: Ask, params: HistoryParams, options: RequestOptions): History<Columns> => ({
  async *[Symbol.asyncIterator]() {
    for await (const { columns = {} } of pages(ask, { ...params, columns: true }, options)) yield columns
  },
  async all() {
    const all: Record<string, (number | string | boolean | null)[]> = {}
    for await (const page of this)
      for (const [name, values] of Object.entries(page)) {
        all[name] ??= []
        for (const value of values) all[name].push(value)
      }
    return all
  },
})
