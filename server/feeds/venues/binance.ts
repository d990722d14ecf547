import type { Perpetual } from '../../../streams/market/symbols.ts'
import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import { ConnectionInstruments, type Naming, TICKER } from './instruments.ts'
import { decimal, idOf, sideOfQuote } from './numbers.ts'
import { type Decoder, inRuns, type MissingTrades, type Notice, readJson, type Venue } from './venue.ts'

/**
 * Binance, spot, USD-M and COIN-M perpetuals: combined streams `SYMBOL@trade` (of COIN-M `SYMBOL@aggTrade`) and `SYMBOL@bookTicker`.
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

/** What tells Binance's markets apart. */
interface MarketOptions {
  readonly name: string
  readonly perpetual: Perpetual
  /** Beginning of the addresses of its streams. */
  readonly streams: string
  /** The stream of its trades. */
  readonly trades: 'trade' | 'aggTrade'
  /** Beginning of the addresses of its requests, if trades are asked for there. */
  readonly api?: string
  readonly hosts: RegExp
  readonly symbols: Venue['symbols']
}

/** Contracts margined in the coin: `BTCUSD_PERP`, `BTCUSD_240927`. */
const COIN_MARGINED = /USD_(PERP|\d{6})$/
/** Dollars that a contract of a name is worth: see "Contract specifications" of COIN-M futures. */
const contractValue = (symbol: string): number => (symbol.toUpperCase().startsWith('BTCUSD_') ? 100 : 10)

const market = ({ name, perpetual, streams, trades, api, hosts, symbols }: MarketOptions): Venue => ({
  name,
  perpetual,
  symbols,
  heartbeat: { everyMs: 5_000 },
  // A socket of the futures takes 200 streams.
  sockets: wanted =>
    inRuns(wanted, 100).map(run => ({
      url: `${streams}/stream?streams=${run.flatMap(s => [`${s.toLowerCase()}@${trades}`, `${s.toLowerCase()}@bookTicker`]).join('/')}`,
      symbols: run,
      topics: [],
    })),
  // The address says it all.
  request: () => '',
  answers: symbol => [symbol],
  ...(api !== undefined && { missing: history(api) }),
  decoder: (naming: Naming) =>
    new BinanceDecoder(new ConnectionInstruments(name, perpetual, naming, perpetual === 'inverse' ? contractValue : undefined)),
  fingerprint: {
    at: ({ hostname }) => hosts.test(hostname),
    matches: message => {
      const event = (message as Partial<Message> | null)?.data
      if (typeof event !== 'object' || event === null) return false
      const inverse = typeof event.s === 'string' && COIN_MARGINED.test(event.s)
      if (inverse !== (perpetual === 'inverse')) return false
      const isFuture = perpetual !== false
      if (event.e === 'trade') return 'M' in event !== isFuture
      if (event.e === 'aggTrade') return inverse
      return isBookTicker(event) && typeof event.b === 'string' && 'u' in event && 'e' in event === isFuture
    },
  },
})

const ONE_WORD: Venue['symbols'] = { form: /^[A-Z0-9]{4,24}$/, like: 'BTCUSDT', inCapitals: true }

/** Binance's spot market. */
export const binance = market({
  name: 'binance',
  perpetual: false,
  streams: 'wss://stream.binance.com:9443',
  trades: 'trade',
  api: 'https://api.binance.com/api/v3',
  hosts: /^(data-)?stream\.binance\.(com|us|vision)$/,
  symbols: ONE_WORD,
})

/** Binance's perpetuals margined in USD: their trades and book tickers are in the `public` part of the streams. */
export const binanceUsdm = market({
  name: 'binance-usdm',
  perpetual: true,
  streams: 'wss://fstream.binance.com/public',
  trades: 'trade',
  api: 'https://fapi.binance.com/fapi/v1',
  hosts: /^fstream[\w-]*\.binance\.com$/,
  symbols: ONE_WORD,
})

/** Binance's perpetuals margined in the coin: sizes are contracts of 100 dollars of BTC, of 10 of any other. */
export const binanceCoinm = market({
  name: 'binance-coinm',
  perpetual: 'inverse',
  streams: 'wss://dstream.binance.com',
  trades: 'aggTrade',
  hosts: /^dstream[\w-]*\.binance\.com$/,
  symbols: { form: /^[A-Z0-9]{2,16}USD_PERP$/, like: 'BTCUSD_PERP', inCapitals: true },
})
