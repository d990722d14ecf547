import { z } from 'zod'
import { formatDecimal, parseDecimal } from '../lib/decimal.ts'
import { NAME } from '../lib/interner.ts'
import { INTERVALS, type Interval } from '../market/candles.ts'
import { isSymbol } from '../market/symbols.ts'

/**
 * The whole wire in one place: channels, methods, errors. One definition gives the types, the checks and the texts;
 * docs/protocol.md is the rule book beside it.
 */

// ---- Channels

export const CHANNEL_KINDS = ['tick', 'trades', 'candle', 'pnl', 'fund', 'pool', 'rebalances', 'orders', 'holdings', 'status'] as const
export type ChannelKind = (typeof CHANNEL_KINDS)[number]

export type ChannelName =
  | { readonly kind: 'tick' | 'trades'; readonly id: string }
  | { readonly kind: 'candle'; readonly interval: Interval; readonly id: string }
  | { readonly kind: 'pnl' | 'fund' | 'pool' | 'rebalances'; readonly id: string }
  | { readonly kind: 'orders' | 'holdings' | 'status'; readonly id: '' }

/** Reads `tick:BTC-USD`, `candle:1m:BTC-USD`, `fund:TOP10`, `status`; undefined where no channel can be called so. */
export const parseChannel = (name: string): ChannelName | undefined => {
  const [kind, ...rest] = name.split(':')
  switch (kind) {
    case 'tick':
    case 'trades':
      return rest.length === 1 && isSymbol(rest[0]!) ? { kind, id: rest[0]! } : undefined
    case 'candle': {
      const [interval, id] = rest
      const known = interval !== undefined && Object.hasOwn(INTERVALS, interval)
      return rest.length === 2 && known && isSymbol(id!) ? { kind, interval: interval as Interval, id: id! } : undefined
    }
    case 'pnl':
    case 'fund':
    case 'pool':
    case 'rebalances':
      return rest.length === 1 && NAME.test(rest[0]!) ? { kind, id: rest[0]! } : undefined
    case 'orders':
    case 'holdings':
    case 'status':
      return rest.length === 0 ? { kind, id: '' } : undefined
    default:
      return undefined
  }
}

// ---- Errors

/** Every code that `data.code` may bear: its JSON-RPC number, its HTTP status, whether the same request may succeed later. */
export const ERRORS = {
  parse_error: { rpc: -32700, status: 400, retry: false, text: 'the frame is not JSON' },
  invalid_request: { rpc: -32600, status: 400, retry: false, text: 'the frame is no JSON-RPC 2.0 request' },
  unknown_method: { rpc: -32601, status: 404, retry: false, text: 'there is no such method' },
  invalid_params: { rpc: -32602, status: 400, retry: false, text: 'the parameters do not fit the method' },
  unknown_channel: { rpc: -32000, status: 404, retry: false, text: 'there is no such channel' },
  not_found: { rpc: -32000, status: 404, retry: false, text: 'there is no such thing' },
  method_not_allowed: { rpc: -32000, status: 405, retry: false, text: 'the route does not take this method' },
  not_logged_in: { rpc: -32000, status: 401, retry: false, text: 'this needs a login' },
  bad_credentials: { rpc: -32000, status: 401, retry: false, text: 'the credentials are not right' },
  not_allowed: { rpc: -32000, status: 403, retry: false, text: 'this is not allowed to you' },
  too_large: { rpc: -32600, status: 413, retry: false, text: 'the request is too large' },
  unsupported_media_type: { rpc: -32000, status: 415, retry: false, text: 'the body is of a type that the route does not read' },
  credentials_in_url: { rpc: -32000, status: 400, retry: false, text: 'credentials do not belong into a URL' },
  name_taken: { rpc: -32000, status: 409, retry: false, text: 'the name is taken' },
  fund_exists: { rpc: -32000, status: 409, retry: false, text: 'there is such a fund already' },
  unknown_fund: { rpc: -32000, status: 400, retry: false, text: 'there is no such fund' },
  unknown_client: { rpc: -32000, status: 400, retry: false, text: 'there is no such client' },
  unknown_order: { rpc: -32000, status: 404, retry: false, text: 'no order bears this key' },
  insufficient_assets: { rpc: -32000, status: 400, retry: false, text: 'the client holds too little of an asset' },
  insufficient_shares: { rpc: -32000, status: 400, retry: false, text: 'the client holds too few shares' },
  not_whole_units: { rpc: -32000, status: 400, retry: false, text: 'the amount is no whole multiple of the creation unit' },
  key_reused_differently: { rpc: -32000, status: 422, retry: false, text: 'the key was used for something else' },
  halted: { rpc: -32000, status: 503, retry: true, text: 'the fund is halted' },
  stale_price: { rpc: -32000, status: 503, retry: true, text: 'a price that the fee needs is stale or unknown' },
  supplies_full: { rpc: -32000, status: 400, retry: false, text: 'supplies of no more assets are kept' },
  portfolio_full: { rpc: -32000, status: 400, retry: false, text: 'the portfolio takes no more rows' },
  rate_limited: { rpc: -32000, status: 429, retry: true, text: 'too many requests; wait a little' },
  too_much: { rpc: -32000, status: 429, retry: true, text: 'more than the server gives at once' },
  not_ready: { rpc: -32000, status: 503, retry: true, text: 'the server is not ready for this yet' },
  internal: { rpc: -32000, status: 500, retry: true, text: 'the server failed; the fault is logged' },
} as const satisfies Record<string, { rpc: number; status: number; retry: boolean; text: string }>
export type ErrorCode = keyof typeof ERRORS

/** A refusal on its way to the client. `detail` says where, what was found and what was expected. */
export class ProtocolError extends Error {
  readonly code: ErrorCode
  /** Seconds after which to try again, where that is known. */
  readonly retryAfter: number | undefined
  /** The order that was rejected, where it is written down. */
  readonly order: unknown

  constructor(code: ErrorCode, detail?: string, retryAfter?: number, order?: unknown) {
    super(detail ?? ERRORS[code].text)
    this.code = code
    this.retryAfter = retryAfter
    this.order = order
  }

  get retry(): boolean {
    return ERRORS[this.code].retry
  }
}

/** Codes with which the server closes a websocket. */
export const CLOSE = { goingAway: 1001, tooManySockets: 4006, tooSlow: 4008, tooManyRequests: 4029 } as const

// ---- Requests

/** Pushes a second and channel that `maxRate` is cut down to. */
export const RATES = [1, 2, 5, 10, 25, 50] as const
export type Rate = (typeof RATES)[number]

/** The largest of RATES that does not exceed what was asked for. */
export const rateOf = (maxRate: number): Rate => RATES.findLast(rate => rate <= maxRate) ?? RATES[0]

const NAMED = 'a name of letters, digits, ".", "_" and "-", at most 64 long'
const name = z.string().regex(NAME, NAMED)

/** Nobody owns that much; it keeps sums and products within what every column can hold. */
const AMOUNT_MAX = 10n ** 48n

/** An amount somebody owns: a decimal string above zero, which becomes 10⁻¹⁸. */
const readAmount = (text: string): bigint | undefined => {
  const value = parseDecimal(text)
  return value !== undefined && value > 0n && value < AMOUNT_MAX && !text.startsWith('+') ? value : undefined
}
const LONGEST_AMOUNT = 100
const amount = z
  .string('a decimal string such as "100" or "0.5"')
  .max(LONGEST_AMOUNT)
  .transform((text, context) => {
    const value = readAmount(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: 'a decimal string above zero and below 10^30, with at most 18 places, such as "0.5"' })
    return z.NEVER
  })

/** A client's own name for what it asks for. */
const KEY = /^[\x20-\x7e]{1,128}$/
const key = z.string().regex(KEY, '1 to 128 printable ASCII characters')
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
  if (!NAME.test(fund) || !KEY.test(key) || text.length > LONGEST_AMOUNT) return undefined
  const amount = readAmount(text)
  return amount === undefined ? undefined : { fund, amount, key }
}
export const FUNDING = z.strictObject({ username: name, asset: name, amount, key })

/** Assets whose supplies come in one request. */
export const SUPPLIES_PER_REQUEST_MAX = 10_000
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

/** Rows of a portfolio in one request. */
export const ROWS_PER_REQUEST_MAX = 10_000
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

/** `value` as the schema has it. Throws a Refusal that says where in `root`, what was found, what was expected. */
export const checked = <T>(schema: z.ZodType<T>, value: unknown, root: string): T => {
  const result = schema.safeParse(value, { reportInput: true })
  if (!result.success) throw new ProtocolError('invalid_params', explain(result.error, root))
  return result.data
}

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

/** Members that must never be said again, not even to tell that they are wrong. */
const SECRET = new Set(['password', 'passwordHash', 'token', 'invite'])

/** The first thing wrong, in one line: where, what was found, what was expected. */
export const explain = (error: z.ZodError, root: string): string => {
  const issue = error.issues[0]
  if (issue === undefined) return root
  const path = [root, ...issue.path.map(String)].filter(Boolean).join('.')
  const secret = SECRET.has(String(issue.path.at(-1)))
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${path}: found "${issue.keys.join('", "')}", which is not known here`
    case 'invalid_type':
      return `${path}: found ${secret && issue.input !== undefined ? 'something else' : kindOf(issue.input)}, expected ${issue.expected}`
    default:
      return `${path}: found ${secret ? 'another' : shortly(issue.input)}, expected ${issue.message.replace(/^(?:(?:Invalid|Too) \w+: )?(?:expected )?/, '')}`
  }
}

const kindOf = (value: unknown): string =>
  value === undefined
    ? 'nothing'
    : value === null
      ? 'null'
      : Array.isArray(value)
        ? 'an array'
        : typeof value === 'object'
          ? 'an object'
          : shortly(value)

const shortly = (value: unknown): string => {
  // What was read already may hold amounts, which JSON has no form for.
  const text = JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? formatDecimal(member) : member)) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

// ---- Pushes

export interface SnapshotPush {
  readonly ch: string
  readonly epoch: string
  readonly seq: number
  readonly t: number
  readonly snap: Record<string, unknown>
}

export interface PatchPush {
  readonly ch: string
  readonly seq: number
  /** `seq - 1` where it is left out. */
  readonly prev?: number
  readonly t: number
  readonly d: Record<string, unknown>
  /** How many patches this one stands for. */
  readonly merged?: number
}

export interface ChecksumPush {
  readonly ch: string
  readonly seq: number
  readonly h: string
}

export interface RowsPush {
  readonly ch: string
  readonly rows: readonly Record<string, unknown>[]
  readonly more: boolean
}

export interface HeartbeatPush {
  readonly hb: number
}

export interface ByePush {
  readonly bye: { readonly reason: string; readonly reconnectInMs: number }
}

export type AnyPush = SnapshotPush | PatchPush | ChecksumPush | RowsPush | HeartbeatPush | ByePush
