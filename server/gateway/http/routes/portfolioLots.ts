import { NAME } from '../../../../streams/lib/names.ts'
import type { LotsPage, LotsQuery } from '../../../../streams/pnl/openLots.ts'
import { LOTS, type Lots } from '../../../../streams/wire/answers/portfolios.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { readCursor, writeCursor } from '../../../storage/read/cursor.ts'
import { CURSOR, inPath, inQuery, limitInQuery, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What the lots of portfolios are read from. */
export interface LotServices {
  /** Returns open lots of a portfolio; undefined if there is no such portfolio. */
  readonly lotsOf: (portfolio: string, query: LotsQuery) => Promise<LotsPage | undefined>
}

const PER_PAGE = 1_000
const PER_PAGE_MAX = 10_000

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
  return c.json({ portfolio, ...page, ...(next && { next: writeCursor(...next) }) } satisfies Lots)
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
    gives: answer('Lots', LOTS),
    handler: lots,
  },
]
