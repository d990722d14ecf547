import type { FundTerms } from '../../streams/ledger/entry.ts'
import { parseDecimal } from '../../streams/lib/decimal.ts'
import type { FundConfig } from './fundSchema.ts'

/** Returns a fund's terms: what the clearing house needs of it. */
export const termsOf = ({ creationUnit, createFeeBps, redeemFeeBps }: FundConfig, quote: string): FundTerms => ({
  quote,
  creationUnit: parseDecimal(creationUnit)!,
  createFeeBps,
  redeemFeeBps,
})
