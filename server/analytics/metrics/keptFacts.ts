import { METRICS, type Metric, type Step } from '../../../streams/analytics/features/metrics.ts'
import { timeOf } from '../../storage/engine/select.ts'
import type { Which } from './metricTable.ts'

const DAY = 86_400_000
/** How long facts are kept in memory, by the length of their periods, ms: as long as features look back, and more. */
const KEPT_MS: Readonly<Record<Step, number>> = { minute: 2 * DAY, day: 200 * DAY, month: 3 * 366 * DAY }

const STEPS = Object.keys(KEPT_MS) as Step[]
const metricsOf = (step: Step): string[] => Object.entries(METRICS).flatMap(([metric, kind]) => (kind.step === step ? metric : []))

/** Returns the beginning (ms) of the first period of a metric that is of late at `t` (ms): 200 days, of minutes two, of months three years, or a share of it. */
export const lateFrom = (metric: Metric, t: number, share = 1): number => t - share * KEPT_MS[METRICS[metric].step]

/** Returns the facts whose periods are of late at `t` (ms). */
export const lateAt = (t: number): Which => ({
  where: `(${STEPS.map(step => `metric IN {${step}:Array(String)} AND period >= ${timeOf(`${step}From`)}`).join(' OR ')})`,
  parameters: Object.fromEntries(
    STEPS.flatMap(step => [
      [step, metricsOf(step)],
      [`${step}From`, Math.max(0, t - KEPT_MS[step])],
    ]),
  ),
})
