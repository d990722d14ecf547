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

/** `GET /readyz`. */
export const READINESS = z.object({ ready: z.boolean(), waiting: z.record(z.string(), z.string()).describe('what is not ready, and why') })
/** What READINESS describes. */
export type Readiness = Read<typeof READINESS>
