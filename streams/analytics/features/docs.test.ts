import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../../server/lib/packageRoot.ts'
import { METRIC_FEATURES } from './metricFeatures.ts'
import { METRICS } from './metrics.ts'
import { SNAPSHOT_FEATURES } from './snapshotFeatures.ts'

/** The sections of the page that list features and metrics. */
const LISTS = ['Features of snapshots', 'Metrics', 'Features of metrics']

it('docs/analytics.md has each feature and metric, as it is, and no other', () => {
  const page = readFileSync(join(packageRoot(), 'docs/analytics.md'), 'utf8')
  const sections = page.split(/^## /m).filter(section => LISTS.some(title => section.startsWith(`${title}\n`)))
  const rows = sections.flatMap(section => section.split('\n').filter(line => /^\| `\w+` \|/.test(line)))
  const features = [...SNAPSHOT_FEATURES, ...METRIC_FEATURES].map(({ name, definition, lag }) => `| \`${name}\` | ${definition} | ${lag} |`)
  const metrics = Object.entries(METRICS).map(
    ([name, { definition, unit, step, of }]) =>
      `| \`${name}\` | ${definition} | ${unit} | ${step} | ${of === 'start' ? 'at its beginning' : 'at its end'} |`,
  )
  expect(rows.sort()).toEqual([...features, ...metrics].filter(row => row !== '').sort())
})
