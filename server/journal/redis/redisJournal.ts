import type { RedisAddress } from '../../config/redisAddress.ts'
import type { CredentialStore, StoredToken, User } from '../../identity/credentialStore.ts'
import {
  type Journal,
  type JournalCopying,
  type JournalEntry,
  type JournalKey,
  type NewJournalEntry,
  pageAfter,
  type Snapshot,
  type Verified,
} from '../journal.ts'
import { JournalError, REPAIR } from '../journalError.ts'
import { HELD, setAside } from '../journalFile.ts'
import { changesText, entriesText } from './commit.ts'
import type { CredentialChange } from './credentialChanges.ts'
import { compare, expectSame, otherLedger, REMAKE, takeOver } from './following.ts'
import { type CommitId, headText, idText, isBefore, noCommits, readHead, type StreamHead } from './head.ts'
import type { Taken } from './lease.ts'
import { LedgerCopy } from './ledgerCopy.ts'
import { LOST, RedisLink } from './redisLink.ts'
import type { RedisAnswer, RedisLogLine } from './redisThread.ts'

/** Where a core's ledger lies. */
export interface LedgerPlace {
  readonly address: RedisAddress
  /** It also begins on a Redis that may lose what it has acknowledged. */
  readonly mayLose: boolean
  /** The core's own copy. */
  readonly file: string
  /** Entries of a copy that is followed from its first one on when it is opened. */
  readonly followedMax?: number | undefined
  /** A copy that is not one of the ledger is set aside and made again; if Redis has no ledger, the copy begins it again. */
  readonly repairs: boolean
}

/** ms that a core which follows waits for the next commit. */
const BLOCK_MS = 100
/** Entries of one commit that puts lost ones back. */
const HEALED_AT_ONCE = 500

/**
 * The ledger of several cores: its commits lie in a stream of Redis, and each core has a copy of all of them, from which it reads. One core leads
 * and writes: a commit is there when Redis has it on disk, and then the copy gets it. The others follow, and one of them leads as soon as the
 * lease is free.
 */
export class RedisJournal implements Journal, CredentialStore {
  /** Entries and changes of credentials that Redis had lost and this core has put back. */
  healed = 0
  /** This core's term; zero as long as it follows. */
  term = 0
  /** Replicas on which the newest commit is, beside the primary. */
  replicas = 0
  /** As of the last look at Redis nothing was missing. */
  caughtUp = false
  /** Redis, or else the head file, confirms what was acknowledged before. */
  readonly vouched: boolean
  private readonly link: RedisLink
  private readonly place: LedgerPlace
  private copy: LedgerCopy
  /** The ledger's head as this core, which leads, has written it. */
  private head: StreamHead
  /** Commits of this term. */
  private n = 0
  /** The copy was once found to be one of the ledger. */
  private isSound = false
  private readonly say: (line: RedisLogLine) => void
  /** Of the running transaction. */
  private within = false
  private entries: JournalEntry[] = []
  private changes: CredentialChange[] = []

  /** Connects to Redis and opens the copy. Throws JournalError if that cannot be done, or if the copy is of another ledger. */
  constructor(place: LedgerPlace, say: (line: RedisLogLine) => void = () => {}) {
    this.place = place
    this.say = say
    this.link = new RedisLink(place, say)
    try {
      const text = this.link.ask({ ask: 'open' }).head
      const head = text === undefined ? undefined : this.known(text)
      this.copy = this.openCopy(head)
      this.vouched = head !== undefined || this.copy.vouched
      this.head = head ?? noCommits(this.copy.id)
    } catch (error) {
      this.link.close()
      throw error
    }
  }

  /** Itself, once it leads. */
  get leading(): this | undefined {
    return this.term > 0 ? this : undefined
  }

  get id(): string {
    return this.copy.id
  }

  get seq(): number {
    return this.copy.seq
  }

  get snapshot(): Snapshot | undefined {
    return this.copy.snapshot
  }

  get headFailure(): string | undefined {
    return this.copy.headFailure
  }

  get verifiedTo(): number {
    return this.copy.verifiedTo
  }

  get notes(): readonly string[] {
    return this.copy.notes
  }

  /** Commits that this core has written since it leads. */
  get commits(): number {
    return this.n
  }

  /**
   * Follows the ledger one step: takes over what others have committed since, waiting a moment for it, and takes the lease if that is free and
   * nothing is missing. Returns the entries that are new. When `term` is set this core leads, and follows no more. Throws JournalError if the
   * copy is not one of this ledger, or if Redis has lost what the copy cannot put back.
   */
  follow(): JournalEntry[] {
    const genesis = this.mayBegin ? headText(noCommits(this.id)) : ''
    const { commits = [], more = false, head: text, taken } = this.next(this.caughtUp ? BLOCK_MS : 0, this.caughtUp ? genesis : undefined)
    if (taken !== undefined) return this.lead(taken)
    const head = text === undefined ? undefined : this.known(text)
    // Another core has begun the ledger between the question for its head and that for its commits: both are asked for again.
    if (head === undefined && commits.length > 0 && this.mayBegin) return []
    if (head !== undefined && head.journal !== this.id) {
      // Another core was first to begin the ledger.
      this.copy.close()
      this.copy = this.openCopy(head)
    }
    try {
      const fresh = takeOver(this.copy, commits)
      this.caughtUp = !more
      if (this.caughtUp) compare(this.copy, head, this.mayBegin)
      this.isSound ||= this.caughtUp
      return fresh
    } catch (error) {
      // Once others rely on it, it is not exchanged beneath them.
      if (this.isSound || !this.place.repairs || head === undefined) throw error
      this.copy.close()
      this.copy = this.remade(head, (error as Error).message)
      return []
    }
  }

  /** Why it leads no more, and nothing can be done with it; undefined if it does. */
  get ended(): string | undefined {
    return this.link.ended
  }

  /** Resolves with that when it is so. */
  get lost(): Promise<string> {
    return this.link.lost
  }

  /** Returns why nothing may be read or written now: this core cannot be sure that it leads. Returns undefined if it can. */
  unsure(): string | undefined {
    return this.link.unsure()
  }

  transaction<T>(work: () => T): T {
    if (this.within) return work()
    if (this.term === 0 || this.ended !== undefined) throw new JournalError(this.ended ?? 'this core does not lead')
    let sent = false
    this.within = true
    this.entries = []
    this.changes = []
    try {
      return this.copy.transaction(() => {
        const result = work()
        if (this.entries.length > 0 || this.changes.length > 0) {
          this.commit()
          sent = true
        }
        return result
      })
    } catch (error) {
      // Redis has it and the copy has not: it would be refused here, and is done there.
      if (sent) this.link.end(`${this.place.file}: ${(error as Error).message}`)
      throw error
    } finally {
      this.within = false
    }
  }

  append(entries: readonly NewJournalEntry[]): JournalEntry[] {
    return this.transaction(() => {
      const written = this.copy.append(entries)
      for (const entry of written) this.entries.push(entry)
      return written
    })
  }

  /** Keeps the state in the copy: every core keeps its own. */
  save(state: string): void {
    this.copy.save(state)
  }

  since(after: number): Iterable<JournalEntry> {
    return this.copy.since(after)
  }

  keys(): Iterable<JournalKey> {
    return this.copy.keys()
  }

  hashAt(seq: number): string | undefined {
    return this.copy.hashAt(seq)
  }

  verification(): Generator<Verified, void> {
    return this.copy.verification()
  }

  verify(): { readonly entries: number; readonly hash: string } {
    return this.copy.verify()
  }

  hashOf(user: string): string | undefined {
    return this.copy.hashOf(user)
  }

  tokens(): StoredToken[] {
    return this.copy.tokens()
  }

  usedInvites(digests: readonly string[]): string[] {
    return this.copy.usedInvites(digests)
  }

  addUser({ name, hash }: User): void {
    this.change({ user: { name, hash } }, () => this.copy.addUser({ name, hash }))
  }

  putToken(token: StoredToken): void {
    this.change({ token }, () => this.copy.putToken(token))
  }

  removeTokens(digests: readonly string[]): void {
    if (digests.length > 0) this.change({ ended: digests }, () => this.copy.removeTokens(digests))
  }

  useInvite(digest: string): boolean {
    return this.transaction(() => {
      const isFirst = this.copy.useInvite(digest)
      if (isFirst) this.changes.push({ used: digest })
      return isFirst
    })
  }

  giveInviteBack(digest: string): void {
    this.change({ unused: digest }, () => this.copy.giveInviteBack(digest))
  }

  copying(file: string): JournalCopying {
    return this.copy.copying(file)
  }

  /** Gives the lease up and lets go of the copy. */
  close(): void {
    this.link.close()
    this.copy.close()
  }

  private change(change: CredentialChange, make: () => void): void {
    this.transaction(() => {
      make()
      this.changes.push(change)
    })
  }

  private known(text: string): StreamHead {
    const head = readHead(text)
    if (head === undefined) throw new JournalError(`found "${text}" as the head of the ledger in Redis, expected one of this version`)
    return head
  }

  /** A ledger may be begun: by a journal that has never been in Redis, or if that was asked for. */
  private get mayBegin(): boolean {
    return this.place.repairs || this.copy.followed === undefined
  }

  private openCopy(head: StreamHead | undefined): LedgerCopy {
    const { file, followedMax, repairs } = this.place
    try {
      const copy = new LedgerCopy(file, head?.journal, followedMax)
      if (head === undefined || head.journal === copy.id) return copy
      copy.close()
      throw otherLedger(file, head)
    } catch (error) {
      const { message } = error as Error
      if (repairs && head !== undefined && !message.includes(HELD)) return this.remade(head, message)
      throw new JournalError(message.replace(REPAIR, REMAKE))
    }
  }

  /** Sets the copy aside. Returns an empty one, which follows from the first commit on. */
  private remade(head: StreamHead, why: string): LedgerCopy {
    const { file, followedMax } = this.place
    const kept = setAside(file, new Date())
    this.say({ log: 'warn', about: { file, kept, why }, text: 'the copy of the ledger is made again from Redis; the old one is kept' })
    return new LedgerCopy(file, head.journal, followedMax)
  }

  /** Asks for what comes after the newest commit that the copy has. */
  private next(blockMs: number, genesis: string | undefined): RedisAnswer {
    return this.link.ask({ ask: 'follow', after: idText(this.copy.followed ?? NONE), blockMs, genesis })
  }

  /** Begins to lead: follows what was committed before the lease moved the head, and puts back what Redis has lost of it. */
  private lead({ term, before }: Taken): JournalEntry[] {
    const marker = { ...before, term, n: 0 }
    const fresh: JournalEntry[] = []
    try {
      while (isBefore(this.copy.followed ?? NONE, marker)) fresh.push(...takeOver(this.copy, this.next(BLOCK_MS, undefined).commits ?? []))
      expectSame(this.copy, before)
      this.term = term
      this.head = marker
      // All replicas must have what this core has read, even if another core wrote it.
      this.send(marker, [], [])
      this.heal(before, this.copy.seq)
    } catch (error) {
      this.link.end((error as Error).message)
      throw error
    }
    return fresh
  }

  /** Sends what the running transaction has written. */
  private commit(): void {
    const { entries, changes, head } = this
    const { seq, hash } = entries.at(-1) ?? head
    this.send({ ...head, term: this.term, n: this.n + 1, seq, hash }, entries, changes)
  }

  /** Appends a commit. Throws JournalError if it is not there: then nothing of it is, or this core has ended. */
  private send(after: StreamHead, entries: readonly JournalEntry[], changes: readonly CredentialChange[]): void {
    const [before, text] = [headText(this.head), headText(after)]
    const commit = { before, after: text, entries: entriesText(entries), changes: changesText(changes) }
    const { appended } = this.link.ask({ ask: 'append', commit })
    if (appended === undefined || 'refused' in appended) throw new JournalError(`Redis: ${appended?.refused}`)
    if ('done' in appended) {
      this.head = after
      this.n = after.n
      this.replicas = appended.replicas
      this.copy.note(after, changes)
      return
    }
    const found = this.setBack(appended.fenced)
    const upTo = this.head.seq
    this.head = found
    this.heal(found, upTo)
    this.send({ ...after, n: this.n + 1 }, entries, changes)
  }

  /** Returns the head to which a failover has set the ledger back. Throws JournalError if it is another core's, and ends this one. */
  private setBack(text: string): StreamHead {
    try {
      const head = this.known(text)
      if (head.term > this.term) throw new JournalError(LOST)
      this.link.renew()
      expectSame(this.copy, head)
      return head
    } catch (error) {
      this.link.end((error as Error).message)
      throw error
    }
  }

  /** Puts back what Redis has lost after a commit: entries up to a number, and changes of credentials. */
  private heal(after: StreamHead, upTo: number): void {
    let changes = after.term === 0 ? this.copy.allCredentials() : this.copy.changesAfter(after)
    for (let { seq } = after; seq < upTo || changes.length > 0; { seq } = this.head) {
      const entries = seq < upTo ? pageAfter(this.copy, seq, Math.min(HEALED_AT_ONCE, upTo - seq)) : []
      const { seq: to, hash } = entries.at(-1) ?? this.head
      this.send({ ...this.head, term: this.term, n: this.n + 1, seq: to, hash }, entries, changes)
      this.healed += entries.length + changes.length
      changes = []
    }
  }
}

/** The place before the first commit. */
const NONE: CommitId = { term: 0, n: 0 }
