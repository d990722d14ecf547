import type { DatedSupplies } from '../market/datedSupplies.ts'
import type { KnownEvent } from './assetEntry.ts'
import type { Definition, FundTerms } from './entry.ts'
import type { RebalanceState } from './rebalanceState.ts'
import type { RecordedRows } from './recordedRows.ts'

/** A fund as the ledger knows it. */
export interface LedgerFund {
  readonly id: string
  terms: FundTerms
  definition: Definition['definition']
  /** The client who defined it at run time; '' if an operator or the configuration did. */
  readonly owner: string
  /** When and with which weights it began; undefined before its inception. */
  inception: { readonly t: number; readonly weights: Readonly<Record<string, number>> } | undefined
  /** 10⁻¹⁸ of each asset a share. */
  units: ReadonlyMap<string, bigint>
  halted: boolean
  /** Numbers of the entries whose events its custody and units have taken in. */
  converted: ReadonlySet<number>
  /** The running one, or the last. */
  rebalance: RebalanceState | undefined
  /** Weights and time of the last that was closed. */
  rebalanced: { readonly t: number; readonly targets: Readonly<Record<string, number>>; readonly divisor?: number } | undefined
}

/** All that the ledger knows. */
export interface LedgerState {
  /** Number of the last entry, and its time. */
  readonly seq: number
  readonly t: number
  readonly clients: Set<string>
  readonly funds: Map<string, LedgerFund>
  /** Numbers of the entries that add rows to portfolios. */
  readonly recordings: number[]
  readonly recorded: RecordedRows
  /** Circulating supplies that came at run time. */
  readonly supplies: DatedSupplies
  /** What has happened to assets, or will, in the order of the entries. */
  readonly events: KnownEvent[]
  /** 10⁻¹⁸ by account and asset, without zeros. */
  readonly balances: Map<string, Map<string, bigint>>
}
