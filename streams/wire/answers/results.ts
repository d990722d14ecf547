import { z } from 'zod'
import { ERRORS } from '../errors.ts'
import type { Method } from '../requests.ts'
import { HOLDINGS, ORDERED } from './clearing.ts'
import { EXPLANATION } from './explanation.ts'
import { AMOUNT, LEG, MS } from './forms.ts'
import { HISTORY_PAGE } from './history.ts'
import { RECORDED } from './portfolios.ts'
import { SESSION } from './server.ts'

/** A value of `code`. */
export const ERROR_CODE = z.enum(Object.keys(ERRORS) as [string, ...string[]])

/** `POST /register`, `POST /v1/login` and their methods. */
export const ISSUED = z.strictObject({ token: z.string(), expires: MS })

const REFUSAL = z.strictObject({ code: ERROR_CODE, message: z.string(), retry: z.boolean() })

const SUBSCRIBED = z.union([
  z.strictObject({
    epoch: z.string(),
    seq: z.int().min(0),
    recovered: z.boolean().optional().describe('whether the missed patches follow; if not, a snapshot does'),
    rate: z.number().optional().describe('pushes a second at most'),
  }),
  z.strictObject({ error: REFUSAL }),
  z.strictObject({ channels: z.int().min(0).describe('that fit the pattern now') }),
])

const QUOTE = z.strictObject({
  side: z.enum(['create', 'redeem']),
  fund: z.string(),
  amount: AMOUNT,
  legs: z.array(LEG),
  fee: LEG.optional(),
  nav: z.number().optional(),
  t: MS,
  basket: z.record(z.string(), AMOUNT).describe('what a share holds'),
})

const NOTHING = z.strictObject({})

/** The result of each method of the websocket. methods.ts has the same as types, for programs. */
export const RESULTS = {
  subscribe: z.record(z.string(), SUBSCRIBED).describe('by the channel or pattern that was asked for'),
  unsubscribe: NOTHING,
  channels: z.array(z.string()),
  history: HISTORY_PAGE,
  register: ISSUED,
  login: ISSUED,
  logout: NOTHING,
  create: ORDERED,
  redeem: ORDERED,
  transfer: ORDERED,
  quote: QUOTE,
  order: ORDERED,
  holdings: HOLDINGS,
  record: RECORDED.omit({ knownRows: true }),
  auth: z.strictObject({ token: z.string(), expires: MS.optional(), user: z.string(), admin: z.boolean() }),
  explain: EXPLANATION,
  session: SESSION,
  ping: MS.describe('the server’s wall clock, ms'),
} as const satisfies Record<Method, z.ZodType>

/** The answer to a request that failed. */
export const RPC_ERROR = z.strictObject({
  code: z.literal([...new Set(Object.values(ERRORS).map(({ rpc }) => rpc))]),
  message: z.string(),
  data: z.strictObject({
    code: ERROR_CODE,
    retry: z.boolean().describe('whether the same request may succeed later'),
    order: ORDERED.optional().describe('the order that was rejected, if it was written down'),
  }),
})

/** RFC 9457 problem details, as every refusal by HTTP. */
export const PROBLEM = z.strictObject({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: ERROR_CODE,
  retry: z.boolean().describe('whether the same request may succeed later'),
  order: z.looseObject({}).optional().describe('the order, transfer, deposit or withdrawal that was rejected, if it was written down'),
  requestId: z.string().optional().describe('of `internal` alone: the name of the request in the log, as in the header x-request-id'),
})
