import { z } from 'zod'
import { answer, type Route } from '../route.ts'

/** What sends rows to the store again. */
export interface SpoolServices {
  /** Sends the files that are set aside again. Resolves with their number and rows when they wait to be sent. */
  readonly retrySetAside: () => Promise<{ readonly files: number; readonly rows: number }>
}

const RETRIED = answer('Retried', z.strictObject({ files: z.int(), rows: z.int() }))

/** Rows on their way to the store. */
export const SPOOL_ROUTES: readonly Route<SpoolServices>[] = [
  {
    method: 'post',
    path: '/v1/admin/spool/retry',
    who: { operate: 'prices' },
    summary: 'Sends the files of the spool that are set aside to ClickHouse again',
    gives: RETRIED,
    handler: async (c, { retrySetAside }) => c.json(await retrySetAside()),
  },
]
