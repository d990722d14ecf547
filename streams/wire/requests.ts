import { z } from 'zod'
import { parseDecimal } from '../lib/decimal.ts'
import { NAME, NAME_FORM } from '../lib/names.ts'
import { timeOf } from '../lib/time.ts'
import { ERRORS, ProtocolError } from './errors.ts'
import { checked, kindOf } from './explain.ts'
import {
  AMOUNT_MAX,
  AMOUNT_TEXT_MAX,
  CHANGE_MAX,
  CHANNELS_PER_REQUEST_MAX,
  EVENTS_PER_REQUEST_MAX,
  FIELDS_PER_REQUEST_MAX,
  KEY,
  KEY_FORM,
  ROWS_PER_REQUEST_MAX,
  SUPPLIES_PER_REQUEST_MAX,
} from './limits.ts'

/** The rates that `maxRate` is cut down to: pushes a second and channel. */
export const RATES = [1, 2, 5, 10, 25, 50] as const
/** One of RATES. */
export type Rate = (typeof RATES)[number]

/** Returns the largest of RATES that does not exceed `maxRate`, at least the smallest. */
export const rateOf = (maxRate: number): Rate => RATES.findLast(rate => rate <= maxRate) ?? RATES[0]

const name = z.string().regex(NAME, NAME_FORM)

/** Reads an amount that somebody owns, in units of 10⁻¹⁸: a decimal string above zero and below AMOUNT_MAX, else undefined. */
const readAmount = (text: string): bigint | undefined => {
  const value = parseDecimal(text)
  return value !== undefined && value > 0n && value < AMOUNT_MAX && !text.startsWith('+') ? value : undefined
}
const amount = z
  .string('a decimal string such as "100" or "0.5"')
  .max(AMOUNT_TEXT_MAX)
  .transform((text, context) => {
    const value = readAmount(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: 'a decimal string above zero and below 10^30, with at most 18 places, such as "0.5"' })
    return z.NEVER
  })

const key = z.string().regex(KEY, KEY_FORM)
const username = z.string().max(256)
const password = z.string().max(4096)
const side = z.enum(['create', 'redeem'])

/** A transfer moves an asset, or the shares of a fund. */
const transferred = { asset: name.optional(), fund: name.optional() }
const oneOf = ({ asset, fund }: { asset?: string | undefined; fund?: string | undefined }): boolean =>
  (asset === undefined) !== (fund === undefined)

/** The parameters of `create` and `redeem`; by HTTP the key comes in a header. */
export const ORDER = z.strictObject({ fund: name, amount, key })

/**
 * Reads parameters as ORDER does, in a fifth of its time, because most requests are orders. Returns undefined if something is wrong:
 * ORDER says what.
 */
export const orderOf = (params: unknown): z.output<typeof ORDER> | undefined => {
  if (typeof params !== 'object' || params === null || Object.keys(params).length !== 3) return undefined
  const { fund, amount: text, key } = params as Record<string, unknown>
  if (typeof fund !== 'string' || typeof text !== 'string' || typeof key !== 'string') return undefined
  if (!NAME.test(fund) || !KEY.test(key) || text.length > AMOUNT_TEXT_MAX) return undefined
  const amount = readAmount(text)
  return amount === undefined ? undefined : { fund, amount, key }
}

/** A deposit or withdrawal of a client's asset. */
export const FUNDING = z.strictObject({ username: name, asset: name, amount, key })

const rawAmount = z
  .string()
  .regex(/^[1-9]\d{0,77}$/, 'a whole number above zero in a string, in raw units')
  .transform(BigInt)

/** A swap that is asked about: an amount of a token that is paid in (`amountIn`) or taken out (`amountOut`), raw. */
export const POOL_QUOTE_WISH = z.strictObject({
  token: z
    .union([z.literal(0), z.literal(1), name], '0, 1 or the symbol of a token of the pool')
    .describe('the token of the amount: 0, 1 or its symbol'),
  amountIn: rawAmount.optional(),
  amountOut: rawAmount.optional(),
})

/** A circulating supply, in units of 10⁻¹⁸: a decimal string of zero or more. */
export const SUPPLY = z
  .string('a decimal string such as "19000000.5"')
  .max(AMOUNT_TEXT_MAX)
  .transform((text, context) => {
    const value = parseDecimal(text)
    if (value !== undefined && value < AMOUNT_MAX && /^\d/.test(text)) return value
    context.addIssue({ code: 'custom', message: 'a decimal string below 10^30, with at most 18 places and no sign, such as "19000000.5"' })
    return z.NEVER
  })

/** ms: the last moment that a `Date` holds. */
const LAST_MS = 8.64e15

/** A moment, in ms since the epoch or as ISO 8601 has it. */
const moment = z.union([z.int(), z.string()]).transform((value, context) => {
  const t = timeOf(value)
  if (t > 0 && t <= LAST_MS) return t
  context.addIssue({ code: 'custom', message: 'ms since the epoch or an ISO 8601 time' })
  return z.NEVER
})

/** The body that sets circulating supplies. */
export const SUPPLIES = z.strictObject({
  supplies: z
    .record(name, SUPPLY, { error: ({ code }) => (code === 'invalid_key' ? NAME_FORM : undefined) })
    .refine(supplies => Object.keys(supplies).length <= SUPPLIES_PER_REQUEST_MAX, { error: `at most ${SUPPLIES_PER_REQUEST_MAX} assets` })
    .describe('asset → circulating supply'),
  t: moment.optional().describe('from when on they count; from now on if left out'),
})

/** The body that says what happens to assets. Each row is read by itself. */
export const EVENTS = z.strictObject({ events: z.array(z.unknown()).max(EVENTS_PER_REQUEST_MAX).describe('{t, asset, kind, ratio?, to?}') })

/** Rows of a portfolio. Each is read by itself: one that cannot be read is reported by its number and does not spoil the others. */
export const ROWS = z
  .array(z.unknown())
  .max(ROWS_PER_REQUEST_MAX)
  .describe('{t, type, asset, qty, price?, fee?, account?, to_account?, id?, cost?}')

const ms = z.int().min(0).max(8.64e15)
const channels = z.array(z.string().max(256)).min(1).max(CHANNELS_PER_REQUEST_MAX)

/** What a step of the past can become, beside its last row. */
export const AGGREGATES = ['avg', 'min', 'max', 'first', 'last'] as const
/** One of AGGREGATES. */
export type Aggregate = (typeof AGGREGATES)[number]

/** The parameters of `history`. */
export const HISTORY = z.strictObject({
  channel: z.string().max(256),
  from: ms,
  to: ms,
  step: z.int().min(1).optional(),
  agg: z.enum(AGGREGATES).optional(),
  fields: z.array(z.string().max(256)).min(1).max(FIELDS_PER_REQUEST_MAX).optional(),
  columns: z.boolean().optional(),
  cursor: z.string().max(1024).optional(),
})

/** Every method of the websocket, with the schema of its parameters. */
export const METHODS = {
  subscribe: z.strictObject({
    channels,
    resume: z.record(z.string(), z.strictObject({ epoch: z.string(), seq: z.int().min(0) })).optional(),
    from: ms.optional(),
    maxRate: z.number().min(1).optional(),
    checksum: z.boolean().optional(),
    fields: z.array(z.string().min(1).max(256)).min(1).max(FIELDS_PER_REQUEST_MAX).optional(),
    when: z
      .strictObject({
        field: z.string().min(1).max(256).describe('the path of a figure'),
        change: z.number().positive().max(CHANGE_MAX).describe('a share of what the figure was at the last push'),
      })
      .optional()
      .describe('pushes only when the figure has changed by more than that'),
  }),
  unsubscribe: z.strictObject({ channels }),
  channels: z.strictObject({ like: z.string().max(256).optional() }),
  history: HISTORY,
  register: z.strictObject({ username, password, invite: z.string().max(256).optional() }),
  login: z.strictObject({ username, password }),
  logout: z.strictObject({ token: z.string().max(4096).optional() }),
  create: ORDER,
  redeem: ORDER,
  transfer: z.strictObject({ to: name, ...transferred, amount, key }).refine(oneOf, { error: 'either asset or fund' }),
  quote: z.strictObject({ side, fund: name, amount }),
  order: z.strictObject({ key }),
  holdings: z.strictObject({}),
  record: z.strictObject({ portfolio: name, transactions: ROWS }),
  auth: z.strictObject({ token: z.string().max(4096) }),
  explain: z.strictObject({ channel: z.string().max(256), field: z.string().max(256) }),
  session: z.strictObject({}),
  ping: z.strictObject({}),
} as const

/** The name of a method. */
export type Method = keyof typeof METHODS

/** The checked parameters of a method. */
export type Params<M extends Method> = z.infer<(typeof METHODS)[M]>

/** What a client calls its request. */
export type RequestId = string | number | null

/** One request as a frame has it, its parameters not yet checked. Without an `id` it wants no reply. */
export interface Request {
  readonly id: RequestId | undefined
  readonly method: string
  readonly params: unknown
  /** The trace that it belongs to, as W3C Trace Context has it; not checked. */
  readonly traceparent?: string
}

/** Reads one frame. Throws a ProtocolError, `parse_error` or `invalid_request`, which is answered under the id `null`. */
export const readRequest = (text: string): Request => {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    throw new ProtocolError('parse_error')
  }
  if (Array.isArray(frame))
    throw new ProtocolError('invalid_request', 'found an array, expected one request, because batches are not supported')
  if (typeof frame !== 'object' || frame === null) throw new ProtocolError('invalid_request', `found ${kindOf(frame)}, expected an object`)
  const { jsonrpc, id, method, params, traceparent } = frame as Record<string, unknown>
  if (jsonrpc !== '2.0')
    throw new ProtocolError('invalid_request', `jsonrpc: found ${JSON.stringify(jsonrpc) ?? 'nothing'}, expected "2.0"`)
  if (typeof method !== 'string') throw new ProtocolError('invalid_request', `method: found ${kindOf(method)}, expected a string`)
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number')
    throw new ProtocolError('invalid_request', `id: found ${kindOf(id)}, expected a string, a number or null`)
  const request = { id: id as RequestId | undefined, method, params: params ?? {} }
  return typeof traceparent === 'string' ? { ...request, traceparent } : request
}

/** Checks the parameters of a method. Throws a ProtocolError, `invalid_params`. */
export const readParams = <M extends Method>(method: M, params: unknown): Params<M> =>
  checked(METHODS[method] as unknown as z.ZodType<Params<M>>, params, 'params')

/** Returns whether there is a method of this name. */
export const isMethod = (name: string): name is Method => Object.hasOwn(METHODS, name)

/** Writes a reply. */
export const replyText = (id: RequestId, result: unknown): string => JSON.stringify({ jsonrpc: '2.0', id, result })

/** Writes a reply whose result is JSON text already. */
export const replyWith = (id: RequestId, result: string): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`

/** Writes an error as the reply to a request. `requestId` is what the server's log calls it. */
export const errorText = (id: RequestId, { code, message, retry, order }: ProtocolError, requestId?: string): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: {
      code: ERRORS[code].rpc,
      message,
      data: { code, retry, ...(order !== undefined && { order }), ...(requestId !== undefined && { requestId }) },
    },
  })
