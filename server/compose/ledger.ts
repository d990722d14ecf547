import type { Logger } from 'pino'
import type { Observable } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import { suppliesAt } from '../../streams/market/datedSupplies.ts'
import type { View } from '../../streams/view.ts'
import type { ClearingPort, KnownFund } from '../clearing/port.ts'
import { termsOf } from '../config/fundTerms.ts'
import type { Config } from '../config/schema.ts'
import { FundPlayback } from '../core/fundPlayback.ts'
import type { InputQueue } from '../core/inputQueue.ts'
import { LedgerFeed } from '../core/ledgerFeed.ts'
import { RebalanceExecutor } from '../core/rebalanceExecutor.ts'
import { openTradingVenue, type TradingVenue } from '../exchange/tradingVenue.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { AuditCopy, type EntrySource } from '../storage/write/auditCopy.ts'
import { storeConfigured } from '../storage/write/configured.ts'

/** How decisions travel: proposals of frames become entries of the journal, and entries come back as input. */
export interface LedgerLinks {
  readonly ledgerFeed: LedgerFeed
  /** What earlier runs have entered of funds; undefined if the feeds are live. */
  readonly playback: FundPlayback | undefined
  readonly tradingVenue: TradingVenue
  readonly rebalanceExecutor: RebalanceExecutor
  readonly auditCopy: AuditCopy
}

interface LedgerParts {
  readonly config: Config
  readonly clearing: ClearingPort
  readonly knownFunds: readonly KnownFund[]
  readonly view: View
  /** The data are the clock. */
  readonly replaying: boolean
  readonly frames$: Observable<Frame>
  readonly inputQueue: InputQueue
  readonly engine: Promise<Engine>
  readonly journal: JournalPlace
  readonly log: Logger
}

/** Where the journal lies, and what may be known of it elsewhere. */
interface JournalPlace {
  readonly file: string
  /** ClickHouse's copy is this journal's alone: it lies in the same directory. */
  readonly alone: boolean
  /** Rows of former runs may be stored. */
  readonly mayHavePast: boolean
}

/** Ties the clearing house to the frames and to ClickHouse. Rejects with UsageError if the configured exchange cannot be had. */
export const linkLedger = async (parts: LedgerParts): Promise<LedgerLinks> => {
  const { config, clearing, knownFunds, view, frames$, inputQueue, engine, log } = parts
  const tradingVenue = await openTradingVenue(config, symbol => view.market.instrument(symbol), log.child({ module: 'exchange' }))
  const playback = parts.replaying ? new FundPlayback(clearing, knownFunds) : undefined
  const ledgerFeed = new LedgerFeed(clearing, inputQueue, knownFunds, playback)
  await ledgerFeed.define(new Map(config.funds.map(fund => [fund.id, termsOf(fund, config.quote)])), knownFunds, Date.now())
  const rebalanceExecutor = openRebalanceExecutor(parts, tradingVenue, playback)
  frames$.subscribe(({ t, proposals, rebalances, events }) => {
    if (proposals.length > 0) ledgerFeed.propose(proposals)
    ledgerFeed.convert(events, t)
    tradingVenue.advance(t)
    rebalanceExecutor.frame(t, rebalances)
  })
  const auditCopy = openAuditCopy(parts)
  clearing.commits$.subscribe(({ supplies }) => {
    auditCopy.wake()
    if (supplies.length === 0) return
    const changed = new Set(supplies.map(({ asset }) => asset))
    // If they cannot be stored now, the next start stores them.
    Promise.all([engine, clearing.ask('supplies', {})])
      .then(([running, rows]) => {
        const now = [...suppliesAt(rows, Date.now())].filter(([ticker]) => changed.has(ticker))
        return storeConfigured(
          running,
          [],
          now.map(([ticker, supply]) => ({ ticker, supply: formatDecimal(supply) })),
        )
      })
      .catch(() => {})
  })
  return { ledgerFeed, playback, tradingVenue, rebalanceExecutor, auditCopy }
}

/** Begins the journal's copy. If nothing beside the journal confirms it, no command is executed until the copy does. */
const openAuditCopy = ({ clearing, engine, journal: { file, alone, mayHavePast }, log }: LedgerParts): AuditCopy => {
  const fresh = clearing.entriesAtStart === 0
  const source: EntrySource = {
    id: clearing.id,
    file,
    fresh,
    alone,
    rows: (after, limit, bare) => clearing.ask('rows', { after, limit, bare }),
    hashAt: seq => clearing.ask('hashAt', { seq }),
  }
  const auditCopy = new AuditCopy(engine, source, log.child({ module: 'storage' }))
  if (!clearing.vouched && (!fresh || (alone && mayHavePast))) clearing.hold(auditCopy.agreed)
  return auditCopy
}

const openRebalanceExecutor = (
  { config, clearing, knownFunds, view, log }: LedgerParts,
  { exchange, resume }: TradingVenue,
  playback: FundPlayback | undefined,
): RebalanceExecutor =>
  new RebalanceExecutor({
    clearing,
    exchange,
    known: knownFunds,
    ...(playback && resume && { playback, resume }),
    log: log.child({ module: 'rebalances' }),
    priceOf: (asset, quote, fund) => {
      const { price, stale } = view.market.instrument(`${asset}-${quote}`)
      return stale || !(price > 0) || !view.mayTrade(fund, asset) ? undefined : price
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
