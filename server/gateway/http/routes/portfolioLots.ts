import { z } from 'zod'
import { NAME } from '../../../../streams/lib/names.ts'
import type { LotsPage, LotsQuery } from '../../../../streams/pnl/openLots.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { readCursor, writeCursor } from '../../../storage/read/cursor.ts'
import { AMOUNT, MS } from '../forms.ts'
import { CURSOR, inPath, inQuery, limitInQuery, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What the lots of portfolios are read from. */
export interface LotServices {
  /** Returns open lots of a portfolio; undefined if there is no such portfolio. */
  readonly lotsOf: (portfolio: string, query: LotsQuery) => Promise<LotsPage | undefined>
}

const PER_PAGE = 1_000
const PER_PAGE_MAX = 10_000

const LOTS = answer(
  'Lots',
  z.object({
    portfolio: z.string(),
    t: MS,
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
              value: z.number().optional(),
              unrealised: z.number().optional(),
            }),
          )
          .optional()
          .describe('the one that a sale takes first in front; absent if a row could not be valued'),
      }),
    ),
    next: z.string().optional().describe('goes back as `cursor`'),
  }),
)

const lots: Handler<LotServices> = async (c, { lotsOf }) => {
  const portfolio = c.req.param('id')!
  const { asset, cursor } = c.req.query()
  if (asset !== undefined && !NAME.test(asset))
    throw new ProtocolError('invalid_params', `asset: found "${asset.slice(0, 40)}", expected an asset such as "BTC"`)
  const from = readCursor(cursor, 'string', 'number') as [string, number] | undefined
  const limit = wholeOf(c, 'limit', PER_PAGE, 1, PER_PAGE_MAX)
  const found = await lotsOf(portfolio, { limit, ...(asset !== undefined && { asset }), ...(from && { from }) })
  if (found === undefined) throw new ProtocolError('not_found', `there is no portfolio "${portfolio}"`)
  const { next, ...page } = found
  return c.json({ portfolio, ...page, ...(next && { next: writeCursor(...next) }) })
}

/** What purchases have left in portfolios. */
export const LOT_ROUTES: readonly Route<LotServices>[] = [
  {
    method: 'get',
    path: '/v1/portfolios/:id/lots',
    summary: 'The open lots of a portfolio by asset, as of the newest frame',
    who: { read: ({ id }) => `pnl:${id}` },
    takes: {
      parameters: [
        inPath('id', 'of the portfolio'),
        inQuery('asset', 'only its lots', { type: 'string' }),
        CURSOR,
        limitInQuery(PER_PAGE, PER_PAGE_MAX),
      ],
    },
    gives: LOTS,
    handler: lots,
  },
]
