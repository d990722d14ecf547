import { randomUUID } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { FUNDING, METHODS, ORDER, ROWS, SUPPLIES } from '../../../../streams/wire/requests.ts'
import { rowsOfCsv, rowsOfLines, rowsOfList, type TransactionRows } from '../../../clearing/transactionRows.ts'
import type { Principal } from '../../../identity/access.ts'
import type { Accounts } from '../../../identity/accounts.ts'
import { nextMoment } from '../../../lib/arrivalOrder.ts'
import type { CandleImport } from '../../api/candleImport.ts'
import type { Operations } from '../../api/operations.ts'
import type { Orders } from '../../api/orders.ts'
import type { PortfolioRows } from '../../api/portfolioRows.ts'
import { problem } from '../../transports/problem.ts'
import type { Env } from '../app.ts'
import { readBody, typeOf } from '../body.ts'
import { noCredentialsIn } from '../credentials.ts'

export interface ClearingOptions {
  readonly accounts: Accounts
  readonly orders: Orders
  readonly operations: Operations
  readonly portfolioRows: PortfolioRows
  readonly prices: CandleImport
  /** Names of all funds, so that one alone need not be named. */
  readonly funds: () => readonly string[]
}

/** What `/create` and `/redeem` take; a form has the same members. */
export const ORDER_BODY = z.strictObject({
  username: z.string().optional(),
  password: z.string().optional(),
  etf_name: ORDER.shape.fund.optional(),
  amount: ORDER.shape.amount,
})
/** What puts rows into a portfolio takes as JSON. */
export const TRANSACTIONS_BODY = z.strictObject({ transactions: ROWS })
const KEY_HEADER = 'idempotency-key'
const KEY = z.strictObject({ [KEY_HEADER]: ORDER.shape.key })
const WHOLE = /^\d{1,15}$/
const PAGE = 1_000
const ENTRIES_PER_PAGE_MAX = 10_000

/** The routes of the clearing house: register, login, orders, holdings, and what operators do. */
export const clearingRoutes = (app: Hono<Env>, { accounts, orders, operations, portfolioRows, prices, funds }: ClearingOptions): void => {
  const addressOf = (c: Context<Env>): string => c.get('who').address ?? ''
  const json = (c: Context<Env>, text: string): Response => c.body(text, 200, { 'content-type': 'application/json' })

  /** Where the fund is what the path names, there is nothing at it. */
  const ofFund = async (c: Context<Env>, work: Promise<object>): Promise<Response> => {
    try {
      return c.json(await work)
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'unknown_fund') return problem(error, 404)
      throw error
    }
  }

  const loggedIn = (method: 'register' | 'login') => async (c: Context<Env>) => {
    noCredentialsIn(c.req.query())
    const body = checked(METHODS.register, await readBody(c), 'body')
    const { username, password, invite } = body
    return c.json(
      method === 'register'
        ? await accounts.register(username, password, addressOf(c), invite)
        : await accounts.login(username, password, addressOf(c)),
    )
  }
  app.post('/register', loggedIn('register'))
  app.post('/v1/login', loggedIn('login'))
  app.post('/v1/logout', async c => {
    const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    if (token === undefined) throw new ProtocolError('not_logged_in')
    await accounts.logout(token)
    return c.json({})
  })

  /** Who orders: whom the header names, else the two fields of the body. */
  const orderer = async (
    c: Context<Env>,
    { username, password }: { username?: string | undefined; password?: string | undefined },
  ): Promise<Principal> => {
    const who = c.get('who')
    if (username === undefined && password === undefined) return who
    if (who.user !== '' || who.operator !== undefined)
      throw new ProtocolError('invalid_params', 'body: found credentials beside the Authorization header, expected one of the two')
    if (username === undefined || password === undefined) throw new ProtocolError('bad_credentials', 'expected both username and password')
    return accounts.check(username, password, addressOf(c))
  }

  for (const side of ['create', 'redeem'] as const) {
    app.post(`/${side}`, async c => {
      const at = nextMoment()
      noCredentialsIn(c.req.query())
      const body = checked(ORDER_BODY, await readBody(c), 'body')
      const who = await orderer(c, body)
      if (who.user === '') throw new ProtocolError('not_logged_in')
      const [fund, ...others] = body.etf_name === undefined ? funds() : [body.etf_name]
      if (fund === undefined || others.length > 0)
        throw new ProtocolError('invalid_params', `body.etf_name: found nothing, expected one of ${funds().length} funds`)
      const key = c.req.header(KEY_HEADER) ?? randomUUID()
      checked(KEY, { [KEY_HEADER]: key }, 'header')
      const placed = orders.order(who, side, { fund, amount: body.amount, key }, { source: at, at })
      const answer = await placed.then(order => json(c, order), refused)
      answer.headers.set(KEY_HEADER, key)
      return answer
    })
  }

  app.get('/holdings', async c => {
    noCredentialsIn(c.req.query())
    return c.json(await orders.holdings(c.get('who')))
  })
  app.get('/v1/orders/:key', async c => {
    const at = nextMoment()
    const { key } = checked(METHODS.order, { key: c.req.param('key') }, 'path')
    return json(c, await orders.orderOf(c.get('who'), key, { source: at, at }))
  })
  app.get('/v1/funds/:id/basket', c => ofFund(c, orders.basket(c.get('who'), c.req.param('id'))))

  app.post('/v1/admin/deposits', async c =>
    json(c, await operations.fundAccount(c.get('who'), 'deposit', checked(FUNDING, await readBody(c), 'body'))),
  )
  app.post('/v1/admin/withdrawals', async c =>
    json(c, await operations.fundAccount(c.get('who'), 'withdrawal', checked(FUNDING, await readBody(c), 'body'))),
  )
  app.post('/v1/admin/funds', async c => c.json(await operations.define(c.get('who'), await readBody(c))))
  app.post('/v1/admin/funds/:id/halt', c => ofFund(c, operations.halt(c.get('who'), c.req.param('id'), true)))
  app.post('/v1/admin/funds/:id/resume', c => ofFund(c, operations.halt(c.get('who'), c.req.param('id'), false)))

  app.post('/v1/admin/supplies', async c => c.json(await operations.supply(c.get('who'), checked(SUPPLIES, await readBody(c), 'body'))))

  app.post('/v1/portfolios/:id/transactions', async c => {
    noCredentialsIn(c.req.query())
    return c.json(await portfolioRows.record(c.get('who'), c.req.param('id'), () => readRows(c)))
  })

  app.post('/v1/admin/candles', async c => {
    if (typeOf(c) !== 'application/x-ndjson')
      throw new ProtocolError('unsupported_media_type', `content-type: found "${typeOf(c)}", expected application/x-ndjson`)
    return c.json(await prices.accept(c.get('who'), () => c.req.text()))
  })

  app.get('/v1/audit', async c => {
    const { after = '0', limit = String(PAGE) } = c.req.query()
    if (!WHOLE.test(after)) throw new ProtocolError('invalid_params', `after: found "${after}", expected the number of an entry`)
    const most = Number(limit)
    if (!WHOLE.test(limit) || most < 1 || most > ENTRIES_PER_PAGE_MAX)
      throw new ProtocolError('invalid_params', `limit: found "${limit}", expected 1 to ${ENTRIES_PER_PAGE_MAX}`)
    return c.json(await operations.audit(c.get('who'), Number(after), most))
  })
}

/** A refusal as the answer that it would be anyway, to which headers can still be added. */
const refused = (error: unknown): Response => {
  if (error instanceof ProtocolError) return problem(error)
  throw error
}

/** Media types in which rows of a portfolio come. One must be named: a page of another origin can send a body without. */
export const ROW_TYPES = ['text/csv', 'application/json', 'application/x-ndjson'] as const

const readRows = async (c: Context<Env>): Promise<TransactionRows> => {
  const type = typeOf(c)
  switch (type) {
    case 'text/csv':
      return rowsOfCsv(await c.req.text())
    case 'application/x-ndjson':
      return rowsOfLines(await c.req.text())
    case 'application/json':
      return rowsOfList(checked(TRANSACTIONS_BODY, await readBody(c), 'body').transactions)
    default:
      throw new ProtocolError('unsupported_media_type', `content-type: found "${type}", expected ${ROW_TYPES.join(', ')}`)
  }
}
