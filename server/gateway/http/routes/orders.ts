import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { z } from 'zod'
import { HOLDINGS, ORDER_LIST, ORDERED } from '../../../../streams/wire/answers/clearing.ts'
import { BASKET } from '../../../../streams/wire/answers/funds.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { METHODS, ORDER } from '../../../../streams/wire/requests.ts'
import type { Principal } from '../../../identity/access.ts'
import { nextMoment } from '../../../lib/arrivalOrder.ts'
import type { ChannelDirectory } from '../../api/channelDirectory.ts'
import type { Orders } from '../../api/orders.ts'
import { problem } from '../../transports/problem.ts'
import { jsonText, ofFund } from '../answers.ts'
import { jsonOrForm, readBody } from '../body.ts'
import type { Env } from '../env.ts'
import { inPath, limitInQuery, numberInQuery, WHOLE_MAX, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Parameter, type Route } from '../route.ts'
import { type AccountServices, addressOf } from './accounts.ts'

/** What clients order with. */
export interface OrderServices extends AccountServices {
  readonly orders: Orders
  readonly directory: Pick<ChannelDirectory, 'list'>
}

const KEY_HEADER = 'idempotency-key'
const KEY = z.strictObject({ [KEY_HEADER]: ORDER.shape.key })

/** What `/create` and `/redeem` take; a form has the same members. */
const ORDER_BODY = z.strictObject({
  username: z.string().optional(),
  password: z.string().optional(),
  etf_name: ORDER.shape.fund.optional(),
  amount: ORDER.shape.amount,
})

const ORDERS = 100
const ORDERS_MAX = 1_000

/** Describes an order's key. */
const orderKey = (at: Pick<Parameter, 'name' | 'in' | 'description'>): Parameter => ({
  ...at,
  schema: { type: 'string', minLength: 1, maxLength: 128 },
})

/** Sees all channels. */
const OPERATOR: Principal = { user: '', admin: true }

/** Returns the fund that a body names; if it names none, the only one that there is. Throws a ProtocolError. */
const fundOf = (named: string | undefined, { directory }: OrderServices): string => {
  if (named !== undefined) return named
  const funds = directory.list(OPERATOR, 'fund:*').map(channel => channel.slice('fund:'.length))
  const [only, ...others] = funds
  if (only === undefined || others.length > 0)
    throw new ProtocolError('invalid_params', `body.etf_name: found nothing, expected one of ${funds.length} funds`)
  return only
}

/** Returns who orders: the one of the header, else of the two fields of the body. Throws a ProtocolError if it is nobody, or both are there. */
const ordererOf = async (
  c: Context<Env>,
  { username, password }: z.output<typeof ORDER_BODY>,
  { accounts }: OrderServices,
): Promise<Principal> => {
  const who = c.get('who')
  if (username === undefined && password === undefined) {
    if (who.user === '') throw new ProtocolError('not_logged_in')
    return who
  }
  if (who.user !== '' || who.operator !== undefined)
    throw new ProtocolError('invalid_params', 'body: found credentials beside the Authorization header, expected one of the two')
  if (username === undefined || password === undefined) throw new ProtocolError('bad_credentials', 'expected both username and password')
  return accounts.check(username, password, addressOf(c))
}

/** A refusal as the answer that it would be anyway, to which headers can still be added. */
const refused = (error: unknown): Response => {
  if (error instanceof ProtocolError) return problem(error)
  throw error
}

const order = (side: 'create' | 'redeem', summary: string): Route<OrderServices> => ({
  method: 'post',
  path: `/${side}`,
  summary,
  who: 'command',
  noCredentialsInUrl: true,
  takes: {
    parameters: [
      orderKey({
        name: KEY_HEADER,
        in: 'header',
        description: 'the order’s key, 1 to 128 printable ASCII characters; made if left out, and given back',
      }),
    ],
    body: jsonOrForm(ORDER_BODY),
  },
  refuses: ['insufficient_assets', 'insufficient_shares', 'not_whole_units', 'key_reused_differently', 'halted', 'stale_price'],
  gives: answer('Order', ORDERED),
  async handler(c, services) {
    const at = nextMoment()
    const body = checked(ORDER_BODY, await readBody(c), 'body')
    const who = await ordererOf(c, body, services)
    const fund = fundOf(body.etf_name, services)
    const key = c.req.header(KEY_HEADER) ?? randomUUID()
    checked(KEY, { [KEY_HEADER]: key }, 'header')
    const placed = services.orders.order(who, side, { fund, amount: body.amount, key }, { source: at, at })
    const reply = await placed.then(text => jsonText(c, text), refused)
    reply.headers.set(KEY_HEADER, key)
    return reply
  },
})

const orderOf: Handler<OrderServices> = async (c, { orders }) => {
  const at = nextMoment()
  const { key } = checked(METHODS.order, { key: c.req.param('key') }, 'path')
  return jsonText(c, await orders.orderOf(c.get('who'), key, { source: at, at }))
}

const ordersAfter: Handler<OrderServices> = async (c, { orders }) => {
  const after = wholeOf(c, 'after', 0, 0, WHOLE_MAX)
  return jsonText(c, await orders.ordersAfter(c.get('who'), after, wholeOf(c, 'limit', ORDERS, 1, ORDERS_MAX)))
}

/** Clients' orders and what they own. */
export const ORDER_ROUTES: readonly Route<OrderServices>[] = [
  order('create', 'Shares for a basket of assets'),
  order('redeem', 'A basket of assets for shares'),
  {
    method: 'get',
    path: '/holdings',
    summary: 'What the client owns',
    who: 'client',
    noCredentialsInUrl: true,
    gives: answer('Holdings', HOLDINGS),
    handler: async (c, { orders }) => c.json(await orders.holdings(c.get('who'))),
  },
  {
    method: 'get',
    path: '/v1/orders',
    summary: 'All orders and transfers of the client, oldest first',
    who: 'client',
    takes: { parameters: [numberInQuery('after', 'number of the entry before the first', WHOLE_MAX), limitInQuery(ORDERS, ORDERS_MAX)] },
    gives: answer('Orders', ORDER_LIST),
    handler: ordersAfter,
  },
  {
    method: 'get',
    path: '/v1/orders/:key',
    summary: 'The client’s order under a key; if there is none, none that was sent before will be done any more',
    who: 'client',
    takes: { parameters: [orderKey({ name: 'key', in: 'path', description: 'of the order' })] },
    gives: answer('Order', ORDERED),
    handler: orderOf,
  },
  {
    method: 'get',
    path: '/v1/funds/:id/basket',
    summary: 'What one creation unit takes and gives now',
    // An unknown fund is 404 for everybody, so the command has to look for it first.
    who: 'command',
    takes: { parameters: [inPath('id', 'of the fund')] },
    gives: answer('Basket', BASKET),
    handler: (c, { orders }) => ofFund(c, orders.basket(c.get('who'), c.req.param('id')!)),
  },
]
