import { exp } from '../elementary.ts'
import { normalCdf, normalQuantile } from './normal.ts'

/** The best of many tries. Ratios are of one period, not of a year. */
export interface Tries {
  readonly sharpe: number
  readonly periods: number
  readonly skewness: number
  /** 3 for a normal distribution. */
  readonly kurtosis: number
  readonly tries: number
  /** Of the tries' Sharpe ratios. */
  readonly variance: number
}

const EULER = 0.5772156649015329

/**
 * Returns the Sharpe ratio that the best of a number of tries without any skill is expected to have, and the probability that the true one is above it
 * (Bailey, López de Prado 2014).
 */
export const deflatedSharpe = ({
  sharpe,
  periods,
  skewness,
  kurtosis,
  tries,
  variance,
}: Tries): { readonly expected: number; readonly probability: number } => {
  const expected = Math.sqrt(variance) * ((1 - EULER) * normalQuantile(1 - 1 / tries) + EULER * normalQuantile(1 - 1 / (tries * exp(1))))
  const spread = Math.sqrt(1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2)
  return { expected, probability: normalCdf(((sharpe - expected) * Math.sqrt(periods - 1)) / spread) }
}
