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

const SHARE = z.number().describe('a fraction')
const PER_SHARE = z.number().describe('of a share, in the quote currency')

/** `POST /v1/backtests`: what a fund would have done. */
export const BACKTEST = z.object({
  fund: z.string(),
  quote: z.string(),
  from: MS.describe('of the inception'),
  to: MS,
  moments: z.int().describe('at which it was looked at'),
  nav: PER_SHARE.describe('the value of a share at the end, after costs'),
  level: z.number().describe('without costs, 100 at the inception'),
  held: PER_SHARE.describe('what a share would be worth without a trade since the inception'),
  navReturn: SHARE,
  levelReturn: SHARE,
  heldReturn: SHARE,
  turnover: SHARE.describe('the sum over all rebalances: half of what was traded ÷ what the fund was worth'),
  fees: z.number().describe('of the whole fund, in the quote currency'),
  trackingDifference: SHARE.describe('navReturn − levelReturn'),
  rebalances: z.array(
    z.object({ t: MS, reason: z.string(), trades: z.int(), turnover: SHARE, fees: z.number().describe('in the quote currency') }),
  ),
  moreRebalances: z.int().optional().describe('how many came after these'),
  points: z
    .array(z.object({ t: MS, nav: PER_SHARE, level: z.number(), held: PER_SHARE }))
    .describe('about a thousand, the last among them'),
})
/** What BACKTEST describes. */
export type BacktestReport = Read<typeof BACKTEST>
