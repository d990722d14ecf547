import { describe, expect, it } from 'vitest'
import { NOON } from '../test/drive.ts'
import { rebalanceReason, type TriggerFigures } from './rebalanceTrigger.ts'
import type { RebalanceRules } from './spec.ts'

const CALM: TriggerFigures = { stale: false, maxDrift: 0.01, totalDrift: 0.02, rebalanceLast: NOON - 1_000 }
const RULES: RebalanceRules = { assetThreshold: 0.05, relativeThreshold: 0.5, totalThreshold: 0.1, maxIntervalMs: 10_000, coolOffMs: 500 }

describe('a rebalance', () => {
  const cases: [reason: string, what: string, figures: Partial<TriggerFigures>, relativeDrift?: number, rules?: Partial<RebalanceRules>][] =
    [
      ['', 'nothing is far off', {}],
      ['', 'every threshold is met exactly', { maxDrift: 0.05, totalDrift: 0.1, rebalanceLast: NOON - 10_000 }, 0.5],
      ['asset', 'one asset is beyond its threshold', { maxDrift: 0.051 }],
      ['relative', 'one asset is far from a small target', {}, 0.51],
      ['', 'the relative threshold is out of reach', {}, 0.51, { relativeThreshold: Number.POSITIVE_INFINITY }],
      ['total', 'all assets together are beyond theirs', { totalDrift: 0.11 }],
      ['age', 'the last one is too long ago', { rebalanceLast: NOON - 10_001 }],
      ['asset', 'several rules ask: the first of them', { maxDrift: 1, totalDrift: 1, rebalanceLast: NOON - 10_001 }, 1],
      ['', 'prices are stale', { maxDrift: 1, stale: true }],
      ['', 'a price is missing', { maxDrift: Number.NaN, totalDrift: Number.NaN, rebalanceLast: 0 }],
      ['', 'the last one still cools off', { maxDrift: 1, rebalanceLast: NOON - 499 }],
      ['asset', 'it has cooled off', { maxDrift: 1, rebalanceLast: NOON - 500 }],
    ]
  it.each(cases)('is asked for by the rule "%s" if %s', (reason, _what, figures, relativeDrift = 0, rules = {}) => {
    expect(rebalanceReason({ ...CALM, ...figures }, relativeDrift, NOON, { ...RULES, ...rules }, NOON)).toBe(reason)
  })

  it('counts its age from the inception before the first', () => {
    const never = { ...CALM, rebalanceLast: Number.NaN }
    expect(rebalanceReason(never, 0, NOON - 10_000, RULES, NOON)).toBe('')
    expect(rebalanceReason(never, 0, NOON - 10_001, RULES, NOON)).toBe('age')
  })
})
