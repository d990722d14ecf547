import { z } from 'zod'
import { parseDecimal } from '../lib/decimal.ts'
import { NAME } from '../lib/names.ts'
import { ERRORS, ProtocolError } from './errors.ts'
import { checked, kindOf } from './explain.ts'
import { AMOUNT_MAX, AMOUNT_TEXT_MAX, KEY, KEY_FORM, ROWS_PER_REQUEST_MAX, SUPPLIES_PER_REQUEST_MAX } from './limits.ts'

/** Pushes a second and channel that `maxRate` is cut down to. */
export const RATES = [1, 2, 5, 10, 25, 50] as const
export type Rate = (typeof RATES)[number]

/** The largest of RATES that does not exceed what was asked for. */
export const rateOf = (maxRate: number): Rate => RATES.findLast(rate => rate <= maxRate) ?? RATES[0]

const NAMED = 'a name of letters, digits, ".", "_" and "-", at most 64 long'
const name = z.string().regex(NAME, NAMED)

/** An amount somebody owns: a decimal string above zero, which becomes 10⁻¹⁸. */
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

/** What is transferred: an asset, or the shares of a fund. */
const transferred = { asset: name.optional(), fund: name.optional() }
const oneOf = ({ asset, fund }: { asset?: string | undefined; fund?: string | undefined }): boolean =>
  (asset === undefined) !== (fund === undefined)

/** What both the websocket and HTTP take. */
export const ORDER = z.strictObject({ fund: name, amount, key })
/** What ORDER makes of parameters that are right: most requests are orders, and the schema takes five times as long. */
export const orderOf = (params: unknown): z.output<typeof ORDER> | undefined => {
  if (typeof params !== 'object' || params === null || Object.keys(params).length !== 3) return undefined
  const { fund, amount: text, key } = params as Record<string, unknown>
  if (typeof fund !== 'string' || typeof text !== 'string' || typeof key !== 'string') return undefined
  if (!NAME.test(fund) || !KEY.test(key) || text.length > AMOUNT_TEXT_MAX) return undefined
  const amount = readAmount(text)
  return amount === undefined ? undefined : { fund, amount, key }
}
export const FUNDING = z.strictObject({ username: name, asset: name, amount, key })

/** A circulating supply, which may be nought: a decimal string, which becomes 10⁻¹⁸. */
export const SUPPLY = z
  .string('a decimal string such as "19000000.5"')
  .max(100)
  .transform((text, context) => {
    const value = parseDecimal(text)
    if (value !== undefined && value < AMOUNT_MAX && /^\d/.test(text)) return value
    context.addIssue({ code: 'custom', message: 'a decimal string below 10^30, with at most 18 places and no sign, such as "19000000.5"' })
    return z.NEVER
  })
export const SUPPLIES = z.strictObject({
  supplies: z
    .record(name, SUPPLY, { error: ({ code }) => (code === 'invalid_key' ? NAMED : undefined) })
    .refine(supplies => Object.keys(supplies).length <= SUPPLIES_PER_REQUEST_MAX, { error: `at most ${SUPPLIES_PER_REQUEST_MAX} assets` })
    .describe('asset → circulating supply'),
})

/** A row that cannot be read is told with its number; it does not spoil the others. */
export const ROWS = z
  .array(z.unknown())
  .max(ROWS_PER_REQUEST_MAX)
  .describe('{t, type, asset, qty, price?, fee?, account?, to_account?, id?, cost?}')

const ms = z.int().min(0).max(8.64e15)
const channels = z.array(z.string().max(256)).min(1).max(10_000)

export const METHODS = {
  subscribe: z.strictObject({
    channels,
    resume: z.record(z.string(), z.strictObject({ epoch: z.string(), seq: z.int().min(0) })).optional(),
    from: ms.optional(),
    maxRate: z.number().min(1).optional(),
    checksum: z.boolean().optional(),
  }),
  unsubscribe: z.strictObject({ channels }),
  channels: z.strictObject({ like: z.string().max(256).optional() }),
  history: z.strictObject({
    channel: z.string().max(256),
    from: ms,
    to: ms,
    step: z.int().min(1).optional(),
    cursor: z.string().max(1024).optional(),
  }),
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
  ping: z.strictObject({}),
} as const
export type Method = keyof typeof METHODS
export type Params<M extends Method> = z.infer<(typeof METHODS)[M]>

export type RequestId = string | number | null

/** One request as it stands in a frame, its parameters not yet checked. */
export interface Request {
  readonly id: RequestId | undefined
  readonly method: string
  readonly params: unknown
}

/** Reads one frame. Throws a Refusal that is to be answered under the id `null`. */
export const readRequest = (text: string): Request => {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    throw new ProtocolError('parse_error')
  }
  if (Array.isArray(frame)) throw new ProtocolError('invalid_request', 'found an array, expected one request: there are no batches')
  if (typeof frame !== 'object' || frame === null) throw new ProtocolError('invalid_request', `found ${kindOf(frame)}, expected an object`)
  const { jsonrpc, id, method, params } = frame as Record<string, unknown>
  if (jsonrpc !== '2.0')
    throw new ProtocolError('invalid_request', `jsonrpc: found ${JSON.stringify(jsonrpc) ?? 'nothing'}, expected "2.0"`)
  if (typeof method !== 'string') throw new ProtocolError('invalid_request', `method: found ${kindOf(method)}, expected a string`)
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number')
    throw new ProtocolError('invalid_request', `id: found ${kindOf(id)}, expected a string, a number or null`)
  return { id: id as RequestId | undefined, method, params: params ?? {} }
}

/** The checked parameters of a known method. */
export const readParams = <M extends Method>(method: M, params: unknown): Params<M> =>
  checked(METHODS[method] as unknown as z.ZodType<Params<M>>, params, 'params')

export const isMethod = (name: string): name is Method => Object.hasOwn(METHODS, name)

export const replyText = (id: RequestId, result: unknown): string => JSON.stringify({ jsonrpc: '2.0', id, result })

/** A reply whose result is JSON already. */
export const replyWith = (id: RequestId, result: string): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`

export const errorText = (id: RequestId, refusal: ProtocolError): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: {
      code: ERRORS[refusal.code].rpc,
      message: refusal.message,
      data: { code: refusal.code, retry: refusal.retry, ...(refusal.order !== undefined && { order: refusal.order }) },
    },
  })
