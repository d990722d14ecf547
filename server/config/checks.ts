import { isBuiltIn } from '../../streams/alerts/builtIn.ts'
import { concentrationHolds } from '../../streams/fund/concentration.ts'
import { capHolds } from '../../streams/fund/weighting.ts'
import { mulUp, parseDecimal } from '../../streams/lib/decimal.ts'
import { AMOUNT_MAX } from '../../streams/wire/limits.ts'
import { collectorName } from './collectorSchema.ts'
import { concentrationOf, type FundConfig } from './fundSchema.ts'
import type { Config } from './schema.ts'

/** Returns one line for the first contradiction between members, which a schema cannot see, or undefined if there is none. */
export const contradiction = (config: Config): string | undefined => {
  const { frameMs, storeMs } = config
  if (60_000 % frameMs !== 0) return `frameMs: found ${frameMs}, expected a divisor of 60000`
  if (storeMs % frameMs !== 0) return `storeMs: found ${storeMs}, expected a multiple of frameMs (${frameMs})`
  for (const list of ['funds', 'portfolios', 'pools'] as const) {
    const ids = config[list].map(item => item.id)
    const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i)
    if (twice >= 0) return `${list}.${twice}.id: found "${ids[twice]}" a second time, expected each id once`
  }
  const rules = config.alerts.rules.map(({ id }) => id)
  const taken = rules.findIndex((id, i) => isBuiltIn(id) || rules.indexOf(id) !== i)
  if (taken >= 0) return `alerts.rules.${taken}.id: found "${rules[taken]}", expected an id that no other rule has, and no built-in one`
  const urls = config.alerts.webhooks.map(({ url }) => url)
  const again = urls.findIndex((url, i) => urls.indexOf(url) !== i)
  if (again >= 0)
    return `alerts.webhooks.${again}.url: found the address of webhook ${urls.indexOf(urls[again]!)} again, expected each once`
  const unplaced = shardsContradiction(config)
  if (unplaced !== undefined) return unplaced
  const unsourced = sourcesContradiction(config)
  if (unsourced !== undefined) return unsourced
  for (const [i, fund] of config.funds.entries()) {
    const wrong = fundContradiction(fund, config, `funds.${i}`)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

const shardsContradiction = ({ shards, portfolios, pools }: Config): string | undefined => {
  const known = new Set([...portfolios, ...pools].map(({ id }) => id))
  const placed = new Set<string>()
  for (const [i, ids] of shards.entries())
    for (const [k, id] of ids.entries()) {
      if (!known.has(id)) return `shards.${i}.${k}: found "${id}", expected the id of a portfolio or a pool`
      if (placed.has(id)) return `shards.${i}.${k}: found "${id}" a second time, expected each id in one shard`
      placed.add(id)
    }
  return undefined
}

const sourcesContradiction = ({ analytics, chains, pools, quote }: Config): string | undefined => {
  const { sources } = analytics
  const names = sources.map(collectorName)
  for (const [i, source] of sources.entries()) {
    const at = `analytics.sources.${i}`
    if (names.indexOf(names[i]!) !== i) return `${at}: found "${names[i]}" a second time, expected one source of each kind, or chain`
    if ('chain' in source && chains[source.chain] === undefined)
      return `${at}.chain: found "${source.chain}", expected ${Object.keys(chains).join(', ') || 'the name of one under chains'}`
    if (source.kind !== 'own') continue
    if (quote !== 'USD') return `${at}: found quote "${quote}", expected "USD", which metrics are in`
    const ids = new Set(pools.map(({ id }) => id))
    const unknown = source.pools.find(pool => !ids.has(pool))
    if (unknown !== undefined) return `${at}.pools: found "${unknown}", expected the id of a pool`
  }
  return undefined
}

/** Returns the same for one fund; `root` is its path. */
export const fundContradiction = ({ weighting, initialShares }: FundConfig, config: Config, root: string): string | undefined => {
  const { assets } = config
  const at = `${root}.weighting`
  const unknown = 'assets' in weighting ? weighting.assets?.find(asset => assets[asset] === undefined) : undefined
  if (weighting.scheme === 'market-cap' && unknown !== undefined)
    return `${at}.assets: found "${unknown}", expected an asset with a supply under assets`
  const chosen = 'assets' in weighting ? (weighting.assets ?? []) : []
  const again = chosen.find((asset, k) => chosen.indexOf(asset) !== k)
  if (again !== undefined) return `${at}.assets: found "${again}" a second time, expected each asset once`
  const size = membersOf(config, weighting)
  if (size === 0)
    return `${at}: found no asset to choose from, expected some under assets${weighting.scheme === 'market-cap' ? ' with a supply' : ''}`
  if (weighting.scheme === 'units') {
    const large = Object.entries(weighting.units).find(
      ([, units]) => mulUp(parseDecimal(units)!, parseDecimal(initialShares)!) >= AMOUNT_MAX,
    )
    if (large) return `${at}.units.${large[0]}: found "${large[1]}", expected units × initialShares (${initialShares}) below 10^30`
  }
  if (weighting.scheme === 'fixed') {
    const sum = Object.values(weighting.weights).reduce((a, b) => a + b, 0)
    if (Math.abs(sum - 1) > 1e-9) return `${at}.weights: found a sum of ${sum}, expected 1`
  }
  if (weighting.scheme !== 'units' && !capHolds(weighting.cap, size))
    return `${at}.cap: found ${weighting.cap}, expected at least 1/${size}, because ${size} members cannot all stay below it`
  if (weighting.scheme !== 'market-cap' || weighting.rules === undefined) return undefined
  const rule = concentrationOf(weighting.rules)
  if (rule.above > rule.single) return `${at}.rules: found above ${rule.above} and single ${rule.single}, expected above at most single`
  if (!concentrationHolds(size, weighting.cap, rule))
    return `${at}.rules: found ${JSON.stringify(weighting.rules)}, expected a rule that ${size} members capped at ${weighting.cap} can keep`
  return undefined
}

/** Returns the number of the fund's members. */
const membersOf = ({ assets }: Config, weighting: FundConfig['weighting']): number => {
  switch (weighting.scheme) {
    case 'market-cap':
      return Math.min(
        weighting.count,
        Object.entries(assets).filter(([asset, { supply }]) => supply && (weighting.assets?.includes(asset) ?? true)).length,
      )
    case 'equal':
      return (weighting.assets ?? Object.keys(assets)).length
    case 'fixed':
      return Object.keys(weighting.weights).length
    case 'units':
      return Object.keys(weighting.units).length
  }
}
