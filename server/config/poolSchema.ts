import { z } from 'zod'
import type { PoolKind } from '../../streams/pools/spec.ts'
import { V3_SNAPSHOT } from '../../streams/pools/uniswapV3/v3Snapshot.ts'
import { name, symbol } from './forms.ts'

const token = z.strictObject({
  symbol: name,
  decimals: z.int().min(0).max(255),
  asset: name.optional().describe('the asset whose price it has: of WETH that is ETH; its symbol where left out'),
})

const rawAmount = z.string().regex(/^(0|[1-9]\d{0,77})$/, 'a whole number in a string')

/** The members of every kind. */
const common = {
  id: name,
  address: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'an address of 40 hexadecimal digits after "0x"')
    .optional(),
  feePips: z.int().min(0).max(1_000_000).optional().describe('hundredths of a basis point'),
  token0: token.optional(),
  token1: token.optional(),
}

const uniswapV3 = z.strictObject({
  ...common,
  kind: z.literal('uniswap-v3'),
  tickSpacing: z.int().min(1).optional(),
  ticks: z
    .string()
    .min(1)
    .optional()
    .describe(`a file, relative to the configuration, from which the pool is followed, if not from its beginning; ${V3_SNAPSHOT}`),
})

const stableswap = z.strictObject({
  ...common,
  kind: z.literal('stableswap'),
  amplification: z.number().min(1).max(1_000_000).optional().describe('A. Without it, or without feePips, no log of the pool is read'),
  offpegFeeMultiplier: z
    .number()
    .min(1)
    .max(1_000)
    .optional()
    .describe('the fee far from the peg, as a multiple of the fee; 1 if left out'),
  balances: z
    .strictObject({ block: z.int().min(0), '0': rawAmount, '1': rawAmount })
    .optional()
    .describe('its balances at the end of a block, raw, without the fees of its owner, if it is not followed from its first deposit'),
})

const KINDS = {
  'uniswap-v2': z.strictObject({ ...common, kind: z.literal('uniswap-v2') }),
  'uniswap-v3': uniswapV3,
  stableswap,
  orderbook: z.strictObject({
    ...common,
    kind: z.literal('orderbook'),
    symbol: symbol.optional().describe('the symbol whose levels it shows'),
  }),
} satisfies { readonly [Kind in PoolKind]: z.ZodType<{ readonly kind: Kind }> }

type Kind = (typeof KINDS)[PoolKind]

/** A pool: each kind has members of its own. */
export const poolSchema = z.discriminatedUnion('kind', Object.values(KINDS) as [Kind, ...Kind[]], {
  error: ({ code }) => (code === 'invalid_union' ? 'uniswap-v2, uniswap-v3, stableswap or orderbook' : undefined),
})

/** A pool as configured, defaults filled in. */
export type PoolConfig = z.infer<typeof poolSchema>

/** A pool of one kind as configured. */
export type PoolConfigOf<K extends PoolKind> = Extract<PoolConfig, { kind: K }>
