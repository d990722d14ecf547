import { z } from 'zod'

/** What a form describes, for those who only read it. */
export type Read<T> = T extends z.ZodType ? Frozen<z.output<T>> : never
type Frozen<T> = { readonly [K in keyof T]: Frozen<T[K]> }

/** A decimal string in an answer. */
export const AMOUNT = z.string().describe('a decimal string, exact, at most 18 places')

/** A raw integer in an answer. */
export const RAW = z.string().describe('a raw integer')

/** An amount of an asset. */
export const LEG = z.object({ asset: z.string(), amount: AMOUNT })

/** A time in an answer. */
export const MS = z.int().describe('ms since the epoch')

/** What a decided command says of itself. */
export const OUTCOME = {
  status: z.enum(['settled', 'rejected']),
  code: z.string().optional().describe('why it was rejected'),
  shortfall: z.object({ asset: z.string(), needed: AMOUNT, held: AMOUNT }).optional().describe('what was lacking'),
  seq: z.int().describe('number of its entry in the journal'),
  t: MS,
}
