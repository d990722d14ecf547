import { z } from 'zod'
import type { Allocated } from '../wire/answers/funds.ts'
import { ProtocolError } from '../wire/errors.ts'
import { capHolds, cappedWeights } from './weighting.ts'

/** Beyond these, sums and quotients would leave what a double can hold. */
const MEASURE_MIN = 1e-30
const MEASURE_MAX = 1e30

const measure = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d+(\.\d+)?$/)
        .max(100)
        .transform(Number),
    ],
    { error: 'a number above zero, or such a decimal string' },
  )
  .refine(value => value >= MEASURE_MIN && value <= MEASURE_MAX, 'a number above zero, from 1e-30 to 1e30')

const ASSETS_MAX = 10_000

/** The form of what is to be allocated, and among what. */
export const ALLOCATION = z.strictObject({
  assets: z
    .array(z.strictObject({ symbol: z.string().min(1).max(64), market_cap: measure, price: measure }))
    .min(1)
    .max(ASSETS_MAX),
  cap: measure.refine(value => value <= 1, 'a share of one, above zero and at most 1').describe('the largest weight, a share of one'),
  capital: measure,
})

/**
 * Allocates the capital among the assets by market capitalisation, none above the cap; the largest first. `root` says in errors where the
 * request stands. Throws ProtocolError (`invalid_params`) if a symbol comes twice or the cap cannot hold.
 */
export const allocate = ({ assets, cap, capital }: z.infer<typeof ALLOCATION>, root: string): readonly Allocated[] => {
  const prices = new Map<string, number>()
  for (const [i, { symbol, price }] of assets.entries()) {
    if (prices.has(symbol))
      throw new ProtocolError('invalid_params', `${root}.assets.${i}.symbol: found "${symbol}" a second time, expected each once`)
    prices.set(symbol, price)
  }
  if (!capHolds(cap, assets.length)) {
    const n = assets.length
    throw new ProtocolError(
      'invalid_params',
      `${root}.cap: found ${cap}, expected at least 1/${n}, because ${n} assets cannot all stay below it`,
    )
  }
  const weights = cappedWeights(
    assets.map(({ symbol, market_cap }) => [symbol, market_cap] as const),
    cap,
  )!
  return [...weights].map(([symbol, weight]) => {
    const value = weight * capital
    return { symbol, weight, value, amount: value / prices.get(symbol)! }
  })
}
