import { formatDecimal, fromNumber, mulDown, mulUp, ONE, parseDecimal } from '../lib/decimal.ts'
import type { Mutable } from '../lib/mutable.ts'
import { clientAccount, custodyAccount, FEES, issuedAccount, OUTSIDE, SPONSOR } from './accounts.ts'
import { decideRebalance, followsRebalance, freeOf, type RebalanceCommand, unitsNow } from './decideRebalance.ts'
import {
  type Definition,
  type Entry,
  type EntryContent,
  type Funding,
  type FundTerms,
  fundOfShares,
  type Halt,
  type Inception,
  type Leg,
  type Order,
  type Posting,
  type Recording,
  type Registration,
  type Rejection,
  readTerms,
  type Supplies,
  shareAsset,
  type Transfer,
  type WrittenTerms,
  writeTerms,
} from './entry.ts'
import { opened, type RebalanceState, readRebalance, stepped, type Written as WrittenRebalance, writeRebalance } from './rebalanceEntry.ts'

/** What is asked for, checked for its form. Of an order `nav` is the fresh net asset value of a share; undefined: there is none. */
export type Command =
  | Registration
  | Definition
  | Inception
  | Halt
  | Asked<Funding>
  | (Pick<Order, 'kind' | 'key' | 'fund' | 'amount'> & { readonly nav: number | undefined })
  | Asked<Transfer>
  | Recording
  | Supplies
  | RebalanceCommand

type Asked<F> = F extends unknown ? Omit<F, 'status' | 'code'> : never

/** What is refused before anything is written: the key stays free. In the order in which they are found. */
export const REFUSALS = [
  'name_taken',
  'fund_exists',
  'unknown_client',
  'unknown_fund',
  'not_ready',
  'halted',
  'stale_price',
  'portfolio_full',
  'supplies_full',
  'unknown_order',
] as const
export type RefusedBefore = (typeof REFUSALS)[number]

/** `nothing`: what was asked for is there already, and there is nothing to write. */
export type Decision = { readonly entry: Entry } | { readonly refused: RefusedBefore } | { readonly nothing: true }

/** A fund as the ledger knows it. */
export interface LedgerFund {
  readonly id: string
  terms: FundTerms
  definition: Definition['definition']
  /** What it began with; undefined before its inception. */
  inception: { readonly t: number; readonly weights: Readonly<Record<string, number>> } | undefined
  /** 10⁻¹⁸ of each asset a share. */
  units: ReadonlyMap<string, bigint>
  halted: boolean
  /** The running one, or the last. */
  rebalance: RebalanceState | undefined
  /** Weights and time of the last that was closed. */
  rebalanced: { readonly t: number; readonly targets: Readonly<Record<string, number>>; readonly divisor?: number } | undefined
}

/** Rows that a portfolio may get at run time. Their ids are known for ever, some 100 bytes each. */
export const RECORDED_ROWS_MAX = 1_000_000
/** Assets whose supplies are kept; each is kept for ever, some 100 bytes. */
export const SUPPLIES_MAX = 100_000

const NOTHING: ReadonlyMap<string, bigint> = new Map()
const NEW = { inception: undefined, units: NOTHING, halted: false, rebalance: undefined, rebalanced: undefined } as const

/**
 * The clearing house as a state machine: double entry, exact, without a clock. `decide` says what a command comes to and changes
 * nothing; `post` takes an entry in. A start is `post` over the journal, so recovery is the path of every day.
 *
 * Guards stand in a fixed order: REFUSALS, then REJECTIONS, which are written down; a redemption that an order at an exchange stands
 * in the way of is refused behind them. Behind the last one nothing can fail. Of each asset the accounts sum to zero: `outside`,
 * `issued` and `market` owe what the others hold.
 */
export class Ledger {
  /** Number of the last entry, and its time. */
  seq = 0
  t = 0
  readonly funds = new Map<string, LedgerFund>()
  readonly clients = new Set<string>([SPONSOR])
  /** Numbers of the entries that bear rows of portfolios. */
  readonly recordings: number[] = []
  /** 10⁻¹⁸ of each asset: circulating supplies as they were told last at run time. */
  readonly supplies = new Map<string, bigint>()
  /** By portfolio: the ids of the rows that it got at run time. */
  private readonly recorded = new Map<string, Set<string>>()
  private readonly balances = new Map<string, Map<string, bigint>>()

  /** 10⁻¹⁸ of an asset in an account. */
  balance(account: string, asset: string): bigint {
    return this.balances.get(account)?.get(asset) ?? 0n
  }

  /** What is in an account, without what is zero. */
  holdings(account: string): ReadonlyMap<string, bigint> {
    return this.balances.get(account) ?? NOTHING
  }

  get accounts(): Iterable<string> {
    return this.balances.keys()
  }

  /** 10⁻¹⁸ shares outstanding. */
  shares(fund: string): bigint {
    return -this.balance(issuedAccount(fund), shareAsset(fund))
  }

  /** The entry that the command comes to, at `t` ms, by `who`; or why there will be none. Time never goes back. */
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
        return this.order(command, t, who)
      case 'transfer':
        return this.transfer(command, t, who)
      case 'record':
        return this.recording(command, t, who)
      case 'supplies':
        return this.supply(command, t, who)
      case 'rebalance':
      case 'trade':
      case 'rebalanced': {
        const ruling = decideRebalance(command, this.funds.get(command.fund), this)
        return 'fact' in ruling ? this.entry(t, who, ruling.fact, ruling.moves) : ruling
      }
    }
  }

  /** Takes an entry in: the only way that anything changes. Throws RangeError, having changed nothing, where it does not follow. */
  post(entry: Entry): void {
    if (entry.seq !== this.seq + 1) throw new RangeError(`entry: found number ${entry.seq}, expected ${this.seq + 1}`)
    if ((entry.kind === 'inception' || entry.kind === 'halt' || entry.kind === 'resume') && !this.funds.has(entry.fund))
      throw new RangeError(`entry ${entry.seq}: found the fund "${entry.fund}", expected one that is defined`)
    if (entry.kind === 'record') this.checkIds(entry)
    if (entry.kind === 'rebalance' || entry.kind === 'trade' || entry.kind === 'rebalanced') {
      if (!followsRebalance(entry, this.funds.get(entry.fund)))
        throw new RangeError(`entry ${entry.seq}: found a step of a rebalance of ${entry.fund}, expected one that is known`)
    }
    this.checkPostings(entry)
    this.seq = entry.seq
    this.t = entry.t
    for (const { account, asset, after } of entry.postings) this.set(account, asset, after)
    switch (entry.kind) {
      case 'register':
        this.clients.add(entry.client)
        return
      case 'define': {
        const { fund: id, terms, definition } = entry
        const known = this.funds.get(id)
        if (known) known.terms = terms
        else this.funds.set(id, { id, terms, definition, ...NEW })
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
        const ids = this.recorded.get(portfolio) ?? new Set()
        this.recorded.set(portfolio, ids)
        for (const { id } of transactions) ids.add(id)
        this.recordings.push(entry.seq)
        return
      }
      case 'supplies':
        for (const [asset, supply] of entry.supplies) this.supplies.set(asset, supply)
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
      }
    }
  }

  /**
   * What an order takes or gives: `units × amount` of each asset, rounded up on create and down on redeem, and a fee of
   * `bps × amount × nav` in the quote asset, rounded up.
   */
  legs(fund: LedgerFund, side: Order['kind'], amount: bigint, nav: number | undefined): { legs: Leg[]; fee: Leg | undefined } {
    const rounded = side === 'create' ? mulUp : mulDown
    const legs: Leg[] = []
    for (const [asset, units] of fund.units) {
      const leg = { asset, amount: rounded(units, amount) }
      if (leg.amount > 0n) legs.push(leg)
    }
    const { quote } = fund.terms
    const bps = feeBps(fund.terms, side)
    if (bps === 0 || nav === undefined) return { legs, fee: undefined }
    const exact = BigInt(bps) * amount * fromNumber(nav)!
    const divisor = 10_000n * ONE
    return { legs, fee: { asset: quote, amount: (exact + divisor - 1n) / divisor } }
  }

  private definition(command: Definition, t: number, who: string): Decision {
    const known = this.funds.get(command.fund)
    // The configuration may change the terms of its own funds.
    if (known && (command.definition !== undefined || known.definition !== undefined)) return { refused: 'fund_exists' }
    return this.entry(t, who, command, [])
  }

  private inception(command: Inception, t: number, who: string): Decision {
    const fund = this.funds.get(command.fund)
    if (fund === undefined) return { refused: 'unknown_fund' }
    if (fund.inception) return { refused: 'fund_exists' }
    const custody = custodyAccount(command.fund)
    const moves: Move[] = [...command.units].map(([asset, units]) => ({
      from: OUTSIDE,
      to: custody,
      asset,
      amount: mulUp(units, command.shares),
    }))
    const shares = { from: issuedAccount(command.fund), to: clientAccount(SPONSOR), asset: shareAsset(command.fund) }
    // In the order in which they are read again: JSON puts names that are numbers first.
    const units = new Map(Object.entries(Object.fromEntries(command.units)))
    return this.entry(t, who, { ...command, units }, [...moves, { ...shares, amount: command.shares }])
  }

  private funding(command: Asked<Funding>, t: number, who: string): Decision {
    const { kind, client, asset, amount } = command
    const account = clientAccount(client)
    if (!this.clients.has(client)) return { refused: 'unknown_client' }
    if (kind === 'withdrawal' && this.balance(account, asset) < amount) return this.rejected(t, who, command, 'insufficient_assets')
    const move = kind === 'deposit' ? { from: OUTSIDE, to: account } : { from: account, to: OUTSIDE }
    return this.entry(t, who, { ...command, status: 'settled' }, [{ ...move, asset, amount }])
  }

  private order({ kind, key, fund: id, amount, nav }: Extract<Command, { nav: unknown }>, t: number, who: string): Decision {
    const fund = this.funds.get(id)
    if (!this.clients.has(who)) return { refused: 'unknown_client' }
    if (fund === undefined) return { refused: 'unknown_fund' }
    if (fund.inception === undefined) return { refused: 'not_ready' }
    if (fund.halted) return { refused: 'halted' }
    if (feeBps(fund.terms, kind) > 0 && nav === undefined) return { refused: 'stale_price' }
    const { legs, fee } = this.legs(fund, kind, amount, nav)
    // Member by member: to spread objects into one another takes longer than all the rest of an order.
    const concluded = (moves: readonly Move[], code?: Rejection): Decision => {
      const status = code === undefined ? 'settled' : 'rejected'
      const stamp = { seq: this.seq + 1, t: Math.max(t, this.t), who, postings: this.postings(moves) }
      const entry: Mutable<Entry & Order> = { kind, key, fund: id, amount, legs, status, ...stamp }
      if (code !== undefined) entry.code = code
      if (fee !== undefined) {
        entry.fee = fee
        entry.nav = nav!
      }
      return { entry }
    }
    const [account, custody, issued, shares] = [clientAccount(who), custodyAccount(id), issuedAccount(id), shareAsset(id)]
    if (amount % fund.terms.creationUnit !== 0n) return concluded([], 'not_whole_units')
    if (kind === 'redeem' && this.balance(account, shares) < amount) return concluded([], 'insufficient_shares')
    if (!this.covers(account, kind, legs, fee)) return concluded([], 'insufficient_assets')
    // What an order at the exchange may still take is not given to anybody else.
    if (kind === 'redeem' && legs.some(leg => freeOf(fund, leg.asset, this) < leg.amount)) return { refused: 'not_ready' }
    // Nothing below can fail.
    const create = kind === 'create'
    const [from, to] = create ? [account, custody] : [custody, account]
    const moves: Move[] = legs.map(({ asset, amount }) => ({ from, to, asset, amount }))
    if (fee) moves.push({ from: account, to: FEES, asset: fee.asset, amount: fee.amount })
    moves.push({ from: create ? issued : account, to: create ? account : issued, asset: shares, amount })
    return concluded(moves)
  }

  /** Whether an account has of each asset the legs of a creation and the fee, less what a redemption brings. */
  private covers(account: string, side: Order['kind'], legs: readonly Leg[], fee: Leg | undefined): boolean {
    const held = (asset: string): bigint => this.balance(account, asset)
    const owed = (asset: string): bigint => (fee?.asset === asset ? fee.amount : 0n)
    for (const { asset, amount } of legs) if (held(asset) < (side === 'create' ? amount : -amount) + owed(asset)) return false
    return fee === undefined || held(fee.asset) >= fee.amount || legs.some(({ asset }) => asset === fee.asset)
  }

  private transfer(command: Asked<Transfer>, t: number, who: string): Decision {
    const { to, asset, amount } = command
    const fund = fundOfShares(asset)
    if (!this.clients.has(who) || !this.clients.has(to)) return { refused: 'unknown_client' }
    if (fund !== undefined && !this.funds.has(fund)) return { refused: 'unknown_fund' }
    if (this.balance(clientAccount(who), asset) < amount)
      return this.rejected(t, who, command, fund === undefined ? 'insufficient_assets' : 'insufficient_shares')
    const moves = to === who ? [] : [{ from: clientAccount(who), to: clientAccount(to), asset, amount }]
    return this.entry(t, who, { ...command, status: 'settled' }, moves)
  }

  /** The rows whose ids the portfolio does not know yet, the first of each. */
  private recording(command: Recording, t: number, who: string): Decision {
    const known = this.recorded.get(command.portfolio)
    const fresh = new Set<string>()
    const transactions = command.transactions.filter(({ id }) => {
      if (known?.has(id) || fresh.has(id)) return false
      fresh.add(id)
      return true
    })
    if (transactions.length === 0) return { nothing: true }
    if ((known?.size ?? 0) + transactions.length > RECORDED_ROWS_MAX) return { refused: 'portfolio_full' }
    return this.entry(t, who, { ...command, transactions }, [])
  }

  /** Those that are not known yet, or are others. */
  private supply(command: Supplies, t: number, who: string): Decision {
    const news = [...command.supplies].filter(([asset, supply]) => this.supplies.get(asset) !== supply)
    if (news.length === 0) return { nothing: true }
    const more = news.filter(([asset]) => !this.supplies.has(asset)).length
    if (this.supplies.size + more > SUPPLIES_MAX) return { refused: 'supplies_full' }
    // In the order in which they are read again.
    const supplies = new Map(Object.entries(Object.fromEntries(news)))
    return this.entry(t, who, { ...command, supplies }, [])
  }

  private rejected<F extends { readonly kind: string }>(t: number, who: string, fact: F, code: Rejection): Decision {
    return this.entry(t, who, { ...fact, status: 'rejected', code } as unknown as EntryContent, [])
  }

  private entry(t: number, who: string, fact: EntryContent, moves: readonly Move[]): Decision {
    return { entry: { ...fact, seq: this.seq + 1, t: Math.max(t, this.t), who, postings: this.postings(moves) } }
  }

  /** Two postings a move, with the balances as they are when the ones before have been made. */
  private postings(moves: readonly Move[]): Posting[] {
    const postings: Posting[] = []
    for (const { from, to, asset, amount } of moves) {
      if (amount === 0n) continue
      const given = this.before(postings, postings.length, from, asset) - amount
      postings.push({ account: from, asset, amount: -amount, after: given })
      const got = this.before(postings, postings.length, to, asset) + amount
      postings.push({ account: to, asset, amount, after: got })
    }
    return postings
  }

  /** The balance that the posting at a place meets. */
  private before(postings: readonly Posting[], place: number, account: string, asset: string): bigint {
    for (let i = place - 1; i >= 0; i--) {
      const posting = postings[i]!
      if (posting.account === account && posting.asset === asset) return posting.after
    }
    return this.balance(account, asset)
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

  private checkPostings({ seq, postings }: Entry): void {
    let unmatched = false
    for (let i = 0; i < postings.length; i++) {
      const { account, asset, amount, after } = postings[i]!
      const expected = this.before(postings, i, account, asset) + amount
      if (expected !== after)
        throw new RangeError(`entry ${seq}: found ${formatDecimal(after)} ${asset} in ${account}, expected ${formatDecimal(expected)}`)
      // They come in pairs; what does not is added up.
      const pair = postings[i ^ 1]
      unmatched ||= pair?.asset !== asset || pair.amount + amount !== 0n
    }
    if (unmatched) checkSums(seq, postings)
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

  /** The whole state as one line of JSON, the same for the same state. */
  write(): string {
    return JSON.stringify({
      seq: this.seq,
      t: this.t,
      clients: [...this.clients].sort(),
      funds: [...this.funds.values()]
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map(({ id, terms, definition, inception, units, halted, rebalance, rebalanced }) => ({
          id,
          terms: writeTerms(terms),
          definition,
          inception,
          units: inOrder(units),
          halted,
          rebalanced,
          ...(rebalance && { rebalance: writeRebalance(rebalance) }),
        })),
      recordings: this.recordings,
      supplies: amounts(this.supplies),
      recorded: Object.fromEntries([...this.recorded].sort(byName).map(([portfolio, ids]) => [portfolio, [...ids]])),
      balances: Object.fromEntries([...this.balances].sort(byName).map(([account, assets]) => [account, amounts(assets)])),
    })
  }

  /** Reads what `write` wrote. */
  static read(text: string): Ledger {
    const state = JSON.parse(text) as Written
    const ledger = new Ledger()
    ledger.seq = state.seq
    ledger.t = state.t
    for (const client of state.clients) ledger.clients.add(client)
    for (const fund of state.funds) {
      const { definition, inception, rebalanced } = fund
      const rebalance = fund.rebalance && readRebalance(fund.rebalance)
      ledger.funds.set(fund.id, {
        ...fund,
        definition,
        inception,
        rebalanced,
        rebalance,
        terms: readTerms(fund.terms),
        units: readAmounts(fund.units),
      })
    }
    // What was kept before there were such rows tells of none.
    for (const seq of state.recordings ?? []) ledger.recordings.push(seq)
    for (const [asset, supply] of readAmounts(state.supplies ?? {})) ledger.supplies.set(asset, supply)
    for (const [portfolio, ids] of Object.entries(state.recorded ?? {})) ledger.recorded.set(portfolio, new Set(ids))
    for (const [account, assets] of Object.entries(state.balances)) ledger.balances.set(account, readAmounts(assets))
    return ledger
  }
}

/** An amount of an asset that goes from one account to another. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly asset: string
  readonly amount: bigint
}

interface Written {
  readonly seq: number
  readonly t: number
  readonly clients: readonly string[]
  readonly funds: readonly (Omit<LedgerFund, 'terms' | 'units' | 'rebalance'> & {
    terms: WrittenTerms
    units: Record<string, string>
    rebalance?: WrittenRebalance
  })[]
  readonly balances: Readonly<Record<string, Record<string, string>>>
  readonly recordings?: readonly number[]
  readonly supplies?: Readonly<Record<string, string>>
  readonly recorded?: Readonly<Record<string, readonly string[]>>
}

/** Throws RangeError where the amounts of an asset do not sum to zero. */
const checkSums = (seq: number, postings: readonly Posting[]): void => {
  const sums = new Map<string, bigint>()
  for (const { asset, amount } of postings) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  for (const [asset, sum] of sums)
    if (sum !== 0n) throw new RangeError(`entry ${seq}: found a sum of ${formatDecimal(sum)} ${asset}, expected 0`)
}

const feeBps = (terms: FundTerms, side: Order['kind']): number => (side === 'create' ? terms.createFeeBps : terms.redeemFeeBps)

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

/** Units keep their order: it is that of the legs. */
const inOrder = (units: ReadonlyMap<string, bigint>): Record<string, string> =>
  Object.fromEntries([...units].map(([asset, amount]) => [asset, formatDecimal(amount)]))

const amounts = (map: ReadonlyMap<string, bigint>): Record<string, string> =>
  Object.fromEntries([...map].sort(byName).map(([asset, amount]) => [asset, formatDecimal(amount)]))

const readAmounts = (json: Readonly<Record<string, string>>): Map<string, bigint> =>
  new Map(Object.entries(json).map(([asset, amount]) => [asset, parseDecimal(amount)!]))
