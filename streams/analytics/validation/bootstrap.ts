import { Random } from '../random.ts'

/** A mean, and the interval that holds the true one in 95 of 100 cases. */
export interface Estimate {
  readonly mean: number
  readonly low: number
  readonly high: number
}

const DRAWS = 2_000

/**
 * Returns the means, ascending, of 2,000 stretches of `length` values drawn from a series in time by a circular block bootstrap (Politis, Romano 1992):
 * neighbouring values hang together, so they are drawn in blocks of `block`.
 */
export const bootstrapMeans = (series: readonly number[], block: number, length: number, seed: number): Float64Array => {
  const random = new Random(seed)
  const means = new Float64Array(DRAWS)
  for (let draw = 0; draw < DRAWS; draw++) {
    let sum = 0
    for (let taken = 0, from = 0; taken < length; taken++) {
      if (taken % block === 0) from = random.below(series.length)
      sum += series[(from + (taken % block)) % series.length]!
    }
    means[draw] = sum / length
  }
  return means.sort()
}

/** Returns the mean of a series in time with its 95 % interval, by a block bootstrap. */
export const blockBootstrap = (series: readonly number[], block: number, seed: number): Estimate => {
  const means = bootstrapMeans(series, block, series.length, seed)
  return {
    mean: series.reduce((sum, value) => sum + value, 0) / series.length,
    low: means[Math.floor(0.025 * DRAWS)]!,
    high: means[Math.ceil(0.975 * DRAWS) - 1]!,
  }
}
