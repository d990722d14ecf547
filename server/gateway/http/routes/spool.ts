import { z } from 'zod'
import { answer, type Route } from '../route.ts'

/** What sends rows to the store again. */
export interface SpoolServices {
  /** Sends everything that is set aside again. Resolves with the number of files and of all rows when they wait to be sent. */
  readonly retrySetAside: () => Promise<{ readonly files: number; readonly rows: number }>
}

const RETRIED = answer('Retried', z.strictObject({ files: z.int(), rows: z.int() }))

/** Rows on their way to the store. */
export const SPOOL_ROUTES: readonly Route<SpoolServices>[] = [
  {
    method: 'post',
    path: '/v1/admin/spool/retry',
    who: { operate: 'prices' },
    summary: 'Sends the rows that are set aside, in files of the spool or in memory, to ClickHouse again',
    gives: RETRIED,
    handler: async (c, { retrySetAside }) => c.json(await retrySetAside()),
  },
]
