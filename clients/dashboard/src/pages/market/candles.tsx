import { useComputed } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { candleDrawing } from '../../charts/candleDrawing.ts'
import { Chart } from '../../charts/chart.tsx'
import type { Series } from '../../charts/plot.ts'
import { compact, fixed } from '../../format/number.ts'
import { useChannel } from '../../live/channels.ts'
import { Choices } from '../../parts/choices.tsx'
import { choice } from '../../router.ts'
import { placesFor } from '../overviewColumns.ts'
import { CANDLE_MS, type Interval, useCandles } from './candleData.ts'

const INTERVALS = ['1m', '5m', '1h', '1d'] as const satisfies readonly Interval[]
const VOLUME: readonly Series[] = [{ label: 'Volume', color: '--quiet', text: value => compact(value, 4), shape: 'bars' }]

/** Candles and their volume. */
export const Candles = ({ symbol }: { readonly symbol: string }) => {
  const interval = choice('candles', INTERVALS)
  const shown = useChannel(`candle:${interval}:${symbol}`)
  const { data, error } = useCandles(shown, symbol, interval)
  const prices = useComputed(() => data.value && { x: data.value.x, y: data.value.y.slice(0, 4) })
  const volume = useComputed(() => data.value && { x: data.value.x, y: data.value.y.slice(4) })
  const series = useMemo<readonly Series[]>(() => {
    const text = (value: number): string => fixed(value, placesFor(symbol, value))
    return [
      { label: 'Open', color: '--quiet', text, shape: 'none' },
      { label: 'High', color: '--up', text, shape: 'none' },
      { label: 'Low', color: '--down', text, shape: 'none' },
      { label: 'Close', color: '--accent', text, shape: 'none' },
    ]
  }, [symbol])
  return (
    <section class="card" aria-label="Candles">
      <Chart
        key={interval}
        label={`${symbol} candles of ${interval}`}
        data={prices}
        series={series}
        height={280}
        sync="candles"
        draw={candleDrawing}
        pad={CANDLE_MS[interval] * 0.6}
        empty={error.value ?? 'no candle of this time is stored'}
      >
        <Choices name="candles" label="Length" of={INTERVALS} />
      </Chart>
      <Chart
        label={`${symbol} volume`}
        data={volume}
        series={VOLUME}
        height={90}
        sync="candles"
        pad={CANDLE_MS[interval] * 0.6}
        range={(_, high) => [0, high || 1]}
      />
    </section>
  )
}
