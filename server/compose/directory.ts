import { isLoopback } from '../config/settings.ts'
import { wantedSymbols } from '../config/wantedSymbols.ts'
import { ChannelDirectory } from '../gateway/api/channelDirectory.ts'
import { readersOf, recordersOf } from '../identity/access.ts'
import type { CoreServices } from './services.ts'

/** Lists the channels that configuration, journal and feeds name; the core says which further symbols it has seen. */
export const openDirectory = ({ plan, funds, knownFunds, symbols$, metricStore, scores }: CoreServices): ChannelDirectory => {
  const { settings, feeds, portfolios, pools } = plan
  const { config, host, behindTls } = settings
  const byDefault = isLoopback(host) ? 'public' : []
  const directory = new ChannelDirectory({
    openEnded: feeds.some(feed => feed.symbols === undefined),
    readers: readersOf(config, byDefault),
    byDefault,
    recorders: recordersOf(config, isLoopback(host) && !behindTls),
  })
  const named = feeds.flatMap(feed => feed.symbols ?? [])
  const wanted = wantedSymbols(funds, portfolios, pools, config.quote)
  for (const symbol of [...named, ...Object.values(config.symbols), ...wanted]) directory.addSymbol(symbol)
  const owners = new Map(knownFunds.map(({ id, owner }) => [id, owner]))
  for (const { id } of funds) directory.add('fund', id, owners.get(id))
  for (const { id } of portfolios) directory.add('pnl', id)
  for (const { id } of pools) directory.add('pool', id)
  for (const asset of Object.keys(config.assets)) directory.add('metrics', asset)
  metricStore.assets$.subscribe(asset => directory.add('metrics', asset))
  scores.scorer.assets$.subscribe(asset => directory.add('score', asset))
  symbols$.subscribe(symbol => directory.addSymbol(symbol))
  return directory
}
