import type { AssetMetrics, ShownMetric } from '../analytics/shownMetrics.ts'
import type { Branch } from './stateTree.ts'

/**
 * Returns the writer of `metrics:ASSET`: of each metric its newest value with every digit, the period that it is of, since when it was known, and who
 * says it. Without a value the source says that it does not know.
 */
export const showMetrics = (root: Branch): ((metrics: AssetMetrics) => void) => {
  const shown = new Map<string, ShownMetric>()
  return ({ newest }) => {
    for (const [metric, one] of newest) {
      if (shown.get(metric) === one) continue
      shown.set(metric, one)
      const { fact, stale } = one
      const branch = root.branch(metric)
      branch.exact('v').set(fact.value ?? Number.NaN)
      branch.exact('t').set(fact.period)
      branch.exact('known').set(fact.availableAt)
      branch.value('src').set(fact.source)
      branch.value('stale').set(stale)
    }
  }
}
