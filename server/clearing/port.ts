import type { Observable } from 'rxjs'
import type { FundHoldings } from '../../streams/fund/inception.ts'
import type { Recorded } from '../../streams/input.ts'
import type { Leg } from '../../streams/ledger/amounts.ts'
import type { KnownEvent } from '../../streams/ledger/assetEntry.ts'
import type { Command, RefusedBefore } from '../../streams/ledger/command.ts'
import type { FundTerms, Order } from '../../streams/ledger/entry.ts'
import type { RebalanceState } from '../../streams/ledger/rebalanceState.ts'
import type { NumberedEvent } from '../../streams/market/assetEvent.ts'
import type { DatedSupply } from '../../streams/market/datedSupplies.ts'
import type { StoredToken } from '../identity/credentialStore.ts'
import type { EntryBatch } from '../journal/auditRows.ts'
import type { JournalEntry } from '../journal/journal.ts'
import type { Origin } from '../lib/arrivalOrder.ts'

/** The clearing house, wherever it works. This file is all that others know of it. */
export interface ClearingPort {
  /** Names its journal. */
  readonly id: string
  /** The term in which this core leads others that share its ledger; undefined if there are none. */
  readonly term: number | undefined
  /** Entries that the journal had when it was opened. */
  readonly entriesAtStart: number
  /** The head file confirmed at the start what was acknowledged before it. */
  readonly vouched: boolean
  /** What was put right at the start, for the log. */
  readonly notes: readonly string[]
  /**
   * Rejects with JournalError as soon as it turns out that the state which the start has believed is not that of the entries, or that another
   * core leads.
   */
  readonly unsound: Promise<never>
  /** What each commit has changed, in order; before the answers to the requests in it. */
  readonly commits$: Observable<CommitEvents>
  /** Resolves when the request is durable. Rejects with a ProtocolError if it did not happen, or cannot be known to have. */
  ask<M extends ClearingMethod>(ask: M, request: ClearingRequests[M]['ask']): Promise<ClearingRequests[M]['answer']>
  /**
   * Lets no command be executed until the promise resolves: those of clients are refused as `not_ready`, those of `system` wait. If it
   * rejects, none ever is.
   */
  hold(until: Promise<unknown>): void
  /** Returns its figures. */
  stats(): ClearingStats
  /** Answers all requests before it, and closes the journal. */
  close(): Promise<void>
}

/** Figures of the clearing house. */
export interface ClearingStats {
  readonly state: 'open' | 'failing' | 'closed'
  /** Entries of the journal. */
  readonly entries: number
  readonly commits: number
  /** Requests that are not answered yet. */
  readonly waiting: number
  /** Requests that were refused because too many waited or the journal took no entries. */
  readonly refused: number
  /** Why the journal took no entries last time. */
  readonly failure: string | undefined
  /** All entries up to this one follow from those before it, from the first on. */
  readonly verifiedTo: number
  /** Faults of the chain that were found since the start. */
  readonly faults: number
  /** The newest of them, or why the head file is behind; undefined if there is none. */
  readonly fault: string | undefined
  /** Of a ledger in Redis: the term of this core. */
  readonly term?: number
  /** Entries and changes of credentials that Redis had lost and this core has put back. */
  readonly healed?: number
  /** Replicas of Redis on which the newest commit is. */
  readonly replicas?: number
}

/** What can be asked of the clearing house, and what it answers. */
export interface ClearingRequests {
  /** A command. `t` is event time, ms; `secret` is the hash of a password, for a registration only. */
  readonly execute: { ask: { command: Command; who: string; t: number; origin?: Origin; secret?: string }; answer: Done }
  /** The order under a client's key. */
  readonly order: { ask: { who: string; key: string; origin?: Origin }; answer: OrderOutcome | undefined }
  /** A client's newest orders, oldest first. */
  readonly orders: { ask: { who: string }; answer: readonly OrderOutcome[] }
  /** A client's orders after an entry's number, oldest first, at most `limit`. */
  readonly ordersAfter: { ask: { who: string; after: number; limit: number }; answer: readonly OrderOutcome[] }
  readonly holdings: { ask: { who: string }; answer: ClientHoldings }
  /** The clients after a name, by name, at most `limit`, with what they own. */
  readonly clients: { ask: { after: string; limit: number }; answer: readonly KnownClient[] }
  /** Puts entries that concern a client into `CommitEvents`, from now on until each `by` that has switched this on has switched it off. */
  readonly watch: { ask: { who: string; by: string; on: boolean }; answer: undefined }
  /** What an order would take or give now. `nav` as an OrderCommand has it. */
  readonly quote: { ask: { side: Order['kind']; fund: string; amount: bigint; nav: number | undefined }; answer: Quote | undefined }
  readonly funds: { ask: object; answer: readonly KnownFund[] }
  /** Entries after a number, as they stand in the journal. */
  readonly page: { ask: { after: number; limit: number }; answer: readonly JournalEntry[] }
  /** At most `limit` entries after a number, as rows for ClickHouse; `bare`: without their postings. */
  readonly rows: { ask: { after: number; limit: number; bare: boolean }; answer: EntryBatch }
  /** Copies the journal and the credentials for some ms into a file, which the first request makes; see `JournalCopied`. */
  readonly copy: { ask: { file: string }; answer: JournalCopied }
  /** The hash of an entry, if there is one of this number, and the number of the newest. */
  readonly hashAt: { ask: { seq: number }; answer: { readonly hash: string | undefined; readonly newest: number } }
  /** The next rows of portfolios that came at run time, of entries after a number; none if there are no more. */
  readonly recorded: { ask: { after: number }; answer: readonly RecordedEntry[] }
  /** Circulating supplies that came at run time, by asset and time. */
  readonly supplies: { ask: object; answer: readonly DatedSupply[] }
  /** What has happened to assets, or will. */
  readonly events: { ask: object; answer: readonly KnownEvent[] }
  readonly hashOf: { ask: { user: string }; answer: string | undefined }
  readonly tokens: { ask: object; answer: readonly StoredToken[] }
  readonly putToken: { ask: StoredToken; answer: undefined }
  readonly useInvite: { ask: { digest: string }; answer: boolean }
  /** Those of these invitations that are used. */
  readonly usedInvites: { ask: { digests: readonly string[] }; answer: readonly string[] }
  readonly giveInviteBack: { ask: { digest: string }; answer: undefined }
  readonly removeTokens: { ask: { digests: readonly string[] }; answer: undefined }
}
/** The name of a request. */
export type ClearingMethod = keyof ClearingRequests
/** A request of one method, or of any. */
export type ClearingRequest<M extends ClearingMethod = ClearingMethod> = {
  [A in M]: { readonly ask: A } & ClearingRequests[A]['ask']
}[M]

/** How far a copy of the journal is: there is more to be copied, it is whole, or the disk does not take it. */
export type JournalCopied = 'more' | { readonly entries: number; readonly hash: string } | { readonly failed: string }

/** What came of an order. */
export interface OrderOutcome {
  /** The order as JSON text. */
  readonly order: string
  /** Why it was rejected; absent if it was settled. */
  readonly code?: string
}

/** What came of a command: an order, or why nothing was written. */
export type Done = OrderOutcome | Refused
/** Why nothing was written. */
export interface Refused {
  readonly refused: RefusedBefore | 'key_reused_differently' | 'unknown_order'
}

/** What a client owns, as decimal strings. */
export interface ClientHoldings {
  readonly assets: Readonly<Record<string, string>>
  readonly shares: Readonly<Record<string, string>>
}

/** A client, and what it owns. */
export interface KnownClient extends ClientHoldings {
  readonly username: string
}

/** What an order would take or give. Amounts in 10⁻¹⁸. */
export interface Quote {
  readonly legs: readonly Leg[]
  readonly fee: Leg | undefined
  /** The fee needs a net asset value, and there was none. */
  readonly unpriced: boolean
  readonly halted: boolean
  readonly creationUnit: bigint
  /** Of each asset a share. */
  readonly units: ReadonlyMap<string, bigint>
}

/** A fund as the journal knows it. */
export interface KnownFund {
  readonly id: string
  readonly terms: FundTerms
  /** The fund as it was defined at run time; undefined if it stands in the configuration. */
  readonly definition: unknown
  /** The client who defined it; '' if there is none. */
  readonly owner: string
  /** Undefined before its inception. */
  readonly holdings: FundHoldings | undefined
  /** The running one, or the last. */
  readonly rebalance: RebalanceState | undefined
}

/** What an entry has added to a portfolio, and its number. */
export interface RecordedEntry extends Recorded {
  readonly seq: number
}

/** What a commit has changed. */
export interface CommitEvents {
  /** Entries that concern clients who are watched, in order, as they stand in the journal. */
  readonly watched: readonly { readonly text: string; readonly clients: readonly string[] }[]
  /** Each fund that changed, as it stands. */
  readonly funds: readonly FundHoldings[]
  /** What each portfolio has got. */
  readonly recorded: readonly Recorded[]
  /** Each rebalance that changed, as it stands. */
  readonly rebalances: readonly RebalanceState[]
  /** Circulating supplies that changed. */
  readonly supplies: readonly DatedSupply[]
  /** What is known to happen to assets since. */
  readonly events: readonly NumberedEvent[]
}
