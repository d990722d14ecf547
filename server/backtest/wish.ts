import { z } from 'zod'
import type { FundSpec } from '../../streams/fund/spec.ts'
import { INTERVALS, type Interval } from '../../streams/wire/channels.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { fundContradiction } from '../config/checks.ts'
import { named, positive } from '../config/forms.ts'
import { fundSchema } from '../config/fundSchema.ts'
import { fundSpec } from '../config/fundSpecs.ts'
import type { Config } from '../config/schema.ts'
import { wantedSymbols } from '../config/wantedSymbols.ts'

const time = z.int().min(0).max(8.64e15).describe('ms since the epoch')

/** What is asked of a backtest. */
export const BACKTEST_WISH = z.strictObject({
  fund: fundSchema.omit({ id: true, read: true, market: true }).describe('as in the configuration, without an id'),
  supplies: named(positive).optional().describe('asset → circulating supply: these and no others; of the configuration if left out'),
  from: time.describe('ms since the epoch'),
  to: time.describe('ms since the epoch, not included'),
  interval: z
    .enum(Object.keys(INTERVALS) as [Interval, ...Interval[]])
    .default('1m')
    .describe('of the candles at whose ends it is looked at'),
})
/** A wish that fits. */
export type BacktestWish = z.output<typeof BACKTEST_WISH>

/** Prices that one backtest may look at: assets × steps. */
const PRICES_MAX = 1_000_000

/** What is to be run. */
export interface BacktestPlan {
  readonly spec: FundSpec
  /** The wish brought its supplies. */
  readonly ownSupplies: boolean
  /** All that it may choose from, without the quote asset. */
  readonly assets: readonly string[]
  readonly from: number
  readonly to: number
  readonly interval: Interval
}

/** Returns what a wish asks for. Throws ProtocolError (`invalid_params`) if it contradicts itself or asks for too much. */
export const planOf = ({ fund, supplies, from, to, interval }: BacktestWish, config: Config): BacktestPlan => {
  const wrong = (text: string): ProtocolError => new ProtocolError('invalid_params', text)
  if (from >= to) throw wrong(`body.to: found ${to}, expected a time after from, ${from}`)
  const given = supplies && Object.fromEntries(Object.entries(supplies).map(([asset, supply]) => [asset, { supply }]))
  const of = { ...config, ...(given && { assets: given }) }
  const named = { ...fund, id: 'backtest' }
  const contradiction = fundContradiction(named, of, 'body.fund')
  if (contradiction !== undefined) throw wrong(contradiction)
  const spec = fundSpec(named, of)
  const assets = [...wantedSymbols([spec], [], [], config.quote)].map(symbol => symbol.slice(0, -config.quote.length - 1))
  const steps = Math.ceil((to - from) / INTERVALS[interval])
  if (assets.length * steps > PRICES_MAX)
    throw wrong(
      `body: found ${assets.length} assets × ${steps} steps, expected at most ${PRICES_MAX}: a shorter time or a greater interval`,
    )
  return { spec, ownSupplies: supplies !== undefined, assets, from, to, interval }
}
