import type { FundHoldings, Proposal } from '../../streams/fund/inception.ts'
import type { FundTerms } from '../../streams/ledger/entry.ts'
import type { RebalanceState } from '../../streams/ledger/rebalanceState.ts'
import type { ClearingPort, KnownFund } from '../clearing/port.ts'
import { UsageError } from '../config/options.ts'
import type { InputQueue } from './inputQueue.ts'

/**
 * Keeps the streams and the clearing house of one mind: what the prices of a frame propose for a fund becomes an entry, once, and
 * what entries have come to, for funds, portfolios and supplies, goes back into the input.
 */
export class LedgerFeed {
  private readonly clearing: ClearingPort
  private readonly inputQueue: InputQueue
  private readonly known = new Map<string, FundHoldings>()
  private readonly rebalances = new Map<string, RebalanceState>()
  /** What was proposed and is being written down. */
  private readonly proposed = new Set<string>()
  private writing: Promise<unknown> = Promise.resolve()
  /** Why it could not be written down, by fund. */
  private readonly failed = new Map<string, Error>()

  constructor(clearing: ClearingPort, inputQueue: InputQueue, known: readonly FundHoldings[], rebalances: readonly RebalanceState[] = []) {
    this.clearing = clearing
    this.inputQueue = inputQueue
    for (const holdings of known) this.known.set(holdings.fund, holdings)
    for (const state of rebalances) this.rebalances.set(state.fund, state)
    clearing.commits$.subscribe(({ funds, recorded, rebalances, supplies }) => {
      for (const holdings of funds) this.known.set(holdings.fund, holdings)
      for (const state of rebalances) this.rebalances.set(state.fund, state)
      if (funds.length + recorded.length + supplies.size > 0) inputQueue.put({ kind: 'ledger', funds, recorded, rebalances, supplies })
    })
  }

  /** What was decided before holds from the first frame on. */
  begin(): void {
    if (this.known.size > 0) this.tell([...this.known.values()])
  }

  /** Tells what portfolios have got in former runs. To be done before anything else is told of them, and before the first frame. */
  async tellRecorded(): Promise<void> {
    for (let after = 0; ; ) {
      const entries = await this.clearing.ask('recorded', { after })
      if (entries.length === 0) return
      this.inputQueue.put({ kind: 'ledger', funds: [], recorded: entries })
      after = entries.at(-1)!.seq
    }
  }

  /** Tells the circulating supplies that were told in former runs, likewise. */
  async tellSupplies(): Promise<void> {
    const supplies = await this.clearing.ask('supplies', {})
    if (supplies.size > 0) this.inputQueue.put({ kind: 'ledger', funds: [], supplies })
  }

  /** Lets the journal know the funds of the configuration, and their terms where these have changed. */
  async define(wanted: ReadonlyMap<string, FundTerms>, known: readonly KnownFund[], t: number): Promise<void> {
    for (const [fund, terms] of wanted) {
      const before = known.find(({ id }) => id === fund)
      if (before && sameTerms(before.terms, terms)) continue
      const done = await this.clearing.ask('execute', { command: { kind: 'define', fund, terms }, who: 'system', t })
      if ('refused' in done)
        throw new UsageError(`funds: found "${fund}", which a client or operator has defined at run time, expected another id`)
    }
  }

  /** Takes the proposals of a frame. A fund that has begun is told so; what is being written down is not written again. */
  propose(proposals: readonly Proposal[]): void {
    const known = proposals.flatMap(({ fund }) => this.known.get(fund) ?? [])
    if (known.length > 0) this.tell(known)
    for (const proposal of proposals) if (!this.known.has(proposal.fund)) this.write(proposal)
  }

  /** Resolves when everything proposed so far is written down and has come back; rejects where it cannot be. */
  async settled(): Promise<void> {
    await this.writing
    for (const error of this.failed.values()) throw error
  }

  private tell(funds: readonly FundHoldings[]): void {
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
