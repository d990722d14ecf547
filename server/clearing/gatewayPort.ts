import type { Command } from '../../streams/ledger/command.ts'
import type { Order } from '../../streams/ledger/entry.ts'
import type { Origin } from '../lib/arrivalOrder.ts'
import type { ClearingPort, ClearingRequests, Done, Quote } from './port.ts'

type PricedOrder = Extract<Command, { readonly nav: unknown }>

/** A create or redeem without its net asset value. */
export type UnpricedOrder = Omit<PricedOrder, 'nav'>

/** A command as a gateway sends it. */
export type GatewayCommand = Exclude<Command, PricedOrder> | UnpricedOrder

/** What an order would take or give by the figures of `t`. */
export interface PricedQuote extends Quote {
  /** Event time, ms. */
  readonly t: number
  /** The net asset value of a share by fresh prices; undefined if there is none. */
  readonly nav: number | undefined
}

/** The clearing house as a gateway asks it. Time and net asset value are put in on the core's side: a gateway has no view. */
export interface GatewayPort {
  /** Resolves when the command is durable. Rejects with a ProtocolError if it did not happen, or cannot be known to have. */
  execute(request: { readonly command: GatewayCommand; readonly who: string; readonly origin?: Origin }): Promise<Done>
  /** Returns what an order would take or give now; undefined if the fund has not begun. */
  quote(request: { readonly side: Order['kind']; readonly fund: string; readonly amount: bigint }): Promise<PricedQuote | undefined>
  order(request: ClearingRequests['order']['ask']): Promise<ClearingRequests['order']['answer']>
  ordersAfter(request: ClearingRequests['ordersAfter']['ask']): Promise<ClearingRequests['ordersAfter']['answer']>
  holdings(request: ClearingRequests['holdings']['ask']): Promise<ClearingRequests['holdings']['answer']>
  clients(request: ClearingRequests['clients']['ask']): Promise<ClearingRequests['clients']['answer']>
  page(request: ClearingRequests['page']['ask']): Promise<ClearingRequests['page']['answer']>
}

/** The figures of the view that orders need. */
export interface OrderFigures {
  /** Returns event time, ms. */
  now(): number
  /** Returns the net asset value of a share by fresh prices; undefined if there is none. */
  nav(fund: string): number | undefined
}

/**
 * Returns the port that gateways ask. It reads the figures in the turn of the request: a request that waited for them could be
 * overtaken by the next one of its client.
 */
export const gatewayPort = (clearing: Pick<ClearingPort, 'ask'>, figures: OrderFigures): GatewayPort => ({
  execute({ command, who, origin }) {
    const t = figures.now()
    const priced = withNav(command, figures)
    return clearing.ask('execute', origin === undefined ? { command: priced, who, t } : { command: priced, who, t, origin })
  },
  async quote({ side, fund, amount }) {
    const [t, nav] = [figures.now(), figures.nav(fund)]
    const quote = await clearing.ask('quote', { side, fund, amount, nav })
    return quote && { ...quote, t, nav }
  },
  order: request => clearing.ask('order', request),
  ordersAfter: request => clearing.ask('ordersAfter', request),
  holdings: request => clearing.ask('holdings', request),
  clients: request => clearing.ask('clients', request),
  page: request => clearing.ask('page', request),
})

const withNav = (command: GatewayCommand, { nav }: OrderFigures): Command => {
  if (!isUnpriced(command)) return command
  const { kind, fund, amount, key } = command
  return { kind, fund, amount, key, nav: nav(fund) }
}

const isUnpriced = (command: GatewayCommand): command is UnpricedOrder => command.kind === 'create' || command.kind === 'redeem'
