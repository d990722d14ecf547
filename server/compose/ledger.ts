import type { Logger } from 'pino'
import type { Observable } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import type { View } from '../../streams/view.ts'
import type { ClearingPort, KnownFund } from '../clearing/port.ts'
import { termsOf } from '../config/fundTerms.ts'
import type { Config } from '../config/schema.ts'
import type { InputQueue } from '../core/inputQueue.ts'
import { LedgerFeed } from '../core/ledgerFeed.ts'
import { RebalanceExecutor } from '../core/rebalanceExecutor.ts'
import { openTradingVenue, type TradingVenue } from '../exchange/tradingVenue.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { AuditCopy } from '../storage/write/auditCopy.ts'
import { storeConfigured } from '../storage/write/configured.ts'

/** How decisions travel: proposals of frames become entries of the journal, and entries come back as input. */
export interface LedgerLinks {
  readonly ledgerFeed: LedgerFeed
  readonly tradingVenue: TradingVenue
  readonly rebalanceExecutor: RebalanceExecutor
  readonly auditCopy: AuditCopy
}

interface LedgerParts {
  readonly config: Config
  readonly clearing: ClearingPort
  readonly knownFunds: readonly KnownFund[]
  readonly view: View
  readonly frames$: Observable<Frame>
  readonly inputQueue: InputQueue
  readonly engine: Promise<Engine>
  readonly log: Logger
}

/** Ties the clearing house to the frames and to ClickHouse. Rejects with UsageError if the configured exchange cannot be had. */
export const linkLedger = async (parts: LedgerParts): Promise<LedgerLinks> => {
  const { config, clearing, knownFunds, view, frames$, inputQueue, engine, log } = parts
  const tradingVenue = await openTradingVenue(config, symbol => view.market.instrument(symbol), log.child({ module: 'exchange' }))
  const ledgerFeed = new LedgerFeed(
    clearing,
    inputQueue,
    knownFunds.flatMap(({ holdings }) => holdings ?? []),
    knownFunds.flatMap(({ rebalance }) => rebalance ?? []),
  )
  await ledgerFeed.define(new Map(config.funds.map(fund => [fund.id, termsOf(fund, config.quote)])), knownFunds, Date.now())
  const rebalanceExecutor = openRebalanceExecutor(parts, tradingVenue)
  frames$.subscribe(({ t, proposals, rebalances }) => {
    if (proposals.length > 0) ledgerFeed.propose(proposals)
    tradingVenue.advance(t)
    rebalanceExecutor.frame(t, rebalances)
  })
  const entries = { id: clearing.id, rows: (after: number, limit: number) => clearing.ask('rows', { after, limit }) }
  const auditCopy = new AuditCopy(engine, entries, log.child({ module: 'storage' }))
  clearing.commits$.subscribe(({ supplies }) => {
    auditCopy.wake()
    if (supplies.size === 0) return
    const assets = [...supplies].map(([ticker, supply]) => ({ ticker, supply: formatDecimal(supply) }))
    // If they cannot be stored now, the next start stores them.
    engine.then(running => storeConfigured(running, [], assets)).catch(() => {})
  })
  return { ledgerFeed, tradingVenue, rebalanceExecutor, auditCopy }
}

const openRebalanceExecutor = ({ config, clearing, knownFunds, view, log }: LedgerParts, { exchange }: TradingVenue): RebalanceExecutor =>
  new RebalanceExecutor({
    clearing,
    exchange,
    known: knownFunds,
    log: log.child({ module: 'rebalances' }),
    priceOf: (asset, quote) => {
      const { price, stale } = view.market.instrument(`${asset}-${quote}`)
      return stale || !(price > 0) ? undefined : price
    },
    rulesOf: fund => {
      const spec = view.funds.get(fund)?.spec
      const { trades, mode } = spec?.rebalance ?? {}
      if (spec === undefined || trades === undefined) return undefined
      // A plan may expect no costs; an order keeps the cash for those that the exchange takes.
      const feeBps = Math.max(trades.feeBps, config.exchange.feeBps)
      return { quote: spec.quote, trades: { ...trades, feeBps }, execute: mode === 'execute' }
    },
    divisorOf: fund => view.funds.get(fund)?.levelDivisor ?? Number.NaN,
  })
