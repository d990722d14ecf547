import { z } from 'zod'
import { MS, type Read } from './forms.ts'

/** `GET /v1/metrics/{asset}`: a page of what is known of an asset, by metrics and periods. */
export const METRICS_PAGE = z.strictObject({
  rows: z.array(
    z.strictObject({
      metric: z.string(),
      t: MS.describe('beginning of the period'),
      v: z.number().optional().describe('in the metric’s unit; absent if the source says that it does not know'),
      known: MS.describe('since when it was known'),
      src: z.string().describe('who says it'),
      ref: z.string().optional().describe('where in the source it stands'),
    }),
  ),
  next: z.string().optional().describe('goes back as `cursor`; absent if this is the last page'),
})

/** A page of an asset's metrics. */
export type MetricsPage = Read<typeof METRICS_PAGE>
