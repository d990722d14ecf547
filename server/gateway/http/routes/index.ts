import type { Route } from '../route.ts'
import { ABOUT_ROUTES, type AboutServices } from './about.ts'
import { ACCOUNT_ROUTES } from './accounts.ts'
import { ALLOCATE_ROUTES } from './allocate.ts'
import { ASSET_FACT_ROUTES, type AssetFactServices } from './assetFacts.ts'
import { BACKTEST_ROUTES, type BacktestServices } from './backtests.ts'
import { CMC_ROUTES } from './cmc.ts'
import { COVERAGE_ROUTES, type CoverageServices } from './coverage.ts'
import { DEPTH_ROUTES, type DepthServices } from './depth.ts'
import { DEX_ROUTES } from './dex.ts'
import type { DexServices } from './dexQuery.ts'
import { EXPLAIN_ROUTES, type ExplainServices } from './explain.ts'
import { GECKO_ROUTES } from './gecko.ts'
import { HISTORY_ROUTES, type HistoryServices } from './history.ts'
import { IMPORT_ROUTES, type ImportServices } from './imports.ts'
import { OPERATION_ROUTES, type OperationServices } from './operations.ts'
import { ORDER_ROUTES, type OrderServices } from './orders.ts'
import { REBALANCE_ROUTES, type RebalanceServices } from './pastRebalances.ts'
import { POOL_LIST_ROUTES, type PoolListServices } from './poolLists.ts'
import { QUOTE_ROUTES } from './poolQuotes.ts'
import { LOT_ROUTES, type LotServices } from './portfolioLots.ts'
import { PORTFOLIO_ROW_ROUTES, type PortfolioRowServices } from './portfolioRows.ts'
import { SPOOL_ROUTES, type SpoolServices } from './spool.ts'
import { SQL_ROUTES, type SqlServices } from './sql.ts'
import { STATE_ROUTES, type StateServices } from './states.ts'

/** What all routes together need of the server. */
export interface Services
  extends AboutServices,
    StateServices,
    HistoryServices,
    CoverageServices,
    DepthServices,
    PoolListServices,
    LotServices,
    RebalanceServices,
    ExplainServices,
    OrderServices,
    OperationServices,
    AssetFactServices,
    PortfolioRowServices,
    ImportServices,
    BacktestServices,
    DexServices,
    SpoolServices,
    SqlServices {}

/** All routes, mounted and described. */
export const ROUTES: readonly Route<Services>[] = [
  ...GECKO_ROUTES,
  ...CMC_ROUTES,
  ...DEX_ROUTES,
  ...ACCOUNT_ROUTES,
  ...ORDER_ROUTES,
  ...OPERATION_ROUTES,
  ...ASSET_FACT_ROUTES,
  ...PORTFOLIO_ROW_ROUTES,
  ...IMPORT_ROUTES,
  ...SPOOL_ROUTES,
  ...SQL_ROUTES,
  ...ALLOCATE_ROUTES,
  ...BACKTEST_ROUTES,
  ...STATE_ROUTES,
  ...DEPTH_ROUTES,
  ...POOL_LIST_ROUTES,
  ...QUOTE_ROUTES,
  ...LOT_ROUTES,
  ...REBALANCE_ROUTES,
  ...EXPLAIN_ROUTES,
  ...HISTORY_ROUTES,
  ...COVERAGE_ROUTES,
  ...ABOUT_ROUTES,
]
