import { fitBoosting, predictTrees, type Trees } from './boosting.ts'
import type { FeatureTable } from './featureTable.ts'
import { fitForest } from './forest.ts'
import { fitNet, type Net, predictNet } from './net.ts'
import { netContributions } from './netContributions.ts'
import { fitRidge, predictRidge, type Ridge, ridgeContributions } from './ridge.ts'
import { type Contributions, treeContributions } from './treeContributions.ts'

/** What was fitted, as it is kept. */
export type Model = Trees | Ridge | Net

/** Returns what the model says of each row. */
export const predict = (model: Model, table: FeatureTable): Float64Array => {
  switch (model.kind) {
    case 'boosting':
    case 'forest':
      return predictTrees(model, table)
    case 'ridge':
      return predictRidge(model, table)
    case 'net':
      return predictNet(model, table)
  }
}

/** Returns what each feature adds to the prediction of one row: parts + expectation = prediction. */
export const contributionsOf = (model: Model, values: ArrayLike<number>): Contributions => {
  switch (model.kind) {
    case 'boosting':
    case 'forest':
      return treeContributions(model, values)
    case 'ridge':
      return ridgeContributions(model, values)
    case 'net':
      return netContributions(model, values)
  }
}

/** How a model is fitted. The settings were chosen beforehand, on the whole record of monthly snapshots 2020 to 2025, and are never tuned on one file. */
export type Fit = (table: FeatureTable, targets: Float64Array, seed: number) => Model

/** The models of the ensemble, by name. */
export const FITS = {
  linear: (table, targets) => fitRidge(table, targets, 100),
  forest: (table, targets, seed) =>
    fitForest(table, targets, { trees: 120, minLeaf: 30, featuresPerNode: Math.max(1, Math.round(table.columns.length / 3)) }, seed),
  boosting: (table, targets) =>
    fitBoosting(table, targets, {
      loss: 'squared',
      rounds: 120,
      rate: 0.05,
      maxLeaves: 8,
      maxDepth: Number.POSITIVE_INFINITY,
      minLeaf: 60,
      lambda: 0,
    }),
  net: (table, targets, seed) => fitNet(table, targets, { hidden: [16], alpha: 1, rate: 0.001, epochs: 40, batch: 200 }, seed),
} as const satisfies Record<string, Fit>

/** A model of the ensemble. */
export type ModelName = keyof typeof FITS

/** All of them, in their order. */
export const MODEL_NAMES = Object.keys(FITS) as readonly ModelName[]
