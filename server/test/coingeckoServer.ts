import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DAY, HOUR, MINUTE } from '../../streams/market/candles.ts'

/** What goes wrong with one answer: a status with headers, or an answer that ends in its middle, never ends, or is something else. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | 'cut'
  | 'silence'
  | 'page'
  | 'other'

export interface Asked {
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface ListedCoin {
  readonly id: string
  readonly symbol: string
  readonly circulating_supply: number | null
}

export const COINS: readonly ListedCoin[] = [
  { id: 'bitcoin', symbol: 'btc', circulating_supply: 19_876_543 },
  { id: 'ethereum', symbol: 'eth', circulating_supply: 120_512_345.678 },
  { id: 'tether', symbol: 'usdt', circulating_supply: 1.5e11 },
  { id: 'ripple', symbol: 'xrp', circulating_supply: null },
]

/** A price that is the same whenever it is asked for. */
const priceAt = (id: string, t: number): number => id.length * (1 + ((t / 1000) % 9973) / 9973)

/** A CoinGecko of this machine: the routes and forms of the real one, prices that follow from the time, and faults on demand. */
export class CoinGeckoServer {
  readonly asked: Asked[] = []
  coins: readonly ListedCoin[] = COINS
  /** Of the next answers, one each; undefined: none. */
  faults: (Fault | undefined)[] = []
  /** The coin whose chart is not answered. */
  silent = ''
  /** Points that are left out of charts. */
  missing: (t: number) => boolean = () => false
  /** Hears of each request as it comes. */
  onAsked: (asked: Asked) => void = () => {}
  private readonly server: Server
  private readonly now: () => number

  private constructor(now: () => number) {
    this.now = now
    this.server = createServer((request, response) => this.answer(request, response))
  }

  static async start(now: () => number = Date.now): Promise<CoinGeckoServer> {
    const gecko = new CoinGeckoServer(now)
    gecko.server.listen(0, '127.0.0.1')
    await once(gecko.server, 'listening')
    return gecko
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api/v3`
  }

  /** Coins whose charts were asked for, in order. */
  get charts(): string[] {
    return this.asked.flatMap(({ url }) => /coins\/([^/]+)\/market_chart/.exec(url)?.[1] ?? [])
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  /** As the real one gives them: some seconds or minutes beside the hour, and "now" at the end. */
  points(id: string, days: number, daily = false): [t: number, price: number][] {
    const now = this.now()
    const grid = daily ? DAY : days === 1 ? 5 * MINUTE : days <= 90 ? HOUR : DAY
    const points: [number, number][] = []
    for (let t = Math.ceil((now - days * DAY) / grid) * grid; t < now; t += grid) {
      const beside = grid === DAY ? t : t + (1 + ((t / grid) % 7)) * 4_321
      if (beside < now && !this.missing(t)) points.push([beside, priceAt(id, beside)])
    }
    return [...points, [now, priceAt(id, now)]]
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const asked = { url: request.url!, headers: request.headers }
    this.asked.push(asked)
    this.onAsked(asked)
    const url = new URL(request.url!, this.url)
    const body = JSON.stringify(this.bodyOf(url) ?? { error: 'coin not found' })
    const fault = this.faults.shift()
    if (fault === 'silence' || (this.silent !== '' && url.pathname.includes(`/${this.silent}/`))) return
    if (fault === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
      response.write(body.slice(0, body.length >> 1), () => response.destroy())
    } else if (fault === 'page') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>busy</html>')
    else if (fault === 'other') response.writeHead(200, { 'content-type': 'application/json' }).end('{"prices":"none"}')
    else if (fault !== undefined)
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(JSON.stringify(fault.body ?? {}))
    else response.writeHead(body.includes('coin not found') ? 404 : 200, { 'content-type': 'application/json' }).end(body)
  }

  private bodyOf({ pathname, searchParams: query }: URL): unknown {
    if (pathname.endsWith('/coins/markets')) {
      const ids = query.get('ids')?.split(',')
      const asked = this.coins.filter(({ id }) => ids?.includes(id) ?? true)
      return asked
        .slice(0, Number(query.get('per_page')))
        .map(coin => ({ ...coin, name: coin.id, fully_diluted_valuation: coin.id.length * 1e9 }))
    }
    const id = /\/coins\/([^/]+)\/market_chart$/.exec(pathname)?.[1]
    if (!this.coins.some(coin => coin.id === id)) return undefined
    const prices = this.points(id!, Number(query.get('days')), query.get('interval') === 'daily')
    const times = (factor: number) => prices.map(([t, price]) => [t, price * factor])
    return { prices, market_caps: times(2 ** 20), total_volumes: times(2 ** 10) }
  }
}
