import { z } from 'zod'
import { AMOUNT, LEG, MS, type Read } from './forms.ts'

/** Answers about funds. */

const SIDE = z.object({ legs: z.array(LEG), fee: LEG.optional(), pending: z.string().optional() })

/** `GET /v1/funds/{id}/basket`: what one creation unit takes and gives. */
export const BASKET = z.object({
  fund: z.string(),
  creationUnit: AMOUNT,
  t: MS,
  halted: z.boolean(),
  nav: z.number().optional(),
  units: z.record(z.string(), AMOUNT).describe('of each asset a share'),
  create: SIDE,
  redeem: SIDE,
})
/** What BASKET describes. */
export type Basket = Read<typeof BASKET>

/** `GET /v1/funds/{id}/rebalances`: how a fund has traded. */
export const REBALANCES = z.object({
  fund: z.string(),
  rebalances: z
    .array(
      z.object({
        id: z.int(),
        status: z.enum(['running', 'completed', 'partial', 'failed']),
        reason: z.string(),
        since: MS,
        ended: MS.optional(),
        targets: z.record(z.string(), z.number()),
        trades: z.record(
          z.string(),
          z.object({
            side: z.enum(['buy', 'sell']),
            asset: z.string(),
            amount: AMOUNT,
            planned: z.number().describe('the price that the plan expected'),
            price: z.number().optional().describe('average of what was filled'),
            filled: AMOUNT,
            value: AMOUNT.describe('paid or got for that, in the quote asset, without fees'),
            fee: AMOUNT.describe('in the quote asset'),
            slippage: z.number().describe('what it cost against the planned price; below zero it was cheaper'),
            status: z.string(),
            why: z.string().optional(),
          }),
        ),
        turnover: AMOUNT.describe('the value of all trades'),
        fees: AMOUNT,
        slippage: z.number(),
      }),
    )
    .describe('newest first'),
  next: z.int().optional().describe('goes back as `before`'),
})
/** What REBALANCES describes. */
export type Rebalances = Read<typeof REBALANCES>
/** A rebalance as it went. Amounts and sums are exact, in the quote asset. */
export type PastRebalance = Rebalances['rebalances'][number]

/** `POST /v1/allocate`: a capital among assets, the largest part first. */
export const ALLOCATED = z.object({
  assets: z.array(
    z.object({
      symbol: z.string(),
      weight: z.number().describe('a share of one'),
      value: z.number().describe('weight × capital'),
      amount: z.number().describe('value ÷ price'),
    }),
  ),
})
/** One asset's part. */
export type Allocated = Read<typeof ALLOCATED>['assets'][number]
