import { z } from 'zod'
import { MS } from './forms.ts'

const VALUE = z.union([z.number(), z.string()]).describe('an amount that somebody owns, or a raw integer, is a decimal string')

/** An input of a figure, with its own inputs. */
export const EXPLAINED_INPUT = z.strictObject({
  name: z.string(),
  value: VALUE,
  t: MS.optional(),
  age: z.number().optional().describe('ms'),
  source: z.string().optional(),
  stale: z.literal(true).optional(),
  formula: z.string().optional(),
  get inputs() {
    return z.array(EXPLAINED_INPUT).optional()
  },
})

/** `GET /v1/explain/{channel}` and the method `explain`: what a figure of a state comes from. */
export const EXPLANATION = z.strictObject({
  channel: z.string(),
  field: z.string(),
  value: VALUE,
  formula: z.string().optional(),
  t: MS,
  source: z.string().optional(),
  stale: z.literal(true).optional(),
  inputs: z.array(EXPLAINED_INPUT).optional(),
})
