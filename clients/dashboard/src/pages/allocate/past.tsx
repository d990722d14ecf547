import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Allocated } from '../../../../../streams/wire/answers/funds.ts'
import { Chart } from '../../charts/chart.tsx'
import type { Series } from '../../charts/plot.ts'
import { type Columns, extremes } from '../../charts/series.ts'
import { direction, fixed, signedPercent } from '../../format/number.ts'
import { history } from '../../live/history.ts'
import { newest } from '../../live/line.ts'
import { names } from '../../live/names.ts'
import { Choices } from '../../parts/choices.tsx'
import { Still, toned } from '../../parts/figure.tsx'
import { choice } from '../../router.ts'
import { held } from './held.ts'

const SPANS = {
  '1h': ['1m', 3_600_000],
  '1d': ['5m', 86_400_000],
  '1w': ['1h', 604_800_000],
  '1M': ['1h', 2_592_000_000],
  '1y': ['1d', 31_536_000_000],
} as const
const CHOICES = Object.keys(SPANS) as (keyof typeof SPANS)[]
const SERIES: readonly Series[] = [{ label: 'Value', color: '--accent', text: value => fixed(value), width: 2, shape: 'area' }]

/** What the allocation would have been worth, held without a trade: from the closes of stored candles. */
export const AllocationPast = ({ parts }: { readonly parts: ReadonlySignal<readonly Allocated[]> }) => {
  const span = choice('span', CHOICES, '1d')
  const data = useSignal<Columns | undefined>(undefined)
  const error = useSignal<string | undefined>(undefined)
  const key = parts.value.map(({ symbol, amount }) => `${symbol} ${amount}`).join(',')
  const known = newest.value > 0
  useEffect(() => {
    if (key === '' || !known) return
    let live = true
    const [interval, length] = SPANS[span]
    const to = newest.peek() + 1
    const symbolOf = (asset: string): string | undefined =>
      names.peek()?.symbols.find(name => name.startsWith(`${asset}-`) && !name.endsWith('-PERP'))
    const closes = parts.peek().map(async ({ symbol, amount }) => {
      const name = symbolOf(symbol)
      if (name === undefined) throw new Error(`the market does not know ${symbol}`)
      return { amount, closes: await history({ channel: `candle:${interval}:${name}`, fields: ['c'], from: Math.max(0, to - length), to }) }
    })
    Promise.all(closes).then(
      all => {
        if (!live) return
        error.value = undefined
        data.value = held(all)
      },
      (reason: Error) => {
        if (!live) return
        data.value = undefined
        error.value = reason.message
      },
    )
    return () => {
      live = false
    }
  }, [key, span, known])
  const column = data.value?.y[0]
  const first = column?.find(value => value !== null)
  const range = column && extremes(column)
  const change = first && range ? range.last / first - 1 : undefined
  const fall = range && first ? Math.min(0, range.low / range.high - 1) : undefined
  return (
    <section class="card">
      <h2>
        What it would have been worth
        <span class="note"> · held without a trade, at the closes of stored candles, from the first time that all are known</span>
      </h2>
      <Chart
        label="Value of the allocation"
        data={data}
        series={SERIES}
        height={240}
        empty={error.value ?? (data.value ? 'no candles of all of them are stored' : key === '' ? 'nothing is allocated' : 'loading')}
      >
        <Choices name="span" label="Span" of={CHOICES} usual="1d" />
      </Chart>
      <dl class="figures">
        <Still
          name="Change"
          of={toned(signedPercent(change), direction(change === undefined ? undefined : change * 100, 2))}
          why="no candles are stored"
        />
        <Still
          name="Low ÷ high"
          of={toned(signedPercent(fall), direction(fall === undefined ? undefined : fall * 100, 2))}
          why="no candles are stored"
        />
      </dl>
    </section>
  )
}
