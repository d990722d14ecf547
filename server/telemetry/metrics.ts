import { Counter, Gauge, Registry } from 'prom-client'
import type { Figures } from '../lib/figures.ts'
import { type Metric, samplesOf } from './metric.ts'
import { METRICS } from './metricList.ts'
import { nodeMetrics } from './nodeMetrics.ts'

/** Returns Prometheus' view of the figures that `status` shows. Nothing is counted twice: figures are read when they are asked for. */
export const metrics = (figures: () => Figures): Registry => {
  const registry = new Registry()
  const read = oncePerTurn(figures)
  for (const metric of METRICS) register(metric, read, registry)
  nodeMetrics(registry)
  return registry
}

/** Reads once for all metrics of an answer. */
const oncePerTurn = (figures: () => Figures): (() => Figures) => {
  let kept: Figures | undefined
  return () => {
    if (kept === undefined)
      setImmediate(() => {
        kept = undefined
      })
    kept ??= figures()
    return kept
  }
}

const register = (metric: Metric, figures: () => Figures, registry: Registry): void => {
  const { name, type, help, labels } = metric
  const options = { name, help, labelNames: labels, registers: [registry] }
  const values = (): readonly (readonly [Record<string, string>, number])[] =>
    samplesOf(metric, figures()).map(sample => [Object.fromEntries(labels.map((label, i) => [label, sample.labels[i]!])), sample.value])
  if (type === 'gauge')
    new Gauge({
      ...options,
      collect() {
        this.reset()
        // A metric without labels is zero after a reset, and there may be no value.
        if (labels.length === 0) this.remove()
        for (const [at, value] of values()) this.set(at, value)
      },
    })
  else
    new Counter({
      ...options,
      collect() {
        this.reset()
        if (labels.length === 0) this.remove()
        for (const [at, value] of values()) this.inc(at, value)
      },
    })
}
