import { z } from 'zod'
import { explain } from '../../wire/explain.ts'
import type { Tick } from './tickMap.ts'
import { MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, tickAtSqrtRatio } from './tickMath.ts'

/** A v3 pool as it stood at the end of a block, from which its logs are followed. Integers are raw. */
export interface V3Snapshot {
  readonly block: number
  /** √P, 96 bits behind the point. */
  readonly sqrtPriceX96: bigint
  readonly tick: number
  /** In order. */
  readonly ticks: readonly Tick[]
  /** What lay in the pool; undefined if the file does not say. */
  readonly balances: readonly [bigint, bigint] | undefined
}

const raw = (bits: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,77})$/, 'a whole number in a string')
    .transform(BigInt)
    .refine(value => value < 1n << BigInt(bits), `below 2^${bits}`)
const tick = z.int().min(MIN_TICK).max(MAX_TICK)

const schema = z.strictObject({
  block: z.int().min(0),
  sqrtPriceX96: raw(160).refine(price => price >= MIN_SQRT_RATIO && price < MAX_SQRT_RATIO, 'the √P of a tick'),
  tick,
  ticks: z.array(
    z.strictObject({
      tick,
      liquidityGross: raw(128).refine(gross => gross > 0n, 'above zero: other ticks are not initialised'),
      liquidityNet: z
        .string()
        .regex(/^(0|-?[1-9]\d{0,38})$/, 'a whole number in a string')
        .transform(BigInt),
    }),
  ),
  balances: z.strictObject({ '0': raw(256), '1': raw(256) }).optional(),
})

/** What the file of a snapshot contains, in one line. */
export const V3_SNAPSHOT =
  'JSON of the pool at the end of a block: {"block": 18937381, "sqrtPriceX96": "…", "tick": 199045, "ticks": [{"tick": -887270, "liquidityGross": "…", "liquidityNet": "…"}, …], "balances": {"0": "…", "1": "…"}}; without `balances` what is locked stays unknown'

/**
 * Reads the text of a file of ticks. Throws Error with one line (where in it, what was found, what was expected), also if parts do not fit
 * together: a tick twice or beside the spacing, liquidity that does not add up, a tick that is not the price's.
 */
export const parseV3Snapshot = (text: string, tickSpacing: number | undefined): V3Snapshot => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new Error(`found no JSON (${(error as Error).message}), expected ${V3_SNAPSHOT}`)
  }
  const result = schema.safeParse(json, { reportInput: true })
  if (!result.success) throw new Error(explain(result.error, '').replace(/^: /, ''))
  const { block, sqrtPriceX96, tick, balances } = result.data
  const ticks = result.data.ticks
    .map(({ tick, liquidityGross: gross, liquidityNet: net }) => ({ tick, gross, net }))
    .sort((a, b) => a.tick - b.tick)
  let active = 0n
  for (const [i, { tick, gross, net }] of ticks.entries()) {
    if (ticks[i + 1]?.tick === tick) throw new Error(`ticks: found ${tick} a second time, expected each tick once`)
    if (tickSpacing !== undefined && tick % tickSpacing !== 0)
      throw new Error(`ticks: found ${tick}, expected multiples of the tick spacing (${tickSpacing})`)
    const least = net < 0n ? -net : net
    if (gross < least || (gross - least) % 2n !== 0n)
      throw new Error(`ticks: found liquidityNet ${net} with liquidityGross ${gross} at ${tick}, which no positions have`)
    active += net
    if (active < 0n) throw new Error(`ticks: found an active liquidity of ${active} above ${tick}, expected none below zero`)
  }
  if (active !== 0n) throw new Error(`ticks: found a sum of liquidityNet of ${active}, expected 0`)
  // Where the price has come down to a tick exactly, the pool may stand on the one below.
  const expected = tickAtSqrtRatio(sqrtPriceX96)
  if (tick !== expected && !(tick === expected - 1 && tickAtSqrtRatio(sqrtPriceX96 - 1n) === tick))
    throw new Error(`tick: found ${tick}, expected ${expected}, that of sqrtPriceX96`)
  return { block, sqrtPriceX96, tick, ticks, balances: balances && [balances['0'], balances['1']] }
}
