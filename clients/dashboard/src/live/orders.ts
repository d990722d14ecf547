import { ask } from './line.ts'
import type { Order } from './states.ts'

/** What is ordered. */
export interface Wish {
  readonly side: 'create' | 'redeem'
  readonly fund: string
  readonly amount: string
}

/** Asks what an order would take and give now; nothing is changed. */
export const quote = (wish: Wish): Promise<Order> => ask('quote', wish)

/** Places an order under a key of its own. Rejects with a RequestError. */
export const order = ({ side, fund, amount }: Wish): Promise<Order> => ask(side, { fund, amount, key: `page-${crypto.randomUUID()}` })
