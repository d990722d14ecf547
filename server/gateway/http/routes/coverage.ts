import { z } from 'zod'
import { MS } from '../../../../streams/wire/answers/forms.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import type { Coverages } from '../../../storage/read/coverage.ts'
import { inPath, LAST_TIME, timeInQuery, timeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What the coverage of symbols is read from. */
export interface CoverageServices {
  readonly coverages: Coverages
}

const COVERAGE = answer(
  'Coverage',
  z.array(
    z.object({
      from: MS,
      to: MS,
      source: z.string(),
      span: z.int().describe('the length of the candles that count, ms; 0: trades count'),
      gap: z.literal(true).optional().describe('trades are missing'),
    }),
  ),
)

const coverage: Handler<CoverageServices> = async (c, { coverages }) => {
  const { from, to } = c.req.query()
  const [first, last] = [timeOf('from', from, 0), timeOf('to', to, LAST_TIME)]
  if (first > last) throw new ProtocolError('invalid_params', `from: found ${first}, expected at most to, ${last}`)
  return c.json(await coverages.of(c.req.param('symbol')!, first, last))
}

/** What counts in each stretch of a symbol's time. */
export const COVERAGE_ROUTES: readonly Route<CoverageServices>[] = [
  {
    method: 'get',
    path: '/v1/coverage/:symbol',
    summary: "What counts in candles and the day in each stretch of a symbol's time: which source, and its trades or candles",
    who: { read: ({ symbol }) => `tick:${symbol}` },
    takes: {
      parameters: [
        inPath('symbol', 'canonical'),
        timeInQuery('from', 'stretches from here on'),
        timeInQuery('to', 'stretches before this'),
      ],
    },
    gives: COVERAGE,
    handler: coverage,
  },
]
