import { z } from 'zod'
import { AMOUNT, MS, type Read } from './forms.ts'

/** Answers about portfolios. */

/** `GET /v1/portfolios/{id}/lots`: the open lots of a portfolio. */
export const LOTS = z.object({
  portfolio: z.string(),
  t: MS.describe('they are as of then'),
  quote: z.string(),
  method: z.string(),
  assets: z.record(
    z.string(),
    z.object({
      qty: AMOUNT.describe('held, of all pages'),
      price: z.number().optional().describe('of the moment'),
      cost: AMOUNT.optional().describe('of all lots'),
      unpriced: z.string().optional().describe('why its figures are not known in full'),
      lots: z
        .array(
          z.object({
            t: MS.describe('of the purchase'),
            qty: AMOUNT,
            cost: AMOUNT,
            price: AMOUNT.describe('paid for one unit, without fees'),
            value: z.number().optional().describe('at the price of the moment'),
            unrealised: z.number().optional(),
          }),
        )
        .optional()
        .describe('the one that a sale takes first in front; absent if a row could not be valued'),
    }),
  ),
  next: z.string().optional().describe('goes back as `cursor`'),
})
/** What LOTS describes. */
export type Lots = Read<typeof LOTS>
/** The lots of one asset. */
export type AssetLots = Lots['assets'][string]
/** What is left of one purchase. */
export type OpenLot = NonNullable<AssetLots['lots']>[number]

/** What became of rows from outside. */
export const RECORDED = z.object({
  accepted: z.int().describe('rows that were accepted'),
  known: z.int().describe('rows that were there already'),
  refused: z.array(z.object({ row: z.int().describe('line of the body; in a list the position, from 1'), why: z.string() })),
  knownRows: z.array(z.int()).optional().describe('of portfolios: which rows were there already'),
})
/** What RECORDED describes. */
export type Recorded = Read<typeof RECORDED>
