import { clientAccount, SPONSOR } from '../../streams/ledger/accounts.ts'
import { sameEvent } from '../../streams/ledger/assetEntry.ts'
import type { Command, ConversionCommand } from '../../streams/ledger/command.ts'
import { type Entry, isOrder } from '../../streams/ledger/entry.ts'
import { outcomeText, readEntry, writeEntry } from '../../streams/ledger/entryText.ts'
import { Ledger } from '../../streams/ledger/ledger.ts'
import { feeBps, legsOf } from '../../streams/ledger/orders.ts'
import type { SortedRows } from '../../streams/ledger/recordedRows.ts'
import { isOfThisForm } from '../../streams/ledger/snapshot.ts'
import type { CredentialStore } from '../identity/credentialStore.ts'
import { entryBatch } from '../journal/auditRows.ts'
import { type Journal, type JournalEntry, type NewJournalEntry, pageAfter, type Snapshot } from '../journal/journal.ts'
import { JournalError } from '../journal/journalError.ts'
import { clientsAfter, holdingsOf } from './clientHoldings.ts'
import { commitEventsOf, fundHoldings, WatchedClients } from './commitEvents.ts'
import { fundingsSince } from './fundingsSince.ts'
import { hasKey, Idempotency, sameContents } from './idempotency.ts'
import { JournalCopies } from './journalCopies.ts'
import { outcomeOf } from './order.ts'
import type { ClearingMethod, ClearingRequest, ClearingRequests, CommitEvents, Done, KnownFund, Quote } from './port.ts'
import { recordedAfter } from './recordedEntries.ts'

/** Entries after which the state is saved for the next start. */
const SNAPSHOT = 10_000
/** Entries of a journal whose kept state is not needed: a start reads them all, 0.4 s, and so believes nothing that it has not seen follow. */
const REPLAYED_MAX = 20_000

type Ask<M extends ClearingMethod> = ClearingRequests[M]['ask']
type Answer<M extends ClearingMethod> = ClearingRequests[M]['answer']

/**
 * The clearing house at work: it takes requests in order, decides them, and answers when what they wrote is on disk. A batch is one commit;
 * if that fails nothing of the batch has happened, and all of it is refused.
 */
export class LedgerService {
  /** Why the journal took no entries last time; undefined if it took them. */
  failure: string | undefined
  /** The kept state that this start has believed; undefined if its state was made of the entries. */
  readonly believed: Snapshot | undefined
  /** When the last batch was decided, by `performance.now()`: what came after that was its commit. */
  decidedAt = 0
  /** What was put right at the start, for the log. */
  readonly notes: readonly string[]
  private readonly journal: Journal
  private readonly credentials: CredentialStore
  private readonly idempotency: Idempotency
  private readonly watched = new WatchedClients()
  private readonly copies: JournalCopies
  private ledger: Ledger
  /** The ledger holds what the disk did not take, until the journal is read again. */
  private spoilt = false
  private savedAt: number
  private triedAt: number
  /** Of the running batch. */
  private entries: Entry[] = []
  private lines: NewJournalEntry[] = []

  /**
   * Reads the journal: one of at most `replayedMax` entries from the first one on, a longer one from its kept state on. Throws JournalError if
   * an entry cannot be read. `credentials` are committed with the journal.
   */
  constructor(journal: Journal, credentials: CredentialStore, replayedMax = REPLAYED_MAX) {
    this.journal = journal
    this.credentials = credentials
    this.copies = new JournalCopies(journal)
    const { snapshot } = journal
    const isReadable = snapshot !== undefined && isOfThisForm(snapshot.state)
    this.believed = isReadable && journal.seq > replayedMax ? snapshot : undefined
    let holds = snapshot === this.believed
    this.ledger = this.load(this.believed, ledger => {
      if (ledger.seq === snapshot?.seq) holds ||= ledger.write() === snapshot.state
    })
    this.notes = holds
      ? []
      : [`the kept state is ${isReadable ? 'not the one that the entries give' : 'of another version'}: it is made again from the entries`]
    if (!holds) journal.save(this.ledger.write())
    this.savedAt = journal.snapshot?.seq ?? 0
    this.triedAt = this.savedAt
    this.idempotency = new Idempotency(journal)
  }

  /** Number of the newest entry on disk. */
  get seq(): number {
    return this.journal.seq
  }

  /**
   * Answers requests by one commit. `events` is undefined if nothing was written. Throws JournalError if the disk does not take it; then
   * nothing has happened.
   */
  process(requests: readonly ClearingRequest[]): { answers: unknown[]; events: CommitEvents | undefined } {
    try {
      if (this.spoilt) this.ledger = this.load(this.journal.snapshot)
      this.spoilt = false
      const { answers, written } = this.journal.transaction(() => {
        const decided = requests.map(request => this.answer(request.ask, request))
        this.decidedAt = performance.now()
        return { answers: decided, written: this.journal.append(this.lines) }
      })
      const events = this.committed(written)
      this.saveWhenDue()
      return { answers, events }
    } catch (error) {
      this.failure = (error as Error).message
      this.spoilt ||= this.entries.length > 0
      throw error
    } finally {
      this.lines = []
      this.entries = []
      this.idempotency.drop()
    }
  }

  /** Takes over entries that another core has committed and the journal has got since. Throws JournalError if one does not follow. */
  follow(entries: readonly JournalEntry[]): void {
    for (const { seq, text } of entries) this.idempotency.follow(post(this.ledger, seq, text))
    this.saveWhenDue()
  }

  /** Saves the state for the next start, which then has few entries to read. */
  save(): void {
    if (this.spoilt || this.journal.seq === this.savedAt) return
    this.journal.save(this.ledger.write())
    this.savedAt = this.journal.seq
  }

  /** If the state cannot be saved now it is saved later: no order depends on it. */
  private saveWhenDue(): void {
    if (this.journal.seq - this.triedAt < SNAPSHOT) return
    this.triedAt = this.journal.seq
    try {
      this.save()
    } catch (error) {
      this.failure = (error as Error).message
    }
  }

  private committed(written: readonly JournalEntry[]): CommitEvents | undefined {
    if (written.length === 0) return undefined
    this.failure = undefined
    this.idempotency.commit()
    return commitEventsOf(this.entries, written, this.ledger, this.watched)
  }

  /** Returns the state that a kept one and the entries after it give. `posted` is called after each of these. */
  private load(kept: Snapshot | undefined, posted: (ledger: Ledger) => void = () => {}): Ledger {
    const ledger = kept ? Ledger.read(kept.state) : new Ledger()
    for (const { seq, text } of this.journal.since(ledger.seq)) {
      post(ledger, seq, text)
      posted(ledger)
    }
    return ledger
  }

  private answer<M extends ClearingMethod>(ask: M, request: Ask<M>): Answer<M> {
    return this.answers[ask](request)
  }

  private readonly answers: { readonly [M in ClearingMethod]: (request: Ask<M>) => Answer<M> } = {
    execute: request => this.execute(request),
    order: ({ who, key, origin }) => {
      const entry = this.idempotency.find(who, key)
      if (entry) return outcomeOf(entry)
      if (origin) this.idempotency.noteAbsent(who, key, origin)
      return undefined
    },
    orders: ({ who }) => this.idempotency.newest(who).map(entry => outcomeOf(entry)),
    ordersAfter: ({ who, after, limit }) => this.idempotency.after(who, after, limit).map(entry => outcomeOf(entry)),
    holdings: ({ who }) => holdingsOf(this.ledger.holdings(clientAccount(who))),
    clients: ({ after, limit }) => clientsAfter(this.ledger, after, limit),
    watch: request => void this.watched.watch(request),
    quote: request => this.quote(request),
    funds: () => this.funds(),
    page: ({ after, limit }) => pageAfter(this.journal, after, limit),
    rows: ({ after, limit, bare }) => entryBatch(this.journal, after, limit, bare),
    copy: ({ file }) => this.copies.step(file),
    hashAt: ({ seq }) => ({ hash: this.journal.hashAt(seq), newest: this.journal.seq }),
    recorded: ({ after }) => recordedAfter(this.journal, this.ledger.recordings, after),
    supplies: () => this.ledger.supplies.all(),
    events: () => this.ledger.events,
    hashOf: ({ user }) => this.credentials.hashOf(user),
    tokens: () => this.credentials.tokens(),
    putToken: ({ digest, user, expires }) => void this.credentials.putToken({ digest, user, expires }),
    useInvite: ({ digest }) => this.credentials.useInvite(digest),
    usedInvites: ({ digests }) => this.credentials.usedInvites(digests),
    giveInviteBack: ({ digest }) => void this.credentials.giveInviteBack(digest),
    removeTokens: ({ digests }) => void this.credentials.removeTokens(digests),
  }

  private execute({ command, who, t, origin, secret }: Ask<'execute'>): Done {
    const key = hasKey(command) ? command.key : undefined
    if (hasKey(command)) {
      const before = this.idempotency.find(who, command.key)
      if (before) return sameContents(command, before) ? outcomeOf(before) : { refused: 'key_reused_differently' }
      if (origin && this.idempotency.comesTooLate(who, command.key, origin)) return { refused: 'unknown_order' }
    }
    const decision = this.ledger.decide(command.kind === 'conversion' ? this.withFundings(command) : command, t, who)
    if ('refused' in decision) return this.enteredAgain(command, who, secret) ?? decision
    if ('nothing' in decision) return { order: JSON.stringify({ accepted: 0, ...placesOf(decision.rows) }) }
    const { entry, rows } = decision
    this.ledger.post(entry)
    this.entries.push(entry)
    // It goes into the journal and into the answer.
    const outcome = isOrder(entry) ? outcomeText(entry) : undefined
    this.lines.push({ text: writeEntry(entry, outcome), who, key })
    if (key !== undefined) this.idempotency.enter(entry, key)
    if (entry.kind === 'register' && secret !== undefined) this.credentials.addUser({ name: entry.client, hash: secret })
    const done = outcomeOf(entry, outcome)
    return rows === undefined ? done : { order: JSON.stringify({ ...JSON.parse(done.order), ...placesOf(rows) }) }
  }

  /** Gives a client of the configuration its password again if that was lost. */
  private enteredAgain(command: Command, who: string, secret: string | undefined): Done | undefined {
    if (command.kind !== 'register' || who !== 'system' || secret === undefined) return undefined
    const { client } = command
    if (!this.ledger.clients.has(client) || client === SPONSOR || this.credentials.hashOf(client) !== undefined) return undefined
    this.credentials.addUser({ name: client, hash: secret })
    return { order: '{"accepted":0}' }
  }

  /** Adds what deposits and withdrawals since the event have changed, if it has not come to the accounts yet. */
  private withFundings(command: ConversionCommand): ConversionCommand {
    const known = this.ledger.events.find(({ event }) => sameEvent(event, command.event))
    if (known === undefined || known.converted) return command
    return { ...command, since: fundingsSince(this.journal, known.event, this.entries) }
  }

  private quote({ side, fund: id, amount, nav }: Ask<'quote'>): Quote | undefined {
    const fund = this.ledger.funds.get(id)
    if (fund?.inception === undefined) return undefined
    const unpriced = feeBps(fund.terms, side) > 0 && nav === undefined
    const { creationUnit } = fund.terms
    return { ...legsOf(fund, side, amount, nav), unpriced, halted: fund.halted, creationUnit, units: fund.units }
  }

  private funds(): KnownFund[] {
    return [...this.ledger.funds.values()].map(({ id, terms, definition, owner, rebalance }) => ({
      id,
      terms,
      definition,
      owner,
      rebalance,
      holdings: fundHoldings(this.ledger, id, true),
    }))
  }
}

/** Posts an entry of the journal. Returns it. Throws JournalError if it does not follow. */
const post = (ledger: Ledger, seq: number, text: string): Entry => {
  try {
    const entry = readEntry(text)
    ledger.post(entry)
    return entry
  } catch (error) {
    throw new JournalError(`entry ${seq}: ${(error as Error).message.replace(/^entry \d+: /, '')}`)
  }
}

/** Returns the places of rows that are not new. */
const placesOf = (rows: SortedRows | undefined): Partial<Pick<SortedRows, 'known' | 'differing'>> =>
  rows === undefined ? {} : { known: rows.known, differing: rows.differing }
