import { setMaxListeners } from 'node:events'
import type { Logger } from 'pino'
import { fromNumber } from '../../streams/lib/decimal.ts'
import { collectorName } from '../config/collectorSchema.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { orAborted } from '../lib/orAborted.ts'
import type { ServerStatus } from '../telemetry/serverStatus.ts'
import type { Core } from './core.ts'

interface CollectParts {
  readonly core: Core
  readonly status: ServerStatus
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Collects metrics from the sources of the configuration until the signal aborts. A replay collects nothing: what is known now is not of its time. Of several
 * shards the first does.
 */
export const runCollectors = async ({ core, status, log, signal: end }: CollectParts): Promise<void> => {
  const { plan, metricStore } = core
  const { config, shard } = plan.settings
  const { sources } = config.analytics
  if (sources.length === 0 || plan.replaying || (shard !== undefined && shard.number !== 1)) return
  const [{ openCollector }, { ScheduledCollector }] = await Promise.all([
    import('../analytics/collectors/open.ts'),
    import('../analytics/collectors/schedule.ts'),
  ])
  const { sourceKeys: keys, chains } = plan.settings
  const signal = AbortSignal.any([end])
  // Each source waits on it, and a chain by several requests.
  setMaxListeners(0, signal)
  const options = { chains, keys, environment: systemEnvironment, signal, onSupplies: suppliesOf(core), own: ownFigures(core) }
  const schedule = { sink: metricStore, environment: systemEnvironment, log: log.child({ module: 'collectors' }), signal }
  const collectors = sources.map(
    source => [collectorName(source), new ScheduledCollector(openCollector(source, options), schedule)] as const,
  )
  status.add('collectors', () => Object.fromEntries(collectors.map(([name, collector]) => [name, collector.figures])))
  // They go on behind what is stored.
  await orAborted(metricStore.loaded, signal)
  await Promise.all(collectors.map(([, collector]) => collector.run()))
}

/** Returns what writes supplies down, as an operator does: funds weigh by them from then on. */
const suppliesOf =
  ({ clearing }: Core) =>
  async (found: ReadonlyMap<string, number>): Promise<void> => {
    const supplies = new Map([...found].map(([asset, supply]) => [asset, fromNumber(supply)!] as const))
    const done = await clearing.ask('execute', { command: { kind: 'supplies', supplies }, who: 'system', t: Date.now() })
    if ('refused' in done) throw new Error(`found supplies refused as ${done.refused}, expected them to be written down`)
  }

/** Returns what this server sees of prices and pools; NaN for what is unknown or stale. */
const ownFigures = ({ flow, dex, plan }: Core) => ({
  priceOf(asset: string): number {
    const { market } = flow.view
    const symbol = `${asset}-${plan.settings.config.quote}`
    if (!market.has(symbol)) return Number.NaN
    const { price, stale } = market.instrument(symbol)
    return stale ? Number.NaN : price
  },
  tvlOf: (pool: string): number => dex.dex.locked(pool),
})
