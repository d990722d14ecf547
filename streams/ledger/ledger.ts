import { inceptionCustody } from '../fund/inception.ts'
import { unreachable } from '../lib/unreachable.ts'
import { dependsOnOrder } from '../market/assetEvent.ts'
import { moveAmount, moveWeight } from '../market/conversionPath.ts'
import { DatedSupplies } from '../market/datedSupplies.ts'
import { AMOUNT_MAX } from '../wire/limits.ts'
import { type Balances, clientAccount, custodyAccount, fundOfShares, issuedAccount, OUTSIDE, SPONSOR, shareAsset } from './accounts.ts'
import { inJsonOrder, isStorable } from './amounts.ts'
import { type AssetFact, type Conversion, eventOf, type KnownEvent, sameContents, sameEvent } from './assetEntry.ts'
import type { Command, Decision, FundingCommand, Move, RecordCommand, TransferCommand } from './command.ts'
import { decideConversion, insertionOf } from './decideConversion.ts'
import { decideRebalance, followsRebalance, unitsNow } from './decideRebalance.ts'
import type { Definition, Entry, EntryContent, Inception, Recording, Supplies } from './entry.ts'
import type { LedgerFund, LedgerState } from './ledgerState.ts'
import { decideOrder } from './orders.ts'
import { checkPostings, postingsOf } from './postings.ts'
import { opened, stepped } from './rebalanceState.ts'
import { digestOf, sortRows } from './recordedRows.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'

/** Rows that a portfolio may get at run time. Their ids are known for ever, some 100 bytes each. */
export const RECORDED_ROWS_MAX = 1_000_000
/** Supplies that are known, each of an asset and a time; each is known for ever, some 100 bytes. */
export const SUPPLIES_MAX = 500_000
/** Events of assets that are known, for ever. */
export const EVENTS_MAX = 10_000

const NO_AMOUNTS: ReadonlyMap<string, bigint> = new Map()
const NOT_BEGUN = {
  inception: undefined,
  units: NO_AMOUNTS,
  halted: false,
  converted: new Set<number>(),
  rebalance: undefined,
  rebalanced: undefined,
} as const

/**
 * The clearing house as a state machine: double entry, exact, without a clock. `decide` says which entry a command comes to and changes
 * nothing; `post` takes an entry in. A start is `post` over the journal, so recovery takes the same path as every day's work.
 *
 * Guards stand in a fixed order: REFUSALS, then REJECTIONS, which are written down. Last, a redemption is refused if an order at an
 * exchange may still take what it would give. After the last guard nothing can fail. Of each asset the accounts sum to zero: `outside`,
 * `issued` and `market` owe what the others hold.
 */
export class Ledger implements Balances {
  /** Number of the last entry, and its time. */
  seq: number
  t: number
  readonly funds: LedgerState['funds']
  readonly clients: LedgerState['clients']
  readonly recordings: LedgerState['recordings']
  readonly supplies: LedgerState['supplies']
  readonly events: LedgerState['events']
  private readonly recorded: LedgerState['recorded']
  private readonly balances: LedgerState['balances']

  /** Begins with a state, which from then on is the ledger's own; without one, with nothing but the sponsor. */
  constructor(state: LedgerState = firstState()) {
    this.seq = state.seq
    this.t = state.t
    this.funds = state.funds
    this.clients = state.clients
    this.recordings = state.recordings
    this.supplies = state.supplies
    this.events = state.events
    this.recorded = state.recorded
    this.balances = state.balances
  }

  /** Returns the balance of an asset in an account, in 10⁻¹⁸. */
  balance(account: string, asset: string): bigint {
    return this.balances.get(account)?.get(asset) ?? 0n
  }

  /** Returns all balances of an account that are not zero, by asset. */
  holdings(account: string): ReadonlyMap<string, bigint> {
    return this.balances.get(account) ?? NO_AMOUNTS
  }

  /** The names of all accounts. */
  get accounts(): Iterable<string> {
    return this.balances.keys()
  }

  /** Returns the shares of a fund outstanding, in 10⁻¹⁸. */
  shares(fund: string): bigint {
    return -this.balance(issuedAccount(fund), shareAsset(fund))
  }

  /** Returns the entry that a command comes to, at `t` ms, asked for by `who`; or why there is none. An entry is never older than the last. */
  decide(command: Command, t: number, who: string): Decision {
    switch (command.kind) {
      case 'register':
        return this.clients.has(command.client) ? { refused: 'name_taken' } : this.entry(t, who, command, [])
      case 'define':
        return this.definition(command, t, who)
      case 'inception':
        return this.inception(command, t, who)
      case 'halt':
      case 'resume':
        return this.funds.has(command.fund) ? this.entry(t, who, command, []) : { refused: 'unknown_fund' }
      case 'deposit':
      case 'withdrawal':
        return this.funding(command, t, who)
      case 'create':
      case 'redeem':
        return decideOrder(command, t, who, this)
      case 'transfer':
        return this.transfer(command, t, who)
      case 'record':
        return this.recording(command, t, who)
      case 'supplies':
        return this.supply(command, t, who)
      case 'asset':
        return this.assetEvent(command, t, who)
      case 'conversion': {
        const decision = decideConversion(command, this)
        return 'content' in decision ? this.entry(t, who, decision.content, decision.moves) : decision
      }
      case 'rebalance':
      case 'trade':
      case 'rebalanced': {
        const decision = decideRebalance(command, this.funds.get(command.fund), this)
        return 'content' in decision ? this.entry(t, who, decision.content, decision.moves) : decision
      }
    }
  }

  /** Takes an entry in: the only way that anything changes. Throws RangeError, having changed nothing, if the entry does not follow. */
  post(entry: Entry): void {
    this.check(entry)
    this.seq = entry.seq
    this.t = entry.t
    for (const { account, asset, after } of entry.postings) this.set(account, asset, after)
    this.apply(entry)
  }

  /** Throws RangeError if an entry does not follow. */
  check(entry: Entry): void {
    if (entry.seq !== this.seq + 1) throw new RangeError(`entry: found number ${entry.seq}, expected ${this.seq + 1}`)
    if ((entry.kind === 'inception' || entry.kind === 'halt' || entry.kind === 'resume') && !this.funds.has(entry.fund))
      throw new RangeError(`entry ${entry.seq}: found the fund "${entry.fund}", expected one that is defined`)
    if (entry.kind === 'record') this.checkIds(entry)
    if (entry.kind === 'conversion' && !(this.events.some(({ seq }) => seq === entry.event) && entry.funds.every(id => this.funds.has(id))))
      throw new RangeError(`entry ${entry.seq}: found the event ${entry.event}, expected one that is known`)
    if (entry.kind === 'rebalance' || entry.kind === 'trade' || entry.kind === 'rebalanced') {
      if (!followsRebalance(entry, this.funds.get(entry.fund)))
        throw new RangeError(`entry ${entry.seq}: found a step of a rebalance of ${entry.fund}, expected one that is known`)
    }
    checkPostings(entry, this)
  }

  /** Takes in what an entry changes beside balances. */
  private apply(entry: Entry): void {
    switch (entry.kind) {
      case 'register':
        this.clients.add(entry.client)
        return
      case 'define': {
        const { fund: id, terms, definition, who } = entry
        const known = this.funds.get(id)
        if (known) known.terms = terms
        else this.funds.set(id, { id, terms, definition, owner: this.clients.has(who) ? who : '', ...NOT_BEGUN })
        return
      }
      case 'inception': {
        const fund = this.funds.get(entry.fund)!
        fund.inception = { t: entry.at ?? entry.t, weights: entry.weights }
        fund.units = entry.units
        return
      }
      case 'halt':
      case 'resume':
        this.funds.get(entry.fund)!.halted = entry.kind === 'halt'
        return
      case 'record': {
        const { portfolio, transactions } = entry
        const ids = this.recorded.get(portfolio) ?? new Map<string, string>()
        this.recorded.set(portfolio, ids)
        for (const tx of transactions) ids.set(tx.id, digestOf(tx))
        this.recordings.push(entry.seq)
        return
      }
      case 'supplies':
        for (const [asset, supply] of entry.supplies) this.supplies.add({ t: entry.at ?? 0, asset, supply })
        return
      case 'asset':
        this.events.push({ seq: entry.seq, event: eventOf(entry), converted: false })
        return
      case 'conversion':
        this.convert(entry)
        return
      case 'rebalance':
        this.funds.get(entry.fund)!.rebalance = opened(entry)
        return
      case 'trade': {
        const fund = this.funds.get(entry.fund)!
        fund.rebalance = stepped(fund.rebalance!, entry)
        if (entry.fill) fund.units = unitsNow(fund, this)
        return
      }
      case 'rebalanced': {
        const fund = this.funds.get(entry.fund)!
        const { at: t, outcome, targets, units, divisor } = entry
        fund.rebalance = { ...fund.rebalance!, ended: { t, outcome } }
        fund.rebalanced = { t, targets, ...(divisor !== undefined && { divisor }) }
        fund.units = units
        return
      }
      case 'deposit':
      case 'withdrawal':
      case 'create':
      case 'redeem':
      case 'transfer':
        return
      default:
        unreachable(entry)
    }
  }

  private definition(command: Definition, t: number, who: string): Decision {
    const known = this.funds.get(command.fund)
    // The configuration may change the terms of the funds that stand in it.
    if (known && (command.definition !== undefined || known.definition !== undefined)) return { refused: 'fund_exists' }
    return this.entry(t, who, command, [])
  }

  private inception(command: Inception, t: number, who: string): Decision {
    const fund = this.funds.get(command.fund)
    if (fund === undefined) return { refused: 'unknown_fund' }
    if (fund.inception) return { refused: 'fund_exists' }
    if ([command.shares, ...command.units.values()].some(amount => amount >= AMOUNT_MAX)) return { refused: 'amount_too_large' }
    const custody = custodyAccount(command.fund)
    const moves: Move[] = [...inceptionCustody(command)].map(([asset, amount]) => ({ from: OUTSIDE, to: custody, asset, amount }))
    const shares = { from: issuedAccount(command.fund), to: clientAccount(SPONSOR), asset: shareAsset(command.fund) }
    return this.entry(t, who, { ...command, units: inJsonOrder(command.units) }, [...moves, { ...shares, amount: command.shares }])
  }

  private funding(command: FundingCommand, t: number, who: string): Decision {
    const { kind, client, asset, amount } = command
    const account = clientAccount(client)
    if (!this.clients.has(client)) return { refused: 'unknown_client' }
    const held = this.balance(account, asset)
    if (kind === 'withdrawal' && held < amount) {
      const shortfall = { asset, needed: amount, held }
      return this.entry(t, who, { ...command, status: 'rejected', code: 'insufficient_assets', shortfall }, [])
    }
    const move = kind === 'deposit' ? { from: OUTSIDE, to: account } : { from: account, to: OUTSIDE }
    return this.entry(t, who, { ...command, status: 'settled' }, [{ ...move, asset, amount }])
  }

  private transfer(command: TransferCommand, t: number, who: string): Decision {
    const { to, asset, amount } = command
    const fund = fundOfShares(asset)
    if (!this.clients.has(who) || !this.clients.has(to)) return { refused: 'unknown_client' }
    if (fund !== undefined && !this.funds.has(fund)) return { refused: 'unknown_fund' }
    const held = this.balance(clientAccount(who), asset)
    if (held < amount) {
      const code = fund === undefined ? 'insufficient_assets' : 'insufficient_shares'
      return this.entry(t, who, { ...command, status: 'rejected', code, shortfall: { asset, needed: amount, held } }, [])
    }
    const moves = to === who ? [] : [{ from: clientAccount(who), to: clientAccount(to), asset, amount }]
    return this.entry(t, who, { ...command, status: 'settled' }, moves)
  }

  /** Writes down the rows whose ids the portfolio does not know yet, the first of each id. */
  private recording({ kind, portfolio, transactions, unpriced = new Set() }: RecordCommand, t: number, who: string): Decision {
    const known = this.recorded.get(portfolio)
    const rows = sortRows(known, transactions, unpriced)
    if (rows.fresh.length === 0) return { nothing: true, rows }
    if ((known?.size ?? 0) + rows.fresh.length > RECORDED_ROWS_MAX) return { refused: 'portfolio_full' }
    return { ...this.entry(t, who, { kind, portfolio, transactions: rows.fresh }, []), rows }
  }

  /** Writes down the supplies that differ from those before. */
  private supply(command: Supplies, t: number, who: string): Decision {
    const { supplies: known } = this
    const at = command.at ?? t
    const before = (asset: string): bigint | undefined => (command.at === undefined ? known.at(asset, at) : known.from(asset, at))
    const changed = [...command.supplies].filter(([asset, supply]) => before(asset) !== supply)
    if (changed.length === 0) return { nothing: true }
    const more = changed.filter(([asset]) => known.from(asset, at) === undefined).length
    if (known.size + more > SUPPLIES_MAX) return { refused: 'supplies_full' }
    return this.entry(t, who, { kind: 'supplies', at, supplies: inJsonOrder(changed) }, [])
  }

  /** Writes down an event that is not known yet. */
  private assetEvent(command: AssetFact, t: number, who: string): Decision {
    const event = eventOf(command)
    const known = this.events.find(other => sameEvent(other.event, event))
    if (known) return sameContents(known.event, event) ? { nothing: true } : { refused: 'event_differs' }
    if (this.events.some(other => dependsOnOrder(other.event, event))) return { refused: 'event_differs' }
    if (this.events.length >= EVENTS_MAX) return { refused: 'events_full' }
    return this.entry(t, who, command, [])
  }

  private convert({ event: number, funds, accounts }: Conversion): void {
    const place = this.events.findIndex(({ seq }) => seq === number)
    const known = this.events[place]!
    if (accounts) this.events[place] = { ...known, converted: true }
    for (const id of funds) convertFund(this.funds.get(id)!, known, this.events)
  }

  private entry(t: number, who: string, content: EntryContent, moves: readonly Move[]): Decision {
    const postings = postingsOf(moves, this)
    if (!postings.every(isStorable)) return { refused: 'amount_too_large' }
    return { entry: { ...content, seq: this.seq + 1, t: Math.max(t, this.t), who, postings } }
  }

  private checkIds({ seq, portfolio, transactions }: Entry & Recording): void {
    const known = this.recorded.get(portfolio)
    const ids = new Set<string>()
    for (const { id } of transactions) {
      if (known?.has(id) || ids.has(id))
        throw new RangeError(`entry ${seq}: found the row "${id}" of ${portfolio} again, expected each id once`)
      ids.add(id)
    }
  }

  private set(account: string, asset: string, amount: bigint): void {
    let assets = this.balances.get(account)
    if (assets === undefined) {
      assets = new Map()
      this.balances.set(account, assets)
    }
    if (amount === 0n) assets.delete(asset)
    else assets.set(asset, amount)
  }

  /** Returns the whole state as one line of JSON: the same line for the same state. */
  write(): string {
    const { seq, t, clients, funds, recordings, recorded, supplies, events, balances } = this
    return writeSnapshot({ seq, t, clients, funds, recordings, recorded, supplies, events, balances })
  }

  /** Reads what `write` wrote. Throws SyntaxError or TypeError for anything else. */
  static read(text: string): Ledger {
    return new Ledger(readSnapshot(text))
  }
}

/** Takes an event into what a fund's shares and targets are. */
const convertFund = (fund: LedgerFund, known: KnownEvent, events: readonly KnownEvent[]): void => {
  const { from, to } = insertionOf(known, events, fund.converted)
  fund.units = inJsonOrder(moveAmount(fund.units, from, to))
  fund.inception = fund.inception && { ...fund.inception, weights: moveWeight(fund.inception.weights, from, to.asset) }
  fund.rebalanced = fund.rebalanced && { ...fund.rebalanced, targets: moveWeight(fund.rebalanced.targets, from, to.asset) }
  fund.rebalance = fund.rebalance && { ...fund.rebalance, targets: moveWeight(fund.rebalance.targets, from, to.asset) }
  fund.converted = new Set([...fund.converted, known.seq])
}

const firstState = (): LedgerState => ({
  seq: 0,
  t: 0,
  clients: new Set([SPONSOR]),
  funds: new Map(),
  recordings: [],
  recorded: new Map(),
  supplies: new DatedSupplies(),
  events: [],
  balances: new Map(),
})
