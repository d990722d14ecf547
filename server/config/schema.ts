import { z } from 'zod'
import { timeOf } from '../../streams/lib/time.ts'
import { METHODS } from '../../streams/pnl/lots.ts'
import { SCOPES } from '../../streams/wire/scopes.ts'
import { alertSchema } from './alertSchema.ts'
import { analyticsSchema } from './analyticsSchema.ts'
import { chainSchema } from './chainSchema.ts'
import { exchangeSchema } from './exchangeSchema.ts'
import { digest, duration, host, ms, name, named, origin, positive, readers, symbol } from './forms.ts'
import { fundSchema } from './fundSchema.ts'
import { limitsSchema } from './limitsSchema.ts'
import { poolSchema } from './poolSchema.ts'

const portfolio = z.strictObject({
  id: name,
  method: z.enum(METHODS).default('fifo'),
  feesInCost: z.boolean().default(true),
  ignore: z.array(name).optional().describe('assets that are no part of the sums'),
  transactions: z.string().min(1).optional().describe('CSV file, relative to the configuration'),
  owner: name.optional(),
  read: readers.optional(),
})

const operatorToken = z.strictObject({
  name,
  digest: digest.describe('SHA-256 of the token, hexadecimal'),
  scopes: z.array(z.enum(SCOPES)).min(1),
  expires: z
    .string()
    .refine(text => /^\d{4}-/.test(text) && !Number.isNaN(timeOf(text)), 'a time such as "2027-01-01T00:00:00Z"')
    .optional()
    .describe('when the token ends, ISO 8601'),
})

/** The configuration file: one definition for the types, the checks, and the JSON Schema that is served. */
export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  quote: name.default('USD'),
  frameMs: ms.max(1000).default(20),
  staleAfterMs: ms.default(10_000),
  storeMs: ms.default(1000),
  significantDigits: z.int().min(6).max(15).default(12),
  retention: z.strictObject({ ticks: duration.optional(), measures: duration.optional() }).prefault({}),
  symbols: z.record(z.string(), symbol).default({}).describe('`SYMBOL` or `venue:SYMBOL` → canonical symbol'),
  sources: z.array(z.string()).optional().describe('sources of ticks, the one that counts before the others first'),
  delistAfterMs: ms.default(86_400_000).describe('a member without a trade for so long has no market'),
  events: z
    .union([z.string().min(1), z.array(z.unknown())], { error: 'a file, or a list of {t, asset, kind, ratio?, to?}' })
    .optional()
    .describe('what happens to assets: CSV file (t,asset,kind,ratio,to), relative to the configuration, or a list of such rows'),
  supplies: z.string().min(1).optional().describe('CSV file (t,asset,supply), relative to the configuration'),
  assets: named(z.strictObject({ supply: positive.optional() })).default({}),
  funds: z.array(fundSchema).default([]),
  portfolios: z.array(portfolio).default([]),
  pools: z.array(poolSchema).default([]),
  shards: z
    .array(z.array(name))
    .default([])
    .describe('ids of portfolios and pools that are in the first shard, the second…; others go by a hash'),
  chains: named(chainSchema).default({}).describe('chains whose contracts can be asked for'),
  analytics: analyticsSchema.prefault({}),
  exchange: exchangeSchema,
  feeds: z.array(z.string().min(1)).default(['sim']),
  origins: z.array(origin).default([]).describe('origins, beside its own, whose pages may open sockets and ask by HTTP'),
  hosts: z.array(host).default([]).describe('names by which requests may address the server'),
  registration: z.enum(['open', 'invite', 'closed']).optional().describe('who may register; open on loopback, else closed'),
  invites: z.array(digest).default([]).describe('SHA-256 of invitations, hexadecimal; each is good once'),
  clients: z.string().min(1).optional().describe('file of clients that exist from the start, relative to the configuration'),
  tokens: z.array(operatorToken).default([]).describe('operators’ tokens, beside the admin’s'),
  tokenLifeMs: ms.default(24 * 60 * 60 * 1000),
  fundsBy: z.enum(['admin', 'clients']).default('admin').describe('who may define funds at run time'),
  alerts: alertSchema.prefault({}),
  limits: limitsSchema.prefault({}),
})

/** The configuration, defaults filled in. */
export type Config = z.infer<typeof configSchema>

/** Returns the JSON Schema of the file as it may be written: members with defaults may be left out. */
export const configJsonSchema = (): unknown => z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
