import type { FundRow } from '../measures/rows.ts'
import type { RebalanceRules } from './spec.ts'

/** The rule that asks for a rebalance; `delisted`: a member has no market. */
export type RebalanceReason = 'delisted' | 'asset' | 'relative' | 'total' | 'age'

/** The figures that a rebalance is decided on. */
export type TriggerFigures = Pick<FundRow, 'stale' | 'maxDrift' | 'totalDrift' | 'rebalanceLast'>

/**
 * Returns the first rule that asks for a rebalance at `t` (ms), '' if none does. `relativeDrift` is the largest |weight − target| ÷ target,
 * `inceptionT` (ms) is what age counts from before the first rebalance. Nothing is concluded from stale or missing prices, or during
 * the cool-off.
 */
export const rebalanceReason = (
  { stale, maxDrift, totalDrift, rebalanceLast }: TriggerFigures,
  relativeDrift: number,
  inceptionT: number,
  { assetThreshold, relativeThreshold, totalThreshold, maxIntervalMs, coolOffMs }: RebalanceRules,
  t: number,
): RebalanceReason | '' => {
  if (stale || Number.isNaN(totalDrift)) return ''
  // NaN before the first rebalance, and then nothing cools off.
  if (coolOffMs !== undefined && t - rebalanceLast < coolOffMs) return ''
  if (maxDrift > assetThreshold) return 'asset'
  if (relativeThreshold !== undefined && relativeDrift > relativeThreshold) return 'relative'
  if (totalDrift > totalThreshold) return 'total'
  return t - (Number.isNaN(rebalanceLast) ? inceptionT : rebalanceLast) > maxIntervalMs ? 'age' : ''
}
