import { parentPort, workerData } from 'node:worker_threads'
import { BacktestRun, type PastFacts } from '../../streams/fund/backtest.ts'
import { type AssetCloses, momentsOf } from '../../streams/fund/backtestMoments.ts'
import { backtestReport } from '../../streams/fund/backtestReport.ts'
import type { FundSpec } from '../../streams/fund/spec.ts'
import type { BacktestReport } from '../../streams/wire/answers/funds.ts'

/** A thread that runs one backtest, so that nothing else waits for it. It ends by itself. */

/** What it is given. */
export interface BacktestWork {
  readonly spec: FundSpec
  readonly closes: readonly AssetCloses[]
  readonly facts: PastFacts
  /** ms after which a price is stale. */
  readonly staleAfterMs: number
}

/** What it says: the report, or the assets without whose price the fund could not begin. */
export type BacktestOutcome = BacktestReport | { readonly pending: readonly string[] }

/** Rebalances that are given out one by one. */
const REBALANCES_MAX = 1_000

const { spec, closes, facts, staleAfterMs } = workerData as BacktestWork
const run = new BacktestRun(spec, staleAfterMs, facts)
for (const moment of momentsOf(closes)) run.apply(moment)
const result = run.result()
const outcome: BacktestOutcome = 'pending' in result ? result : backtestReport(spec, result, REBALANCES_MAX)
parentPort!.postMessage(outcome)
