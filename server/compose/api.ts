import type { Logger } from 'pino'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { Backtests } from '../backtest/backtests.ts'
import { readFund } from '../clearing/definedFunds.ts'
import { shardText } from '../config/shard.ts'
import { type ContractAnswers, openContracts } from '../contracts/open.ts'
import { AssetFacts } from '../gateway/api/assetFacts.ts'
import { CandleImport } from '../gateway/api/candleImport.ts'
import type { ChannelDirectory } from '../gateway/api/channelDirectory.ts'
import type { ClientLimits } from '../gateway/api/clientLimits.ts'
import { Explanations } from '../gateway/api/explanations.ts'
import { Operations } from '../gateway/api/operations.ts'
import { Orders } from '../gateway/api/orders.ts'
import { PortfolioRows } from '../gateway/api/portfolioRows.ts'
import { rowPrices } from '../gateway/api/rowPrices.ts'
import { Sessions } from '../gateway/api/sessionFacts.ts'
import { SqlRuns } from '../gateway/api/sqlRuns.ts'
import type { Hub } from '../gateway/hub/hub.ts'
import { packageVersion } from '../lib/packageVersion.ts'
import type { CoreServices } from './services.ts'

/** All that clients and operators can have done, by websocket and by HTTP alike. */
export interface Api {
  readonly sessions: Sessions
  readonly explanations: Explanations
  readonly orders: Orders
  readonly operations: Operations
  readonly assetFacts: AssetFacts
  readonly portfolioRows: PortfolioRows
  readonly candleImport: CandleImport
  readonly sqlRuns: SqlRuns
  readonly backtests: Backtests
  readonly contracts: ContractAnswers
}

/** Ties the commands to what the core offers. */
export const openApi = (core: CoreServices, directory: ChannelDirectory, hub: Hub, limits: ClientLimits, log: Logger): Api => {
  const { plan, gatewayPort: clearing, queries, symbols, sources, sink, symbols$ } = core
  const { config, shard, chains, sourceKeys } = plan.settings
  const { access } = directory
  return {
    sessions: new Sessions({ accounts: core.accounts, directory, version: packageVersion(), quote: () => config.quote, now: Date.now }),
    explanations: new Explanations({ directory, hub, explain: (channel, field) => queries.explain(channel, field) }),
    orders: new Orders({ clearing, access, exists: fund => directory.has(`fund:${fund}`), limits }),
    operations: new Operations({
      clearing,
      access,
      clientsDefine: config.fundsBy === 'clients',
      readFund(definition) {
        if (shard !== undefined && shard.number > 1)
          throw new ProtocolError('invalid_params', `found shard ${shardText(shard)}, expected shard 1, which has the funds`)
        return readFund(definition, config)
      },
      defined(spec, owner) {
        // First, because somebody may follow it as soon as its channel is there.
        core.define(spec)
        directory.add('fund', spec.id, owner)
      },
    }),
    assetFacts: new AssetFacts({ clearing, access, quote: config.quote }),
    portfolioRows: new PortfolioRows({
      clearing,
      access,
      portfolios: new Map(plan.portfolios.map(spec => [spec.id, spec])),
      prices: rowPrices(queries, core.history),
    }),
    candleImport: new CandleImport({
      access,
      symbols,
      sources,
      sink,
      stored(symbol) {
        symbols$.next(symbol)
        core.pricesStored(symbol)
      },
      notReady: () => importsWait(core),
    }),
    sqlRuns: new SqlRuns(access, core.engine, log.child({ module: 'sql' })),
    backtests: new Backtests({ history: core.history, facts: () => queries.facts(), config, log: log.child({ module: 'backtests' }) }),
    contracts: openContracts({
      chains,
      explorerKey: sourceKeys.ETHERSCAN_API_KEY,
      engine: core.engine,
      log: log.child({ module: 'contracts' }),
    }),
  }
}

const importsWait = ({ progress }: CoreServices): string | undefined => {
  if (!progress.engineReady) return 'ClickHouse is starting'
  return progress.stored ? undefined : 'a replay is running, which may bring the same candles'
}
