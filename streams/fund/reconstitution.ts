import type { Fund } from './fund.ts'
import type { Weights } from './weighting.ts'

/** What a fund would be made of now. */
export interface Reconstitution {
  /** ms: the moment whose prices it is by. */
  readonly t: number
  readonly targets: Weights
  /** Members to be that are not held, and held ones that are no members, by name. */
  readonly entering: readonly string[]
  readonly leaving: readonly string[]
}

/** The members and weights by the prices and supplies of `t`; undefined where a price of what is held is missing, or too many others. */
export const reconstitution = (fund: Fund, t: number): Reconstitution | undefined => {
  const targets = fund.weigh()
  if (targets === undefined || Number.isNaN(fund.figures.aum)) return undefined
  const held = fund.figures.constituents.filter(({ units }) => units !== undefined && units > 0n).map(({ asset }) => asset)
  return {
    t,
    targets,
    entering: [...targets.keys()].filter(asset => !held.includes(asset)).sort(),
    // Cash is what the others leave: it neither enters nor leaves.
    leaving: held.filter(asset => !targets.has(asset) && asset !== fund.spec.quote).sort(),
  }
}
