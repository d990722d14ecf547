import type { Fund } from '../fund/fund.ts'
import type { Computed, Explained, Explaining } from './explanation.ts'

/** Rounding of weights that are computed twice. */
const TOLERANCE = 1e-9

/**
 * Explains a target that follows the prices of the moment: an asset at the cap has the cap, the others share what is left by their market
 * capitalisation. Undefined if the weights do not come about in that way alone.
 */
export const liveTarget = (
  name: string,
  fund: Fund,
  asset: string,
  nameOf: (source: number) => string,
  by: Explaining,
): Explained | undefined => {
  const { weighting } = fund.spec
  const weights = fund.targets.weigh(fund.figures.t)
  const value = weights?.get(asset)
  if (weighting.scheme !== 'market-cap' || weights === undefined || value === undefined) return undefined
  const isCapped = (weight: number): boolean => Math.abs(weight - weighting.cap) < TOLERANCE
  if (isCapped(value))
    return by.computed(name, value, () => ['cap', [by.given('cap', weighting.cap, { source: 'the configuration: the cap' })]])
  const others = [...weights].filter(([, weight]) => !isCapped(weight)).map(([other]) => other)
  const capOf = (other: string): number => fund.targets.priceOf(other) * fund.targets.supplyOf(other)
  const sum = others.reduce((total, other) => total + capOf(other), 0)
  const left = 1 - (weights.size - others.length) * weighting.cap
  if (Math.abs((left * capOf(asset)) / sum - value) > TOLERANCE) return undefined
  const made = (): Computed => [
    `left × own ÷ Σ(cap)`,
    [
      by.given('left', left, { source: `what ${weights.size - others.length} assets at the cap of ${weighting.cap} leave` }),
      by.given('own', capOf(asset), { source: `supply × price of ${asset}` }),
      ...others.map(other => marketCap(`cap.${other}`, fund, other, nameOf, by)),
    ],
  ]
  return by.computed(name, value, made)
}

const marketCap = (name: string, { targets }: Fund, asset: string, nameOf: (source: number) => string, by: Explaining): Explained => {
  const supply = targets.supplyOf(asset)
  return by.computed(name, supply * targets.priceOf(asset), () => [
    'supply × price',
    [by.given('supply', supply, { source: 'the circulating supply' }), by.price('price', targets.instrument(asset), nameOf)],
  ])
}
