import { mulUp } from '../lib/decimal.ts'

/** What a fund asks the journal for when the prices of a frame allow its inception. */
export interface Proposal {
  readonly fund: string
  /** ms: the frame. */
  readonly t: number
  /** 10⁻¹⁸ units of each asset that a share holds. */
  readonly units: ReadonlyMap<string, bigint>
  /** Weights at inception, the first `target`: shares of one. */
  readonly weights: Readonly<Record<string, number>>
  /** 10⁻¹⁸ shares, issued to the sponsor. */
  readonly shares: bigint
}

/** What a fund is and owns by the journal. Amounts in 10⁻¹⁸. */
export interface FundHoldings extends Proposal {
  /** Of each asset, for all shares together. */
  readonly custody: ReadonlyMap<string, bigint>
  readonly halted: boolean
  /** Numbers of the entries whose events these amounts have taken in. */
  readonly converted?: ReadonlySet<number>
  /** ms: when its last rebalance was closed. */
  readonly rebalancedAt?: number
  /** Given at a start only: it began in an earlier run. */
  readonly earlier?: Earlier
}

/** What the journal knows of the level of a fund that began in an earlier run. */
export interface Earlier {
  /** Whether rebalances have changed its units. */
  readonly traded: boolean
  /** The divisor of its level; undefined if only the store may know it. */
  readonly divisor?: number
  /** ms of event time: when its last entry came, in a replay. */
  readonly at?: number
}

/** Returns what all shares of an inception hold of each asset, 10⁻¹⁸: units × shares, rounded up, so that the custody covers every share. */
export const inceptionCustody = ({ units, shares }: Pick<Proposal, 'units' | 'shares'>): Map<string, bigint> =>
  new Map([...units].map(([asset, perShare]) => [asset, mulUp(perShare, shares)]))

/** Returns what a fund is once its inception is committed: custody comes from outside, the shares go to the sponsor. */
export const inceptionOf = (proposal: Proposal): FundHoldings => ({ ...proposal, custody: inceptionCustody(proposal), halted: false })
