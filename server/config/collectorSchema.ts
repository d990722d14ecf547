import { z } from 'zod'
import { isAddress } from './chainSchema.ts'
import { name, named } from './forms.ts'

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'an address of 40 hexadecimal digits after "0x"')
const url = z
  .string()
  .refine(isAddress, 'https://… or http://… without name and password')
  .optional()
  .describe('another address than the usual one, such as a proxy; keys belong into the environment')
const decimals = z.int().min(0).max(77)

/** What every kind has. */
const common = {
  everyMs: z.int().min(60_000).max(604_800_000).optional().describe('ms from one collection to the next'),
  perMinute: z.int().min(1).max(100_000).optional().describe('requests a minute, at most, those that are made again among them'),
}

const chain = z.strictObject({
  ...common,
  kind: z.literal('chain'),
  chain: name.describe('one of `chains`'),
  addresses: z.boolean().default(false).describe('count transactions and active addresses: every block is read with its transactions'),
  tokens: named(z.strictObject({ address, decimals, transfers: z.boolean().default(false) })).default({}),
})

const explorer = z.strictObject({
  ...common,
  kind: z.literal('explorer'),
  chain: name,
  url,
  tokens: named(z.strictObject({ address, decimals, holders: z.boolean().default(false).describe('with a paid key') })).default({}),
})

const coingecko = z.strictObject({
  ...common,
  kind: z.literal('coingecko'),
  coins: named(z.string().regex(/^[a-z0-9._-]{1,100}$/, 'a coin such as "bitcoin"')).describe('by asset: the id of CoinGecko'),
  supplies: z.boolean().default(true).describe('funds weigh by the supplies that it brings'),
})

const slug = z.string().regex(/^[A-Za-z0-9._ -]{1,100}$/, 'a protocol such as "aave-v3"')
const defillama = z.strictObject({
  ...common,
  kind: z.literal('defillama'),
  url,
  protocols: named(z.strictObject({ protocol: slug, fees: slug.optional().describe('its name where fees are') })),
})

const github = z.strictObject({
  ...common,
  kind: z.literal('github'),
  url,
  repositories: named(z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, 'a repository such as "aave/aave-v3-core"')),
})

const chainlink = z.strictObject({
  ...common,
  kind: z.literal('chainlink'),
  chain: name,
  feeds: named(z.strictObject({ proxy: address, heartbeatMs: z.int().min(1_000).describe('within which the feed updates') })),
})

const own = z.strictObject({
  kind: z.literal('own'),
  prices: z.array(name).default([]).describe('assets'),
  pools: z.array(name).default([]).describe('ids of pools'),
})

/** A source of metrics: each kind has members of its own. */
export const collectorSchema = z.discriminatedUnion('kind', [chain, explorer, coingecko, defillama, github, chainlink, own], {
  error: ({ code }) => (code === 'invalid_union' ? 'chain, explorer, coingecko, defillama, github, chainlink or own' : undefined),
})

/** A source of metrics as configured, defaults filled in. */
export type CollectorConfig = z.infer<typeof collectorSchema>

/** Returns the name of a source under which `status` shows it: a chain has its own. */
export const collectorName = (source: CollectorConfig): string => ('chain' in source ? `${source.kind}:${source.chain}` : source.kind)
