import type { RuleSamples } from '../../streams/alerts/alert.ts'
import { type AlertRule, isAbout } from '../../streams/alerts/rule.ts'
import { isMetric } from '../../streams/analytics/features/metrics.ts'
import { factsAsOf } from '../analytics/metrics/metricTable.ts'
import type { Engine } from '../storage/engine/engine.ts'

/**
 * Returns the samples of metrics that rules take a median of, as they were known at `t` (ms): it would take months until they had come again. Those of
 * other channels come in hours.
 */
export const ruleSamples = async (engine: Engine, rules: readonly AlertRule[], t: number): Promise<RuleSamples[]> => {
  const found: RuleSamples[] = []
  for (const rule of rules) {
    const { condition, figure, channel } = rule
    const metric = /^(\w+)\.v$/.exec(figure)?.[1]
    if (condition.kind !== 'deviates' || !channel.startsWith('metrics:') || metric === undefined || !isMetric(metric)) continue
    const from = Math.max(0, t - (condition.window + 1) * condition.everyMs)
    const facts = await factsAsOf(engine, t, {
      where: `metric = {metric:String} AND period >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')`,
      parameters: { metric, from },
    })
    for (const asset of new Set(facts.map(({ asset }) => asset))) {
      if (!isAbout(rule, `metrics:${asset}`)) continue
      const samples = facts.flatMap(fact => (fact.asset === asset && fact.value !== null ? [[fact.period, fact.value] as const] : []))
      found.push({ rule: rule.id, channel: `metrics:${asset}`, samples: samples.sort(([a], [b]) => a - b) })
    }
  }
  return found
}
