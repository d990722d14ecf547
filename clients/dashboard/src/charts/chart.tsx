import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type uPlot from 'uplot'
import { ABSENT } from '../format/number.ts'
import { moment } from '../format/time.ts'
import type { Column } from '../parts/columns.ts'
import { FileButton } from '../parts/csvButton.tsx'
import { Grid } from '../parts/grid.tsx'
import { paint } from './colors.ts'
import { type Look, plotIn } from './plot.ts'
import { type Columns, lastKnown } from './series.ts'

/** Properties of a chart. */
interface ChartProps extends Look {
  readonly label: string
  readonly data: ReadonlySignal<Columns | undefined>
  /** Stands above the chart: choices of a range. */
  readonly children?: ComponentChildren
  /** The text in place of a chart without data. */
  readonly empty?: string
}

const aligned = (columns: Columns | undefined, series: number): uPlot.AlignedData =>
  (columns ? [columns.x, ...columns.y] : Array.from({ length: series + 1 }, () => [])) as uPlot.AlignedData

/** A chart that arrow keys read, with its values in words, as a table and as a file. */
export const Chart = (props: ChartProps) => {
  const { label, data, series, x } = props
  const asTable = useSignal(false)
  const cursor = useSignal<number | undefined>(undefined)
  const xText = x?.text ?? ((t: number) => `${moment(t)} UTC`)
  const heads = [x ? 'At' : 'Time (UTC)', ...series.map(s => s.label)]
  const rowsOf = (): (string | number | undefined)[][] => {
    const columns = data.peek()
    if (!columns) return []
    return columns.x.map((at, i) => [x ? at : new Date(at).toISOString(), ...columns.y.map(column => column[i] ?? undefined)])
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a figure with parts that can be used is a group
    <figure class="chart" role="group" aria-label={label}>
      <div class="tools">
        <Legend series={series} data={data} cursor={cursor} xText={xText} follows={x === undefined} />
        <span class="space" />
        {props.children}
        <button type="button" class="tool" aria-pressed={asTable.value} onClick={() => (asTable.value = !asTable.value)}>
          {asTable.value ? 'Chart' : 'Table'}
        </button>
        <FileButton label={label} heads={heads} rows={rowsOf} />
      </div>
      {asTable.value ? <AsTable {...props} xText={xText} /> : <Plot {...props} cursor={cursor} xText={xText} />}
    </figure>
  )
}

interface Inner extends ChartProps {
  readonly xText: (at: number) => string
}

const Plot = (props: Inner & { readonly cursor: { value: number | undefined } }) => {
  const { label, data, series, cursor, xText, empty } = props
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const spoken = useSignal('')
  useEffect(() => {
    const element = box.current!
    const made = plotIn(element, props, Math.max(200, element.clientWidth), aligned(data.peek(), series.length), index => {
      cursor.value = index
    })
    plot.current = made
    const seen = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height: props.height })
    })
    seen.observe(element)
    return () => {
      seen.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [label, series])
  useSignalEffect(() => {
    plot.current?.setData(aligned(data.value, series.length))
  })
  useSignalEffect(() => {
    paint.value
    plot.current?.redraw(false)
  })
  const move = (event: KeyboardEvent): void => {
    const columns = data.peek()
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9 }
    const step = steps[event.key]
    const made = plot.current
    if (!columns || columns.x.length === 0 || step === undefined || !made) return
    event.preventDefault()
    const last = columns.x.length - 1
    const at = Math.max(0, Math.min(last, (cursor.value ?? last + (step < 0 ? 1 : 0)) + step))
    made.setCursor({ left: made.valToPos(columns.x[at]!, 'x'), top: made.bbox.height / 2 / devicePixelRatio })
    cursor.value = at
    spoken.value = `${xText(columns.x[at]!)}: ${series.map((s, k) => `${s.label} ${valueText(s.text, columns.y[k]![at])}`).join(', ')}`
  }
  const isEmpty = (data.value?.x.length ?? 0) === 0
  return (
    <div class="plot" tabIndex={0} role="application" aria-label={`${label}: arrow keys read the values`} onKeyDown={move}>
      <div ref={box} aria-hidden="true" class={isEmpty ? 'bare' : ''} />
      <p class="hidden" aria-live="polite">
        {spoken}
      </p>
      {isEmpty && <p class="empty over">{data.value === undefined && !empty ? 'loading' : (empty ?? 'no rows of this time are stored')}</p>}
    </div>
  )
}

const valueText = (text: (value: number) => string, value: number | null | undefined): string =>
  value === null || value === undefined ? ABSENT : text(value)

interface LegendProps {
  readonly series: Look['series']
  readonly data: ReadonlySignal<Columns | undefined>
  readonly cursor: ReadonlySignal<number | undefined>
  readonly xText: (at: number) => string
  /** The newest values stand here while no cursor is on the chart. */
  readonly follows: boolean
}

/** The lines by name, with their values under the cursor, or the last ones. */
const Legend = ({ series, data, cursor, xText, follows }: LegendProps) => {
  const columns = data.value
  const last = (columns?.x.length ?? 0) - 1
  const at = cursor.value === undefined ? undefined : Math.min(cursor.value, last)
  const shownOf = (k: number): number | null | undefined => {
    if (!columns || last < 0) return undefined
    return at === undefined ? lastKnown(columns.y[k]!) : columns.y[k]![at]
  }
  return (
    <ul class="legend">
      {series.map((s, k) => (
        <li key={s.label}>
          <span class="key" style={{ background: `var(${s.color})` }} />
          {s.label} {(follows || at !== undefined) && <b class="num">{valueText(s.text, shownOf(k))}</b>}
        </li>
      ))}
      {at !== undefined && at >= 0 && columns && <li class="quiet">{xText(columns.x[at]!)}</li>}
    </ul>
  )
}

interface TableRow {
  readonly at: number
  readonly values: readonly (number | null)[]
}

const AsTable = ({ label, data, series, xText, x, height }: Inner) => {
  const rows = useComputed<readonly TableRow[]>(() => {
    const columns = data.value
    if (!columns) return []
    return columns.x.map((at, i) => ({ at, values: columns.y.map(column => column[i] ?? null) })).reverse()
  })
  const columns: Column<TableRow>[] = [
    { key: 'at', head: x ? 'At' : 'Time', width: 180, align: 'left', heading: true, show: row => xText(row.at) },
    ...series.map(
      (s, k): Column<TableRow> => ({
        key: s.label,
        head: s.label,
        width: 120,
        show: row => valueText(s.text, row.values[k]),
        raw: row => row.values[k] ?? undefined,
      }),
    ),
  ]
  return (
    <Grid
      label={`${label}, values`}
      id="chart"
      rows={rows}
      keyOf={row => String(row.at)}
      columns={columns}
      height={height - 28}
      file={false}
    />
  )
}
