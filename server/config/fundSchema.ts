import { z } from 'zod'
import { CONCENTRATIONS, type Concentration } from '../../streams/fund/concentration.ts'
import { amount, bps, ms, name, named, positive, readers, share, symbol } from './forms.ts'

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
  feeBps: z
    .int()
    .min(0)
    .max(9_999)
    .optional()
    .describe('what a plan expects trading to cost, in basis points; the fee of the exchange if left out'),
  minTrade: amount.default('0').describe('of the quote asset: what is worth less is not traded'),
  maxTrade: positive.optional().describe('of the quote asset: what is worth more goes in slices'),
  lots: named(positive).default({}).describe('asset → the step of its amounts'),
})

/** A fund, in the configuration and as it is defined at run time. */
export const fundSchema = z.strictObject({
  id: name,
  name: z.string().max(200).optional(),
  weighting,
  initialPrice: positive.default('100'),
  initialShares: amount.default('10000'),
  creationUnit: positive.default('1'),
  createFeeBps: bps.default(0),
  redeemFeeBps: bps.default(0),
  inceptionTimeoutMs: ms.default(60_000),
  delistAfterMs: ms.optional().describe('a member without a trade for so long has no market; as above if left out'),
  targets: z.enum(['frozen', 'live']).default('frozen'),
  rebalance: rebalance.prefault({}),
  market: symbol.optional().describe('the symbol its shares trade under'),
  read: readers.optional(),
})

/** A fund as configured, defaults filled in. */
export type FundConfig = z.infer<typeof fundSchema>

/** Returns a rule of concentration, given by its name or written out. */
export const concentrationOf = (rules: z.infer<typeof concentration>): Concentration =>
  typeof rules === 'string' ? CONCENTRATIONS[rules] : rules
