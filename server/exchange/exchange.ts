import type { Observable } from 'rxjs'
import type { Leg } from '../../streams/ledger/amounts.ts'

/** An order that takes what there is at its limit or better, at once, and never rests. Amounts in 10⁻¹⁸. */
export interface ExchangeOrder {
  /** The client's own, 36 characters at most: sent twice it is one order, and an exchange can be asked by it. */
  readonly id: string
  readonly side: 'buy' | 'sell'
  readonly asset: string
  readonly quote: string
  readonly amount: bigint
  /** The worst price it takes. */
  readonly limit: bigint
}

/** How far an order had come. */
export interface Standing {
  /** ms of event time: when it was sent, or last filled. */
  readonly at: number
  /** How often it was filled, and how much of it, 10⁻¹⁸. */
  readonly fills: number
  readonly filled: bigint
}

/**
 * An exchange's report of an order. Any may come late, twice or never; only `done` and `rejected` say that nothing more will come,
 * and `unknown`, in answer to a question, that it knows no such order, though one may still be on its way.
 */
export type Report = { readonly order: string } & (
  | { readonly kind: 'accepted' }
  | { readonly kind: 'fill'; readonly id: string; readonly amount: bigint; readonly price: bigint; readonly fee: Leg }
  | { readonly kind: 'rejected'; readonly why: string }
  /** `filled`: all of its fills together. */
  | { readonly kind: 'done'; readonly filled: bigint }
  | { readonly kind: 'unknown' }
)

/** A place where a fund trades. Its methods neither fail nor answer: the results are reports. */
export interface Exchange {
  readonly reports$: Observable<Report>
  submit(order: ExchangeOrder): void
  /** Calls off what is not filled yet. */
  cancel(order: ExchangeOrder): void
  /** All that became of the order is reported once more: its fills, and its end if it has one; or that it is unknown. */
  ask(order: ExchangeOrder): void
  close(): Promise<void>
}
