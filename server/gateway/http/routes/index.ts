import { type Route, tagged } from '../route.ts'
import { ABOUT_ROUTES, type AboutServices } from './about.ts'
import { ACCOUNT_ROUTES } from './accounts.ts'
import { ALERT_ROUTES, type AlertServices } from './alerts.ts'
import { ALLOCATE_ROUTES } from './allocate.ts'
import { ASSET_FACT_ROUTES, type AssetFactServices } from './assetFacts.ts'
import { BACKTEST_ROUTES, type BacktestServices } from './backtests.ts'
import { BACKUP_ROUTES, type BackupServices } from './backups.ts'
import { CMC_ROUTES } from './cmc.ts'
import { CONTRACT_ROUTES, type ContractServices } from './contracts.ts'
import { COVERAGE_ROUTES, type CoverageServices } from './coverage.ts'
import { DEPTH_ROUTES, type DepthServices } from './depth.ts'
import { DEX_ROUTES } from './dex.ts'
import type { DexServices } from './dexQuery.ts'
import { EXPLAIN_ROUTES, type ExplainServices } from './explain.ts'
import { GECKO_ROUTES } from './gecko.ts'
import { HISTORY_ROUTES, type HistoryServices } from './history.ts'
import { IMPORT_ROUTES, type ImportServices } from './imports.ts'
import { METRIC_ROUTES, type MetricServices } from './metrics.ts'
import { MODEL_ROUTES, type ModelServices, TRAINING_ROUTES } from './models.ts'
import { OPERATION_ROUTES, type OperationServices } from './operations.ts'
import { OPERATOR_TOKEN_ROUTES, type OperatorTokenServices } from './operatorTokens.ts'
import { ORDER_ROUTES, type OrderServices } from './orders.ts'
import { REBALANCE_ROUTES, type RebalanceServices } from './pastRebalances.ts'
import { POOL_LIST_ROUTES, type PoolListServices } from './poolLists.ts'
import { QUOTE_ROUTES } from './poolQuotes.ts'
import { LOT_ROUTES, type LotServices } from './portfolioLots.ts'
import { PORTFOLIO_ROW_ROUTES, type PortfolioRowServices } from './portfolioRows.ts'
import { RECOMPUTE_ROUTES, SCORE_ROUTES, type ScoreServices } from './scores.ts'
import { SPOOL_ROUTES, type SpoolServices } from './spool.ts'
import { SQL_ROUTES, type SqlServices } from './sql.ts'
import { STATE_ROUTES, type StateServices } from './states.ts'

/** What all routes together need of the server. */
export interface Services
  extends AboutServices,
    StateServices,
    HistoryServices,
    AlertServices,
    CoverageServices,
    MetricServices,
    ScoreServices,
    ModelServices,
    DepthServices,
    PoolListServices,
    LotServices,
    RebalanceServices,
    ExplainServices,
    OrderServices,
    OperationServices,
    OperatorTokenServices,
    AssetFactServices,
    PortfolioRowServices,
    ImportServices,
    BacktestServices,
    ContractServices,
    DexServices,
    SpoolServices,
    BackupServices,
    SqlServices {}

/** What routes are about, in the order of the description. */
export const TAGS = {
  states: 'What channels show now',
  past: 'What was stored',
  scores: 'What models say of assets, and what they are worth',
  lists: 'What lies behind the figures of funds, portfolios and pools',
  orders: 'Creations, redemptions and what clients own',
  accounts: 'Registration and logins',
  plans: 'What would be: allocations and backtests',
  operators: 'For operators, by tokens with scopes',
  markets: 'Decentralised markets, for pages',
  gecko: 'The same in CoinGecko’s format',
  cmc: 'The same in CoinMarketCap’s format',
  analytics: 'What can be known of assets and contracts',
  server: 'The server itself',
} as const

const under = <S>(tag: keyof typeof TAGS, ...lists: readonly (readonly Route<S>[])[]): Route<S>[] => tagged(tag, ...lists)

/** Programs made for another server send parameters that have no meaning here. */
const tolerant = <S>(routes: readonly Route<S>[]): Route<S>[] => routes.map(route => ({ ...route, anyQuery: true }))

/** All routes, mounted and described. */
export const ROUTES: readonly Route<Services>[] = [
  ...under<Services>('gecko', tolerant(GECKO_ROUTES)),
  ...under<Services>('cmc', tolerant(CMC_ROUTES)),
  ...under<Services>('markets', DEX_ROUTES),
  ...under<Services>('accounts', ACCOUNT_ROUTES),
  ...under<Services>('orders', ORDER_ROUTES),
  ...under<Services>(
    'operators',
    OPERATION_ROUTES,
    OPERATOR_TOKEN_ROUTES,
    ASSET_FACT_ROUTES,
    IMPORT_ROUTES,
    TRAINING_ROUTES,
    RECOMPUTE_ROUTES,
    SPOOL_ROUTES,
    BACKUP_ROUTES,
    SQL_ROUTES,
  ),
  ...under<Services>('plans', ALLOCATE_ROUTES, BACKTEST_ROUTES),
  ...under<Services>('states', STATE_ROUTES, EXPLAIN_ROUTES),
  ...under<Services>('lists', DEPTH_ROUTES, POOL_LIST_ROUTES, QUOTE_ROUTES, LOT_ROUTES, PORTFOLIO_ROW_ROUTES, REBALANCE_ROUTES),
  ...under<Services>('past', HISTORY_ROUTES, COVERAGE_ROUTES, METRIC_ROUTES, ALERT_ROUTES),
  ...under<Services>('analytics', CONTRACT_ROUTES),
  ...under<Services>('scores', SCORE_ROUTES, MODEL_ROUTES),
  ...under<Services>('server', ABOUT_ROUTES),
]
