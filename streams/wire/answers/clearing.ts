import { z } from 'zod'
import { AMOUNT, LEG, MS, OUTCOME, type Read } from './forms.ts'

/** Answers of the clearing house. */

/** An order or a transfer: `Order` of the states in JSON Schema. */
export const ORDERED = z.object({
  key: z.string(),
  side: z.enum(['create', 'redeem', 'transfer']),
  fund: z.string().optional(),
  asset: z.string().optional(),
  to: z.string().optional(),
  amount: AMOUNT,
  legs: z.array(LEG),
  fee: LEG.optional(),
  nav: z.number().optional(),
  ...OUTCOME,
})

/** `GET /v1/orders`: orders of the client. */
export const ORDER_LIST = z.object({ orders: z.array(ORDERED), next: z.int().optional().describe('goes back as `after`') })
/** What ORDER_LIST describes. */
export type OrderList = Read<typeof ORDER_LIST>

/** `GET /holdings`: what the client owns. */
export const HOLDINGS = z.object({ assets: z.record(z.string(), AMOUNT), shares: z.record(z.string(), AMOUNT) })

/** `POST /v1/admin/deposits`, `…/withdrawals`. */
export const FUNDED = z.object({
  key: z.string(),
  side: z.enum(['deposit', 'withdrawal']),
  username: z.string(),
  asset: z.string(),
  amount: AMOUNT,
  ...OUTCOME,
})
/** What FUNDED describes. */
export type Funded = Read<typeof FUNDED>

/** `POST /v1/admin/funds`. */
export const DEFINED = z.object({ id: z.string() })

/** `POST /v1/admin/funds/{id}/halt`, `…/resume`. */
export const HALTED = z.object({ fund: z.string(), halted: z.boolean() })

/** `GET /v1/audit`: entries of the journal. Every kind has these members, and its own. */
export const ENTRIES = z.object({
  entries: z.array(z.looseObject({ seq: z.int(), t: MS, who: z.string(), kind: z.string(), key: z.string().optional(), hash: z.string() })),
  next: z.int().optional().describe('goes back as `after`; absent if these are the newest'),
})
/** What ENTRIES describes. */
export type Entries = Read<typeof ENTRIES>

/** `GET /v1/admin/clients`: who there is, and what they own. */
export const CLIENTS = z.object({
  clients: z.array(z.object({ username: z.string(), assets: z.record(z.string(), AMOUNT), shares: z.record(z.string(), AMOUNT) })),
  next: z.string().optional().describe('goes back as `after`; absent if these are the last'),
})
/** What CLIENTS describes. */
export type Clients = Read<typeof CLIENTS>
/** A client, and what it owns. */
export type Client = Clients['clients'][number]

/** `GET /v1/admin/invitations`: the invitations of the configuration. */
export const INVITATIONS = z.object({
  registration: z.enum(['open', 'invite', 'closed']),
  invitations: z.array(z.object({ digest: z.string().describe('SHA-256 of the invitation, hexadecimal'), used: z.boolean() })),
})
/** What INVITATIONS describes. */
export type Invitations = Read<typeof INVITATIONS>
