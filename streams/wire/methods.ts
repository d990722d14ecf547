import type { JsonObject } from './mergePatch.ts'
import type { Scope } from './scopes.ts'
import type { HoldingsState, Leg, Order } from './states.ts'

/** A login. */
export interface Issued {
  readonly token: string
  /** When it ends, ms. */
  readonly expires: number
}

/** For whom a socket speaks. */
export interface Identity {
  readonly token: string
  /** When the token ends, ms; absent if it does not. */
  readonly expires?: number
  readonly user?: string
  readonly admin: boolean
}

/** A creation or redemption that is asked for: `amount` is a number of shares, a decimal string; `key` the client's own name for it. */
export interface OrderParams {
  readonly fund: string
  readonly amount: string
  readonly key: string
}

/** A transfer to another client, of an asset or of a fund's shares. */
export interface TransferParams {
  readonly to: string
  readonly asset?: string
  readonly fund?: string
  readonly amount: string
  readonly key: string
}

/** A question about the past: rows with `from ≤ t < to`, ms. */
export interface HistoryParams {
  readonly channel: string
  readonly from: number
  readonly to: number
  /** One row for each step of this length, ms. */
  readonly step?: number
  /** Of the page that comes next: `next` of the last answer. */
  readonly cursor?: string
  /** The figures that are wanted, such as `nav` and `inav.mid`. */
  readonly fields?: readonly string[]
  /** Whether the answer comes by columns. */
  readonly columns?: boolean
  /** The row of a step: its last one if left out. */
  readonly agg?: 'avg' | 'min' | 'max' | 'first' | 'last'
}

/** A page of the past, oldest first: rows or, if they were asked for, columns, in which null is an unknown value. */
export interface HistoryAnswer {
  readonly rows?: readonly JsonObject[]
  readonly columns?: Readonly<Record<string, readonly (number | string | boolean | null)[]>>
  readonly next?: string
}

/** A creation or redemption as it would be now. */
export interface Quote {
  readonly side: 'create' | 'redeem'
  readonly fund: string
  readonly amount: string
  readonly legs: readonly Leg[]
  readonly fee?: Leg
  readonly nav?: number
  readonly t: number
  /** What a share holds. */
  readonly basket: Readonly<Record<string, string>>
}

/** What became of a channel's subscription. */
export type SubscribedChannel =
  /** Under a pattern: how many fit it now. */
  | { readonly channels: number; readonly recovered?: undefined; readonly error?: undefined }
  | { readonly epoch: string; readonly seq: number; readonly recovered?: boolean; readonly rate?: number; readonly error?: undefined }
  | { readonly error: { readonly code: string; readonly message: string; readonly retry: boolean } }

/** Where a subscription goes on: the epoch and the number of the last push that was applied. */
export interface ResumeFrom {
  readonly epoch: string
  readonly seq: number
}

/** A condition of pushes: the figure at `field` has changed by more than `change`, a share of what it was at the last push. */
export interface WhenParams {
  readonly field: string
  readonly change: number
}

/** What is followed, and how. */
export interface SubscribeParams {
  /** Names, and patterns such as `fund:*`. */
  readonly channels: readonly string[]
  readonly resume?: Readonly<Record<string, ResumeFrom>>
  /** Rows of the past from here on come first, ms. */
  readonly from?: number
  /** Most pushes a second and channel. */
  readonly maxRate?: number
  readonly checksum?: boolean
  /** Only these members of the states. */
  readonly fields?: readonly string[]
  /** Pushes only when this holds. */
  readonly when?: WhenParams
}

/** An input of a figure, with its own inputs. */
export interface ExplainedInput {
  readonly name: string
  readonly value: number | string
  readonly t?: number
  /** ms. */
  readonly age?: number
  readonly source?: string
  readonly stale?: true
  readonly formula?: string
  readonly inputs?: readonly ExplainedInput[]
}

/** What a figure of a state comes from. */
export interface ExplainAnswer extends Omit<ExplainedInput, 'name' | 't' | 'age'> {
  readonly channel: string
  readonly field: string
  readonly t: number
}

/** What everybody may know of the server, and whom it takes one for. */
export interface SessionAnswer {
  readonly server: { readonly name: string; readonly version: string; readonly quote: string }
  /** The server's time, ms. */
  readonly now: number
  readonly registration: 'open' | 'invite' | 'closed'
  readonly who:
    | { readonly as: 'nobody' }
    | { readonly as: 'client'; readonly name: string; readonly expires?: number }
    | { readonly as: 'operator'; readonly name: string; readonly scopes: readonly Scope[] }
  /** How many of each one may read. */
  readonly reads: { readonly funds: number; readonly portfolios: number; readonly pools: number; readonly symbols: number }
}

/** Parameters and result of the methods, as clients see them. `METHODS` of requests.ts checks the same parameters. */
export interface Methods {
  readonly subscribe: { readonly params: SubscribeParams; readonly result: Readonly<Record<string, SubscribedChannel>> }
  readonly unsubscribe: { readonly params: { readonly channels: readonly string[] }; readonly result: Readonly<Record<string, never>> }
  readonly channels: { readonly params: { readonly like?: string }; readonly result: readonly string[] }
  readonly history: { readonly params: HistoryParams; readonly result: HistoryAnswer }
  readonly register: {
    readonly params: { readonly username: string; readonly password: string; readonly invite?: string }
    readonly result: Issued
  }
  readonly login: { readonly params: { readonly username: string; readonly password: string }; readonly result: Issued }
  readonly auth: { readonly params: { readonly token: string }; readonly result: Identity }
  readonly logout: { readonly params: { readonly token?: string }; readonly result: Readonly<Record<string, never>> }
  readonly create: { readonly params: OrderParams; readonly result: Order }
  readonly redeem: { readonly params: OrderParams; readonly result: Order }
  readonly transfer: { readonly params: TransferParams; readonly result: Order }
  readonly quote: {
    readonly params: { readonly side: 'create' | 'redeem'; readonly fund: string; readonly amount: string }
    readonly result: Quote
  }
  readonly order: { readonly params: { readonly key: string }; readonly result: Order }
  readonly holdings: { readonly params: object; readonly result: Required<HoldingsState> }
  readonly record: {
    readonly params: { readonly portfolio: string; readonly transactions: readonly object[] }
    readonly result: {
      readonly accepted: number
      readonly known: number
      readonly refused: readonly { readonly row: number; readonly why: string }[]
    }
  }
  readonly explain: { readonly params: { readonly channel: string; readonly field: string }; readonly result: ExplainAnswer }
  readonly session: { readonly params: object; readonly result: SessionAnswer }
  readonly ping: { readonly params: object; readonly result: number }
}

/** The parameters of a method; any object for methods that are not known here. */
export type ParamsOf<Method extends string> = Method extends keyof Methods ? Methods[Method]['params'] : object
/** The result of a method; unknown for methods that are not known here. */
export type ResultOf<Method extends string> = Method extends keyof Methods ? Methods[Method]['result'] : unknown
