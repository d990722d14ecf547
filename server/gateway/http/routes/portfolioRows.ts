import type { Context } from 'hono'
import { z } from 'zod'
import { RECORDED } from '../../../../streams/wire/answers/portfolios.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { ROWS } from '../../../../streams/wire/requests.ts'
import { type PortfolioRows, withoutRows } from '../../api/portfolioRows.ts'
import { rowsOfCsv, rowsOfLines, rowsOfList, type TransactionRows } from '../../api/transactionRows.ts'
import { bodyText, expectType, json, NDJSON, ROWS_BUDGET, readBody, TEXT, typeOf } from '../body.ts'
import { inPath, inQuery } from '../parameters.ts'
import { answer, JSON_TYPE, type Route } from '../route.ts'

/** What takes rows of portfolios. */
export interface PortfolioRowServices {
  readonly portfolioRows: PortfolioRows
}

const CSV = 'text/csv'

/** What puts rows into a portfolio takes as JSON. */
const TRANSACTIONS = z.strictObject({ transactions: ROWS })

/** Reads rows of a portfolio. One media type must be named: a page of another origin can send a body without. Throws ProtocolErrors. */
const readRows = async (c: Context): Promise<TransactionRows> => {
  expectType(c, CSV, JSON_TYPE, NDJSON)
  switch (typeOf(c)) {
    case CSV:
      return rowsOfCsv(await bodyText(c))
    case NDJSON:
      return rowsOfLines(await bodyText(c))
    default:
      return rowsOfList(checked(TRANSACTIONS, await readBody(c, ROWS_BUDGET), 'body').transactions)
  }
}

/** Rows into portfolios. */
export const PORTFOLIO_ROW_ROUTES: readonly Route<PortfolioRowServices>[] = [
  {
    method: 'post',
    path: '/v1/portfolios/:id/transactions',
    summary: 'Rows into a portfolio, each id once; for its owner and operators of the scope portfolios',
    who: { record: ({ id }) => id! },
    noCredentialsInUrl: true,
    takes: {
      parameters: [
        inPath('id', 'of the portfolio'),
        inQuery('knownRows', 'whether the answer lists the rows that are known', { type: 'boolean' }),
      ],
      body: { ...json(TRANSACTIONS), [CSV]: TEXT, [NDJSON]: TEXT },
    },
    gives: answer('Recorded', RECORDED),
    handler: async (c, { portfolioRows }) => {
      const answer = await portfolioRows.record(c.get('who'), c.req.param('id')!, () => readRows(c))
      return c.json(c.req.query('knownRows') === 'true' ? answer : withoutRows(answer))
    },
  },
]
