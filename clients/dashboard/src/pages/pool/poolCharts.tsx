import { type ReadonlySignal, useComputed } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { PoolState } from '../../../../driftwire-client/src/index.ts'
import { Chart } from '../../charts/chart.tsx'
import type { Series } from '../../charts/plot.ts'
import { compact, fixed } from '../../format/number.ts'
import { day } from '../../format/time.ts'
import type { Shown } from '../../live/channels.ts'
import { SPANS, useCurve, useHistory } from '../../live/history.ts'
import { newest } from '../../live/line.ts'
import { Choices } from '../../parts/choices.tsx'
import { choice } from '../../router.ts'
import { placesFor } from '../overviewColumns.ts'
import { turned, type Way } from './way.ts'

const DAY = 86_400_000

const TVL: readonly Series[] = [{ label: 'Liquidity', color: '--accent', text: value => compact(value), shape: 'area' }]
const DAYS: readonly Series[] = [
  { label: 'Volume', color: '--accent', text: value => compact(value), shape: 'bars' },
  { label: 'Fees', color: '--warn', text: value => compact(value), shape: 'none' },
]

const read = (s: PoolState) => [s.price, s.tvl]

interface ChartsProps {
  readonly id: string
  readonly shown: ReadonlySignal<Shown<PoolState> | undefined>
  readonly way: Way
}

/** Price and liquidity over time, volume and fees by day. */
export const PoolCharts = ({ id, shown, way }: ChartsProps) => {
  const range = choice('range', SPANS, '1h')
  const { data, error } = useCurve(shown, `pool:${id}`, ['price', 'tvl'], read, range)
  const price = useComputed(() => data.value && { x: data.value.x, y: [data.value.y[0]!.map(v => turned(v ?? undefined, way) ?? null)] })
  const tvl = useComputed(() => data.value && { x: data.value.x, y: data.value.y.slice(1) })
  const series = useMemo<readonly Series[]>(
    () => [{ label: 'Price', color: '--accent', text: value => fixed(value, placesFor(`${id} ${way}`, value)), width: 2 }],
    [id, way],
  )
  const today = Math.floor(newest.value / DAY)
  const days = useHistory(
    today > 0
      ? { channel: `pool:${id}`, fields: ['volume24h', 'fees24h'], from: (today - 89) * DAY, to: (today + 1) * DAY, step: DAY }
      : undefined,
  )
  const byDay = useComputed(() => days.value && { x: days.value.x.map(t => Math.floor(t / DAY) * DAY), y: days.value.y })
  return (
    <section class="card" aria-label="Over time">
      <Chart
        key={way}
        label={`${id} price`}
        data={price}
        series={series}
        height={220}
        sync="pool"
        {...(error.value && { empty: error.value })}
      >
        <Choices name="range" label="Span" of={SPANS} usual="1h" />
      </Chart>
      <div class="halves">
        <Chart label={`${id} liquidity`} data={tvl} series={TVL} height={120} sync="pool" />
        <Chart
          label={`${id} volume and fees by day`}
          data={byDay}
          series={DAYS}
          height={120}
          x={{ text: at => day(at) }}
          pad={DAY}
          range={(_, high) => [0, high || 1]}
          empty="no day of it is stored, or its volume is not known"
        />
      </div>
    </section>
  )
}
