import { useComputed } from '@preact/signals'
import type { PoolDepth } from '../../../../../streams/wire/answers/pools.ts'
import { Chart } from '../../charts/chart.tsx'
import type { Series } from '../../charts/plot.ts'
import { compact, fixed } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { useAnswer } from '../../live/answer.ts'
import { placesFor } from '../overviewColumns.ts'
import { turned, type Way } from './way.ts'

const SHARES = [
  '0.001',
  '0.0025',
  '0.005',
  '0.0075',
  '0.01',
  '0.015',
  '0.02',
  '0.03',
  '0.04',
  '0.05',
  '0.06',
  '0.08',
  '0.1',
  '0.12',
  '0.15',
  '0.2',
  '0.25',
  '0.3',
]
const LOOK_MS = 1_000

const SERIES: readonly Series[] = [
  { label: 'Can be sold', color: '--up', text: value => compact(value), shape: 'area' },
  { label: 'Can be bought', color: '--down', text: value => compact(value), shape: 'area' },
]

/** What can be traded before the price has moved so far, from the price outwards. */
export const Depth = ({ id, way }: { readonly id: string; readonly way: Way }) => {
  const { value, error } = useAnswer<PoolDepth>(
    `/v1/pools/${encodeURIComponent(id)}/depth?${SHARES.map(s => `within=${s}`).join('&')}`,
    LOOK_MS,
  )
  const data = useComputed(() => {
    const answer = value.value
    if (answer?.price === undefined) return undefined
    const { price, depth } = answer
    const points = [
      ...[...SHARES].reverse().map(s => ({ at: price * (1 - Number(s)), bid: depth[s]?.bid ?? null, ask: null })),
      { at: price, bid: 0, ask: 0 },
      ...SHARES.map(s => ({ at: price * (1 + Number(s)), bid: null, ask: depth[s]?.ask ?? null })),
    ].map(point => ({ ...point, at: turned(point.at, way)! }))
    if (way === 'token1') points.reverse()
    return { x: points.map(({ at }) => at), y: [points.map(({ bid }) => bid), points.map(({ ask }) => ask)] }
  })
  const places = placesFor(`${id} ${way}`, turned(value.value?.price, way))
  return (
    <section class="card">
      <h2>Depth{value.value && <span class="note"> · as of {moment(value.value.t)} UTC</span>}</h2>
      <Chart
        key={`${way} ${places}`}
        label={`${id} depth`}
        data={data}
        series={SERIES}
        height={240}
        x={{ text: at => fixed(at, Math.min(places, 4)) }}
        range={(_, high) => [0, (high || 1) * 1.05]}
        empty={error.value?.message ?? (value.value ? 'the whole pool is not known, so its depth is not' : 'loading')}
      />
    </section>
  )
}
