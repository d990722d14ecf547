import { z } from 'zod'
import { collectorSchema } from './collectorSchema.ts'
import { named } from './forms.ts'

const span = z.string().regex(/^[1-9]\d*(m|h|d)$/, 'a time such as "1d"')

/** What is made of assets beside their prices. */
export const analyticsSchema = z.strictObject({
  sources: z.array(collectorSchema).default([]).describe('sources of metrics'),
  assets: named(
    z.strictObject({
      name: z.string().min(1).max(100).optional().describe('by which lists of assets know it, such as "Bitcoin"; its id if left out'),
      categories: z
        .array(z.string().min(1).max(60))
        .max(20)
        .default([])
        .describe('what it is, such as "exchange": those of one category are peers'),
    }),
  )
    .default({})
    .describe('what is known of assets beside their figures'),
  scores: z
    .strictObject({
      every: span
        .default('1d')
        .describe('assets are scored so often, by UTC; twice as long without a new list of assets, and a score is stale'),
      horizons: z.array(z.int().min(1).max(24)).min(1).max(4).default([1]).describe('how far scores look ahead, months'),
      lists: z
        .enum(['collected', 'imported'])
        .default('collected')
        .describe(
          'lists of assets are made each day of the prices, market caps, supplies and volumes that `sources` bring; or imported alone',
        ),
    })
    .prefault({}),
  training: z
    .strictObject({
      every: span
        .or(z.literal('off'))
        .default('30d')
        .describe('models are trained again so often, and when live scores have become worse; or "off"'),
      promoteAfter: z
        .int()
        .min(1)
        .default(500)
        .describe('lists that champion and challenger have to have scored before a better challenger becomes the champion'),
    })
    .prefault({}),
})

const SPANS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Returns the ms of a time such as "1d". */
export const spanMs = (text: string): number => Number.parseInt(text, 10) * SPANS[text.at(-1)!]!
