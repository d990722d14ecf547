import { Subject } from 'rxjs'
import type { FundHoldings } from '../../streams/fund/inception.ts'
import type { Entry } from '../../streams/ledger/entry.ts'
import { readEntry } from '../../streams/ledger/entryText.ts'
import { Ledger } from '../../streams/ledger/ledger.ts'
import type { RebalanceState } from '../../streams/ledger/rebalanceState.ts'
import { fundHoldings } from '../clearing/commitEvents.ts'
import type { ClearingPort, KnownFund } from '../clearing/port.ts'

/** Entries that are read at once. */
const PAGE = 1_000

/** What an entry of an earlier run has made of a fund. */
export interface FundStep {
  readonly fund: string
  /** ms of event time: that of the entry or, if it has none, of the entry before it. */
  readonly at: number
  readonly holdings: FundHoldings
  /** The running rebalance or the last one. */
  readonly rebalance: RebalanceState | undefined
  /** No other entry of the fund follows. */
  readonly last: boolean
  /** It stands for all entries up to it, which were before the first frame. */
  readonly early: boolean
}

/** A fund whose entries are played. */
interface Played extends KnownFund {
  readonly holdings: FundHoldings
  /** ms: of the newest step so far. */
  at: number
  /** Number of its last entry. */
  end: number
}

/**
 * Plays what earlier runs have entered of funds again, in a replay: each entry takes effect at its own event time, so that a recording that is
 * begun once more shows a fund as it was at each moment, and not with what it came to own later.
 */
export class FundPlayback {
  readonly steps$ = new Subject<FundStep>()
  private readonly clearing: ClearingPort
  private readonly playing = new Map<string, Played>()
  /** The journal as of the entries that were read. */
  private readonly ledger = new Ledger()
  /** Read and not played. */
  private waiting: FundStep[] = []
  private counted = false
  private due = Number.POSITIVE_INFINITY

  /** `known`: what the journal had at the start. */
  constructor(clearing: ClearingPort, known: readonly KnownFund[]) {
    this.clearing = clearing
    for (const fund of known) {
      const { id, holdings } = fund
      if (holdings) this.playing.set(id, { ...fund, holdings, at: Number.NEGATIVE_INFINITY, end: 0 })
    }
    this.reckon()
  }

  /** ms of event time at which the next step takes effect; Infinity if none is left. */
  get dueAt(): number {
    return this.due
  }

  /** Says whether a fund, by what has been played, is not yet what the journal has. */
  plays(fund: string): boolean {
    return this.playing.has(fund)
  }

  /** Returns the event time (ms) of the inception of a fund that is played. */
  inceptionOf(fund: string): number {
    return this.playing.get(fund)?.holdings.t ?? Number.NaN
  }

  /** Plays no more of a fund: from now on it is what the journal had at the start. */
  end(fund: string): void {
    const played = this.playing.get(fund)
    if (played === undefined) return
    this.playing.delete(fund)
    this.waiting = this.waiting.filter(step => step.fund !== fund)
    this.reckon()
    const { holdings, rebalance, at } = played
    this.steps$.next({ fund, at, holdings, rebalance, last: true, early: true })
  }

  /** Takes up what every fund was at `t` (ms), before the first frame. */
  async begin(t: number): Promise<void> {
    const newest = new Map<string, FundStep>()
    for await (const step of this.until(t)) newest.set(step.fund, step)
    for (const step of newest.values()) {
      const { holdings, at } = step
      this.steps$.next({ ...step, holdings: { ...holdings, earlier: { ...holdings.earlier!, at } }, early: true })
    }
  }

  /** Plays the steps up to the frame `t` (ms), one by one. */
  async to(t: number): Promise<void> {
    for await (const { holdings, ...step } of this.until(t)) {
      const { earlier: _, ...now } = holdings
      this.steps$.next({ ...step, holdings: now })
    }
  }

  private async *until(t: number): AsyncGenerator<FundStep> {
    while (this.due <= t) {
      const next = this.waiting.shift()
      if (next?.last) this.playing.delete(next.fund)
      if (this.waiting.length === 0) await this.read()
      this.reckon()
      if (next) yield next
    }
  }

  private reckon(): void {
    const [next] = this.waiting
    this.due = next?.at ?? Number.POSITIVE_INFINITY
    if (!this.counted) for (const { holdings } of this.playing.values()) this.due = Math.min(this.due, holdings.t)
  }

  /** Reads the next entries that concern a fund that is played. */
  private async read(): Promise<void> {
    if (!this.counted) await this.count()
    while (this.waiting.length === 0 && this.playing.size > 0) {
      const page = await this.page(this.ledger.seq)
      for (const entry of page) {
        this.ledger.post(entry)
        for (const fund of fundsOf(entry)) this.take(fund, entry)
      }
      if (page.length === 0) this.playing.clear()
    }
  }

  /** Looks the journal through for the last entry of each fund. */
  private async count(): Promise<void> {
    for (let page = await this.page(0); page.length > 0; page = await this.page(page.at(-1)!.seq)) {
      for (const entry of page) {
        for (const fund of fundsOf(entry)) {
          const played = this.playing.get(fund)
          if (played) played.end = entry.seq
        }
      }
    }
    this.counted = true
  }

  /** Returns entries after a number that the journal had at the start. */
  private async page(after: number): Promise<Entry[]> {
    const limit = Math.min(PAGE, this.clearing.entriesAtStart - after)
    return limit > 0 ? (await this.clearing.ask('page', { after, limit })).map(({ text }) => readEntry(text)) : []
  }

  private take(fund: string, entry: Entry): void {
    const played = this.playing.get(fund)
    const holdings = played && fundHoldings(this.ledger, fund, true)
    if (holdings === undefined) return
    const { rebalance } = this.ledger.funds.get(fund)!
    played!.at = Math.max(played!.at, this.timeOf(entry) ?? played!.at)
    this.waiting.push({ fund, at: played!.at, holdings, rebalance, last: entry.seq === played!.end, early: false })
  }

  /** Returns the event time of an entry, ms; undefined if it has none. */
  private timeOf(entry: Entry): number | undefined {
    if (entry.kind === 'conversion') return this.ledger.events.find(({ seq }) => seq === entry.event)?.event.t
    if (entry.kind === 'inception') return entry.at ?? entry.t
    return isRebalance(entry) ? entry.at : undefined
  }
}

const isRebalance = (entry: Entry): entry is Extract<Entry, { kind: 'rebalance' | 'trade' | 'rebalanced' }> =>
  entry.kind === 'rebalance' || entry.kind === 'trade' || entry.kind === 'rebalanced'

/** The funds that an entry changes. */
const fundsOf = (entry: Entry): readonly string[] => {
  if (entry.kind === 'conversion') return entry.funds
  return 'fund' in entry && entry.kind !== 'define' ? [entry.fund] : []
}
