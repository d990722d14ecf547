import type { AssetFact, EventKey } from './assetEntry.ts'
import type { Definition, Entry, Funding, Halt, Inception, Order, Recording, Registration, Supplies, Transfer } from './entry.ts'
import type { Rebalance, Rebalanced, RebalanceTrade, Step, TradePlan } from './rebalanceEntry.ts'
import type { SortedRows } from './recordedRows.ts'

/** What the ledger can be asked for, its form checked. */
export type Command =
  | Registration
  | Definition
  | Inception
  | Halt
  | FundingCommand
  | OrderCommand
  | TransferCommand
  | RecordCommand
  | Supplies
  | AssetFact
  | ConversionCommand
  | RebalanceCommand

/** Asks to write down a deposit or a withdrawal. */
export type FundingCommand = Omit<Funding, 'status' | 'code'>
/** Asks for a creation or a redemption. `nav` is the fresh net asset value of a share; undefined: there is none. */
export type OrderCommand = Pick<Order, 'kind' | 'key' | 'fund' | 'amount'> & { readonly nav: number | undefined }
/** Asks to give assets or shares to another client. */
export type TransferCommand = Omit<Transfer, 'status' | 'code'>

/** Asks to write down rows of a portfolio. */
export type RecordCommand = Recording & {
  /** The ids of rows that were sent without a price and have the market's. */
  readonly unpriced?: ReadonlySet<string>
}

/** Asks to convert what is owned, because the time of an event has come. */
export interface ConversionCommand {
  readonly kind: 'conversion'
  readonly event: EventKey
  /** By account: what deposits brought in since the event, less withdrawals, 10⁻¹⁸. */
  readonly since?: ReadonlyMap<string, bigint>
}

/** What can be asked for of a rebalance. */
export type RebalanceCommand = Opening | TradeStep | Closing
/** Asks to begin a rebalance. */
export type Opening = Omit<Rebalance, 'trades'> & { readonly trades: readonly Omit<TradePlan, 'id'>[] }
/** Asks to write down the next step of a trade. */
export type TradeStep = Pick<RebalanceTrade, 'kind' | 'fund' | 'trade' | 'at'> & { readonly step: Step }
/** Asks to close a rebalance. */
export type Closing = Pick<Rebalanced, 'kind' | 'fund' | 'id' | 'at' | 'divisor'>

/** Why nothing is written: the key stays free. In the order in which they are found. */
export const REFUSALS = [
  'name_taken',
  'fund_exists',
  'unknown_client',
  'unknown_fund',
  'not_ready',
  'halted',
  'stale_price',
  'amount_too_large',
  'portfolio_full',
  'supplies_full',
  'event_differs',
  'events_full',
  'unknown_order',
] as const
/** One of `REFUSALS`. */
export type RefusedBefore = (typeof REFUSALS)[number]

/** What a command comes to. `nothing`: the ledger has it already, and there is nothing to write. */
export type Decision = ({ readonly entry: Entry } | NoEntry) & {
  /** What becomes of each row of a `RecordCommand`. */
  readonly rows?: SortedRows
}
/** A command that writes no entry. */
export type NoEntry = { readonly refused: RefusedBefore } | { readonly nothing: true }

/** An amount of an asset that goes from one account to another, in 10⁻¹⁸. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly asset: string
  readonly amount: bigint
}
