import { useComputed } from '@preact/signals'
import type { AssetScores, ModelList } from '../../../../../streams/wire/answers/scores.ts'
import { Chart } from '../../charts/chart.tsx'
import type { Series } from '../../charts/plot.ts'
import { fixed, percent, signedPercent } from '../../format/number.ts'
import { useAnswer } from '../../live/answer.ts'
import { Choices } from '../../parts/choices.tsx'
import { choice } from '../../router.ts'
import { monthsOf } from './horizon.ts'
import { championsScores, columnsOf } from './scorePast.ts'

/** Lists that are read: three years of days. */
const LIMIT = 1_100
const HALF_DAY = 43_200_000

const WHAT = ['score', 'probabilities', 'interval'] as const
type What = (typeof WHAT)[number]

const share = (value: number): string => percent(value, 1)
const excess = (value: number): string => signedPercent(value, 1)
const points = (value: number): string => fixed(value, 1)
const DRAWN: { readonly [W in What]: { readonly fields: Parameters<typeof columnsOf>[1]; readonly series: readonly Series[] } } = {
  score: {
    fields: ['score', 'expected'],
    series: [
      { label: 'Score', color: '--accent', text: points, width: 2, points: true },
      { label: 'Expected', color: '--quiet', text: points, dash: [4, 4], points: true },
    ],
  },
  probabilities: {
    fields: ['p', 'worst'],
    series: [
      { label: 'P(above median)', color: '--accent', text: share, points: true },
      { label: 'P(worst third)', color: '--warn', text: share, points: true },
    ],
  },
  interval: {
    fields: ['hi', 'lo'],
    series: [
      { label: 'Upper end', color: '--accent', text: excess, points: true },
      { label: 'Lower end', color: '--accent', text: excess, points: true },
    ],
  },
}

interface ScoreChartsProps {
  readonly id: string
  readonly horizon: string
  /** The newest list, ms: with another one the past is read again. */
  readonly newest: number | undefined
}

/** What the champion of each time said of an asset. */
export const ScoreCharts = ({ id, horizon, newest }: ScoreChartsProps) => {
  const what = choice('chart', WHAT)
  const months = monthsOf(horizon)
  const path = `/v1/scores/${encodeURIComponent(id)}?horizon=${months}&limit=${LIMIT}`
  const past = useAnswer<AssetScores>(newest === undefined ? undefined : `${path}&to=${newest + 1}`)
  const models = useAnswer<ModelList>('/v1/models')
  const { fields, series } = DRAWN[what]
  const data = useComputed(() => {
    const [scores, list] = [past.value.value, models.value.value]
    return scores && list && columnsOf(championsScores(scores.scores, list.history, months), fields)
  })
  return (
    <section class="card" aria-label="Over time">
      <Chart
        key={what}
        label={`${id} ${what} over time`}
        data={data}
        series={series}
        height={220}
        pad={HALF_DAY}
        {...(what === 'interval' && { bands: [[0, 1]] as const })}
        {...(newest === undefined && { empty: 'nobody has scored it' })}
        {...(past.error.value && { empty: past.error.value.message })}
      >
        <Choices name="chart" label="Figure" of={WHAT} />
      </Chart>
    </section>
  )
}
