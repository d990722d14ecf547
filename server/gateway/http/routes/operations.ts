import { ENTRIES, FUNDED } from '../../../../streams/wire/answers/clearing.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { FUNDING } from '../../../../streams/wire/requests.ts'
import { fundSchema } from '../../../config/fundSchema.ts'
import type { Operations } from '../../api/operations.ts'
import { jsonText, ofFund } from '../answers.ts'
import { json, jsonOrForm, readBody } from '../body.ts'
import { inPath, inQuery } from '../parameters.ts'
import { answer, type Handler, JSON_TYPE, type Route } from '../route.ts'

/** What operators act with. */
export interface OperationServices {
  readonly operations: Operations
}

const funding = (path: string, kind: 'deposit' | 'withdrawal', summary: string): Route<OperationServices> => ({
  method: 'post',
  path: `/v1/admin/${path}`,
  summary,
  who: { operate: 'deposits' },
  takes: { body: jsonOrForm(FUNDING) },
  gives: answer('Funding', FUNDED),
  async handler(c, { operations }) {
    const body = checked(FUNDING, await readBody(c), 'body')
    return jsonText(c, await operations.fundAccount(c.get('who'), kind, body))
  },
})

const halt = (path: string, halted: boolean, summary: string): Route<OperationServices> => ({
  method: 'post',
  path: `/v1/admin/funds/:id/${path}`,
  summary,
  who: { operate: 'funds' },
  takes: { parameters: [inPath('id', 'of the fund')] },
  gives: [JSON_TYPE],
  handler: (c, { operations }) => ofFund(c, operations.halt(c.get('who'), c.req.param('id')!, halted)),
})

const WHOLE = /^\d{1,15}$/
const ENTRIES_PER_PAGE = 1_000
const ENTRIES_PER_PAGE_MAX = 10_000

const audit: Handler<OperationServices> = async (c, { operations }) => {
  const { after = '0', limit = String(ENTRIES_PER_PAGE) } = c.req.query()
  if (!WHOLE.test(after)) throw new ProtocolError('invalid_params', `after: found "${after}", expected the number of an entry`)
  const most = Number(limit)
  if (!WHOLE.test(limit) || most < 1 || most > ENTRIES_PER_PAGE_MAX)
    throw new ProtocolError('invalid_params', `limit: found "${limit}", expected 1 to ${ENTRIES_PER_PAGE_MAX}`)
  return c.json(await operations.audit(c.get('who'), Number(after), most))
}

/** What operators have the clearing house do. */
export const OPERATION_ROUTES: readonly Route<OperationServices>[] = [
  funding('deposits', 'deposit', 'The custodian’s word that an asset came'),
  funding('withdrawals', 'withdrawal', 'The custodian’s word that an asset went'),
  {
    method: 'post',
    path: '/v1/admin/funds',
    summary: 'Defines a fund; clients may, too, if `fundsBy` is "clients"',
    who: { operate: 'funds', orClient: true },
    takes: { body: json(fundSchema) },
    gives: [JSON_TYPE],
    handler: async (c, { operations }) => c.json(await operations.define(c.get('who'), await readBody(c))),
  },
  halt('halt', true, 'The fund takes no orders'),
  halt('resume', false, 'The fund takes orders again'),
  {
    method: 'get',
    path: '/v1/audit',
    summary: 'Entries of the journal, in order',
    who: { operate: 'audit' },
    takes: {
      parameters: [
        inQuery('after', 'number of the entry before the first', { type: 'integer', minimum: 0 }),
        inQuery('limit', '1,000 if left out', { type: 'integer', minimum: 1, maximum: ENTRIES_PER_PAGE_MAX }),
      ],
    },
    gives: answer('Entries', ENTRIES),
    handler: audit,
  },
]
