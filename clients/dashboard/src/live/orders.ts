import type { Order, Quote } from '../../../driftwire-client/src/index.ts'
import { wire } from './line.ts'

/** What is ordered. */
export interface Wish {
  readonly side: 'create' | 'redeem'
  readonly fund: string
  readonly amount: string
}

/** Asks what an order would take and give now; nothing is changed. */
export const quote = (wish: Wish): Promise<Quote> => wire.request('quote', wish)

/**
 * Places an order. It is kept until it is answered, over a lost line and a reload. Resolves with the order, settled or rejected; rejects
 * with a RequestError if it was not written down.
 */
export const order = ({ side, fund, amount }: Wish): Promise<Order> => wire.orders[side]({ fund, amount })
