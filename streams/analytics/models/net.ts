import { Random } from '../random.ts'
import { type FeatureTable, knownMean } from './featureTable.ts'
import { type Layer, NetTrainer, type Solver } from './netTrainer.ts'

/** How a net is trained. */
export interface NetParams {
  /** Neurons of each layer between. */
  readonly hidden: readonly number[]
  /** Penalty of squared weights, divided by the rows of a batch. */
  readonly alpha: number
  readonly rate: number
  readonly epochs: number
  /** Rows of a step. */
  readonly batch: number
}

/** A small neural network: relu between, linear at the end. A value that is not known counts as the mean. */
export interface Net {
  readonly kind: 'net'
  /** Of the features in the training; the net sees (value − mean) / scale. */
  readonly means: Float64Array
  readonly scales: Float64Array
  readonly layers: readonly Layer[]
  /** The prediction is output × `targetScale` + `targetMean`. */
  readonly targetMean: number
  readonly targetScale: number
}

const ADAM: Solver = 'adam'

/** Returns a net trained by Adam on half the squared error: the seed draws its first weights (Glorot) and the order of the rows. */
export const fitNet = (table: FeatureTable, targets: Float64Array, params: NetParams, seed: number): Net => {
  const random = new Random(seed)
  const means = Float64Array.from(table.columns, knownMean)
  const scales = Float64Array.from(table.columns, (column, f) => scaleOf(column, means[f]!))
  const targetMean = knownMean(targets)
  const targetScale = scaleOf(targets, targetMean)
  const inputs = scaledRows(table, means, scales)
  const wanted = targets.map(target => (target - targetMean) / targetScale)
  const layers = firstLayers([table.columns.length, ...params.hidden, 1], random)
  const trainer = new NetTrainer(layers, {
    solver: ADAM,
    rate: params.rate,
    alpha: params.alpha,
    batch: Math.min(params.batch, table.rows),
  })
  const order = Int32Array.from({ length: table.rows }, (_, row) => row)
  for (let epoch = 0; epoch < params.epochs; epoch++) {
    random.shuffle(order)
    for (let from = 0; from < order.length; from += params.batch) trainer.step(inputs, wanted, order.subarray(from, from + params.batch))
  }
  return { kind: 'net', means, scales, layers, targetMean, targetScale }
}

/** Returns what the net says of each row. */
export const predictNet = ({ means, scales, layers, targetMean, targetScale }: Net, table: FeatureTable): Float64Array => {
  const trainer = new NetTrainer(layers, { solver: ADAM, rate: 0, alpha: 0, batch: table.rows })
  return trainer.outputs(scaledRows(table, means, scales), table.rows).map(output => output * targetScale + targetMean)
}

/** Row by row; zero for what is not known. */
const scaledRows = ({ rows, columns }: FeatureTable, means: Float64Array, scales: Float64Array): Float64Array => {
  const scaled = new Float64Array(rows * columns.length)
  columns.forEach((column, f) => {
    for (let row = 0; row < rows; row++)
      if (!Number.isNaN(column[row]!)) scaled[row * columns.length + f] = (column[row]! - means[f]!) / scales[f]!
  })
  return scaled
}

/** The standard deviation of what is known; 1 if all is the same. */
const scaleOf = (values: Float64Array, mean: number): number => {
  const variance = knownMean(values.map(value => (value - mean) ** 2))
  return variance > 0 ? Math.sqrt(variance) : 1
}

const firstLayers = (sizes: readonly number[], random: Random): Layer[] =>
  sizes.slice(1).map((outputs, i) => {
    const inputs = sizes[i]!
    const bound = Math.sqrt(6 / (inputs + outputs))
    const draw = (): number => bound * (2 * random.unit() - 1)
    return {
      inputs,
      outputs,
      weights: Float64Array.from({ length: inputs * outputs }, draw),
      biases: Float64Array.from({ length: outputs }, draw),
    }
  })
