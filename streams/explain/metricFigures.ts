import type { AssetMetrics } from '../analytics/shownMetrics.ts'
import type { Figure } from './explanation.ts'

/** The figures of `metrics:ASSET`: each value is what its source said, where it stands there, and when that was known. */
export const METRIC_FIGURES: readonly Figure<AssetMetrics>[] = [
  {
    pattern: '*.v',
    explain(metrics, path, [metric], by) {
      const shown = [...metrics.newest].find(([name]) => name === metric)?.[1]
      if (shown === undefined) return undefined
      const { fact, stale } = shown
      const { value, availableAt: t } = fact
      if (value === null) return undefined
      const source = fact.ref === '' ? fact.source : `${fact.source}, ${fact.ref}`
      return by.computed(path, value, () => ['said', [by.given('said', value, { source, t, stale })]])
    },
  },
]
