import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import { ConnectionInstruments, type Naming, TICKER } from './instruments.ts'
import { decimal, idOf, sideOfQuote } from './numbers.ts'
import { type Decoder, inRuns, type MissingTrades, type Notice, readJson, type Venue } from './venue.ts'

/**
 * Binance, spot and USD-M perpetuals: combined streams `SYMBOL@trade` and `SYMBOL@bookTicker`.
 * Spot book tickers have no time. Trades are numbered one by one for each symbol.
 */
interface Event {
  readonly e?: string
  readonly E?: unknown
  readonly T?: unknown
  readonly s: string
  /** Of a trade: its number, price, quantity, "buyer is the maker", and (futures) how it came about. */
  readonly t: number
  readonly p: string
  readonly q: string
  readonly m: boolean
  readonly X?: string
  /** Of a sum of trades: the numbers of the first and the last. */
  readonly f?: unknown
  readonly l?: unknown
  /** Of a book ticker: best bid and ask, and their sizes. `a` of a sum of trades is its number. */
  readonly b?: unknown
  readonly a?: unknown
  readonly B?: unknown
  readonly A?: unknown
}

interface Message extends Event {
  readonly stream?: string
  readonly data?: Event
  readonly error?: { readonly msg?: unknown }
}

class BinanceDecoder implements Decoder {
  readonly lost = false
  private readonly instruments: ConnectionInstruments

  constructor(instruments: ConnectionInstruments) {
    this.instruments = instruments
  }

  decode(text: string, writer: TickWriter): Notice | undefined {
    return readJson<Message>(text, writer, message => {
      if (message.error) return { kind: 'complaint', why: String(message.error.msg) }
      const event = message.data ?? message
      if (event.e === 'trade') this.trade(event, writer)
      else if (event.e === 'aggTrade') this.sum(event, writer)
      else if (isBookTicker(event)) {
        const t = typeof event.E === 'number' ? event.E : Number.NaN
        this.instruments.get(writer, event.s)?.quote(writer, t, sideOfQuote(event.b, event.B), sideOfQuote(event.a, event.A), TICKER)
      } else {
        if (typeof event.E === 'number') writer.time(event.E)
        const kind = event.e ?? message.stream?.split('@')[1]
        if (typeof kind === 'string') writer.pass(kind)
      }
      return undefined
    })
  }

  private trade({ s, t, T, p, q, m, X }: Event, writer: TickWriter): void {
    const instrument = this.instruments.get(writer, s)
    // Fills by the insurance fund and by auto-deleveraging have a number but no market price.
    if (X !== undefined && X !== 'MARKET') instrument?.passed(writer, t, decimal(T))
    else instrument?.trade(writer, { t: decimal(T), price: decimal(p), size: decimal(q), side: m ? 'sell' : 'buy', id: idOf(t), number: t })
  }

  /** What a taker traded at once at one price, in a sum: read if the trades themselves do not come. */
  private sum({ s, a, f, l, T, p, q, m }: Event, writer: TickWriter): void {
    const trade = { t: decimal(T), price: decimal(p), size: decimal(q), side: m ? ('sell' as const) : ('buy' as const), id: `a${idOf(a)}` }
    this.instruments.get(writer, s)?.sum(writer, trade, decimal(f), decimal(l), 'aggTrade')
  }
}

/** Those of the spot market do not say what they are. */
const isBookTicker = ({ e, a, b, ...event }: Event): boolean =>
  e === 'bookTicker' || (e === undefined && 'u' in event && !Array.isArray(a) && !Array.isArray(b))

/** Old trades by their numbers; `api`: the address of a market's requests. That of the perpetuals answers only to who has a key. */
const history = (api: string): MissingTrades => ({
  page: (symbol, fromId, toId) =>
    `${api}/historicalTrades?symbol=${encodeURIComponent(symbol)}&fromId=${fromId}&limit=${Math.min(1_000, toId - fromId + 1)}`,
  trades: page =>
    (page as readonly OldTrade[]).map(({ id, price, qty, time, isBuyerMaker }) => ({
      t: decimal(time),
      price: decimal(price),
      size: decimal(qty),
      side: isBuyerMaker ? 'sell' : 'buy',
      id: idOf(id),
      number: id,
    })),
})

interface OldTrade {
  readonly id: number
  readonly price: string
  readonly qty: string
  readonly time: number
  readonly isBuyerMaker: boolean
}

const market = (name: string, perpetual: boolean, base: string, api: string, hosts: RegExp): Venue => ({
  name,
  perpetual,
  symbols: { form: /^[A-Z0-9]{4,24}$/, like: 'BTCUSDT', inCapitals: true },
  heartbeat: { everyMs: 5_000 },
  // A socket of the futures takes 200 streams.
  sockets: symbols =>
    inRuns(symbols, 100).map(run => ({
      url: `${base}/stream?streams=${run.flatMap(s => [`${s.toLowerCase()}@trade`, `${s.toLowerCase()}@bookTicker`]).join('/')}`,
      symbols: run,
      topics: [],
    })),
  // The address says it all.
  request: () => '',
  answers: symbol => [symbol],
  missing: history(api),
  decoder: (naming: Naming) => new BinanceDecoder(new ConnectionInstruments(name, perpetual, naming)),
  fingerprint: {
    at: ({ hostname }) => hosts.test(hostname),
    matches: message => {
      const event = (message as Partial<Message> | null)?.data
      if (typeof event !== 'object' || event === null) return false
      if (event.e === 'trade') return 'M' in event !== perpetual
      return isBookTicker(event) && typeof event.b === 'string' && 'u' in event && 'e' in event === perpetual
    },
  },
})

/** Binance's spot market. */
export const binance = market(
  'binance',
  false,
  'wss://stream.binance.com:9443',
  'https://api.binance.com/api/v3',
  /^(data-)?stream\.binance\.(com|us|vision)$/,
)

/** Binance's perpetuals margined in USD: their trades and book tickers are in the `public` part of the streams. */
export const binanceUsdm = market(
  'binance-usdm',
  true,
  'wss://fstream.binance.com/public',
  'https://fapi.binance.com/fapi/v1',
  /^fstream[\w-]*\.binance\.com$/,
)
