import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { scaled } from './kills.ts'

/** What a request comes to, before it is done and before it is answered. */
export type Phase = 'asked' | 'done'

interface VenueOrder {
  readonly orderId: number
  readonly clientOrderId: string
  readonly symbol: string
  readonly side: 'BUY' | 'SELL'
  readonly origQty: string
  readonly price: string
  executedQty: string
}

export interface VenueTrade {
  readonly id: string
  readonly orderId: number
  readonly clientOrderId: string
  readonly symbol: string
  readonly qty: string
  readonly price: string
  readonly commission: string
}

/** What the venue does with an order. */
export interface Manners {
  /** Share of it that is filled, in hundredths, and the number of its trades. */
  readonly fills?: readonly number[]
  readonly rejects?: boolean
}

/**
 * A venue that answers as Binance's spot market does, as far as a rebalance asks it, and whose books outlive their traders. It fills
 * at the limit.
 */
export class Venue {
  readonly trades: VenueTrade[] = []
  readonly orders: VenueOrder[] = []
  /** It hangs up on every caller. */
  away = false
  /** Whether it says what it took for a trade. */
  tellsFees = true
  /** Client ids that came more than once. */
  readonly twice: string[] = []
  /** Of the n-th order, from 0 on. */
  manners: (n: number) => Manners = () => ({})
  /** Resolves to false where the request is lost: before it is done, or with its answer. */
  meets: (phase: Phase, what: string) => Promise<boolean> = async () => true
  private readonly server: Server
  private readonly symbols: readonly string[]
  private readonly seen = new Set<string>()

  private constructor(symbols: readonly string[]) {
    this.symbols = symbols
    this.server = createServer((request, response) => {
      void this.answer(request).then(
        answer => {
          if (answer === undefined) return response.destroy()
          response.writeHead(answer.code === undefined ? 200 : 400, { 'content-type': 'application/json' })
          return response.end(JSON.stringify(answer))
        },
        () => response.destroy(),
      )
    })
  }

  /** `assets` against USDT. */
  static async open(assets: readonly string[]): Promise<Venue> {
    const venue = new Venue(assets)
    await new Promise<void>(resolve => venue.server.listen(0, '127.0.0.1', resolve))
    return venue
  }

  /** What the configuration of a server says of it. */
  get config(): object {
    const base = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
    return {
      kind: 'ccxt',
      venue: 'binance',
      feeBps: 10,
      names: { USD: 'USDT' },
      options: {
        apiKey: 'key',
        secret: 'secret',
        enableRateLimit: false,
        timeout: 3000,
        has: { fetchCurrencies: false },
        options: { defaultType: 'spot', fetchMarkets: { types: ['spot'] }, adjustForTimeDifference: false, fetchTradFi: false },
        urls: { api: { public: `${base}/api/v3`, private: `${base}/api/v3`, sapi: `${base}/sapi/v1` } },
      },
    }
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }

  private async answer(request: IncomingMessage): Promise<{ code?: number; msg?: string } | undefined> {
    if (this.away) return undefined
    let body = ''
    for await (const piece of request) body += piece
    const url = new URL(request.url!, 'http://venue')
    const asked = new URLSearchParams(body || url.search)
    const what = `${request.method} ${url.pathname.replace('/api/v3/', '')}`
    const matters = / (order|myTrades)$/.test(what)
    if (matters && !(await this.meets('asked', what))) return undefined
    const answer = this.does(what, asked)
    if (matters && !(await this.meets('done', what))) return undefined
    return answer
  }

  private does(what: string, asked: URLSearchParams): { code?: number; msg?: string } {
    const known = this.orders.find(
      ({ clientOrderId, orderId }) => clientOrderId === asked.get('origClientOrderId') || String(orderId) === asked.get('orderId'),
    )
    switch (what) {
      case 'GET exchangeInfo':
        return { symbols: this.symbols.map(symbolInfo) } as object
      case 'POST order':
        return this.take(asked)
      case 'GET order':
        return known ? orderJson(known) : { code: -2013, msg: 'Order does not exist.' }
      case 'DELETE order':
        return { code: -2011, msg: 'Unknown order sent.' }
      case 'GET myTrades':
        return this.trades.filter(({ orderId }) => orderId === known?.orderId).map(trade => tradeJson(trade, this.tellsFees)) as object
      default:
        return {}
    }
  }

  private take(asked: URLSearchParams): { code?: number; msg?: string } {
    const of = (name: string): string => asked.get(name)!
    const clientOrderId = of('newClientOrderId')
    if (this.seen.has(clientOrderId)) this.twice.push(clientOrderId)
    if (this.orders.some(order => order.clientOrderId === clientOrderId)) return { code: -2010, msg: 'Duplicate order sent.' }
    const { fills = [100], rejects = false } = this.manners(this.seen.size)
    this.seen.add(clientOrderId)
    if (rejects) return { code: -2010, msg: 'Account has insufficient balance for requested action.' }
    const order: VenueOrder = {
      orderId: this.orders.length + 1,
      clientOrderId,
      symbol: of('symbol'),
      side: of('side') as 'BUY',
      origQty: of('quantity'),
      price: of('price'),
      executedQty: '0',
    }
    this.orders.push(order)
    for (const percent of fills) {
      // In whole lots of a millionth.
      const qty = ((scaled(order.origQty) * BigInt(percent)) / 100n / LOT) * LOT
      if (qty === 0n) continue
      order.executedQty = decimal(scaled(order.executedQty) + qty)
      const commission = decimal((qty * scaled(order.price)) / ONE / 1000n)
      const { orderId, symbol, price } = order
      this.trades.push({ id: String(1000 + this.trades.length), orderId, clientOrderId, symbol, qty: decimal(qty), price, commission })
    }
    return orderJson(order)
  }
}

const ONE = 10n ** 18n
const LOT = 10n ** 12n

const decimal = (amount: bigint): string => `${amount / ONE}.${String(amount % ONE).padStart(18, '0')}`

const symbolInfo = (asset: string): object => ({
  symbol: `${asset}USDT`,
  status: 'TRADING',
  baseAsset: asset,
  quoteAsset: 'USDT',
  baseAssetPrecision: 8,
  quotePrecision: 8,
  isSpotTradingAllowed: true,
  permissions: ['SPOT'],
  permissionSets: [['SPOT']],
  orderTypes: ['LIMIT', 'MARKET'],
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.00000001', maxPrice: '1000000', tickSize: '0.00000001' },
    { filterType: 'LOT_SIZE', minQty: '0.000001', maxQty: '1000000000', stepSize: '0.000001' },
  ],
})

/** It takes at once what there is; what is left of the order expires. */
const orderJson = (order: VenueOrder): object => ({
  ...order,
  status: scaled(order.executedQty) === scaled(order.origQty) ? 'FILLED' : 'EXPIRED',
  type: 'LIMIT',
  timeInForce: 'IOC',
  time: 1_700_000_000_000,
  updateTime: 1_700_000_000_000,
  transactTime: 1_700_000_000_000,
  cummulativeQuoteQty: decimal((scaled(order.executedQty) * scaled(order.price)) / ONE),
})

const tradeJson = ({ id, orderId, symbol, qty, price, commission }: VenueTrade, tellsFee: boolean): object => ({
  id: Number(id),
  orderId,
  symbol,
  qty,
  price,
  time: 1_700_000_000_000,
  ...(tellsFee && { commission, commissionAsset: 'USDT' }),
  quoteQty: decimal((scaled(qty) * scaled(price)) / ONE),
  isBuyer: true,
  isMaker: false,
})
