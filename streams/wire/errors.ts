/** Every value of `data.code`: its JSON-RPC number, its HTTP status, whether the same request may succeed later, its text. */
export const ERRORS = {
  parse_error: { rpc: -32700, status: 400, retry: false, text: 'the frame is not JSON' },
  invalid_request: { rpc: -32600, status: 400, retry: false, text: 'the frame is not a JSON-RPC 2.0 request' },
  unknown_method: { rpc: -32601, status: 404, retry: false, text: 'there is no such method' },
  invalid_params: { rpc: -32602, status: 400, retry: false, text: 'the parameters do not fit the method' },
  unknown_channel: { rpc: -32000, status: 404, retry: false, text: 'there is no such channel' },
  not_found: { rpc: -32000, status: 404, retry: false, text: 'this does not exist' },
  method_not_allowed: { rpc: -32000, status: 405, retry: false, text: 'the route does not take this method' },
  not_logged_in: { rpc: -32000, status: 401, retry: false, text: 'you must log in first' },
  bad_credentials: { rpc: -32000, status: 401, retry: false, text: 'the credentials are wrong' },
  not_allowed: { rpc: -32000, status: 403, retry: false, text: 'you are not allowed to do this' },
  too_large: { rpc: -32600, status: 413, retry: false, text: 'the request is too large' },
  unsupported_media_type: { rpc: -32000, status: 415, retry: false, text: 'the route does not read bodies of this type' },
  credentials_in_url: { rpc: -32000, status: 400, retry: false, text: 'credentials do not belong in a URL' },
  name_taken: { rpc: -32000, status: 409, retry: false, text: 'the name is taken' },
  fund_exists: { rpc: -32000, status: 409, retry: false, text: 'a fund with this id exists already' },
  unknown_fund: { rpc: -32000, status: 400, retry: false, text: 'there is no such fund' },
  unknown_client: { rpc: -32000, status: 400, retry: false, text: 'there is no such client' },
  unknown_order: { rpc: -32000, status: 404, retry: false, text: 'no order has this key' },
  insufficient_assets: { rpc: -32000, status: 400, retry: false, text: 'the client holds too little of an asset' },
  insufficient_shares: { rpc: -32000, status: 400, retry: false, text: 'the client holds too few shares' },
  not_whole_units: { rpc: -32000, status: 400, retry: false, text: 'the amount is not a whole multiple of the creation unit' },
  key_reused_differently: { rpc: -32000, status: 422, retry: false, text: 'the key was used for something else' },
  halted: { rpc: -32000, status: 503, retry: true, text: 'the fund is halted' },
  stale_price: { rpc: -32000, status: 503, retry: true, text: 'the fee needs a price that is stale or unknown' },
  supplies_full: { rpc: -32000, status: 400, retry: false, text: 'the server keeps no more supplies' },
  event_differs: {
    rpc: -32000,
    status: 409,
    retry: false,
    text: 'another event of this asset, kind and time is known, or one that it depends on',
  },
  events_full: { rpc: -32000, status: 400, retry: false, text: 'the server keeps no more events of assets' },
  insufficient_liquidity: { rpc: -32000, status: 400, retry: false, text: 'the pool does not hold enough for this' },
  amount_too_large: { rpc: -32000, status: 400, retry: false, text: 'an amount would not stay below 10^30' },
  portfolio_full: { rpc: -32000, status: 400, retry: false, text: 'the portfolio takes no more rows' },
  rate_limited: { rpc: -32000, status: 429, retry: true, text: 'too many requests: wait a moment' },
  too_much: { rpc: -32000, status: 429, retry: true, text: 'too much is asked at once' },
  not_ready: { rpc: -32000, status: 503, retry: true, text: 'the server is not ready for this yet' },
  internal: { rpc: -32000, status: 500, retry: true, text: 'the server failed; the fault is logged' },
} as const satisfies Record<string, { rpc: number; status: number; retry: boolean; text: string }>
/** A value of `data.code`. */
export type ErrorCode = keyof typeof ERRORS

/** An error that a client gets as its answer. */
export class ProtocolError extends Error {
  readonly code: ErrorCode
  /** Seconds after which to try again, if that is known. */
  readonly retryAfter: number | undefined
  /** The order that was rejected, if it is written down. */
  readonly order: unknown

  /** `detail` says where, what was found and what was expected; without it the message is the text of the code. */
  constructor(code: ErrorCode, detail?: string, retryAfter?: number, order?: unknown) {
    super(detail ?? ERRORS[code].text)
    this.code = code
    this.retryAfter = retryAfter
    this.order = order
  }

  /** Whether the same request may succeed later. */
  get retry(): boolean {
    return ERRORS[this.code].retry
  }
}

/** Codes with which the server closes the websocket of a client that does wrong: it has read nothing for too long, or asks far too much. */
export const CLOSE = { tooSlow: 4008, tooManyRequests: 4029 } as const
