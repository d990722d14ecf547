import type { Command } from '../../streams/ledger/command.ts'
import type { ContentOf, Entry } from '../../streams/ledger/entry.ts'
import { readEntry } from '../../streams/ledger/entryText.ts'
import { entryAt, type Journal } from '../journal/journal.ts'
import { KeyIndex } from '../journal/keyIndex.ts'
import type { Origin } from '../lib/arrivalOrder.ts'
import { AbsentKeys } from './absentKeys.ts'
import { EntryChains } from './entryChains.ts'

/** Orders of a client that are listed. */
const RECENT = 100

type KeyedKind = Extract<Command, { readonly key: string }>['kind']
type CommandOf<K extends Command['kind']> = Command & { readonly kind: K }

/** The members that must be equal for a command to ask for the same as an entry, by kind. */
const CONTENTS: { readonly [K in KeyedKind]: readonly (keyof CommandOf<K> & keyof ContentOf<K>)[] } = {
  create: ['fund', 'amount'],
  redeem: ['fund', 'amount'],
  transfer: ['to', 'asset', 'amount'],
  deposit: ['client', 'asset', 'amount'],
  withdrawal: ['client', 'asset', 'amount'],
}

/** Whether a command asks for what an entry under its key has written down. */
export const sameContents = (command: CommandOf<KeyedKind>, entry: Entry): boolean => {
  if (command.kind !== entry.kind) return false
  const [asked, written]: Readonly<Record<string, unknown>>[] = [{ ...command }, { ...entry }]
  return CONTENTS[command.kind].every(name => asked![name] === written![name])
}

/** Whether a command has a client's own key, under which it is done once. */
export const hasKey = (command: Command): command is CommandOf<KeyedKind> => 'key' in command

/**
 * Which entry lies under which client's key, for ever: a command that comes again gets the same answer again. Keys of the running batch
 * are known beside those of the journal, until the batch is committed or dropped.
 */
export class Idempotency {
  private readonly journal: Journal
  private readonly index = new KeyIndex()
  /** Which entries of each client have a key. */
  private readonly chains = new EntryChains()
  private readonly absent = new AbsentKeys()
  /** By owner and key: the entries of the running batch. */
  private readonly fresh = new Map<string, Entry>()

  constructor(journal: Journal) {
    this.journal = journal
    for (const [seq, who, key] of journal.keys()) this.add(seq, who, key)
  }

  /** Returns the entry under a client's key; undefined if there is none. */
  find(who: string, key: string): Entry | undefined {
    const fresh = this.fresh.get(`${who}\n${key}`)
    if (fresh) return fresh
    let found: Entry | undefined
    this.index.find(who, key, seq => {
      const entry = this.read(seq)
      const is = entry.who === who && 'key' in entry && entry.key === key
      if (is) found = entry
      return is
    })
    return found
  }

  /** Returns a client's newest entries that have a key, oldest first. */
  newest(who: string): Entry[] {
    const committed = this.chains.newest(who, RECENT).map(seq => this.read(seq))
    const fresh = [...this.fresh.values()].filter(entry => entry.who === who)
    return [...committed, ...fresh].slice(-RECENT)
  }

  /** Returns a client's committed entries that have a key, after a number, oldest first, at most `limit`. */
  after(who: string, seq: number, limit: number): Entry[] {
    return this.chains.after(who, seq, limit).map(each => this.read(each))
  }

  /** Notes an entry of the running batch. */
  enter(entry: Entry, key: string): void {
    this.fresh.set(`${entry.who}\n${key}`, entry)
  }

  /** Ends the running batch: its entries are committed. */
  commit(): void {
    for (const entry of this.fresh.values()) this.follow(entry)
    this.fresh.clear()
  }

  /** Notes the next entry of the journal, which another core has committed. */
  follow(entry: Entry): void {
    if ('key' in entry) this.add(entry.seq, entry.who, entry.key)
  }

  /** Ends the running batch: its entries are not there. */
  drop(): void {
    this.fresh.clear()
  }

  /** Notes that a client was told that there is no order under a key. */
  noteAbsent(who: string, key: string, origin: Origin): void {
    this.absent.add(who, key, origin)
  }

  /** Whether a client was told, after a command was sent, that there is no order under its key. */
  comesTooLate(who: string, key: string, origin: Origin): boolean {
    return this.absent.holds(who, key, origin)
  }

  private add(seq: number, who: string, key: string): void {
    this.index.add(who, key, seq)
    this.chains.add(who, seq)
  }

  private read(seq: number): Entry {
    return readEntry(entryAt(this.journal, seq)!.text)
  }
}
