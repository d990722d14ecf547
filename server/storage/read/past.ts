import type { AssetEvent } from '../../../streams/market/assetEvent.ts'
import type { Past } from '../../../streams/past.ts'
import type { PoolSpec } from '../../../streams/pools/spec.ts'
import type { Engine } from '../engine/engine.ts'
import { readFundPasts } from './fundPast.ts'
import { marketPast } from './marketPast.ts'
import { readPoolPasts } from './poolPast.ts'

/** What is asked of the past. */
export interface PastOptions {
  readonly pools: readonly PoolSpec[]
  /** What happens to assets, in order of time. */
  readonly events?: readonly AssetEvent[]
  /** The ids of funds; none if left out. */
  readonly funds?: readonly string[]
  readonly frameMs?: number
  readonly storeMs?: number
}

/** Reads what was stored up to the event time `asOf` (ms): aggregates, so that it takes seconds whatever the number of ticks. */
export const readPast = async (
  engine: Engine,
  asOf: number,
  { pools, events = [], funds = [], frameMs = 1, storeMs = 1 }: PastOptions,
): Promise<Past> => ({
  kind: 'past',
  asOf,
  market: await marketPast(engine, asOf, { events }),
  pools: await readPoolPasts(engine, pools, asOf),
  funds: await readFundPasts(engine, funds, { frame: Math.ceil(asOf / frameMs) * frameMs, storeMs }),
})
