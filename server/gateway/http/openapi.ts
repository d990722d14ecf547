import { z } from 'zod'
import { ALLOCATION } from '../../../streams/fund/allocation.ts'
import { ERRORS } from '../../../streams/wire/errors.ts'
import { FUNDING, METHODS, SUPPLIES } from '../../../streams/wire/requests.ts'
import { fundSchema } from '../../config/fundSchema.ts'
import { CANDLE } from '../api/candleImport.ts'
import { DEX_ANSWERS, DEX_ROUTES } from './dexOpenapi.ts'
import { ORDER_BODY, ROW_TYPES, TRANSACTIONS_BODY } from './routes/clearing.ts'

/** One route as others are told of it. A test holds this list against the routes that there are. */
export interface Route {
  /** `get` where left out. */
  readonly method?: 'get' | 'post'
  readonly path: string
  readonly summary: string
  readonly parameters?: readonly Parameter[]
  /** Taken as JSON or, where every member is text, as a form. */
  readonly takes?: z.ZodType
  /** Media types beside JSON in which it is taken, as text. */
  readonly alsoAs?: readonly string[]
  /** The one media type in which it is taken, where that is no JSON. */
  readonly only?: string
  /** Name of the schema, below, of a good answer that is JSON. */
  readonly answer?: keyof typeof ANSWERS
  /** Whose route it is: of everybody, of a client who has logged in, of an operator. */
  readonly of?: 'client' | 'operator'
  /** Media types of a good answer. */
  readonly gives: readonly string[]
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly description: string
  readonly schema: object
}

const time = { type: 'integer', minimum: 0, description: 'ms since the epoch' }
const channel: Parameter = {
  name: 'channel',
  in: 'path',
  description: 'such as `tick:BTC-USD`, `candle:1m:BTC-USD`, `fund:TOP10`',
  schema: { type: 'string' },
}

const fund: Parameter = { name: 'id', in: 'path', description: 'of the fund', schema: { type: 'string' } }
const idempotencyKey: Parameter = {
  name: 'idempotency-key',
  in: 'header',
  description: 'the order’s key, 1 to 128 printable ASCII characters; made where left out, and given back',
  schema: { type: 'string', minLength: 1, maxLength: 128 },
}
const ORDERS = ['create', 'redeem'] as const
const FUNDINGS = ['deposits', 'withdrawals'] as const
const JSON_ONLY = ['application/json']

const amount = z.string().describe('a decimal string, exact, at most 18 places')
const leg = z.object({ asset: z.string(), amount })
const ms = z.int().describe('ms since the epoch')
const result = {
  status: z.enum(['settled', 'rejected']),
  code: z.string().optional().describe('why it was rejected'),
  seq: z.int().describe('number of its entry in the journal'),
  t: ms,
}

/** What good answers hold. */
const ANSWERS = {
  ...DEX_ANSWERS,
  Token: z.object({ token: z.string(), expires: ms }),
  Order: z.object({
    key: z.string(),
    side: z.enum(['create', 'redeem', 'transfer']),
    fund: z.string().optional(),
    asset: z.string().optional(),
    to: z.string().optional(),
    amount,
    legs: z.array(leg),
    fee: leg.optional(),
    nav: z.number().optional(),
    ...result,
  }),
  Funding: z.object({
    key: z.string(),
    side: z.enum(['deposit', 'withdrawal']),
    username: z.string(),
    asset: z.string(),
    amount,
    ...result,
  }),
  Holdings: z.object({ assets: z.record(z.string(), amount), shares: z.record(z.string(), amount) }),
  Basket: z.object({
    fund: z.string(),
    creationUnit: amount,
    t: ms,
    halted: z.boolean(),
    nav: z.number().optional(),
    units: z.record(z.string(), amount).describe('of each asset a share'),
    ...Object.fromEntries(
      ORDERS.map(side => [side, z.object({ legs: z.array(leg), fee: leg.optional(), pending: z.string().optional() })]),
    ),
  }),
  Recorded: z.object({
    accepted: z.int().describe('rows that were taken in'),
    known: z.int().describe('rows that were there already'),
    refused: z.array(z.object({ row: z.int().describe('line of the body, of a list the place from 1 on'), why: z.string() })),
  }),
  Supplied: z.object({
    accepted: z.int().describe('assets whose supply is another from now on'),
    known: z.int().describe('assets that had this supply already'),
  }),
  Allocation: z.object({
    assets: z.array(
      z.object({
        symbol: z.string(),
        weight: z.number(),
        value: z.number().describe('weight × capital'),
        amount: z.number().describe('value ÷ price'),
      }),
    ),
  }),
  Depth: z.object({
    pool: z.string(),
    t: ms,
    price: z.number().optional().describe('of a token1 in token0'),
    depth: z
      .record(z.string(), z.object({ bid: z.number().optional(), ask: z.number().optional() }))
      .describe('by `within`: what can be sold and bought before the price has moved so far, in the quote currency; absent where unknown'),
  }),
  Entries: z.object({
    entries: z.array(
      z.looseObject({ seq: z.int(), t: ms, who: z.string(), kind: z.string(), key: z.string().optional(), hash: z.string() }),
    ),
    next: z.int().optional().describe('goes back as `after`; absent where these are the newest'),
  }),
}

export const ROUTES: readonly Route[] = [
  ...DEX_ROUTES,
  { method: 'post', path: '/register', summary: 'A new client', takes: METHODS.register, answer: 'Token', gives: JSON_ONLY },
  { method: 'post', path: '/v1/login', summary: 'A token for a client', takes: METHODS.login, answer: 'Token', gives: JSON_ONLY },
  { method: 'post', path: '/v1/logout', summary: 'The token of the header is good no more', of: 'client', gives: JSON_ONLY },
  ...ORDERS.map(
    (side): Route => ({
      method: 'post',
      path: `/${side}`,
      parameters: [idempotencyKey],
      takes: ORDER_BODY,
      answer: 'Order',
      gives: JSON_ONLY,
      summary: side === 'create' ? 'Shares for a basket of assets' : 'A basket of assets for shares',
    }),
  ),
  { path: '/holdings', summary: 'What the client owns', of: 'client', answer: 'Holdings', gives: JSON_ONLY },
  {
    path: '/v1/orders/{key}',
    summary: 'The client’s order under a key; where there is none, none that was sent before will be done any more',
    parameters: [{ ...idempotencyKey, name: 'key', in: 'path', description: 'of the order' }],
    of: 'client',
    answer: 'Order',
    gives: JSON_ONLY,
  },
  {
    path: '/v1/funds/{id}/basket',
    summary: 'What one creation unit takes and gives now',
    parameters: [fund],
    answer: 'Basket',
    gives: JSON_ONLY,
  },
  ...FUNDINGS.map(
    (path): Route => ({
      method: 'post',
      path: `/v1/admin/${path}`,
      takes: FUNDING,
      of: 'operator',
      answer: 'Funding',
      gives: JSON_ONLY,
      summary: `The custodian’s word that an asset ${path === 'deposits' ? 'came' : 'went'}`,
    }),
  ),
  {
    method: 'post',
    path: '/v1/admin/funds',
    takes: fundSchema,
    of: 'operator',
    gives: JSON_ONLY,
    summary: 'Defines a fund; clients may, too, where `fundsBy` is "clients"',
  },
  ...(['halt', 'resume'] as const).map(
    (what): Route => ({
      method: 'post',
      path: `/v1/admin/funds/{id}/${what}`,
      parameters: [fund],
      of: 'operator',
      gives: JSON_ONLY,
      summary: what === 'halt' ? 'The fund takes no orders' : 'The fund takes orders again',
    }),
  ),
  {
    method: 'post',
    path: '/v1/admin/supplies',
    takes: SUPPLIES,
    alsoAs: [],
    answer: 'Supplied',
    of: 'operator',
    gives: JSON_ONLY,
    summary: 'Circulating supplies that funds weigh by from now on',
  },
  {
    method: 'post',
    path: '/v1/portfolios/{id}/transactions',
    takes: TRANSACTIONS_BODY,
    answer: 'Recorded',
    gives: JSON_ONLY,
    summary: 'Rows into a portfolio, each id once; for its owner and operators of the scope portfolios',
    parameters: [{ name: 'id', in: 'path', description: 'of the portfolio', schema: { type: 'string' } }],
    alsoAs: ROW_TYPES.filter(type => type !== 'application/json'),
  },
  {
    method: 'post',
    path: '/v1/admin/candles',
    takes: CANDLE,
    answer: 'Recorded',
    of: 'operator',
    gives: JSON_ONLY,
    summary: 'Candles of the past into the store, each once; a candle a line',
    only: 'application/x-ndjson',
  },
  {
    method: 'post',
    path: '/v1/allocate',
    takes: ALLOCATION,
    alsoAs: [],
    answer: 'Allocation',
    gives: JSON_ONLY,
    summary: 'A capital among assets by market capitalisation, none above the cap',
  },
  {
    path: '/v1/audit',
    summary: 'Entries of the journal, in order',
    parameters: [
      { name: 'after', in: 'query', description: 'number of the entry before the first', schema: { type: 'integer', minimum: 0 } },
      { name: 'limit', in: 'query', description: '1,000 where left out', schema: { type: 'integer', minimum: 1, maximum: 10_000 } },
    ],
    of: 'operator',
    answer: 'Entries',
    gives: JSON_ONLY,
  },
  {
    path: '/v1/state/{channel}',
    summary: 'The state of one channel as of the newest frame',
    parameters: [channel],
    gives: ['application/json'],
  },
  { path: '/v1/funds', summary: 'All funds: an object id → state', gives: ['application/json'] },
  { path: '/v1/portfolios', summary: 'All portfolios: an object id → state', gives: ['application/json'] },
  { path: '/v1/pools', summary: 'All pools: an object id → state', gives: ['application/json'] },
  {
    path: '/v1/pools/{id}/depth',
    summary: 'The depth of a pool as of the newest frame',
    parameters: [
      { name: 'id', in: 'path', description: 'of the pool', schema: { type: 'string' } },
      {
        name: 'within',
        in: 'query',
        description: 'shares of the price by which it may move, at least one',
        schema: { type: 'array', items: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, minItems: 1, maxItems: 20 },
      },
    ],
    answer: 'Depth',
    gives: JSON_ONLY,
  },
  {
    path: '/v1/history/{channel}',
    summary: 'What was stored of a channel, oldest first, at most 100,000 rows',
    parameters: [
      channel,
      { name: 'from', in: 'query', description: 'rows from here on', schema: time },
      { name: 'to', in: 'query', description: 'rows before this', schema: time },
      {
        name: 'step',
        in: 'query',
        description: 'one row a step: the last, of candles all put together',
        schema: { type: 'integer', minimum: 1, description: 'ms' },
      },
      {
        name: 'cursor',
        in: 'query',
        description: '`next` of the page before; in CSV the header x-next-cursor',
        schema: { type: 'string' },
      },
      { name: 'format', in: 'query', description: 'json where left out', schema: { enum: ['json', 'csv'] } },
    ],
    gives: ['application/json', 'text/csv'],
  },
  { path: '/healthz', summary: 'The process lives', gives: ['application/json'] },
  { path: '/readyz', summary: 'All parts are ready (200) or not (503)', gives: ['application/json'] },
  { path: '/metrics', summary: "Figures in Prometheus' text format", gives: ['text/plain'] },
  { path: '/schema/config.json', summary: 'The JSON Schema of the configuration', gives: ['application/schema+json'] },
  { path: '/openapi.json', summary: 'This description', gives: ['application/json'] },
  { path: '/asyncapi.json', summary: 'The description of the websocket', gives: ['application/json'] },
]

const problemSchema = z.toJSONSchema(
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(ERRORS) as [string, ...string[]]),
    retry: z.boolean().describe('whether the same request may succeed later'),
    order: z.looseObject({}).optional().describe('the order that was rejected, where it is written down'),
  }),
)

/** A form has texts only, so what has other members is taken as JSON alone. */
const BODIES = ['application/json', 'application/x-www-form-urlencoded']
const bodyOf = (takes: z.ZodType, alsoAs: readonly string[] | undefined, only: string | undefined): object => ({
  required: true,
  content: Object.fromEntries([
    ...(only !== undefined ? [only] : takes === fundSchema || alsoAs ? JSON_ONLY : BODIES).map(type => [
      type,
      { schema: z.toJSONSchema(takes, { io: 'input' }) },
    ]),
    ...(alsoAs ?? []).map(type => [type, { schema: { type: 'string' } }]),
  ]),
})

const SECURITY = { client: [{ bearer: [] }, { basic: [] }], operator: [{ bearer: [] }] }

const operation = ({ summary, parameters = [], takes, alsoAs, only, answer, of, gives }: Route): object => ({
  summary,
  parameters: parameters.map(p => ({ ...p, required: p.in === 'path' })),
  ...(takes && { requestBody: bodyOf(takes, alsoAs, only) }),
  ...(of && { security: SECURITY[of] }),
  responses: {
    200: {
      description: summary,
      content: Object.fromEntries(gives.map(type => [type, answer ? { schema: { $ref: `#/components/schemas/${answer}` } } : {}])),
    },
    default: { description: 'A refusal', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
  },
})

/** The HTTP interface as OpenAPI 3.1. */
export const openApi = (): object => {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of ROUTES) {
    const { path, method = 'get' } = route
    paths[path] = { ...paths[path], [method]: operation(route) }
  }
  const answers = Object.fromEntries(Object.entries(ANSWERS).map(([name, schema]) => [name, z.toJSONSchema(schema)]))
  return {
    openapi: '3.1.0',
    info: {
      title: 'driftwire',
      version: '1',
      description: 'Funds, portfolios and pools in real time. Errors are RFC 9457 problem details.',
    },
    components: {
      schemas: { Problem: problemSchema, ...answers },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, basic: { type: 'http', scheme: 'basic' } },
    },
    security: [{}, { bearer: [] }, { basic: [] }],
    paths,
  }
}
