import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import type { Metric } from './metric.ts'
import { METRICS } from './metricList.ts'
import { metrics } from './metrics.ts'
import { NODE_METRICS } from './nodeMetrics.ts'

const HEAD = `# Metrics

\`GET /metrics\` in Prometheus' text format. Each metric shows one figure of [\`status\`](operations.md#the-figures-of-status-and-metrics), which says what to do
about it. \`*\` in a figure stands for the names that become labels. Times are in seconds, even if the figure is in ms. A figure that
is unknown or absent has no sample. Counters count since the start of the process. This page is made of the list in
\`server/telemetry/metricList.ts\`: \`npx vitest run server/telemetry/metricsDocs.test.ts -u\` writes it again.

| metric | type | unit | figure | meaning |
| --- | --- | --- | --- | --- |
`

const row = ({ name, type, unit, figure, labels, help, is }: Metric): string => {
  const shown = labels.length === 0 ? name : `${name}{${labels.join(',')}}`
  return `| \`${shown}\` | ${type} | ${unit} | \`${figure}\`${is === undefined ? '' : ` is \`${is}\``} | ${help} |`
}

const NODE_HEAD = `

## Of the process and of Node

As the package prom-client has them. Not shown are \`nodejs_active_handles_total\` and its like: they are no counters, and only sums of others.

| metric | unit | meaning |
| --- | --- | --- |
`

const nodeRows = (): string[] => {
  const registry = metrics(() => ({}))
  return Object.entries(NODE_METRICS).map(
    ([name, unit]) =>
      `| \`${name}\` | ${unit} | ${(registry.getSingleMetric(name) as { help?: string } | undefined)?.help ?? 'not there'} |`,
  )
}

it('docs/metrics.md is made of the list of metrics', async () => {
  const page = `${HEAD}${METRICS.map(row).join('\n')}${NODE_HEAD}${nodeRows().join('\n')}\n`
  await expect(page).toMatchFileSnapshot(join(packageRoot(), 'docs', 'metrics.md'))
})

describe('a metric', () => {
  it('has a name of its own, with the suffixes that Prometheus wants', () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length)
    const wrong = METRICS.filter(
      ({ name, type, unit }) =>
        !/^driftwire(_[a-z]+)+$/.test(name) ||
        name.endsWith('_total') !== (type === 'counter') ||
        ['seconds', 'bytes'].some(base => (unit === base) !== name.replace(/_total$/, '').endsWith(`_${base}`)),
    )
    expect(wrong).toEqual([])
  })

  it('has a label for each name that its figure leaves open, and no two show the same', () => {
    expect(METRICS.filter(({ figure, labels }) => figure.split('*').length - 1 !== labels.length)).toEqual([])
    expect(new Set(METRICS.map(({ figure, is }) => `${figure} ${is}`)).size).toBe(METRICS.length)
  })
})
