/** A layer: its weights input by input, `weights[input × outputs + output]`. */
export interface Layer {
  readonly inputs: number
  readonly outputs: number
  readonly weights: Float64Array
  readonly biases: Float64Array
}

/** How weights follow their gradients: plain descent, or Adam (Kingma, Ba 2015). */
export type Solver = 'sgd' | 'adam'

interface Training {
  readonly solver: Solver
  readonly rate: number
  readonly alpha: number
  /** Rows of a step at most. */
  readonly batch: number
}

const BETA1 = 0.9
const BETA2 = 0.999
const EPSILON = 1e-8

/** Adam's means of a list of figures. */
interface Moments {
  readonly gradients: Float64Array
  readonly first: Float64Array
  readonly second: Float64Array
}

/** Changes the layers it is given, step by step: the gradients of ½ mean (output − target)² + ½ alpha / rows × Σ weights². */
export class NetTrainer {
  private readonly layers: readonly Layer[]
  private readonly training: Training
  /** Of each layer, a batch's outputs after relu, and what the error changes with them. */
  private readonly outputsOf: readonly Float64Array[]
  private readonly deltas: readonly Float64Array[]
  private readonly weightMoments: readonly Moments[]
  private readonly biasMoments: readonly Moments[]
  private power1 = 1
  private power2 = 1

  constructor(layers: readonly Layer[], training: Training) {
    this.layers = layers
    this.training = training
    this.outputsOf = layers.map(({ outputs }) => new Float64Array(training.batch * outputs))
    this.deltas = layers.map(({ outputs }) => new Float64Array(training.batch * outputs))
    this.weightMoments = layers.map(({ weights }) => momentsOf(weights.length))
    this.biasMoments = layers.map(({ biases }) => momentsOf(biases.length))
  }

  /** Takes one step on some rows of `inputs`, which has them row by row. */
  step(inputs: Float64Array, targets: Float64Array, rows: Int32Array): void {
    const width = this.layers[0]!.inputs
    const batch = new Float64Array(rows.length * width)
    rows.forEach((row, i) => {
      batch.set(inputs.subarray(row * width, (row + 1) * width), i * width)
    })
    const output = this.outputs(batch, rows.length)
    const delta = this.deltas[this.layers.length - 1]!
    rows.forEach((row, i) => {
      delta[i] = output[i]! - targets[row]!
    })
    this.power1 *= BETA1
    this.power2 *= BETA2
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const before = l === 0 ? batch : this.outputsOf[l - 1]!
      this.gradients(l, before, rows.length)
      if (l > 0) backwards(this.layers[l]!, this.deltas[l]!, before, this.deltas[l - 1]!, rows.length)
    }
    this.layers.forEach(({ weights, biases }, l) => {
      this.follow(weights, this.weightMoments[l]!)
      this.follow(biases, this.biasMoments[l]!)
    })
  }

  /** Returns the outputs for `rows` rows, good until the next call. */
  outputs(inputs: Float64Array, rows: number): Float64Array {
    let before = inputs
    this.layers.forEach((layer, l) => {
      forwards(layer, before, this.outputsOf[l]!, rows, l < this.layers.length - 1)
      before = this.outputsOf[l]!
    })
    return before.subarray(0, rows)
  }

  private gradients(l: number, before: Float64Array, rows: number): void {
    const { inputs, outputs, weights } = this.layers[l]!
    const delta = this.deltas[l]!
    const ofWeights = this.weightMoments[l]!.gradients.fill(0)
    const ofBiases = this.biasMoments[l]!.gradients.fill(0)
    for (let row = 0; row < rows; row++) {
      for (let input = 0; input < inputs; input++) {
        const value = before[row * inputs + input]!
        if (value === 0) continue
        const at = input * outputs
        for (let o = 0; o < outputs; o++) ofWeights[at + o] = ofWeights[at + o]! + value * delta[row * outputs + o]!
      }
      for (let o = 0; o < outputs; o++) ofBiases[o] = ofBiases[o]! + delta[row * outputs + o]!
    }
    for (let i = 0; i < weights.length; i++) ofWeights[i] = (ofWeights[i]! + this.training.alpha * weights[i]!) / rows
    for (let o = 0; o < outputs; o++) ofBiases[o] = ofBiases[o]! / rows
  }

  private follow(values: Float64Array, { gradients, first, second }: Moments): void {
    const { rate, solver } = this.training
    if (solver === 'sgd') {
      for (let i = 0; i < values.length; i++) values[i] = values[i]! - rate * gradients[i]!
      return
    }
    const step = (rate * Math.sqrt(1 - this.power2)) / (1 - this.power1)
    for (let i = 0; i < values.length; i++) {
      const gradient = gradients[i]!
      first[i] = BETA1 * first[i]! + (1 - BETA1) * gradient
      second[i] = BETA2 * second[i]! + (1 - BETA2) * gradient * gradient
      values[i] = values[i]! - (step * first[i]!) / (Math.sqrt(second[i]!) + EPSILON)
    }
  }
}

const momentsOf = (size: number): Moments => ({
  gradients: new Float64Array(size),
  first: new Float64Array(size),
  second: new Float64Array(size),
})

const forwards = (
  { inputs, outputs, weights, biases }: Layer,
  before: Float64Array,
  after: Float64Array,
  rows: number,
  relu: boolean,
): void => {
  for (let row = 0; row < rows; row++) {
    const to = row * outputs
    for (let o = 0; o < outputs; o++) after[to + o] = biases[o]!
    for (let input = 0; input < inputs; input++) {
      const value = before[row * inputs + input]!
      if (value === 0) continue
      const at = input * outputs
      for (let o = 0; o < outputs; o++) after[to + o] = after[to + o]! + value * weights[at + o]!
    }
    if (relu) for (let o = 0; o < outputs; o++) if (after[to + o]! < 0) after[to + o] = 0
  }
}

/** Sets `delta` of the layer before, from that of `layer`; `before` are its outputs after relu. */
const backwards = (
  { inputs, outputs, weights }: Layer,
  delta: Float64Array,
  before: Float64Array,
  to: Float64Array,
  rows: number,
): void => {
  for (let row = 0; row < rows; row++) {
    for (let input = 0; input < inputs; input++) {
      let sum = 0
      if (before[row * inputs + input]! > 0) {
        const at = input * outputs
        for (let o = 0; o < outputs; o++) sum += weights[at + o]! * delta[row * outputs + o]!
      }
      to[row * inputs + input] = sum
    }
  }
}
