import type { FundHoldings } from '../../streams/fund/inception.ts'
import type { Recorded } from '../../streams/input.ts'
import { clientAccount, custodyAccount, fundOfShares } from '../../streams/ledger/accounts.ts'
import type { Command, RefusedBefore } from '../../streams/ledger/command.ts'
import { targetsOf } from '../../streams/ledger/decideRebalance.ts'
import { type Entry, type FundTerms, isOrder, type Order } from '../../streams/ledger/entry.ts'
import { outcomeText, readEntry, writeEntry } from '../../streams/ledger/entryText.ts'
import { Ledger } from '../../streams/ledger/ledger.ts'
import { legsOf } from '../../streams/ledger/orders.ts'
import type { RebalanceState } from '../../streams/ledger/rebalanceState.ts'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import { type EntryBatch, entryRows } from '../journal/auditRows.ts'
import { JournalError } from '../journal/journalError.ts'
import { KeyIndex } from '../journal/keyIndex.ts'
import type { JournalEntry, NewJournalEntry, SqliteJournal, Token, User } from '../journal/sqliteJournal.ts'
import type { Origin } from '../lib/arrivalOrder.ts'
import { AbsentKeys } from './absentKeys.ts'
import { orderText } from './order.ts'

/** What can be asked of the clearing house, and what it answers. */
export interface ClearingRequests {
  /** A command. `t` is event time, ms; `secret` is the hash of a password, of a registration alone. */
  readonly execute: { ask: { command: Command; who: string; t: number; origin?: Origin; secret?: string }; answer: Done }
  /** The order under a client's key. */
  readonly order: { ask: { who: string; key: string; origin?: Origin }; answer: OrderOutcome | undefined }
  /** A client's newest orders, oldest first. */
  readonly orders: { ask: { who: string }; answer: readonly OrderOutcome[] }
  readonly holdings: { ask: { who: string }; answer: ClientHoldings }
  /** Lets entries that speak of a client be news from now on, until nobody who asked for that by a name of its own wants it any more. */
  readonly watch: { ask: { who: string; by: string; on: boolean }; answer: undefined }
  /** What an order would take or give now. `nav` as a Command has it. */
  readonly quote: { ask: { side: Order['kind']; fund: string; amount: bigint; nav: number | undefined }; answer: Quote | undefined }
  readonly funds: { ask: object; answer: readonly KnownFund[] }
  /** Entries after a number, as they stand in the journal. */
  readonly page: { ask: { after: number; limit: number }; answer: readonly JournalEntry[] }
  /** At most so many entries after a number, as rows for ClickHouse. */
  readonly rows: { ask: { after: number; limit: number }; answer: EntryBatch }
  /** Rows of portfolios that came at run time, from the entry after a number on: some entries, none behind the last. */
  readonly recorded: { ask: { after: number }; answer: readonly RecordedEntry[] }
  /** Circulating supplies that were told at run time, 10⁻¹⁸ of each asset. */
  readonly supplies: { ask: object; answer: ReadonlyMap<string, bigint> }
  readonly hashOf: { ask: { user: string }; answer: string | undefined }
  readonly tokens: { ask: object; answer: readonly Token[] }
  readonly putToken: { ask: Token; answer: undefined }
  readonly useInvite: { ask: { digest: string }; answer: boolean }
  readonly giveInviteBack: { ask: { digest: string }; answer: undefined }
  readonly removeTokens: { ask: { digests: readonly string[] }; answer: undefined }
}
export type ClearingMethod = keyof ClearingRequests
export type ClearingRequest = { [A in ClearingMethod]: { readonly ask: A } & ClearingRequests[A]['ask'] }[ClearingMethod]

/** The order as JSON text, and why it was rejected, if it was. */
export interface OrderOutcome {
  readonly order: string
  readonly code?: string
}

export type Done = OrderOutcome | { readonly refused: RefusedBefore | 'key_reused_differently' | 'unknown_order' }

/** Decimal strings. */
export interface ClientHoldings {
  readonly assets: Readonly<Record<string, string>>
  readonly shares: Readonly<Record<string, string>>
}

export interface Quote {
  readonly legs: readonly { readonly asset: string; readonly amount: bigint }[]
  readonly fee: { readonly asset: string; readonly amount: bigint } | undefined
  /** The fee needs a net asset value, and there was none. */
  readonly unpriced: boolean
  readonly halted: boolean
  readonly creationUnit: bigint
  /** Of each asset a share, 10⁻¹⁸. */
  readonly units: ReadonlyMap<string, bigint>
}

export interface KnownFund {
  readonly id: string
  readonly terms: FundTerms
  readonly definition: unknown
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
  /** Entries that speak of clients who are watched, in order, as they stand in the journal. */
  readonly watched: readonly { readonly text: string; readonly clients: readonly string[] }[]
  /** Each fund that changed, as it stands. */
  readonly funds: readonly FundHoldings[]
  /** What each portfolio has got. */
  readonly recorded: readonly Recorded[]
  /** Each rebalance that changed, as it stands. */
  readonly rebalances: readonly RebalanceState[]
  /** Circulating supplies, 10⁻¹⁸ of each asset for which there is another. */
  readonly supplies: ReadonlyMap<string, bigint>
}

/** Orders of a client that are told at once. */
const RECENT = 100
/** Entries after which the state is kept for the next start. */
const SNAPSHOT = 10_000
/** Characters of entries that are given to ClickHouse at once; the last entry may go beyond. */
const TEXT = 1 << 20
/** Rows of portfolios that are told at once; the last entry may go beyond. */
const ROWS = 20_000

/**
 * The clearing house at work: takes requests in order, decides them, and answers when what they wrote is on disk. A batch is one
 * commit; where that fails nothing of the batch has happened, and all of it is refused.
 */
export class LedgerService {
  /** Why the journal took no entries when it was asked last. */
  failure: string | undefined
  private readonly journal: SqliteJournal
  private readonly index = new KeyIndex()
  private readonly recent = new Map<string, number[]>()
  private readonly asked = new AbsentKeys()
  /** Clients who are watched, and by whom. */
  private readonly watched = new Map<string, Set<string>>()
  private ledger: Ledger
  /** It holds what the disk did not take, until the journal is read again. */
  private spoilt = false
  private keptAt: number
  private triedAt: number
  private lines: NewJournalEntry[] = []
  private entries: Entry[] = []
  private users: User[] = []
  /** Keys of the running batch. */
  private readonly fresh = new Map<string, Entry>()

  constructor(journal: SqliteJournal) {
    this.journal = journal
    this.ledger = this.load()
    this.keptAt = journal.snapshot?.seq ?? 0
    this.triedAt = this.keptAt
    for (const [seq, who, key] of journal.keys()) this.remember(seq, who, key)
  }

  get seq(): number {
    return this.journal.seq
  }

  /** One commit, and its news if it has written anything. Throws JournalError, and nothing has happened, where the disk does not take it. */
  process(requests: readonly ClearingRequest[]): { answers: unknown[]; news: CommitEvents | undefined } {
    try {
      if (this.spoilt) this.ledger = this.load()
      this.spoilt = false
      const { answers, written } = this.journal.transaction(() => ({
        answers: requests.map(request => this.answer(request)),
        written: this.journal.append(this.lines, this.users),
      }))
      const news = this.newsOf(written)
      this.keepWhenDue()
      return { answers, news }
    } catch (error) {
      this.failure = (error as Error).message
      this.spoilt ||= this.entries.length > 0
      throw error
    } finally {
      this.lines = []
      this.entries = []
      this.users = []
      this.fresh.clear()
    }
  }

  private answer(request: ClearingRequest): unknown {
    const { journal, ledger } = this
    switch (request.ask) {
      case 'execute':
        return this.do(request)
      case 'order': {
        const entry = this.find(request.who, request.key)
        if (entry) return outcomeOf(entry)
        if (request.origin) this.asked.add(request.who, request.key, request.origin)
        return undefined
      }
      case 'orders':
        return this.ordersOf(request.who)
      case 'holdings':
        return holdingsOf(ledger.holdings(clientAccount(request.who)))
      case 'watch':
        return this.watch(request)
      case 'quote': {
        const fund = ledger.funds.get(request.fund)
        if (fund?.inception === undefined) return undefined
        const { side, amount, nav } = request
        const { creationUnit, createFeeBps, redeemFeeBps } = fund.terms
        const unpriced = (side === 'create' ? createFeeBps : redeemFeeBps) > 0 && nav === undefined
        return { ...legsOf(fund, side, amount, nav), unpriced, halted: fund.halted, creationUnit, units: fund.units }
      }
      case 'funds':
        return [...ledger.funds.values()].map(({ id, terms, definition, rebalance }) => ({
          id,
          terms,
          definition,
          rebalance,
          holdings: this.fundHoldings(id, true),
        }))
      case 'page':
        return journal.page(request.after, request.limit)
      case 'rows':
        return this.rowsAfter(request.after, request.limit)
      case 'recorded':
        return this.recordedAfter(request.after)
      case 'supplies':
        return new Map(ledger.supplies)
      case 'hashOf':
        return this.users.find(({ name }) => name === request.user)?.hash ?? journal.hashOf(request.user)
      case 'tokens':
        return journal.tokens
      case 'putToken':
        return journal.putToken(request)
      case 'useInvite':
        return journal.useInvite(request.digest)
      case 'giveInviteBack':
        return journal.giveInviteBack(request.digest)
      case 'removeTokens':
        return journal.removeTokens(request.digests)
    }
  }

  private do({ command, who, t, origin, secret }: Extract<ClearingRequest, { ask: 'execute' }>): Done {
    const key = 'key' in command ? command.key : undefined
    if (key !== undefined) {
      const before = this.find(who, key)
      if (before) return sameContents(command, before) ? outcomeOf(before) : { refused: 'key_reused_differently' }
      if (origin && this.asked.holds(who, key, origin)) return { refused: 'unknown_order' }
    }
    const decision = this.ledger.decide(command, t, who)
    if ('refused' in decision) return decision
    if ('nothing' in decision) return { order: '{"accepted":0}' }
    const { entry } = decision
    this.ledger.post(entry)
    this.entries.push(entry)
    // It goes into the journal and into the answer.
    const outcome = isOrder(entry) ? outcomeText(entry) : undefined
    this.lines.push({ text: writeEntry(entry, outcome), who, key })
    if (key !== undefined) this.fresh.set(`${who}\n${key}`, entry)
    if (entry.kind === 'register' && secret !== undefined) this.users.push({ name: entry.client, hash: secret })
    return outcomeOf(entry, outcome)
  }

  private watch({ who, by, on }: Extract<ClearingRequest, { ask: 'watch' }>): void {
    const watchers = this.watched.get(who) ?? new Set()
    if (on) watchers.add(by)
    else watchers.delete(by)
    if (watchers.size > 0) this.watched.set(who, watchers)
    else this.watched.delete(who)
  }

  private newsOf(written: readonly JournalEntry[]): CommitEvents | undefined {
    if (written.length === 0) return undefined
    this.failure = undefined
    const funds = new Set<string>()
    const traded = new Set<string>()
    const watched: { text: string; clients: string[] }[] = []
    for (const [i, { seq, text }] of written.entries()) {
      const entry = this.entries[i]!
      const { who, key } = this.lines[i]!
      if (key !== undefined) this.remember(seq, who, key)
      if ('fund' in entry && entry.kind !== 'define') funds.add(entry.fund)
      if (entry.kind === 'rebalance' || entry.kind === 'trade' || entry.kind === 'rebalanced') traded.add(entry.fund)
      if (this.watched.size === 0) continue
      const clients = clientsOf(entry).filter(client => this.watched.has(client))
      if (clients.length > 0) watched.push({ text, clients })
    }
    const recorded = this.entries.flatMap(entry =>
      entry.kind === 'record' ? [{ portfolio: entry.portfolio, transactions: entry.transactions }] : [],
    )
    const rebalances = [...traded].flatMap(fund => this.ledger.funds.get(fund)?.rebalance ?? [])
    const supplies = new Map(this.entries.flatMap(entry => (entry.kind === 'supplies' ? [...entry.supplies] : [])))
    return { watched, funds: [...funds].flatMap(fund => this.fundHoldings(fund) ?? []), recorded, rebalances, supplies }
  }

  /** Keeps the state for the next start, which then has few entries to read. */
  keep(): void {
    if (this.journal.seq === this.keptAt) return
    this.journal.save(this.ledger.write())
    this.keptAt = this.journal.seq
  }

  /** What cannot be kept now is kept later: nobody's order depends on it. */
  private keepWhenDue(): void {
    if (this.journal.seq - this.triedAt < SNAPSHOT) return
    this.triedAt = this.journal.seq
    try {
      this.keep()
    } catch (error) {
      this.failure = (error as Error).message
    }
  }

  private load(): Ledger {
    const { snapshot } = this.journal
    const ledger = snapshot ? Ledger.read(snapshot.state) : new Ledger()
    for (const line of this.journal.since(ledger.seq)) {
      try {
        ledger.post(readEntry(line.text))
      } catch (error) {
        throw new JournalError(`entry ${line.seq}: ${(error as Error).message}`)
      }
    }
    return ledger
  }

  private remember(seq: number, who: string, key: string): void {
    this.index.add(who, key, seq)
    let recent = this.recent.get(who)
    if (recent === undefined) {
      recent = []
      this.recent.set(who, recent)
    }
    recent.push(seq)
    if (recent.length > RECENT) recent.shift()
  }

  private ordersOf(who: string): OrderOutcome[] {
    const before = (this.recent.get(who) ?? []).map(seq => this.entryAt(seq))
    const fresh = this.entries.filter(entry => entry.who === who && 'key' in entry)
    return [...before, ...fresh].slice(-RECENT).map(entry => outcomeOf(entry))
  }

  private find(who: string, key: string): Entry | undefined {
    const fresh = this.fresh.get(`${who}\n${key}`)
    if (fresh) return fresh
    let found: Entry | undefined
    this.index.find(who, key, seq => {
      const entry = this.entryAt(seq)
      const is = entry.who === who && 'key' in entry && entry.key === key
      if (is) found = entry
      return is
    })
    return found
  }

  private entryAt(seq: number): Entry {
    return readEntry(this.journal.at(seq)!.text)
  }

  private rowsAfter(after: number, limit: number): EntryBatch {
    const lines: JournalEntry[] = []
    let length = 0
    for (const line of this.journal.since(after)) {
      lines.push(line)
      length += line.text.length
      if (lines.length >= limit || length >= TEXT) break
    }
    return { last: lines.at(-1)?.seq ?? after, rows: Buffer.from(entryRows(this.journal.id, lines)) }
  }

  private recordedAfter(after: number): RecordedEntry[] {
    const { recordings } = this.ledger
    const page: RecordedEntry[] = []
    let rows = 0
    for (let i = firstAbove(recordings, after); i < recordings.length && rows < ROWS; i++) {
      const entry = this.entryAt(recordings[i]!)
      if (entry.kind !== 'record') continue
      page.push({ seq: entry.seq, portfolio: entry.portfolio, transactions: entry.transactions })
      rows += entry.transactions.length
    }
    return page
  }

  /** The divisor of the level is told while it holds: not while trades change what a share is. */
  private fundHoldings(id: string, atStart = false): FundHoldings | undefined {
    const fund = this.ledger.funds.get(id)
    if (fund?.inception === undefined) return undefined
    const { units, halted, inception, rebalance, rebalanced } = fund
    const divisor = atStart && rebalance?.ended ? rebalanced?.divisor : undefined
    return {
      fund: id,
      units,
      halted,
      t: inception.t,
      weights: targetsOf(fund),
      shares: this.ledger.shares(id),
      ...(rebalanced && { rebalancedAt: rebalanced.t }),
      ...(divisor !== undefined && { divisor }),
      custody: new Map(this.ledger.holdings(custodyAccount(id))),
    }
  }
}

/** The place of the first number above `n` in a list that rises. */
const firstAbove = (list: readonly number[], n: number): number => {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle]! <= n) low = middle + 1
    else high = middle
  }
  return low
}

const outcomeOf = (entry: Entry, text?: string): OrderOutcome => {
  const order = orderText(entry, text)
  return 'code' in entry && entry.code !== undefined ? { order, code: entry.code } : { order }
}

/** The clients whose holdings or orders an entry speaks of. */
const clientsOf = (entry: Entry): string[] => {
  const clients = new Set<string>()
  if (entry.kind === 'create' || entry.kind === 'redeem' || entry.kind === 'transfer') clients.add(entry.who)
  for (const { account } of entry.postings) if (account.startsWith(CLIENT)) clients.add(account.slice(CLIENT.length))
  return [...clients]
}
const CLIENT = clientAccount('')

/** Whether a command asks for what has been asked for under its key before. */
const sameContents = (command: Command, before: Entry): boolean => {
  if (command.kind !== before.kind) return false
  switch (command.kind) {
    case 'create':
    case 'redeem':
      return command.fund === (before as typeof command).fund && command.amount === (before as typeof command).amount
    case 'transfer': {
      const { to, asset, amount } = before as typeof command
      return command.to === to && command.asset === asset && command.amount === amount
    }
    case 'deposit':
    case 'withdrawal': {
      const { client, asset, amount } = before as typeof command
      return command.client === client && command.asset === asset && command.amount === amount
    }
    default:
      return false
  }
}

const holdingsOf = (holdings: ReadonlyMap<string, bigint>): ClientHoldings => {
  const assets: Record<string, string> = {}
  const shares: Record<string, string> = {}
  for (const [asset, amount] of [...holdings].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const fund = fundOfShares(asset)
    if (fund === undefined) assets[asset] = formatDecimal(amount)
    else shares[fund] = formatDecimal(amount)
  }
  return { assets, shares }
}
