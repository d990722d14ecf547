/** The value of a span of time; `t` (ms) is its end. */
export interface PlotPoint {
  readonly t: number
  /** NaN if it is unknown. */
  readonly value: number
  /** Whether all of it is known; drawn hollow if not. */
  readonly whole: boolean
}

/** The edges and the grain of a plot. */
export interface PlotFrame {
  /** ms: the left and the right edge. */
  readonly from: number
  readonly to: number
  /** The span of a point, ms. */
  readonly step: number
  /** Characters of a line. */
  readonly width: number
}

const HEIGHT = 13
const LEAST_WIDTH = 20
/** The mark of a point that is wholly known. */
export const WHOLE = '•'
/** The mark of a point that is only partly known. */
export const HOLLOW = '∘'
const ZERO = '┈'

/**
 * Draws values over time in lines of text, from the highest row down to the axis of time and its labels (UTC). A column shows the range of
 * all points in its time, joined to the column before it; it is empty if nothing is known. `points` are sorted by time.
 */
export const plot = (points: readonly PlotPoint[], { from, to, step, width }: PlotFrame): string[] => {
  const known = points.filter(({ t, value }) => Number.isFinite(value) && t > from && t - step < to)
  const scale = scaleOf(known)
  const labels = labelsOf(scale)
  const margin = Math.max(...[...labels.values()].map(label => label.length)) + 1
  const columns = columnsOf(known, from, to, step, Math.max(LEAST_WIDTH, width - margin - 1))
  const rowOf = (value: number): number => Math.round(((scale.high - value) / (scale.high - scale.low)) * (HEIGHT - 1))
  const zero = scale.low < 0 && scale.high > 0 ? rowOf(0) : -1

  const rows = Array.from({ length: HEIGHT }, (_, row) => {
    const line = columns.map(column => {
      if (column === undefined) return ' '
      if (row >= rowOf(column.high) && row <= rowOf(column.low)) return column.whole ? WHOLE : HOLLOW
      return row === zero ? ZERO : ' '
    })
    const label = labels.get(row)
    return `${(label ?? '').padStart(margin)}${label === undefined ? '│' : '┤'}${line.join('')}`.trimEnd()
  })
  return [...rows, ...timeAxis(from, to, columns.length).map(line => ' '.repeat(margin) + line)]
}

interface Column {
  low: number
  high: number
  last: number
  whole: boolean
}

const columnsOf = (points: readonly PlotPoint[], from: number, to: number, step: number, count: number): (Column | undefined)[] => {
  const columns: (Column | undefined)[] = Array(count).fill(undefined)
  const span = (to - from) / count
  // Edges that meet are not always equal as floats.
  const first = (t: number): number => Math.max(0, Math.floor((t - from) / span + 1e-6))
  const last = (t: number): number => Math.min(count - 1, Math.ceil((t - from) / span - 1e-6) - 1)
  for (const { t, value, whole } of points) {
    for (let i = first(t - step); i <= last(t); i++) {
      const column = columns[i]
      if (column === undefined) columns[i] = { low: value, high: value, last: value, whole }
      else {
        column.low = Math.min(column.low, value)
        column.high = Math.max(column.high, value)
        column.last = value
        column.whole &&= whole
      }
    }
  }
  return columns.map((column, i) => {
    const before = columns[i - 1]
    return column && before ? { ...column, low: Math.min(column.low, before.last), high: Math.max(column.high, before.last) } : column
  })
}

interface Scale {
  readonly low: number
  readonly high: number
  readonly step: number
}

/** Round numbers around all values. */
const scaleOf = (points: readonly PlotPoint[]): Scale => {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { value } of points) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low > high) [low, high] = [0, 0]
  // Values that hardly change are a line in the middle, not noise from edge to edge.
  const most = Math.max(Math.abs(low), Math.abs(high))
  const room = high - low > Math.max(most * 1e-9, 1e-6) ? 0 : Math.max(most / 100, 1)
  low -= room
  high += room
  const step = roundUp((high - low) / 4)
  return { low: Math.floor(low / step) * step, high: Math.ceil(high / step) * step, step }
}

/** The least of 1, 2, 5, 10 … that is not less. */
const roundUp = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5].find(factor => value <= power * factor) ?? 10)
}

/** Row → label. */
const labelsOf = ({ low, high, step }: Scale): ReadonlyMap<number, string> => {
  const places = Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9)))
  const count = Math.round((high - low) / step)
  const format = new Intl.NumberFormat('en', { minimumFractionDigits: places, maximumFractionDigits: places })
  const label = (value: number): string => (Math.abs(value) < 1e12 ? format.format(value || 0) : value.toPrecision(6))
  return new Map(
    Array.from({ length: count + 1 }, (_, i) => [
      Math.round((i / count) * (HEIGHT - 1)),
      label(Math.abs(high - i * step) < step * 1e-6 ? 0 : high - i * step),
    ]),
  )
}

const timeAxis = (from: number, to: number, width: number): string[] => {
  const places = width >= 60 ? [0, 0.5, 1] : [0, 1]
  const ticks = places.map(place => Math.round(place * (width - 1)))
  const line = Array.from({ length: width }, (_, i) => (ticks.includes(i) ? '┴' : '─')).join('')
  let labels = ''
  for (const [i, place] of places.entries()) {
    const text = new Date(from + place * (to - from)).toISOString().slice(0, 16).replace('T', ' ')
    const start = Math.round(Math.min(Math.max(0, ticks[i]! - text.length / 2), width - text.length))
    // Too little room for both.
    if (i === 0 || start > labels.length) labels = labels.padEnd(start) + text
  }
  return [`└${line}`, ` ${labels}`]
}
