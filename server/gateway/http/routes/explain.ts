import { z } from 'zod'
import { MS } from '../../../../streams/wire/answers/forms.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { METHODS } from '../../../../streams/wire/requests.ts'
import type { Explanations } from '../../api/explanations.ts'
import { inQuery } from '../parameters.ts'
import { answer, type Route } from '../route.ts'
import { CHANNEL } from './states.ts'

/** What figures are explained with. */
export interface ExplainServices {
  readonly explanations: Explanations
}

const VALUE = z.union([z.number(), z.string()]).describe('an amount that somebody owns, or a raw integer, is a decimal string')
const INPUT = z.object({
  name: z.string(),
  value: VALUE,
  t: MS.optional(),
  age: z.number().optional().describe('ms'),
  source: z.string().optional(),
  stale: z.literal(true).optional(),
  formula: z.string().optional(),
  inputs: z
    .array(z.looseObject({ name: z.string(), value: VALUE }))
    .optional()
    .describe('each as this one'),
})

const EXPLANATION = answer(
  'Explanation',
  z.object({
    channel: z.string(),
    field: z.string(),
    value: VALUE,
    formula: z.string().optional(),
    t: MS,
    source: z.string().optional(),
    stale: z.literal(true).optional(),
    inputs: z.array(INPUT).optional(),
  }),
)

/** What figures come from. */
export const EXPLAIN_ROUTES: readonly Route<ExplainServices>[] = [
  {
    method: 'get',
    path: '/v1/explain/:channel',
    summary: 'A figure of a state: its formula and its inputs, down to the ticks, logs and rows',
    who: { read: ({ channel }) => channel! },
    takes: { parameters: [CHANNEL, inQuery('field', 'the path of the figure, such as `nav` or `weights.BTC`', { type: 'string' })] },
    gives: EXPLANATION,
    handler: async (c, { explanations }) => {
      const query = checked(METHODS.explain, { channel: c.req.param('channel'), field: c.req.query('field') }, '')
      return c.json(await explanations.of(c.get('who'), query))
    },
  },
]
