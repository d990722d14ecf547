import type { FundTerms } from '../../streams/ledger/entry.ts'
import { parseDecimal } from '../../streams/lib/decimal.ts'
import type { FundConfig } from '../config/fundSchema.ts'

/** What the clearing house has to know of a fund. */
export const termsOf = ({ creationUnit, createFeeBps, redeemFeeBps }: FundConfig, quote: string): FundTerms => ({
  quote,
  creationUnit: parseDecimal(creationUnit)!,
  createFeeBps,
  redeemFeeBps,
})
