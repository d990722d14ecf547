import type { Figures } from '../lib/figures.ts'

/** One metric of `/metrics`, and the figure of `status` that it shows. */
export interface Metric {
  /** With `_total` if it is a counter, and with its unit if that is a base unit of Prometheus. */
  readonly name: string
  /** Counters count since the start of the process. */
  readonly type: 'counter' | 'gauge'
  /** What is counted. A metric in `seconds` shows a figure in ms. */
  readonly unit: string
  /** The path of the figure. Each `*` stands for the names of that level, which become labels. */
  readonly figure: string
  /** The names of the labels, one for each `*`. */
  readonly labels: readonly string[]
  readonly help: string
  /** The text for which the metric is one; any other is zero. */
  readonly is?: string
}

type Make = (name: string, unit: string, figure: string, help: string, ...labels: readonly string[]) => Metric

/** Returns a metric that only rises. */
export const counter: Make = (name, unit, figure, help, ...labels) => ({ name, type: 'counter', unit, figure, help, labels })

/** Returns a metric that rises and falls. */
export const gauge: Make = (name, unit, figure, help, ...labels) => ({ name, type: 'gauge', unit, figure, help, labels })

/** Returns a metric that is one while a figure is `is`, a text or `true`. */
export const flag = (name: string, figure: string, is: string, help: string, ...labels: readonly string[]): Metric => ({
  ...{ name, type: 'gauge', unit: '0 or 1', figure, help, labels, is },
})

/** A value of a metric, and the values of its labels in their order. */
export interface Sample {
  readonly labels: readonly string[]
  readonly value: number
}

/** Returns the values that a metric has now. A figure that is absent or unknown has none: unknown is not zero. */
export const samplesOf = (metric: Metric, figures: Figures): Sample[] =>
  found(figures, metric.figure.split('.'), []).flatMap(({ labels, figure }) => {
    const value = numberOf(metric, figure)
    return value === undefined ? [] : [{ labels, value }]
  })

const numberOf = ({ is, unit }: Metric, figure: Figures[string]): number | undefined => {
  if (is !== undefined) return String(figure) === is ? 1 : 0
  const value = Number(figure)
  if (typeof figure === 'string' || !Number.isFinite(value)) return undefined
  return unit === 'seconds' ? value / 1_000 : value
}

interface Found {
  readonly labels: readonly string[]
  readonly figure: Figures[string]
}

const found = (figure: Figures[string], path: readonly string[], labels: readonly string[]): Found[] => {
  const [name, ...rest] = path
  if (figure === undefined) return []
  if (name === undefined) return typeof figure === 'object' ? [] : [{ labels, figure }]
  if (typeof figure !== 'object') return []
  if (name !== '*') return found(figure[name], rest, labels)
  return Object.entries(figure).flatMap(([label, member]) => found(member, rest, [...labels, label]))
}
