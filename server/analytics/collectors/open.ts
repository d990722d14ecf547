import { CoinGecko } from '../../coingecko/coingecko.ts'
import { planOf } from '../../coingecko/plan.ts'
import type { Chain } from '../../config/chains.ts'
import { type CollectorConfig, collectorName } from '../../config/collectorSchema.ts'
import type { SourceKeys } from '../../config/sourceKeys.ts'
import type { Environment } from '../../feeds/environment.ts'
import { chainCollector } from './chain.ts'
import { chainlinkCollector } from './chainlink/chainlink.ts'
import type { Collector } from './collector.ts'
import { Explorer, explorerCollector } from './explorer.ts'
import { githubCollector } from './github.ts'
import type { NodeOptions } from './jsonRpc.ts'
import { marketCollector } from './market.ts'
import { type OwnOptions, ownCollector } from './own.ts'
import { tvlCollector } from './tvl.ts'

/** What collectors are made of. */
export interface CollectorOptions {
  readonly chains: ReadonlyMap<string, Chain>
  readonly keys: SourceKeys
  readonly environment: Environment
  readonly signal: AbortSignal
  /** Gets circulating supplies, by asset. */
  readonly onSupplies: (supplies: ReadonlyMap<string, number>) => Promise<void>
  readonly own: Pick<OwnOptions, 'priceOf' | 'tvlOf'>
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** How often each source is asked if the configuration does not say: what has a value a day is looked for each hour until it is there. */
const DEFAULTS = {
  chain: { everyMs: HOUR, perMinute: 600 },
  explorer: { everyMs: HOUR, perMinute: 60 },
  coingecko: { everyMs: HOUR },
  defillama: { everyMs: HOUR, perMinute: 30 },
  github: { everyMs: 6 * HOUR, perMinute: 20 },
  chainlink: { everyMs: MINUTE, perMinute: 600 },
} as const

/** Without a token GitHub answers sixty requests an hour. */
const ANONYMOUS_PER_MINUTE = 1

/** Opens the collector of a source, which asks nothing yet. Throws UsageError for a key that cannot be one. */
export const openCollector = (source: CollectorConfig, options: CollectorOptions): Collector => {
  const { keys, environment, signal, onSupplies } = options
  switch (source.kind) {
    case 'chain': {
      const { addresses, tokens } = source
      return chainCollector({ node: nodeOf(source, options), chain: source.chain, addresses, tokens, everyMs: everyOf(source) })
    }
    case 'chainlink':
      return chainlinkCollector({ node: nodeOf(source, options), chain: source.chain, feeds: source.feeds, everyMs: everyOf(source) })
    case 'explorer': {
      const { url = 'https://api.etherscan.io/v2/api', perMinute = DEFAULTS.explorer.perMinute, tokens } = source
      const key = keys.ETHERSCAN_API_KEY
      const explorer = new Explorer({ url, chainId: options.chains.get(source.chain)!.id, key, perMinute, environment })
      return explorerCollector(explorer, source.chain, tokens, everyOf(source))
    }
    case 'coingecko': {
      const gecko = new CoinGecko({
        plan: planOf(undefined, keys),
        baseUrl: keys.COINGECKO_BASE_URL,
        environment,
        signal,
        onWait: () => {},
      })
      return marketCollector({
        gecko,
        coins: source.coins,
        everyMs: everyOf(source),
        onSupplies: source.supplies ? onSupplies : async () => {},
      })
    }
    case 'defillama': {
      const { url = 'https://api.llama.fi', perMinute = DEFAULTS.defillama.perMinute, protocols } = source
      return tvlCollector({ url, protocols, everyMs: everyOf(source), perMinute, environment })
    }
    case 'github': {
      const token = keys.GITHUB_TOKEN
      const { url = 'https://api.github.com', repositories } = source
      const { perMinute = token === undefined ? ANONYMOUS_PER_MINUTE : DEFAULTS.github.perMinute } = source
      return githubCollector({ url, repositories, token, everyMs: everyOf(source), perMinute, environment })
    }
    case 'own':
      return ownCollector({ ...source, ...options.own })
  }
}

const everyOf = ({ kind, everyMs }: Exclude<CollectorConfig, { kind: 'own' }>): number => everyMs ?? DEFAULTS[kind].everyMs

const nodeOf = (
  source: Extract<CollectorConfig, { kind: 'chain' | 'chainlink' }>,
  { chains, environment }: CollectorOptions,
): NodeOptions => {
  const perMinute = source.perMinute ?? DEFAULTS[source.kind].perMinute
  return { source: collectorName(source), url: chains.get(source.chain)!.node, rate: { perMinute, burst: 20 }, environment }
}
