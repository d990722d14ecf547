import { fundOfShares } from '../../streams/ledger/accounts.ts'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import type { ClientHoldings } from './port.ts'

/** Returns what a client's account holds as decimal strings by name, assets and shares apart. */
export const holdingsOf = (holdings: ReadonlyMap<string, bigint>): ClientHoldings => {
  const assets: Record<string, string> = {}
  const shares: Record<string, string> = {}
  for (const [asset, amount] of [...holdings].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const fund = fundOfShares(asset)
    if (fund === undefined) assets[asset] = formatDecimal(amount)
    else shares[fund] = formatDecimal(amount)
  }
  return { assets, shares }
}
