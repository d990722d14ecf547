import { z } from 'zod'
import { answer } from './route.ts'

/** A decimal string in an answer. */
export const AMOUNT = z.string().describe('a decimal string, exact, at most 18 places')

/** An amount of an asset. */
export const LEG = z.object({ asset: z.string(), amount: AMOUNT })

/** A time in an answer. */
export const MS = z.int().describe('ms since the epoch')

/** What a decided command says of itself. */
export const OUTCOME = {
  status: z.enum(['settled', 'rejected']),
  code: z.string().optional().describe('why it was rejected'),
  seq: z.int().describe('number of its entry in the journal'),
  t: MS,
}

/** What became of rows from outside. */
export const RECORDED = answer(
  'Recorded',
  z.object({
    accepted: z.int().describe('rows that were accepted'),
    known: z.int().describe('rows that were there already'),
    refused: z.array(z.object({ row: z.int().describe('line of the body; in a list the position, from 1'), why: z.string() })),
    knownRows: z.array(z.int()).optional().describe('of portfolios: which rows were there already'),
  }),
)
