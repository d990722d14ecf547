import type { FundHoldings, Proposal } from '../../streams/fund/inception.ts'
import { factOf } from '../../streams/ledger/assetEntry.ts'
import type { Command } from '../../streams/ledger/command.ts'
import type { FundTerms } from '../../streams/ledger/entry.ts'
import type { RebalanceState } from '../../streams/ledger/rebalanceState.ts'
import type { AssetEvent } from '../../streams/market/assetEvent.ts'
import { byTime } from '../../streams/market/datedSupplies.ts'
import type { ClearingPort, KnownFund } from '../clearing/port.ts'
import type { ConfiguredFacts } from '../config/assetFacts.ts'
import { UsageError } from '../config/options.ts'
import type { FundPlayback, FundStep } from './fundPlayback.ts'
import type { InputQueue } from './inputQueue.ts'

/** Events that the journal is asked to take at once. */
const AT_ONCE = 1_000
/** ms of event time after which a conversion that was refused is tried again. */
const RETRY_MS = 1_000

/**
 * Keeps the streams and the clearing house in agreement: an inception that the prices of a frame propose becomes an entry, once, and what
 * entries change in funds, portfolios and supplies goes back into the input.
 */
export class LedgerFeed {
  private readonly clearing: ClearingPort
  private readonly inputQueue: InputQueue
  private readonly known = new Map<string, FundHoldings>()
  private readonly rebalances = new Map<string, RebalanceState>()
  private readonly playback: FundPlayback | undefined
  /** Funds that entries of this run have changed while those of earlier ones were played. */
  private readonly changed = new Set<string>()
  /** Funds whose inception is being written down. */
  private readonly proposed = new Set<string>()
  /** Events that the journal has not converted yet, and when (ms) to try next. */
  private readonly unconverted: { readonly event: AssetEvent; from: number }[] = []
  private writing: Promise<unknown> = Promise.resolve()
  /** By fund: why its inception could not be written down. */
  private readonly failed = new Map<string, Error>()

  /** `known`: what there was at the start. A replay has a `playback`, by which it comes at its own time. */
  constructor(clearing: ClearingPort, inputQueue: InputQueue, known: readonly KnownFund[], playback?: FundPlayback) {
    this.clearing = clearing
    this.inputQueue = inputQueue
    this.playback = playback
    for (const { id, holdings, rebalance } of known) {
      if (holdings) this.known.set(id, holdings)
      if (rebalance) this.rebalances.set(id, rebalance)
    }
    playback?.steps$.subscribe(step => this.play(step))
    clearing.commits$.subscribe(({ funds, recorded, rebalances, supplies, events }) => {
      for (const holdings of funds) this.known.set(holdings.fund, holdings)
      for (const state of rebalances) this.rebalances.set(state.fund, state)
      const shown = funds.filter(({ fund }) => !this.waits(fund))
      if (shown.length + recorded.length + supplies.length + events.length === 0) return
      const ended = rebalances.filter(({ fund }) => !this.waits(fund))
      inputQueue.put({ kind: 'ledger', funds: shown, recorded, rebalances: ended, supplies, events })
    })
  }

  /** Puts in what was decided in earlier runs, so that it holds from the first frame on. */
  begin(): void {
    if (this.known.size > 0) this.put([...this.known.values()])
  }

  /** Puts in what portfolios have got in earlier runs. Must be done before the first frame, and before anything else about them is put in. */
  async putRecorded(): Promise<void> {
    for (let after = 0; ; ) {
      const entries = await this.clearing.ask('recorded', { after })
      if (entries.length === 0) return
      this.inputQueue.put({ kind: 'ledger', funds: [], recorded: entries })
      after = entries.at(-1)!.seq
    }
  }

  /** Puts in what is known of assets from earlier runs, supplies and events, likewise. */
  async putFacts(): Promise<void> {
    const [supplies, events] = await Promise.all([this.clearing.ask('supplies', {}), this.clearing.ask('events', {})])
    if (supplies.length + events.length > 0) this.inputQueue.put({ kind: 'ledger', funds: [], supplies, events })
  }

  /** Writes down facts of the configuration that the journal does not know. Rejects with UsageError if it knows another of the same. */
  async enter({ events, supplies }: ConfiguredFacts, t: number): Promise<void> {
    const execute = (command: Command) => this.clearing.ask('execute', { command, who: 'system', t })
    for (let i = 0; i < events.length; i += AT_ONCE) {
      const piece = events.slice(i, i + AT_ONCE)
      for (const [k, done] of (await Promise.all(piece.map(event => execute(factOf(event))))).entries()) {
        if (!('refused' in done)) continue
        const { t: at, asset, kind } = piece[k]!
        throw new UsageError(`events: found the ${kind} of ${asset} at ${at}, refused as ${done.refused}, expected what the journal has`)
      }
    }
    for (const [at, amounts] of byTime(supplies)) await execute({ kind: 'supplies', at, supplies: amounts })
  }

  /** Has what is owned converted by events that have happened, as of the frame `t` (ms). What cannot be converted yet is tried again. */
  convert(events: readonly AssetEvent[], t: number): void {
    for (const event of events) this.unconverted.push({ event, from: t })
    for (const waiting of this.unconverted) {
      if (waiting.from > t) continue
      waiting.from = Number.POSITIVE_INFINITY
      const { t: at, asset, kind } = waiting.event
      const command = { kind: 'conversion', event: { t: at, asset, kind } } as const
      this.writing = Promise.all([
        this.writing,
        this.clearing.ask('execute', { command, who: 'system', t }).then(
          done => {
            if ('refused' in done) waiting.from = t + RETRY_MS
            else this.unconverted.splice(this.unconverted.indexOf(waiting), 1)
          },
          () => {
            waiting.from = t + RETRY_MS
          },
        ),
      ])
    }
  }

  /** Writes down the funds of the configuration that the journal does not know, and terms that have changed. Rejects with UsageError if an id is taken. */
  async define(wanted: ReadonlyMap<string, FundTerms>, known: readonly KnownFund[], t: number): Promise<void> {
    for (const [fund, terms] of wanted) {
      const before = known.find(({ id }) => id === fund)
      if (before && sameTerms(before.terms, terms)) continue
      const done = await this.clearing.ask('execute', { command: { kind: 'define', fund, terms }, who: 'system', t })
      if ('refused' in done)
        throw new UsageError(`funds: found "${fund}", the id of a fund that was defined at run time, expected another id`)
    }
  }

  /** Takes the proposals of a frame. If a fund has begun already its holdings are put in; what is being written down is not written again. */
  propose(all: readonly Proposal[]): void {
    const proposals = all.filter(({ fund, t }) => {
      if (!this.playback?.plays(fund)) return true
      // It begins with this frame. Among data of another time it is what it is now.
      if (this.playback.inceptionOf(fund) !== t) this.playback.end(fund)
      return false
    })
    const known = proposals.flatMap(({ fund }) => this.known.get(fund) ?? [])
    if (known.length > 0) this.put(known)
    for (const proposal of proposals) if (!this.known.has(proposal.fund)) this.write(proposal)
  }

  /** Resolves when everything proposed so far is written down and has come back. Rejects if it cannot be written down. */
  async settled(): Promise<void> {
    await this.writing
    for (const error of this.failed.values()) throw error
  }

  /** Shows what an entry of an earlier run has made of a fund. */
  private play({ fund, holdings, rebalance, last }: FundStep): void {
    this.inputQueue.put({ kind: 'ledger', funds: [holdings], ...(rebalance && { rebalances: [rebalance] }) })
    if (last && this.changed.delete(fund)) this.put([this.known.get(fund)!])
  }

  /** Says whether entries of a fund have to wait until those of earlier runs have been played. */
  private waits(fund: string): boolean {
    if (!this.playback?.plays(fund)) return false
    this.changed.add(fund)
    return true
  }

  private put(funds: readonly FundHoldings[]): void {
    const rebalances = funds.flatMap(({ fund }) => this.rebalances.get(fund) ?? [])
    this.inputQueue.put({ kind: 'ledger', funds, rebalances })
  }

  private write({ fund, t, units, weights, shares }: Proposal): void {
    if (this.proposed.has(fund)) return
    this.proposed.add(fund)
    const command = { kind: 'inception', fund, at: t, units, weights, shares } as const
    this.writing = Promise.all([
      this.writing,
      this.clearing.ask('execute', { command, who: 'system', t }).then(
        done => {
          if ('refused' in done) this.failed.set(fund, new Error(`the inception of ${fund} was refused: ${done.refused}`))
          else this.failed.delete(fund)
        },
        error => this.failed.set(fund, error as Error),
      ),
    ]).finally(() => this.proposed.delete(fund))
  }
}

const sameTerms = (a: FundTerms, b: FundTerms): boolean =>
  a.quote === b.quote && a.creationUnit === b.creationUnit && a.createFeeBps === b.createFeeBps && a.redeemFeeBps === b.redeemFeeBps
