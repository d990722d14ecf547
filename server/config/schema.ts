import { z } from 'zod'
import { CONCENTRATIONS, type Concentration, concentrationHolds } from '../../streams/fund/concentration.ts'
import { capHolds } from '../../streams/fund/weighting.ts'
import { parseDecimal } from '../../streams/lib/decimal.ts'
import { NAME } from '../../streams/lib/interner.ts'
import { isSymbol } from '../../streams/market/symbols.ts'
import { METHODS } from '../../streams/pnl/lots.ts'
import { POOL_KINDS } from '../../streams/pools/spec.ts'
import { V3_SNAPSHOT } from '../../streams/pools/uniswapV3/v3Snapshot.ts'
import { SCOPES } from './scopes.ts'

/** The configuration file: one definition for the types, the checks, and the JSON Schema that is served. */

const NAMED = 'a name of letters, digits, ".", "_" and "-", at most 64 long'
const name = z.string().regex(NAME, NAMED)
/** Members by name. */
const named = <T extends z.ZodType>(member: T) =>
  z.record(name, member, { error: ({ code }) => (code === 'invalid_key' ? NAMED : undefined) })
const symbol = z.string().refine(isSymbol, 'a symbol such as "BTC-USD"')
/** Amounts are decimal strings, so that none passes through a float. */
const amount = z
  .string()
  .refine(text => (parseDecimal(text) ?? -1n) >= 0n, 'a decimal string such as "100" or "0.5", with at most 18 places')
  .describe('a decimal string, at most 18 places')
const positive = amount.refine(text => (parseDecimal(text) ?? 0n) > 0n, 'a decimal string above zero')
const share = z.number().gt(0).max(1)
const ms = z.int().min(1)
const bps = z.int().min(0).max(10_000)
const readers = z
  .union([z.literal('public'), z.array(name)], { error: '"public" or a list of names' })
  .describe('who reads it: everybody, or these users and the admin')
const duration = z
  .string()
  .regex(/^\d+(s|m|h|d)$/, 'a duration such as "30d"')
  .describe('such as "12h" or "30d", counted from when a row was stored')

const concentration = z
  .union(
    [z.enum(Object.keys(CONCENTRATIONS) as [keyof typeof CONCENTRATIONS]), z.strictObject({ single: share, above: share, sum: share })],
    {
      error: `${Object.keys(CONCENTRATIONS)
        .map(rule => `"${rule}"`)
        .join(', ')} or {single, above, sum}, shares of one`,
    },
  )
  .describe(
    'none above `single`, those above `above` together at most `sum`: the large ones are reduced pro rata, and the others share what that frees',
  )

const weighting = z.discriminatedUnion(
  'scheme',
  [
    z.strictObject({
      scheme: z.literal('market-cap').describe('price × supply: the `count` largest, none above `cap`'),
      count: z.int().min(1).default(10),
      cap: share.default(1),
      rules: concentration.optional(),
      assets: z.array(name).min(1).optional().describe('what it may choose from; all assets with a supply where left out'),
    }),
    z.strictObject({ scheme: z.literal('equal'), assets: z.array(name).min(1).optional(), cap: share.default(1) }),
    z.strictObject({ scheme: z.literal('fixed'), weights: named(share), cap: share.default(1) }),
    z.strictObject({ scheme: z.literal('units'), units: named(positive).describe('units of each asset that a share holds') }),
  ],
  { error: ({ code }) => (code === 'invalid_union' ? 'market-cap, equal, fixed or units' : undefined) },
)

const rebalance = z.strictObject({
  mode: z.enum(['off', 'propose', 'execute']).default('propose'),
  assetThreshold: z.number().min(0).optional().describe('on |weight − target| of any asset; strictly greater fires'),
  relativeThreshold: z.number().min(0).optional().describe('on |weight − target| ÷ target of any asset; strictly greater fires'),
  totalThreshold: z.number().min(0).optional().describe('on half the sum of |weight − target|; strictly greater fires'),
  maxIntervalMs: ms.optional(),
  coolOffMs: z.int().min(0).default(60_000),
  feeBps: z.int().min(0).max(9_999).default(0).describe('what a plan reckons that trading costs'),
  minTrade: amount.default('0').describe('of the quote asset: what is worth less is not traded'),
  maxTrade: positive.optional().describe('of the quote asset: what is worth more goes in slices'),
  lots: named(positive).default({}).describe('asset → the step of its amounts'),
})

const fund = z.strictObject({
  id: name,
  name: z.string().max(200).optional(),
  weighting,
  initialPrice: positive.default('100'),
  initialShares: amount.default('10000'),
  creationUnit: positive.default('1'),
  createFeeBps: bps.default(0),
  redeemFeeBps: bps.default(0),
  inceptionTimeoutMs: ms.default(60_000),
  targets: z.enum(['frozen', 'live']).default('frozen'),
  rebalance: rebalance.prefault({}),
  market: symbol.optional().describe('the symbol its shares trade under'),
  read: readers.optional(),
})

const portfolio = z.strictObject({
  id: name,
  method: z.enum(METHODS).default('fifo'),
  feesInCost: z.boolean().default(true),
  transactions: z.string().min(1).optional().describe('CSV file, relative to the configuration'),
  owner: name.optional(),
  read: readers.optional(),
})

const token = z.strictObject({
  symbol: name,
  decimals: z.int().min(0).max(255),
  asset: name.optional().describe('the asset whose price it has: of WETH that is ETH; its symbol where left out'),
})

const rawAmount = z.string().regex(/^(0|[1-9]\d{0,77})$/, 'a whole number in a string')

const pool = z.strictObject({
  id: name,
  kind: z.enum(POOL_KINDS),
  address: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'an address of 40 hexadecimal digits after "0x"')
    .optional(),
  feePips: z.int().min(0).max(1_000_000).optional().describe('hundredths of a basis point'),
  tickSpacing: z.int().min(1).optional(),
  token0: token.optional(),
  token1: token.optional(),
  ticks: z
    .string()
    .min(1)
    .optional()
    .describe(
      `of uniswap-v3: a file, relative to the configuration, that it is followed from where that is not its beginning; ${V3_SNAPSHOT}`,
    ),
  amplification: z
    .number()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('of stableswap: A. Without it, or without feePips, no log of the pool is read'),
  offpegFeeMultiplier: z
    .number()
    .min(1)
    .max(1_000)
    .optional()
    .describe('of stableswap: how many times as high the fee is far from the peg; 1 where left out'),
  balances: z
    .strictObject({ block: z.int().min(0), '0': rawAmount, '1': rawAmount })
    .optional()
    .describe(
      'of stableswap: what it held at the end of a block, raw, without the fees of its owner, if not followed from its first deposit',
    ),
  symbol: symbol.optional().describe('of orderbook: the symbol whose levels it shows'),
})

const limits = z.strictObject({
  channelsPerSocket: z.int().min(1).default(1_000),
  requestsPerSecond: z.int().min(1).default(100),
  requestBytes: z
    .int()
    .min(1024)
    .max(1_000_000)
    .default(64 * 1024),
  bodyBytes: z
    .int()
    .min(1024)
    .default(10 * 1024 * 1024),
  sendBufferBytes: z
    .int()
    .min(64 * 1024)
    .default(1024 * 1024)
    .describe('what may wait for one socket'),
  deadAfterMs: z.int().min(1000).default(300_000),
  resumeMs: z.int().min(0).default(60_000),
  resumeBytes: z
    .int()
    .min(0)
    .default(64 * 1024 * 1024)
    .describe('patches kept for who comes back, over all channels'),
  spoolBytes: z
    .int()
    .min(1024 * 1024)
    .default(1024 * 1024 * 1024)
    .describe('rows kept on disk while ClickHouse is away'),
})

const costs = z.int().min(0).max(9_999).default(10).describe('its fee, in basis points: what plans reckon with at least')
const exchange = z
  .discriminatedUnion(
    'kind',
    [
      z.strictObject({
        kind: z.literal('paper').describe('fills at the market of the moment; nothing is at stake'),
        seed: z.string().max(64).default('1'),
        feeBps: costs,
        latencyMs: z.int().min(0).default(200).describe('of event time'),
        partly: z.number().min(0).max(1).default(0.2).describe('share of the orders that are filled in two parts'),
        rejected: z.number().min(0).max(1).default(0).describe('share of the orders that are rejected'),
      }),
      z.strictObject({
        kind: z.literal('ccxt').describe('a venue by the package ccxt, which is to be installed beside'),
        venue: z.string().regex(/^[a-z0-9]+$/, 'a venue as ccxt calls it, such as "binance"'),
        feeBps: costs,
        names: named(name).default({}).describe('our name of an asset → the venue’s, such as {"USD": "USDT"}'),
        options: z.record(z.string(), z.unknown()).default({}).describe('handed to ccxt as they are'),
      }),
    ],
    { error: ({ code }) => (code === 'invalid_union' ? 'paper or ccxt' : undefined) },
  )
  .prefault({ kind: 'paper' })
  .describe('where funds whose rebalances are executed trade')

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 of 64 hexadecimal digits, lower case')
const operatorToken = z.strictObject({
  name,
  digest: digest.describe('SHA-256 of the token, hexadecimal'),
  scopes: z.array(z.enum(SCOPES)).min(1),
})

export { fund as fundSchema }

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  quote: name.default('USD'),
  frameMs: ms.max(1000).default(20),
  staleAfterMs: ms.default(10_000),
  storeMs: ms.default(1000),
  significantDigits: z.int().min(6).max(15).default(12),
  retention: z.strictObject({ ticks: duration.optional(), measures: duration.optional() }).prefault({}),
  symbols: z.record(z.string(), symbol).default({}).describe('`SYMBOL` or `venue:SYMBOL` → canonical symbol'),
  assets: named(z.strictObject({ supply: positive.optional() })).default({}),
  funds: z.array(fund).default([]),
  portfolios: z.array(portfolio).default([]),
  pools: z.array(pool).default([]),
  exchange,
  feeds: z.array(z.string().min(1)).default(['sim']),
  origins: z.array(z.string()).default([]).describe('origins, beside its own, whose pages may open sockets'),
  registration: z.enum(['open', 'invite', 'closed']).optional().describe('who may register; open on loopback, else closed'),
  invites: z.array(digest).default([]).describe('SHA-256 of invitations, hexadecimal; each is good once'),
  clients: z.string().min(1).optional().describe('file of clients that exist from the start, relative to the configuration'),
  tokens: z.array(operatorToken).default([]).describe('operators’ tokens, beside the admin’s'),
  tokenLifeMs: ms.default(24 * 60 * 60 * 1000),
  fundsBy: z.enum(['admin', 'clients']).default('admin').describe('who may define funds at run time'),
  limits: limits.prefault({}),
})

export type Config = z.infer<typeof configSchema>
export type FundConfig = Config['funds'][number]
export type PoolConfig = Config['pools'][number]

/** What the schema cannot say: one line for the first thing that does not fit together, undefined where all does. */
export const contradiction = (config: Config): string | undefined => {
  const { frameMs, storeMs } = config
  if (60_000 % frameMs !== 0) return `frameMs: found ${frameMs}, expected a divisor of 60000`
  if (storeMs % frameMs !== 0) return `storeMs: found ${storeMs}, expected a multiple of frameMs (${frameMs})`
  for (const list of ['funds', 'portfolios', 'pools'] as const) {
    const ids = config[list].map(item => item.id)
    const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i)
    if (twice >= 0) return `${list}.${twice}.id: found "${ids[twice]}" a second time, expected each id once`
  }
  for (const [i, fund] of config.funds.entries()) {
    const wrong = fundContradiction(fund, config, `funds.${i}`)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** As `contradiction`, of one fund; `root` is where it stands. */
export const fundContradiction = ({ weighting }: FundConfig, config: Config, root: string): string | undefined => {
  const { assets } = config
  const at = `${root}.weighting`
  const unknown = 'assets' in weighting ? weighting.assets?.find(asset => assets[asset] === undefined) : undefined
  if (weighting.scheme === 'market-cap' && unknown !== undefined)
    return `${at}.assets: found "${unknown}", expected an asset with a supply under assets`
  const chosen = 'assets' in weighting ? (weighting.assets ?? []) : []
  const again = chosen.find((asset, k) => chosen.indexOf(asset) !== k)
  if (again !== undefined) return `${at}.assets: found "${again}" a second time, expected each asset once`
  const size = membersOf(config, weighting)
  if (size === 0)
    return `${at}: found no asset to choose from, expected some under assets${weighting.scheme === 'market-cap' ? ' with a supply' : ''}`
  if (weighting.scheme === 'fixed') {
    const sum = Object.values(weighting.weights).reduce((a, b) => a + b, 0)
    if (Math.abs(sum - 1) > 1e-9) return `${at}.weights: found a sum of ${sum}, expected 1`
  }
  if (weighting.scheme !== 'units' && !capHolds(weighting.cap, size))
    return `${at}.cap: found ${weighting.cap}, expected at least 1/${size}, because ${size} members cannot all stay below it`
  if (weighting.scheme !== 'market-cap' || weighting.rules === undefined) return undefined
  const rule = concentrationOf(weighting.rules)
  if (rule.above > rule.single) return `${at}.rules: found above ${rule.above} and single ${rule.single}, expected above at most single`
  if (!concentrationHolds(size, weighting.cap, rule))
    return `${at}.rules: found ${JSON.stringify(weighting.rules)}, expected a rule that ${size} members capped at ${weighting.cap} can keep`
  return undefined
}

/** A rule as it is, named or written out. */
export const concentrationOf = (rules: z.infer<typeof concentration>): Concentration =>
  typeof rules === 'string' ? CONCENTRATIONS[rules] : rules

/** How many members the fund has. */
const membersOf = ({ assets }: Config, weighting: FundConfig['weighting']): number => {
  switch (weighting.scheme) {
    case 'market-cap':
      return Math.min(
        weighting.count,
        Object.entries(assets).filter(([asset, { supply }]) => supply && (weighting.assets?.includes(asset) ?? true)).length,
      )
    case 'equal':
      return (weighting.assets ?? Object.keys(assets)).length
    case 'fixed':
      return Object.keys(weighting.weights).length
    case 'units':
      return Object.keys(weighting.units).length
  }
}

/** The JSON Schema of the file, as it may be written: with defaults left out. */
export const configJsonSchema = (): unknown => z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
