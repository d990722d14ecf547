import { type ReadonlySignal, useComputed } from '@preact/signals'
import type { FundState } from '../../../../driftwire-client/src/index.ts'
import { Chart } from '../../charts/chart.tsx'
import type { Series } from '../../charts/plot.ts'
import { fixed, signedPercent } from '../../format/number.ts'
import type { Shown } from '../../live/channels.ts'
import { SPANS, useCurve } from '../../live/history.ts'
import { Choices } from '../../parts/choices.tsx'
import { choice } from '../../router.ts'

const price = (value: number): string => fixed(value, 3)

const VALUES: readonly Series[] = [
  { label: 'NAV', color: '--accent', text: price, width: 2 },
  { label: 'Market', color: '--warn', text: price },
  { label: 'iNAV ask', color: '--quiet', text: price, width: 1 },
  { label: 'iNAV bid', color: '--quiet', text: price, width: 1 },
]

const PREMIUM: readonly Series[] = [{ label: 'Premium', color: '--warn', text: value => signedPercent(value, 3), shape: 'area' }]

const FIELDS = ['nav', 'market', 'inav.ask', 'inav.bid', 'premium']
const read = (s: FundState) => [s.nav, s.market, s.inav?.ask, s.inav?.bid, s.premium]

/** The net asset value with its band, the market and the premium over time. */
export const NavCharts = ({ id, shown }: { id: string; shown: ReadonlySignal<Shown<FundState> | undefined> }) => {
  const range = choice('range', SPANS, '1h')
  const { data, error } = useCurve(shown, `fund:${id}`, FIELDS, read, range)
  const values = useComputed(() => data.value && { x: data.value.x, y: data.value.y.slice(0, 4) })
  const premium = useComputed(() => data.value && { x: data.value.x, y: data.value.y.slice(4) })
  return (
    <section class="card" aria-label="Over time">
      <Chart
        label={`${id} NAV`}
        data={values}
        series={VALUES}
        height={260}
        sync="fund"
        bands={[[2, 3]]}
        {...(error.value && { empty: error.value })}
      >
        <Choices name="range" label="Span" of={SPANS} usual="1h" />
      </Chart>
      <Chart label={`${id} premium`} data={premium} series={PREMIUM} height={110} sync="fund" />
    </section>
  )
}
