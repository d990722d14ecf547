import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { isLong } from '../../../server/test/effort.ts'
import { haveRecordings, recordings } from '../../../server/test/recordings.ts'
import { fitBoosting } from './boosting.ts'
import { type FeatureTable, tableOf } from './featureTable.ts'
import { fitForest } from './forest.ts'
import { type Model, predict } from './model.ts'
import { fitNet } from './net.ts'
import { fitRidge } from './ridge.ts'

/** How well the models do on two well-known problems, beside scikit-learn on the same split: R² of the rows that the training did not see. */

interface Part {
  readonly table: FeatureTable
  readonly targets: Float64Array
}

const read = (name: string): { readonly train: Part; readonly test: Part } => {
  const lines = gunzipSync(readFileSync(join(recordings, 'analytics/models', name)))
    .toString()
    .trimEnd()
    .split('\n')
    .slice(1)
  const part = (name: string): Part => {
    const rows = lines.filter(line => line.startsWith(`${name},`)).map(line => line.split(',').slice(1).map(Number))
    return { table: tableOf(rows.map(row => row.slice(0, -1))), targets: Float64Array.from(rows, row => row.at(-1)!) }
  }
  return { train: part('train'), test: part('test') }
}

const explained = (model: Model, { table, targets }: Part): number => {
  const said = predict(model, table)
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length
  const squares = (of: (row: number) => number): number => targets.reduce((sum, target, row) => sum + (target - of(row)) ** 2, 0)
  return 1 - squares(row => said[row]!) / squares(() => mean)
}

const FITS: Record<string, (part: Part) => Model> = {
  boosting: ({ table, targets }) =>
    fitBoosting(table, targets, {
      loss: 'squared',
      rounds: 200,
      rate: 0.1,
      maxLeaves: 31,
      maxDepth: Number.POSITIVE_INFINITY,
      minLeaf: 20,
      lambda: 0,
    }),
  forest: ({ table, targets }) =>
    fitForest(table, targets, { trees: 100, minLeaf: 1, featuresPerNode: Math.round(table.columns.length / 3) }, 1),
  net: ({ table, targets }) => fitNet(table, targets, { hidden: [64, 32], alpha: 1e-4, rate: 0.003, epochs: 30, batch: 64 }, 1),
  linear: ({ table, targets }) => fitRidge(table, targets, 0),
}

/** California housing takes some ten seconds of CPU: `npm run test:analytics`. */
const PROBLEMS = [
  ['friedman1.csv.gz', { boosting: 0.915, forest: 0.84, net: 0.9, linear: 0.7197 }],
  ...(isLong ? ([['california_housing.csv.gz', { boosting: 0.845, forest: 0.81, net: 0.78, linear: 0.6199 }]] as const) : []),
] as const

// Without the recordings beside the project there is nothing to learn from.
describe.skipIf(!haveRecordings).each(PROBLEMS)('of %s', (file, least) => {
  const { train, test } = haveRecordings ? read(file) : ({} as ReturnType<typeof read>)

  it.each(Object.entries(least))(
    '%s explains at least %d of the variance',
    (name, bound) => {
      const r2 = explained(FITS[name]!(train), test)
      if (name === 'linear') expect(Math.abs(r2 - bound)).toBeLessThan(1e-4)
      else expect(r2).toBeGreaterThan(bound)
    },
    900_000,
  )
})
