import { type ReadonlySignal, useComputed } from '@preact/signals'
import type { PnlState } from '../../../../driftwire-client/src/index.ts'
import { Chart } from '../../charts/chart.tsx'
import { drawdownOf } from '../../charts/drawdown.ts'
import type { Series } from '../../charts/plot.ts'
import { fixed, percent, signed } from '../../format/number.ts'
import type { Shown } from '../../live/channels.ts'
import { SPANS, useCurve } from '../../live/history.ts'
import { Choices } from '../../parts/choices.tsx'
import { choice } from '../../router.ts'

const money = (value: number): string => signed(value, 2)

const GAIN: readonly Series[] = [
  { label: 'Gain', color: '--accent', text: money, width: 2, shape: 'area' },
  { label: 'Unrealised', color: '--warn', text: money },
  { label: 'Realised', color: '--quiet', text: money, dash: [4, 3] },
]
const VALUE: readonly Series[] = [{ label: 'Value', color: '--accent', text: value => fixed(value, 2), width: 2 }]
const DRAWDOWN: readonly Series[] = [{ label: 'Below the height', color: '--warn', text: value => percent(value, 2), shape: 'area' }]

const FIELDS = ['total', 'unrealised', 'realised', 'value', 'flows']
const read = (s: PnlState) => [s.total, s.unrealised, s.realised, s.value, s.flows]

const VIEWS = ['gain', 'value'] as const

/** Gain, value and drawdown over time. */
export const GainCharts = ({ id, shown }: { readonly id: string; readonly shown: ReadonlySignal<Shown<PnlState> | undefined> }) => {
  const range = choice('range', SPANS, '1h')
  const view = choice('view', VIEWS)
  const { data, error } = useCurve(shown, `pnl:${id}`, FIELDS, read, range)
  const gain = useComputed(() => data.value && { x: data.value.x, y: data.value.y.slice(0, 3) })
  const value = useComputed(() => data.value && { x: data.value.x, y: data.value.y.slice(3, 4) })
  const drawdown = useComputed(() => data.value && { x: data.value.x, y: [drawdownOf(data.value.y[0]!, data.value.y[3]!)] })
  const empty = error.value ? { empty: error.value } : {}
  return (
    <section class="card" aria-label="Over time">
      <Chart
        key={view}
        label={`${id} ${view}`}
        data={view === 'gain' ? gain : value}
        series={view === 'gain' ? GAIN : VALUE}
        height={260}
        sync="pnl"
        {...empty}
      >
        <Choices name="view" label="Shown" of={VIEWS} text={v => (v === 'gain' ? 'Gain' : 'Value')} />
        <Choices name="range" label="Span" of={SPANS} usual="1h" />
      </Chart>
      <Chart label={`${id} below its height`} data={drawdown} series={DRAWDOWN} height={100} sync="pnl" />
    </section>
  )
}
