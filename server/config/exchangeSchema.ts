import { z } from 'zod'
import { name, named } from './forms.ts'

const costs = z.int().min(0).max(9_999).default(10).describe('its fee, in basis points; plans expect it if their fund says nothing else')

/** The place where funds trade. */
export const exchangeSchema = z
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
