import uPlot from 'uplot'
import { colorOf } from './colors.ts'
import { timeLabels, withoutRepeats } from './timeAxis.ts'

/** A line of a chart. */
export interface Series {
  readonly label: string
  /** A colour of the style sheet: `--accent`. */
  readonly color: string
  /** The text of a value. */
  readonly text: (value: number) => string
  readonly width?: number
  readonly dash?: readonly number[]
  /** Whether each value is a dot, as of days: a line of one value would not be seen. */
  readonly points?: true
  /** How it is drawn: a line, steps, bars, a filled area, or not at all (the values are listed only). */
  readonly shape?: 'line' | 'steps' | 'bars' | 'area' | 'none'
}

/** How a chart looks. */
export interface Look {
  readonly series: readonly Series[]
  readonly height: number
  /** The x axis: event time in ms, or any value. */
  readonly x?: { readonly text: (value: number) => string }
  /** Charts of one name share the cursor. */
  readonly sync?: string
  /** Pairs of series (upper, lower) with a wash between them. */
  readonly bands?: readonly (readonly [number, number])[]
  /** Draws over the lines. */
  readonly draw?: (plot: uPlot) => void
  /** Room left and right of the first and the last point, in the unit of the x axis: half a bar. */
  readonly pad?: number
  /** The least and greatest value of the y axis, if it is not that of the data. */
  readonly range?: (low: number, high: number) => [number, number]
}

/** px of a line. */
const WIDTH = 1.5
/** px of a dot; uPlot leaves them out where they would touch. */
const DOT = 5
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'

const pathsOf = (shape: Series['shape']): uPlot.Series.PathBuilder | undefined => {
  if (shape === 'steps') return uPlot.paths.stepped!({ align: 1 })
  if (shape === 'bars') return uPlot.paths.bars!({ size: [0.7, 24] })
  return shape === 'none' ? () => null : undefined
}

const lineOf = (series: Series): uPlot.Series => {
  const { label, color, width = WIDTH, dash, shape, points } = series
  const paths = pathsOf(shape)
  return {
    label,
    width: shape === 'none' ? 0 : width,
    stroke: () => colorOf(color),
    points: points ? { size: DOT, width: 1, fill: () => colorOf(color) } : { show: false },
    ...(dash && { dash: [...dash] }),
    ...(shape === 'area' && { fill: () => colorOf(color, 0.12) }),
    ...(shape === 'bars' && { fill: () => colorOf(color, 0.55) }),
    ...(paths && { paths }),
  }
}

/** Points on a px of the x axis above which lines are thin: a wide one would only be a smear, and costs four times as much to draw. */
const DENSE = 2

/** Makes lines as wide as their density allows. */
const thin = (plot: uPlot, series: readonly Series[]): void => {
  const dense = plot.data[0].length > (DENSE * plot.bbox.width) / devicePixelRatio
  for (const [i, { width, shape }] of series.entries()) plot.series[i + 1]!.width = shape === 'none' ? 0 : dense ? 1 : (width ?? WIDTH)
}

const axis = { stroke: () => colorOf('--quiet'), font: FONT, ticks: { show: false } }
const grid = { stroke: () => colorOf('--line'), width: 1 }

/** The axis is as wide as its longest label, in steps, so that the plot does not jump. */
const widthOf = (_: uPlot, labels: string[] | null): number =>
  12 + Math.ceil((6.4 * Math.max(9, ...(labels ?? []).map(label => label.length))) / 8) * 8

/** Makes a chart in `box`. */
export const plotIn = (
  box: HTMLElement,
  look: Look,
  width: number,
  data: uPlot.AlignedData,
  onCursor: (index: number | undefined) => void,
): uPlot => {
  const { series, height, x, sync, bands, draw, range, pad } = look
  return new uPlot(
    {
      width,
      height,
      ms: 1,
      tzDate: t => uPlot.tzDate(new Date(t), 'Etc/UTC'),
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: { ...(sync && { sync: { key: sync } }), points: { size: 6, width: 1.5 }, drag: { x: false, y: false } },
      scales: {
        x: {
          // One point of another axis than time would stand in the middle from zero to twice its value.
          time: x === undefined || pad !== undefined,
          ...(pad !== undefined && {
            range: (_: uPlot, low: number | null, high: number | null): [number, number] => [(low ?? 0) - pad, (high ?? 1) + pad],
          }),
        },
        y: { range: (_, low, high) => (range ? range(low ?? 0, high ?? 1) : rangeOf(low, high)) },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: x ? 22 : 34,
          space: 72,
          values: x ? (_, splits) => withoutRepeats(splits.map(x.text)) : (_, splits, __, ___, step) => timeLabels(splits, step),
        },
        { ...axis, grid, size: widthOf, space: 32, values: (_, splits) => splits.map(series[0]!.text) },
      ],
      series: [{}, ...series.map(lineOf)],
      ...(bands && { bands: bands.map(([a, b]) => ({ series: [a + 1, b + 1], fill: () => colorOf(series[a]!.color, 0.14) })) }),
      hooks: {
        drawClear: [plot => thin(plot, series)],
        setCursor: [plot => onCursor(plot.cursor.idx ?? undefined)],
        ...(draw && { draw: [draw] }),
      },
    },
    data,
    box,
  )
}

/** Room above and below the data; a line that does not move stands in the middle. */
const rangeOf = (low: number | null, high: number | null): [number, number] => {
  if (low === null || high === null) return [0, 1]
  const span = high - low || Math.abs(high) * 0.002 || 1
  return [low - span * 0.06, high + span * 0.06]
}
