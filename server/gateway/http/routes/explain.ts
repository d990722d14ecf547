import { EXPLANATION } from '../../../../streams/wire/answers/explanation.ts'
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

/** What figures come from. */
export const EXPLAIN_ROUTES: readonly Route<ExplainServices>[] = [
  {
    method: 'get',
    path: '/v1/explain/:channel',
    summary: 'A figure of a state: its formula and its inputs, down to the ticks, logs and rows',
    who: { read: ({ channel }) => channel! },
    takes: { parameters: [CHANNEL, inQuery('field', 'the path of the figure, such as `nav` or `weights.BTC`', { type: 'string' })] },
    gives: answer('Explanation', EXPLANATION),
    handler: async (c, { explanations }) => {
      const query = checked(METHODS.explain, { channel: c.req.param('channel'), field: c.req.query('field') }, '')
      return c.json(await explanations.of(c.get('who'), query))
    },
  },
]
