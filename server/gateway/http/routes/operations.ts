import { NAME } from '../../../../streams/lib/names.ts'
import { CLIENTS, DEFINED, ENTRIES, FUNDED, HALTED, INVITATIONS, type Invitations } from '../../../../streams/wire/answers/clearing.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { FUNDING } from '../../../../streams/wire/requests.ts'
import { fundSchema } from '../../../config/fundSchema.ts'
import type { Accounts } from '../../../identity/accounts.ts'
import type { Operations } from '../../api/operations.ts'
import { jsonText, ofFund } from '../answers.ts'
import { json, jsonOrForm, LARGE, readBody } from '../body.ts'
import { inPath, inQuery, limitInQuery, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What operators act with. */
export interface OperationServices {
  readonly operations: Operations
  readonly accounts: Accounts
}

const funding = (path: string, kind: 'deposit' | 'withdrawal', summary: string): Route<OperationServices> => ({
  method: 'post',
  path: `/v1/admin/${path}`,
  summary,
  who: { operate: 'deposits' },
  takes: { body: jsonOrForm(FUNDING) },
  refuses: ['unknown_client', 'insufficient_assets', 'key_reused_differently'],
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
  gives: answer('Halted', HALTED),
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

const CLIENTS_PER_PAGE = 100
const CLIENTS_PER_PAGE_MAX = 1_000

const clients: Handler<OperationServices> = async (c, { operations }) => {
  const { after = '' } = c.req.query()
  if (after !== '' && !NAME.test(after)) throw new ProtocolError('invalid_params', `after: found "${after.slice(0, 40)}", expected a name`)
  return c.json(await operations.clients(c.get('who'), after, wholeOf(c, 'limit', CLIENTS_PER_PAGE, 1, CLIENTS_PER_PAGE_MAX)))
}

const invitations: Handler<OperationServices> = async (c, { accounts }) =>
  c.json({ registration: accounts.registration, invitations: await accounts.invitations() } satisfies Invitations)

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
    refuses: ['fund_exists'],
    gives: answer('Defined', DEFINED),
    handler: async (c, { operations }) => c.json(await operations.define(c.get('who'), await readBody(c, LARGE))),
  },
  halt('halt', true, 'The fund takes no orders'),
  halt('resume', false, 'The fund takes orders again'),
  {
    method: 'get',
    path: '/v1/admin/clients',
    summary: 'The clients by name, with what they own',
    who: { operate: 'deposits' },
    takes: {
      parameters: [
        inQuery('after', 'name of the client before the first', { type: 'string' }),
        limitInQuery(CLIENTS_PER_PAGE, CLIENTS_PER_PAGE_MAX),
      ],
    },
    gives: answer('Clients', CLIENTS),
    handler: clients,
  },
  {
    method: 'get',
    path: '/v1/admin/invitations',
    summary: 'The digests of the invitations in the configuration, and which are used',
    who: { operate: 'deposits' },
    gives: answer('Invitations', INVITATIONS),
    handler: invitations,
  },
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
