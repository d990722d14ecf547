import type { Logger } from 'pino'
import type { AlertRule } from '../../streams/alerts/rule.ts'
import type { FundSpec } from '../../streams/fund/spec.ts'
import { type SymbolMap, symbolMap } from '../../streams/market/symbols.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolioSpec.ts'
import type { PoolSpec } from '../../streams/pools/spec.ts'
import { alertRules } from '../config/alertRules.ts'
import { type ConfiguredFacts, configuredFacts } from '../config/assetFacts.ts'
import { fundSpecs } from '../config/fundSpecs.ts'
import { UsageError } from '../config/options.ts'
import { poolSpecs } from '../config/poolSpecs.ts'
import { portfolioSpecs } from '../config/portfolioSpecs.ts'
import type { Settings } from '../config/settings.ts'
import { partOf } from '../config/shard.ts'
import { configuredFeeds } from '../feeds/configured.ts'
import type { Feed } from '../feeds/feed.ts'
import { simFeed } from '../feeds/sim/sim.ts'
import { feedOf } from '../feeds/specs.ts'
import { seedOf } from '../lib/seededRandom.ts'

/** All that the settings describe. Nothing of it is opened yet. */
export interface Plan {
  readonly settings: Settings
  /** Funds of the configuration; those that were defined at run time stand in the journal. */
  readonly funds: readonly FundSpec[]
  readonly portfolios: readonly PortfolioSpec[]
  readonly pools: readonly PoolSpec[]
  /** The pools of all shards: the core that has the feeds asks for the order books of all. */
  readonly shownPools: readonly PoolSpec[]
  /** What the configuration says of assets with a date. */
  readonly facts: ConfiguredFacts
  /** From venues' symbols to canonical ones. */
  readonly symbolMap: SymbolMap
  readonly feeds: readonly Feed[]
  /** The names of sources that count before others for the same time: as configured, then as the feeds stand. */
  readonly sourceOrder: readonly string[]
  /** What alerts are about. */
  readonly rules: readonly AlertRule[]
  /** The feeds are recordings, and their data are the clock. */
  readonly replaying: boolean
}

/** Reads the plan before anything is opened. Throws UsageError with one line: where, found, expected. */
export const readPlan = async (settings: Settings, log: Logger): Promise<Plan> => {
  const { config, configFile, shard } = settings
  const whole = {
    funds: fundSpecs(config),
    pools: poolSpecs(config, configFile),
    portfolios: await portfolioSpecs(config, configFile, log),
  }
  const facts = await configuredFacts(config, configFile)
  const map = symbolMap(config.symbols, Object.keys(config.assets))
  const sim = (id: string, seed: string | undefined): Feed =>
    simFeed({ id, seed: seedOf(seed), quote: config.quote, ...whole, now: Date.now })
  const mine = partOf(whole, shard, config.shards)
  // A feed that is shared brings what all shards need; one of a chain, which is not, what this one needs.
  const needs = (pool: string): boolean => mine.pools.some(({ id }) => id === pool)
  const configured = await configuredFeeds(settings, (spec, base) => feedOf(spec, { map, base, sim, pools: config.pools, needs }))
  const feeds = shard === undefined ? configured : configured.filter(({ idle }) => idle !== true)
  const replaying = feeds.some(feed => !feed.live)
  if (replaying && config.exchange.kind !== 'paper')
    throw new UsageError(`exchange: found "${config.exchange.kind}" beside a replay, expected "paper": a past market takes no orders`)
  const sourceOrder = [...new Set([...(config.sources ?? []), ...feeds.flatMap(feed => feed.sources ?? [])])]
  const rules = alertRules(
    config.alerts,
    feeds.map(({ id }) => id),
  )
  const described = { ...mine, rules, shownPools: whole.pools, facts, symbolMap: map, feeds, sourceOrder, replaying }
  return { settings: { ...settings, config: partOf(config, shard, config.shards) }, ...described }
}
