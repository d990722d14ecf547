import type { Past } from '../../../streams/past.ts'
import type { PoolSpec } from '../../../streams/pools/spec.ts'
import type { Engine } from '../engine/engine.ts'
import { marketPast } from './marketPast.ts'
import { readPoolPasts } from './poolPast.ts'

/** What is asked of the past. */
export interface PastOptions {
  readonly pools: readonly PoolSpec[]
}

/** Reads what was stored up to the event time `asOf` (ms): aggregates, so that it takes seconds whatever the number of ticks. */
export const readPast = async (engine: Engine, asOf: number, { pools }: PastOptions): Promise<Past> => ({
  kind: 'past',
  asOf,
  market: await marketPast(engine, asOf),
  pools: await readPoolPasts(engine, pools, asOf),
})
