import { useComputed } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type uPlot from 'uplot'
import type { PoolTicks } from '../../../../../streams/wire/answers/pools.ts'
import { Chart } from '../../charts/chart.tsx'
import { colorOf } from '../../charts/colors.ts'
import type { Series } from '../../charts/plot.ts'
import { compact, fixed } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { useAnswer } from '../../live/answer.ts'
import { placesFor } from '../overviewColumns.ts'
import { rangesAround } from './ranges.ts'
import { turned, type Way } from './way.ts'

const LOOK_MS = 2_000

const SERIES: readonly Series[] = [{ label: 'Liquidity', color: '--accent', text: value => compact(value), shape: 'steps' }]

/** Liquidity by tick, with the price of now. */
export const Ticks = ({ id, way }: { readonly id: string; readonly way: Way }) => {
  const { value, error } = useAnswer<PoolTicks>(`/v1/pools/${encodeURIComponent(id)}/ticks?limit=10000`, LOOK_MS)
  const data = useComputed(() => {
    const { ticks, price } = value.value ?? {}
    return ticks && price ? rangesAround(ticks, price, way) : undefined
  })
  const price = turned(value.value?.price, way)
  const places = placesFor(`${id} ${way}`, price)
  const look = useMemo(() => {
    const mark = (plot: uPlot): void => {
      const now = turned(value.peek()?.price, way)
      if (now === undefined) return
      const x = plot.valToPos(now, 'x', true)
      const { ctx, bbox } = plot
      ctx.save()
      ctx.strokeStyle = colorOf('--warn')
      ctx.lineWidth = 1.5 * devicePixelRatio
      ctx.beginPath()
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
      ctx.stroke()
      ctx.restore()
    }
    return { draw: mark }
  }, [value, way])
  return (
    <section class="card">
      <h2>
        Liquidity by price
        {value.value && (
          <span class="note">
            {' '}
            · price of now {fixed(price, places)} · as of {moment(value.value.t)} UTC
          </span>
        )}
      </h2>
      <Chart
        key={way}
        label={`${id} liquidity by price`}
        data={data}
        series={SERIES}
        height={240}
        x={{ text: at => fixed(at, Math.min(places, 4)) }}
        range={(_, high) => [0, (high || 1) * 1.05]}
        draw={look.draw}
        empty={error.value?.message ?? (value.value?.partial ? 'not all of the pool is known, so its ticks are not' : 'loading')}
      />
    </section>
  )
}
