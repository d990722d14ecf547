import { clientAccount, fundOfShares, SPONSOR } from '../../streams/ledger/accounts.ts'
import type { Ledger } from '../../streams/ledger/ledger.ts'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import type { ClientHoldings, KnownClient } from './port.ts'

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

/** Returns at most `limit` clients after a name, by name. The sponsor is none. */
export const clientsAfter = (ledger: Pick<Ledger, 'clients' | 'holdings'>, after: string, limit: number): KnownClient[] =>
  [...ledger.clients]
    .filter(client => client > after && client !== SPONSOR)
    .sort()
    .slice(0, limit)
    .map(client => ({ username: client, ...holdingsOf(ledger.holdings(clientAccount(client))) }))
