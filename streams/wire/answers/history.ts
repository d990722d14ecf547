import { z } from 'zod'
import { PAST_ROWS } from './states.ts'

const NEXT = z.string().optional().describe('goes back as `cursor`; absent if this is the last page')

/** `GET /v1/history/{channel}` and the method `history`: a page of the past, oldest first, as rows or by columns. */
export const HISTORY_PAGE = z.union([
  z.strictObject({ rows: z.array(z.union(Object.values(PAST_ROWS))), next: NEXT }),
  z.strictObject({
    columns: z
      .record(z.string(), z.array(z.union([z.number(), z.string(), z.boolean(), z.null()])))
      .describe('by the path of the member, each as long as the others; null if a row does not have it'),
    next: NEXT,
  }),
])
