import type { z } from 'zod'
import type { FundSpec } from '../../../streams/fund/fund.ts'
import { shareAsset } from '../../../streams/ledger/entry.ts'
import type { Command } from '../../../streams/ledger/ledger.ts'
import { formatDecimal, fromNumber } from '../../../streams/lib/decimal.ts'
import type { PortfolioSpec } from '../../../streams/pnl/portfolio.ts'
import type { Transaction } from '../../../streams/pnl/transaction.ts'
import { type FUNDING, type ORDER, type Params, Refusal, type SUPPLIES } from '../../../streams/wire/protocol.ts'
import type { Origin } from '../../clearing/absentKeys.ts'
import type { Done, Holdings } from '../../clearing/ledgerService.ts'
import { termsOf } from '../../clearing/terms.ts'
import type { House } from '../../clearing/threadHouse.ts'
import type { RefusedRow, Rows } from '../../clearing/transactionRows.ts'
import type { FundConfig } from '../../config/schema.ts'
import { type Access, demand, type Visitor } from '../../identity/access.ts'

export interface CommandsOptions {
  readonly house: House
  readonly access: Access
  readonly exists: (fund: string) => boolean
  /** Event time, ms. */
  readonly now: () => number
  /** A share's net asset value by fresh prices; undefined where there is none. */
  readonly navOf: (fund: string) => number | undefined
  readonly portfolios: ReadonlyMap<string, PortfolioSpec>
  /** The price of a symbol now; undefined where it has none. */
  readonly priceOf: (symbol: string) => number | undefined
  /** Where clients may define funds, too. */
  readonly clientsDefine: boolean
  /** Reads a fund that is defined at run time. Throws a Refusal where it does not fit together. */
  readonly readFund: (definition: unknown) => { readonly config: FundConfig; readonly spec: FundSpec }
  /** It exists from now on. */
  readonly defined: (spec: FundSpec, owner: string) => void
}

/** What clients and operators can have done: the one way to the clearing house, for the websocket and for HTTP alike. */
export class Commands {
  private readonly o: CommandsOptions

  constructor(options: CommandsOptions) {
    this.o = options
  }

  /** The order as JSON text. Rejects with the Refusal that tells why, and bears the order where it is written down. */
  async order(who: Visitor, side: 'create' | 'redeem', { fund, amount, key }: z.output<typeof ORDER>, origin: Origin): Promise<string> {
    const { access, exists } = this.o
    demand(access, who, { act: 'client' })
    // Legs and fee tell what a fund is made of.
    if (exists(fund)) demand(access, who, { read: `fund:${fund}` })
    return this.do({ kind: side, fund, amount, key, nav: this.o.navOf(fund) }, who.user, origin)
  }

  async transfer(who: Visitor, { to, asset, fund, amount, key }: Params<'transfer'>, origin: Origin): Promise<string> {
    demand(this.o.access, who, { act: 'client' })
    return this.do({ kind: 'transfer', to, asset: asset ?? shareAsset(fund!), amount, key }, who.user, origin)
  }

  /** The order under a key. What is not there will not come any more, but on the connection that asks, or a newer one. */
  async orderOf(who: Visitor, key: string, origin: Origin): Promise<string> {
    demand(this.o.access, who, { act: 'client' })
    const outcome = await this.o.house.ask('order', { who: who.user, key, origin })
    if (outcome === undefined) throw new Refusal('unknown_order')
    return outcome.order
  }

  async holdings(who: Visitor): Promise<Holdings> {
    demand(this.o.access, who, { act: 'client' })
    return this.o.house.ask('holdings', { who: who.user })
  }

  /** What an order would take and give now; for who may read the fund. */
  async quote(who: Visitor, { side, fund, amount }: Params<'quote'>): Promise<object> {
    const { house, access, navOf, now } = this.o
    const nav = navOf(fund)
    const quote = await house.ask('quote', { side, fund, amount, nav })
    if (quote === undefined) throw new Refusal('unknown_fund', `there is no fund "${fund}" that has begun`)
    demand(access, who, { read: `fund:${fund}` })
    if (quote.halted) throw new Refusal('halted', undefined, 1)
    if (quote.unpriced) throw new Refusal('stale_price', undefined, 1)
    if (amount % quote.creationUnit !== 0n)
      throw new Refusal(
        'not_whole_units',
        `amount: found ${formatDecimal(amount)}, expected a multiple of ${formatDecimal(quote.creationUnit)}`,
      )
    return {
      ...{ side, fund, amount: formatDecimal(amount), legs: quote.legs.map(legJson) },
      ...(quote.fee && { fee: legJson(quote.fee) }),
      ...(nav !== undefined && { nav }),
      ...{ t: now(), basket: Object.fromEntries([...quote.units].map(([asset, units]) => [asset, formatDecimal(units)])) },
    }
  }

  /** What one creation unit of a fund takes and gives now; for who may read the fund. */
  async basket(who: Visitor, fund: string): Promise<object> {
    const { house, access, navOf, now } = this.o
    const nav = navOf(fund)
    const terms = await house.ask('quote', { side: 'create', fund, amount: 1n, nav })
    if (terms === undefined) throw new Refusal('unknown_fund', `there is no fund "${fund}" that has begun`)
    demand(access, who, { read: `fund:${fund}` })
    const amount = terms.creationUnit
    const [create, redeem] = await Promise.all((['create', 'redeem'] as const).map(side => house.ask('quote', { side, fund, amount, nav })))
    const sideJson = (quote: typeof create): object => ({
      legs: quote!.legs.map(legJson),
      ...(quote!.fee && { fee: legJson(quote!.fee) }),
      ...(quote!.unpriced && { pending: 'the fee needs a fresh price' }),
    })
    return {
      ...{ fund, creationUnit: formatDecimal(amount), t: now(), halted: terms.halted, ...(nav !== undefined && { nav }) },
      units: Object.fromEntries([...terms.units].map(([asset, units]) => [asset, formatDecimal(units)])),
      ...{ create: sideJson(create), redeem: sideJson(redeem) },
    }
  }

  async fundAccount(
    who: Visitor,
    kind: 'deposit' | 'withdrawal',
    { username, asset, amount, key }: z.output<typeof FUNDING>,
  ): Promise<string> {
    demand(this.o.access, who, { operate: 'deposits' })
    return this.do({ kind, client: username, asset, amount, key }, nameOf(who))
  }

  /** Defines a fund; the operator's right, or a client's where the configuration has it so. */
  async define(who: Visitor, definition: unknown): Promise<object> {
    const { access, clientsDefine, readFund, defined } = this.o
    if (!(clientsDefine && who.user !== '')) demand(access, who, { operate: 'funds' })
    const { config, spec } = readFund(definition)
    const { id, ...rest } = config
    await this.do({ kind: 'define', fund: id, terms: termsOf(config, spec.quote), definition: { id, ...rest } as never }, nameOf(who))
    defined(spec, who.user)
    return { id }
  }

  async halt(who: Visitor, fund: string, on: boolean): Promise<object> {
    demand(this.o.access, who, { operate: 'funds' })
    await this.do({ kind: on ? 'halt' : 'resume', fund }, nameOf(who))
    return { fund, halted: on }
  }

  /**
   * Puts rows into a portfolio, each id once for ever; for its owner and operators, and read only for them. A row without a price bears the market's of this
   * moment, if there is one.
   */
  async record(who: Visitor, portfolio: string, read: () => Rows | Promise<Rows>): Promise<RecordAnswer> {
    demand(this.o.access, who, { record: portfolio })
    const spec = this.o.portfolios.get(portfolio)
    if (spec === undefined) throw new Refusal('not_found', `there is no portfolio "${portfolio}"`)
    const { good, refused } = await read()
    const transactions = good.map(tx => this.priced(tx, spec.quote))
    const done = await this.do({ kind: 'record', portfolio, transactions }, nameOf(who))
    const { accepted } = JSON.parse(done) as { accepted: number }
    return { accepted, known: good.length - accepted, refused }
  }

  /** Lets funds weigh by these supplies from now on; an asset of which there is none is chosen by no fund. */
  async supply(who: Visitor, { supplies }: z.output<typeof SUPPLIES>): Promise<SupplyAnswer> {
    demand(this.o.access, who, { operate: 'funds' })
    const told = new Map(Object.entries(supplies))
    const done = await this.do({ kind: 'supplies', supplies: told }, nameOf(who))
    const { accepted } = JSON.parse(done) as { accepted: number }
    return { accepted, known: told.size - accepted }
  }

  private priced(tx: Transaction, quote: string): Transaction {
    if (tx.price !== undefined || tx.cost !== undefined || tx.type === 'transfer' || tx.asset === quote) return tx
    return { ...tx, price: fromNumber(this.o.priceOf(`${tx.asset}-${quote}`) ?? Number.NaN) }
  }

  /** Entries of the journal after a number, oldest first. */
  async audit(who: Visitor, after: number, limit: number): Promise<object> {
    demand(this.o.access, who, { operate: 'audit' })
    const lines = await this.o.house.ask('page', { after, limit })
    const entries = lines.map(({ text, hash }) => ({ ...(JSON.parse(text) as object), hash }))
    return { entries, ...(lines.length === limit && { next: lines.at(-1)!.seq }) }
  }

  private async do(command: Command, who: string, origin?: Origin): Promise<string> {
    const t = this.o.now()
    const done = await this.o.house.ask('do', { command, who, t, ...(origin && { origin }) })
    return acknowledged(done)
  }
}

/** What became of the rows of a request. */
export interface RecordAnswer {
  readonly accepted: number
  /** Rows whose id the portfolio knew. */
  readonly known: number
  readonly refused: readonly RefusedRow[]
}

/** What became of supplies, in assets. */
export interface SupplyAnswer {
  readonly accepted: number
  /** Those that had this supply already. */
  readonly known: number
}

/** Whose word it is in the journal. */
const nameOf = ({ user, admin, operator }: Visitor): string =>
  admin ? 'admin' : user !== '' ? user : operator === undefined ? 'anybody:' : `operator:${operator}`

/** The order, where it was settled; throws the Refusal that it was refused with. */
const acknowledged = (done: Done): string => {
  if ('refused' in done) throw new Refusal(done.refused, undefined, 1)
  if (done.code === undefined) return done.order
  throw new Refusal(done.code as 'not_whole_units', undefined, undefined, JSON.parse(done.order))
}

const legJson = ({ asset, amount }: { readonly asset: string; readonly amount: bigint }): { asset: string; amount: string } => ({
  asset,
  amount: formatDecimal(amount),
})
