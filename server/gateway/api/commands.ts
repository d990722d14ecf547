import type { z } from 'zod'
import type { FundSpec } from '../../../streams/fund/spec.ts'
import { shareAsset } from '../../../streams/ledger/entry.ts'
import type { Command } from '../../../streams/ledger/ledger.ts'
import { formatDecimal, fromNumber } from '../../../streams/lib/decimal.ts'
import type { PortfolioSpec } from '../../../streams/pnl/portfolio.ts'
import type { Transaction } from '../../../streams/pnl/transaction.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { FUNDING, ORDER, Params, SUPPLIES } from '../../../streams/wire/requests.ts'
import type { Origin } from '../../clearing/absentKeys.ts'
import type { ClientHoldings, Done } from '../../clearing/ledgerService.ts'
import { termsOf } from '../../clearing/terms.ts'
import type { ClearingPort } from '../../clearing/threadPort.ts'
import type { RefusedRow, TransactionRows } from '../../clearing/transactionRows.ts'
import type { FundConfig } from '../../config/schema.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'

export interface CommandsOptions {
  readonly clearing: ClearingPort
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
  private readonly options: CommandsOptions

  constructor(options: CommandsOptions) {
    this.options = options
  }

  /** The order as JSON text. Rejects with the Refusal that tells why, and bears the order where it is written down. */
  async order(who: Principal, side: 'create' | 'redeem', { fund, amount, key }: z.output<typeof ORDER>, origin: Origin): Promise<string> {
    const { access, exists } = this.options
    authorize(access, who, { act: 'client' })
    // Legs and fee tell what a fund is made of.
    if (exists(fund)) authorize(access, who, { read: `fund:${fund}` })
    return this.do({ kind: side, fund, amount, key, nav: this.options.navOf(fund) }, who.user, origin)
  }

  async transfer(who: Principal, { to, asset, fund, amount, key }: Params<'transfer'>, origin: Origin): Promise<string> {
    authorize(this.options.access, who, { act: 'client' })
    return this.do({ kind: 'transfer', to, asset: asset ?? shareAsset(fund!), amount, key }, who.user, origin)
  }

  /** The order under a key. What is not there will not come any more, but on the connection that asks, or a newer one. */
  async orderOf(who: Principal, key: string, origin: Origin): Promise<string> {
    authorize(this.options.access, who, { act: 'client' })
    const outcome = await this.options.clearing.ask('order', { who: who.user, key, origin })
    if (outcome === undefined) throw new ProtocolError('unknown_order')
    return outcome.order
  }

  async holdings(who: Principal): Promise<ClientHoldings> {
    authorize(this.options.access, who, { act: 'client' })
    return this.options.clearing.ask('holdings', { who: who.user })
  }

  /** What an order would take and give now; for who may read the fund. */
  async quote(who: Principal, { side, fund, amount }: Params<'quote'>): Promise<object> {
    const { clearing, access, navOf, now } = this.options
    const nav = navOf(fund)
    const quote = await clearing.ask('quote', { side, fund, amount, nav })
    if (quote === undefined) throw new ProtocolError('unknown_fund', `there is no fund "${fund}" that has begun`)
    authorize(access, who, { read: `fund:${fund}` })
    if (quote.halted) throw new ProtocolError('halted', undefined, 1)
    if (quote.unpriced) throw new ProtocolError('stale_price', undefined, 1)
    if (amount % quote.creationUnit !== 0n)
      throw new ProtocolError(
        'not_whole_units',
        `amount: found ${formatDecimal(amount)}, expected a multiple of ${formatDecimal(quote.creationUnit)}`,
      )
    return {
      side,
      fund,
      amount: formatDecimal(amount),
      legs: quote.legs.map(legJson),
      ...(quote.fee && { fee: legJson(quote.fee) }),
      ...(nav !== undefined && { nav }),
      t: now(),
      basket: Object.fromEntries([...quote.units].map(([asset, units]) => [asset, formatDecimal(units)])),
    }
  }

  /** What one creation unit of a fund takes and gives now; for who may read the fund. */
  async basket(who: Principal, fund: string): Promise<object> {
    const { clearing, access, navOf, now } = this.options
    const nav = navOf(fund)
    const terms = await clearing.ask('quote', { side: 'create', fund, amount: 1n, nav })
    if (terms === undefined) throw new ProtocolError('unknown_fund', `there is no fund "${fund}" that has begun`)
    authorize(access, who, { read: `fund:${fund}` })
    const amount = terms.creationUnit
    const [create, redeem] = await Promise.all(
      (['create', 'redeem'] as const).map(side => clearing.ask('quote', { side, fund, amount, nav })),
    )
    const sideJson = (quote: typeof create): object => ({
      legs: quote!.legs.map(legJson),
      ...(quote!.fee && { fee: legJson(quote!.fee) }),
      ...(quote!.unpriced && { pending: 'the fee needs a fresh price' }),
    })
    return {
      fund,
      creationUnit: formatDecimal(amount),
      t: now(),
      halted: terms.halted,
      ...(nav !== undefined && { nav }),
      units: Object.fromEntries([...terms.units].map(([asset, units]) => [asset, formatDecimal(units)])),
      create: sideJson(create),
      redeem: sideJson(redeem),
    }
  }

  async fundAccount(
    who: Principal,
    kind: 'deposit' | 'withdrawal',
    { username, asset, amount, key }: z.output<typeof FUNDING>,
  ): Promise<string> {
    authorize(this.options.access, who, { operate: 'deposits' })
    return this.do({ kind, client: username, asset, amount, key }, nameOf(who))
  }

  /** Defines a fund; the operator's right, or a client's where the configuration has it so. */
  async define(who: Principal, definition: unknown): Promise<object> {
    const { access, clientsDefine, readFund, defined } = this.options
    if (!(clientsDefine && who.user !== '')) authorize(access, who, { operate: 'funds' })
    const { config, spec } = readFund(definition)
    const { id, ...rest } = config
    await this.do({ kind: 'define', fund: id, terms: termsOf(config, spec.quote), definition: { id, ...rest } as never }, nameOf(who))
    defined(spec, who.user)
    return { id }
  }

  async halt(who: Principal, fund: string, on: boolean): Promise<object> {
    authorize(this.options.access, who, { operate: 'funds' })
    await this.do({ kind: on ? 'halt' : 'resume', fund }, nameOf(who))
    return { fund, halted: on }
  }

  /**
   * Puts rows into a portfolio, each id once for ever; for its owner and operators, and read only for them. A row without a price bears the market's of this
   * moment, if there is one.
   */
  async record(who: Principal, portfolio: string, read: () => TransactionRows | Promise<TransactionRows>): Promise<RecordAnswer> {
    authorize(this.options.access, who, { record: portfolio })
    const spec = this.options.portfolios.get(portfolio)
    if (spec === undefined) throw new ProtocolError('not_found', `there is no portfolio "${portfolio}"`)
    const { good, refused } = await read()
    const transactions = good.map(tx => this.priced(tx, spec.quote))
    const done = await this.do({ kind: 'record', portfolio, transactions }, nameOf(who))
    const { accepted } = JSON.parse(done) as { accepted: number }
    return { accepted, known: good.length - accepted, refused }
  }

  /** Lets funds weigh by these supplies from now on; an asset of which there is none is chosen by no fund. */
  async supply(who: Principal, { supplies }: z.output<typeof SUPPLIES>): Promise<SupplyAnswer> {
    authorize(this.options.access, who, { operate: 'funds' })
    const told = new Map(Object.entries(supplies))
    const done = await this.do({ kind: 'supplies', supplies: told }, nameOf(who))
    const { accepted } = JSON.parse(done) as { accepted: number }
    return { accepted, known: told.size - accepted }
  }

  private priced(tx: Transaction, quote: string): Transaction {
    if (tx.price !== undefined || tx.cost !== undefined || tx.type === 'transfer' || tx.asset === quote) return tx
    return { ...tx, price: fromNumber(this.options.priceOf(`${tx.asset}-${quote}`) ?? Number.NaN) }
  }

  /** Entries of the journal after a number, oldest first. */
  async audit(who: Principal, after: number, limit: number): Promise<object> {
    authorize(this.options.access, who, { operate: 'audit' })
    const lines = await this.options.clearing.ask('page', { after, limit })
    const entries = lines.map(({ text, hash }) => ({ ...(JSON.parse(text) as object), hash }))
    return { entries, ...(lines.length === limit && { next: lines.at(-1)!.seq }) }
  }

  private async do(command: Command, who: string, origin?: Origin): Promise<string> {
    const t = this.options.now()
    const done = await this.options.clearing.ask('execute', { command, who, t, ...(origin && { origin }) })
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
const nameOf = ({ user, admin, operator }: Principal): string =>
  admin ? 'admin' : user !== '' ? user : operator === undefined ? 'anybody:' : `operator:${operator}`

/** The order, where it was settled; throws the Refusal that it was refused with. */
const acknowledged = (done: Done): string => {
  if ('refused' in done) throw new ProtocolError(done.refused, undefined, 1)
  if (done.code === undefined) return done.order
  throw new ProtocolError(done.code as 'not_whole_units', undefined, undefined, JSON.parse(done.order))
}

const legJson = ({ asset, amount }: { readonly asset: string; readonly amount: bigint }): { asset: string; amount: string } => ({
  asset,
  amount: formatDecimal(amount),
})
