import { bySnapshot, type Outcomes, type Panel } from '../features/panel.ts'
import { rowsOf } from '../models/featureTable.ts'
import { type Fit, predict } from '../models/model.ts'
import { percentiles } from '../ranks.ts'
import { foldsOf, type WalkForward } from './folds.ts'

/** What was said of each row by a fit that had not seen it; NaN of rows that were not tested. */
export type Said = Readonly<Record<string, Float64Array>>

/** Returns the targets of the models: each outcome as percentile of its snapshot, less a half; NaN if it is not past yet. */
export const targetsOf = ({ snapshot }: Panel, { returns }: Outcomes): Float64Array => bySnapshot(snapshot, returns, percentiles)

/**
 * Returns what each model says out of sample, as percentile of the snapshot less a half, and `ensemble`: the percentile of the mean of all.
 * `fitted` is called after each fold, with the share that is done.
 */
export const walkForward = (
  panel: Panel,
  outcomes: Outcomes,
  plan: WalkForward,
  fits: Readonly<Record<string, Fit>>,
  seed: number,
  fitted: (share: number) => void = () => {},
): Said => {
  const targets = targetsOf(panel, outcomes)
  const said = Object.fromEntries(Object.keys(fits).map(name => [name, new Float64Array(panel.rows).fill(Number.NaN)]))
  const folds = foldsOf(panel, outcomes, plan)
  folds.forEach(({ train, test }, done) => {
    const [seen, unseen] = [rowsOf(panel.table, train), rowsOf(panel.table, test)]
    const wanted = Float64Array.from(train, row => targets[row]!)
    for (const [name, model] of Object.entries(fits)) {
      const predictions = predict(model(seen, wanted, seed), unseen)
      test.forEach((row, i) => {
        said[name]![row] = predictions[i]!
      })
    }
    fitted((done + 1) / folds.length)
  })
  const models = Object.fromEntries(Object.entries(said).map(([name, values]) => [name, bySnapshot(panel.snapshot, values, percentiles)]))
  return { ...models, ensemble: ensembleOf(panel.snapshot, Object.values(models)) }
}

/** Returns the percentile, less a half, of the mean of several percentiles. */
export const ensembleOf = (snapshot: Int32Array, models: readonly Float64Array[]): Float64Array => {
  const sums = new Float64Array(snapshot.length)
  for (const values of models) for (let row = 0; row < sums.length; row++) sums[row] = sums[row]! + values[row]!
  return bySnapshot(snapshot, sums, percentiles)
}

/** Returns scores that need no model, to stand beside those that do: each feature alone, what is not known in the middle. */
export const singleFeatures = ({ features, table }: Panel): Said =>
  Object.fromEntries(features.map((name, f) => [name, table.columns[f]!.map(value => (Number.isNaN(value) ? 0 : value))]))
