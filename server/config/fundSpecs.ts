import type { FundSpec, RebalanceRules, Weighting } from '../../streams/fund/spec.ts'
import { parseDecimal, toNumber } from '../../streams/lib/decimal.ts'
import type { ConfiguredFund } from './configuredFund.ts'
import { concentrationOf, type FundConfig } from './fundSchema.ts'
import type { Config } from './schema.ts'

/** Returns the configuration's funds as the streams read them: amounts parsed, defaults that depend on other members filled in. */
export const fundSpecs = (config: Config): FundSpec[] => config.funds.map(fund => fundSpec(fund, config))

/** Returns one fund as the streams read it. */
export const fundSpec = (fund: FundConfig, { quote, assets, exchange, delistAfterMs }: Config): FundSpec => {
  const { weighting, rebalance } = fund
  const chosen = weighting.scheme === 'market-cap' ? weighting.assets : undefined
  return {
    id: fund.id,
    name: fund.name ?? fund.id,
    quote,
    weighting: weightingOf(weighting, Object.keys(assets)),
    supplies: new Map(
      Object.entries(assets).flatMap(([asset, { supply }]) =>
        supply === undefined || chosen?.includes(asset) === false ? [] : [[asset, toNumber(parseDecimal(supply)!)] as const],
      ),
    ),
    initialPrice: parseDecimal(fund.initialPrice)!,
    initialShares: parseDecimal(fund.initialShares)!,
    inceptionTimeoutMs: fund.inceptionTimeoutMs,
    delistAfterMs: fund.delistAfterMs ?? delistAfterMs,
    targets: fund.targets,
    rebalance: rebalanceRules(rebalance, exchange.feeBps),
    createFeeBps: fund.createFeeBps,
    redeemFeeBps: fund.redeemFeeBps,
    market: fund.market,
  }
}

/** Returns what the store keeps of a fund. */
export const configuredFund = ({ id, name, weighting, rebalance: { assetThreshold } }: FundSpec): ConfiguredFund => ({
  id,
  name,
  cap: 'cap' in weighting ? weighting.cap : undefined,
  threshold: Number.isFinite(assetThreshold) ? assetThreshold : undefined,
})

const rebalanceRules = (
  { mode, feeBps, minTrade, maxTrade, lots, ...rebalance }: FundConfig['rebalance'],
  exchangeBps: number,
): RebalanceRules => {
  const unless = (threshold: number | undefined): number => (mode === 'off' ? undefined : threshold) ?? Number.POSITIVE_INFINITY
  return {
    mode,
    assetThreshold: unless(rebalance.assetThreshold),
    relativeThreshold: unless(rebalance.relativeThreshold),
    totalThreshold: unless(rebalance.totalThreshold),
    maxIntervalMs: unless(rebalance.maxIntervalMs),
    coolOffMs: rebalance.coolOffMs,
    trades: {
      feeBps: feeBps ?? exchangeBps,
      minTrade: parseDecimal(minTrade)!,
      lots: new Map(Object.entries(lots).map(([asset, lot]) => [asset, parseDecimal(lot)!])),
      ...(maxTrade !== undefined && { maxTrade: parseDecimal(maxTrade)! }),
    },
  }
}

const weightingOf = (weighting: FundConfig['weighting'], allAssets: readonly string[]): Weighting => {
  switch (weighting.scheme) {
    case 'market-cap':
      return {
        scheme: 'market-cap',
        count: weighting.count,
        cap: weighting.cap,
        ...(weighting.rules !== undefined && { rules: concentrationOf(weighting.rules) }),
      }
    case 'equal':
      return { scheme: 'equal', assets: weighting.assets ?? allAssets, cap: weighting.cap }
    case 'fixed':
      return { scheme: 'fixed', weights: new Map(Object.entries(weighting.weights)), cap: weighting.cap }
    case 'units':
      return { scheme: 'units', units: new Map(Object.entries(weighting.units).map(([asset, units]) => [asset, parseDecimal(units)!])) }
  }
}
