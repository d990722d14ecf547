import type { FundSpec } from '../../streams/fund/spec.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolioSpec.ts'
import type { PoolSpec } from '../../streams/pools/spec.ts'

/** Returns the symbols whose prices funds, portfolios and pools need, so that the start can report those that no feed has. */
export const wantedSymbols = (
  funds: readonly FundSpec[],
  portfolios: readonly PortfolioSpec[],
  pools: readonly PoolSpec[],
  quote: string,
): Set<string> => {
  const assets = new Set<string>()
  for (const { weighting, supplies } of funds) {
    if (weighting.scheme === 'market-cap') for (const asset of supplies.keys()) assets.add(asset)
    else if (weighting.scheme === 'equal') for (const asset of weighting.assets) assets.add(asset)
    else for (const asset of (weighting.scheme === 'fixed' ? weighting.weights : weighting.units).keys()) assets.add(asset)
  }
  for (const { transactions } of portfolios) for (const { asset } of transactions) assets.add(asset)
  for (const { token0, token1 } of pools) for (const token of [token0, token1]) if (token) assets.add(token.asset)
  assets.delete(quote)
  return new Set([...assets].map(asset => `${asset}-${quote}`))
}
