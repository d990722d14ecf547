import type { FromProcess, OrderMessage, ReportMessage, ToProcess } from './ccxt.ts'

/** The process in which ccxt works: one venue; its parent asks one thing after the other. */

/** The part of ccxt that is used; the package is optional. */
interface CcxtVenue {
  loadMarkets(reload: boolean): Promise<unknown>
  createOrder(symbol: string, type: string, side: string, amount: number, price: number, params: object): Promise<CcxtOrder>
  fetchOrderWithClientOrderId(id: string, symbol: string): Promise<CcxtOrder>
  cancelOrderWithClientOrderId(id: string, symbol: string): Promise<unknown>
  fetchOrderTrades(id: string, symbol: string): Promise<CcxtTrade[]>
  fetchMyTrades(symbol: string, since?: number, limit?: number, params?: object): Promise<CcxtTrade[]>
  numberToString(value: number | undefined): string | undefined
  readonly has: Readonly<Record<string, boolean | 'emulated' | undefined>>
}

interface CcxtOrder {
  readonly id: string
  readonly status?: string
  readonly filled?: number
}

interface CcxtTrade {
  readonly id: string
  readonly order?: string
  readonly amount: number
  readonly price: number
  readonly fee?: { readonly currency?: string; readonly cost?: number }
}

interface Ccxt {
  readonly exchanges: readonly string[]
  readonly [venue: string]: unknown
}

const say = (message: FromProcess): void => void process.send!(message)
const report = (message: ReportMessage): void => say({ report: message })

const opened = async (venue: string, options: Readonly<Record<string, unknown>>): Promise<CcxtVenue> => {
  let ccxt: Ccxt
  // The name is no literal: the program is built and runs without it.
  const name = 'ccxt'
  try {
    ccxt = ((await import(name)) as { default: Ccxt }).default
  } catch {
    throw new Error(`found no package "ccxt", which "kind": "ccxt" needs; expected it beside driftwire: npm install ccxt`)
  }
  if (!ccxt.exchanges.includes(venue)) throw new Error(`venue: found "${venue}", expected one that ccxt ${String(ccxt.version)} knows`)
  // biome-ignore lint/style/noProcessEnv: this is a process of its own, and what is secret goes neither through messages nor arguments
  const { DRIFTWIRE_EXCHANGE_KEY: apiKey, DRIFTWIRE_EXCHANGE_SECRET: secret, DRIFTWIRE_EXCHANGE_PASSWORD: password } = process.env
  const made = new (ccxt[venue] as new (config: object) => CcxtVenue)({ enableRateLimit: true, apiKey, secret, password, ...options })
  try {
    await load(made)
  } catch (error) {
    // A venue that is away for a while must not keep the server from starting.
    if (!is(error, 'NetworkError')) throw error
  }
  return made
}

let loaded = false
/** Loads the markets once. ccxt remembers a failure for ever unless `true` makes it try again. */
const load = async (venue: CcxtVenue): Promise<void> => {
  if (!loaded) await venue.loadMarkets(true)
  loaded = true
}

/** Returns whether the error is of one of these classes: ccxt's classes say if the venue refused, knows nothing, or could not be asked. */
const is = (error: unknown, ...names: readonly string[]): boolean => {
  for (let kind = (error as object)?.constructor; kind && kind !== Object; kind = Object.getPrototypeOf(kind) as typeof kind)
    if (names.includes(kind.name)) return true
  return false
}

const why = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`.slice(0, 300)

/** Reports all that happened to the order: its fills first, so that its end is the last word. */
const tell = async (venue: CcxtVenue, order: OrderMessage, { id, status, filled = 0 }: CcxtOrder): Promise<void> => {
  if (filled > 0) {
    const trades = venue.has.fetchOrderTrades
      ? await venue.fetchOrderTrades(id, order.symbol)
      : (await venue.fetchMyTrades(order.symbol, undefined, undefined, { orderId: id })).filter(trade => trade.order === id)
    for (const trade of trades) {
      const [amount, price, cost] = [trade.amount, trade.price, trade.fee?.cost].map(value => venue.numberToString(value))
      const fee = cost === undefined || trade.fee?.currency === undefined ? undefined : { asset: trade.fee.currency, amount: cost }
      report({ order: order.id, kind: 'fill', id: trade.id, amount: amount!, price: price!, fee })
    }
  }
  if (status === 'rejected') report({ order: order.id, kind: 'rejected', why: 'by the venue' })
  else if (status === 'closed' || status === 'canceled' || status === 'expired')
    report({ order: order.id, kind: 'done', filled: venue.numberToString(filled) ?? '0' })
  else report({ order: order.id, kind: 'accepted' })
}

const ask = async (venue: CcxtVenue, order: OrderMessage): Promise<void> =>
  tell(venue, order, await venue.fetchOrderWithClientOrderId(order.id, order.symbol))

/** Errors by which the venue refuses an order, or says that it has it already. */
const NO = ['InsufficientFunds', 'InvalidOrder', 'BadRequest', 'BadSymbol', 'PermissionDenied', 'AuthenticationError']

const submit = async (venue: CcxtVenue, order: OrderMessage): Promise<void> => {
  try {
    const params = { clientOrderId: order.id, timeInForce: 'IOC' }
    await venue.createOrder(order.symbol, 'limit', order.side, Number(order.amount), Number(order.limit), params)
  } catch (error) {
    // A broken line says nothing of the order.
    if (!is(error, ...NO)) throw error
    await ask(venue, order).catch(asked => {
      if (!is(asked, 'OrderNotFound')) throw asked
      report({ order: order.id, kind: 'rejected', why: why(error) })
    })
    return
  }
  await ask(venue, order)
}

const cancel = async (venue: CcxtVenue, order: OrderMessage): Promise<void> => {
  try {
    await venue.cancelOrderWithClientOrderId(order.id, order.symbol)
  } catch (error) {
    if (!is(error, 'OrderNotFound', 'InvalidOrder')) throw error
  }
}

const work: Readonly<Record<string, (venue: CcxtVenue, order: OrderMessage) => Promise<void>>> = { submit, cancel, ask }

let venue: CcxtVenue | undefined
let line: Promise<unknown> = Promise.resolve()

const take = async (message: ToProcess): Promise<void> => {
  if ('open' in message) {
    try {
      venue = await opened(message.open.venue, message.open.options)
      say({ opened: true })
    } catch (error) {
      say({ fatal: (error as Error).message.slice(0, 500) })
    }
    return
  }
  for (const [what, order] of Object.entries(message)) {
    try {
      await load(venue!)
      await work[what]!(venue!, order)
    } catch (error) {
      if (what === 'ask' && is(error, 'OrderNotFound')) report({ order: order.id, kind: 'unknown' })
      else say({ warning: `${what}: ${why(error)}`, order: order.id })
    }
  }
}

process.on('message', (message: ToProcess) => {
  line = line.then(() => take(message))
})
// Without its parent it has no work.
process.on('disconnect', () => process.exit())
process.on('SIGINT', () => {})
