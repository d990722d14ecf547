import { z } from 'zod'
import { SCOPES } from '../scopes.ts'
import { MS, type Read } from './forms.ts'

/** Answers about the server. */

const COUNT = z.int().min(0)

/** `GET /v1/session`: what everybody may know of the server, and what it knows of the one who asks. */
export const SESSION = z.object({
  server: z.object({ name: z.string(), version: z.string(), quote: z.string().describe('what everything is counted in') }),
  now: MS.describe('the server’s time'),
  registration: z.enum(['open', 'invite', 'closed']),
  who: z.discriminatedUnion('as', [
    z.object({ as: z.literal('nobody') }),
    z.object({ as: z.literal('client'), name: z.string(), expires: MS.optional() }),
    z.object({ as: z.literal('operator'), name: z.string(), scopes: z.array(z.enum(SCOPES)) }),
  ]),
  reads: z.object({ funds: COUNT, portfolios: COUNT, pools: COUNT, symbols: COUNT }).describe('how many of each the requester may read'),
})
/** What SESSION describes. */
export type SessionFacts = Read<typeof SESSION>

/** How a part of the server is. */
export const PART_STATE = z.object({
  state: z
    .enum(['ready', 'degraded', 'waiting'])
    .describe('`degraded`: it serves, and somebody should look; `waiting`: it does not serve yet, or any more'),
  why: z.string().optional(),
})
/** What PART_STATE describes. */
export type PartState = Read<typeof PART_STATE>

/** `GET /readyz`. */
export const READINESS = z.object({
  ready: z.boolean(),
  waiting: z.record(z.string(), z.string()).describe('parts that wait, and why'),
  parts: z.record(z.string(), PART_STATE).describe('all parts'),
})
/** What READINESS describes. */
export type Readiness = Read<typeof READINESS>

/** The form of the operators' tokens, without what they are known by. */
export const OPERATOR_TOKENS = z.strictObject({
  tokens: z.array(
    z.strictObject({
      name: z.string(),
      scopes: z.array(z.enum(SCOPES)).readonly(),
      expires: z.int().optional().describe('ms since the epoch'),
      state: z.enum(['good', 'expired', 'revoked']),
    }),
  ),
})
/** What OPERATOR_TOKENS describes. */
export type OperatorTokens = z.output<typeof OPERATOR_TOKENS>

/** The form of the answer to a revocation. */
export const REVOKED = z.strictObject({ name: z.string(), state: z.literal('revoked') })
