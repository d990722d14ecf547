import type { FundHoldings, Proposal } from '../input.ts'
import { mulUp } from '../lib/decimal.ts'

/** What an inception comes to: custody from outside, units × shares rounded up, and the shares to the sponsor. */
export const inceptionOf = (proposal: Proposal): FundHoldings => ({
  ...proposal,
  custody: new Map([...proposal.units].map(([asset, units]) => [asset, mulUp(units, proposal.shares)])),
  halted: false,
})
