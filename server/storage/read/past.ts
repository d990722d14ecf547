import type { Past } from '../../../streams/past.ts'
import type { Engine } from '../engine/engine.ts'
import { marketPast } from './marketPast.ts'

/** Reads what was stored up to the event time `asOf` (ms): aggregates, so that it takes seconds whatever the number of ticks. */
export const readPast = async (engine: Engine, asOf: number): Promise<Past> => ({
  kind: 'past',
  asOf,
  market: await marketPast(engine, asOf),
})
