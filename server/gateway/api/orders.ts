import type { z } from 'zod'
import { shareAsset } from '../../../streams/ledger/accounts.ts'
import { formatDecimal } from '../../../streams/lib/decimal.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { ORDER, Params } from '../../../streams/wire/requests.ts'
import type { GatewayPort, PricedQuote } from '../../clearing/gatewayPort.ts'
import type { ClientHoldings } from '../../clearing/port.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'
import type { Origin } from '../../lib/arrivalOrder.ts'
import type { ClientLimits } from './clientLimits.ts'
import { execute } from './execute.ts'

/** What clients' orders need. */
export interface OrdersOptions {
  readonly clearing: GatewayPort
  readonly access: Access
  /** Returns whether there is such a fund. */
  readonly exists: (fund: string) => boolean
  readonly limits: Pick<ClientLimits, 'command'>
}

/** Clients' orders and what they own: the same for the websocket and for HTTP. Each method asks whether `who` may. */
export class Orders {
  private readonly options: OrdersOptions

  constructor(options: OrdersOptions) {
    this.options = options
  }

  /** Creates or redeems shares. Returns the order as JSON text; rejects with the ProtocolError that says why not. */
  async order(who: Principal, side: 'create' | 'redeem', { fund, amount, key }: z.output<typeof ORDER>, origin: Origin): Promise<string> {
    const { access, exists, clearing, limits } = this.options
    authorize(access, who, { act: 'client' })
    // Legs and fee show what a fund is made of.
    if (exists(fund)) authorize(access, who, { read: `fund:${fund}` })
    limits.command(who)
    return execute(clearing, { kind: side, fund, amount, key }, who.user, origin)
  }

  /** Transfers an asset or shares to another client. Returns the order as JSON text; rejects as `order` does. */
  async transfer(who: Principal, { to, asset, fund, amount, key }: Params<'transfer'>, origin: Origin): Promise<string> {
    authorize(this.options.access, who, { act: 'client' })
    this.options.limits.command(who)
    return execute(this.options.clearing, { kind: 'transfer', to, asset: asset ?? shareAsset(fund!), amount, key }, who.user, origin)
  }

  /** Returns the order under a key as JSON text. If there is none, none will come any more, except on the connection that asks, or a newer one. */
  async orderOf(who: Principal, key: string, origin: Origin): Promise<string> {
    authorize(this.options.access, who, { act: 'client' })
    const outcome = await this.options.clearing.order({ who: who.user, key, origin })
    if (outcome === undefined) throw new ProtocolError('unknown_order')
    return outcome.order
  }

  /** Returns the client's orders after an entry's number, oldest first, as JSON text, with the number to go on from if there may be more. */
  async ordersAfter(who: Principal, after: number, limit: number): Promise<string> {
    authorize(this.options.access, who, { act: 'client' })
    const found = await this.options.clearing.ordersAfter({ who: who.user, after, limit })
    const orders = found.map(({ order }) => order)
    const last = orders.at(-1)
    const next = last !== undefined && orders.length === limit ? `,"next":${(JSON.parse(last) as { seq: number }).seq}` : ''
    return `{"orders":[${orders.join(',')}]${next}}`
  }

  /** Returns what the client owns. */
  async holdings(who: Principal): Promise<ClientHoldings> {
    authorize(this.options.access, who, { act: 'client' })
    return this.options.clearing.holdings({ who: who.user })
  }

  /** Returns what an order would take and give now, for readers of the fund. Throws a ProtocolError if it would be refused. */
  async quote(who: Principal, { side, fund, amount }: Params<'quote'>): Promise<object> {
    const quote = await this.quoted(who, side, fund, amount)
    if (quote.halted) throw new ProtocolError('halted', undefined, 1)
    if (quote.unpriced) throw new ProtocolError('stale_price', undefined, 1)
    const { creationUnit, nav, t } = quote
    if (amount % creationUnit !== 0n)
      throw new ProtocolError(
        'not_whole_units',
        `amount: found ${formatDecimal(amount)}, expected a multiple of ${formatDecimal(creationUnit)}`,
      )
    return {
      side,
      fund,
      amount: formatDecimal(amount),
      legs: quote.legs.map(legJson),
      ...(quote.fee && { fee: legJson(quote.fee) }),
      ...(nav !== undefined && { nav }),
      t,
      basket: unitsJson(quote),
    }
  }

  /** Returns what one creation unit of a fund takes and gives now, for readers of the fund. */
  async basket(who: Principal, fund: string): Promise<object> {
    const { creationUnit: amount } = await this.quoted(who, 'create', fund, 1n)
    // Both in one turn, and so by the same figures.
    const [create, redeem] = await Promise.all([this.quoted(who, 'create', fund, amount), this.quoted(who, 'redeem', fund, amount)])
    const { halted, nav, t } = create
    return {
      fund,
      creationUnit: formatDecimal(amount),
      t,
      halted,
      ...(nav !== undefined && { nav }),
      units: unitsJson(create),
      create: sideJson(create),
      redeem: sideJson(redeem),
    }
  }

  private async quoted(who: Principal, side: 'create' | 'redeem', fund: string, amount: bigint): Promise<PricedQuote> {
    const quote = await this.options.clearing.quote({ side, fund, amount })
    if (quote === undefined) throw new ProtocolError('unknown_fund', `there is no fund "${fund}" that has begun`)
    authorize(this.options.access, who, { read: `fund:${fund}` })
    return quote
  }
}

const legJson = ({ asset, amount }: PricedQuote['legs'][number]): { asset: string; amount: string } => ({
  asset,
  amount: formatDecimal(amount),
})

const unitsJson = ({ units }: PricedQuote): Record<string, string> =>
  Object.fromEntries([...units].map(([asset, amount]) => [asset, formatDecimal(amount)]))

const sideJson = ({ legs, fee, unpriced }: PricedQuote): object => ({
  legs: legs.map(legJson),
  ...(fee && { fee: legJson(fee) }),
  ...(unpriced && { pending: 'the fee needs a fresh price' }),
})
