import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import { ConnectionInstruments, type Naming, TICKER } from './instruments.ts'
import { decimal, idOf, sideOfQuote } from './numbers.ts'
import { type Decoder, inRuns, readJson, type Venue } from './venue.ts'

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
  /** Of a book ticker: best bid and ask, and their sizes. */
  readonly b?: unknown
  readonly a?: unknown
  readonly B?: unknown
  readonly A?: unknown
}

interface Message extends Event {
  readonly data?: Event
  readonly error?: { readonly msg?: unknown }
}

class BinanceDecoder implements Decoder {
  readonly lost = false
  private readonly instruments: ConnectionInstruments

  constructor(instruments: ConnectionInstruments) {
    this.instruments = instruments
  }

  decode(text: string, writer: TickWriter): string | undefined {
    return readJson<Message>(text, writer, message => {
      if (message.error) return String(message.error.msg)
      const event = message.data ?? message
      if (event.e === 'trade') this.trade(event, writer)
      else if (isBookTicker(event)) {
        const t = typeof event.E === 'number' ? event.E : Number.NaN
        this.instruments.get(writer, event.s)?.quote(writer, t, sideOfQuote(event.b, event.B), sideOfQuote(event.a, event.A), TICKER)
      } else if (typeof event.E === 'number') writer.time(event.E)
      return undefined
    })
  }

  private trade({ s, t, T, p, q, m, X }: Event, writer: TickWriter): void {
    const instrument = this.instruments.get(writer, s)
    // Fills by the insurance fund and by auto-deleveraging have a number but no market price.
    if (X !== undefined && X !== 'MARKET') instrument?.passed(writer, t)
    else instrument?.trade(writer, decimal(T), decimal(p), decimal(q), m ? 'sell' : 'buy', idOf(t), t)
  }
}

/** Those of the spot market do not say what they are. */
const isBookTicker = ({ e, a, b, ...event }: Event): boolean =>
  e === 'bookTicker' || (e === undefined && 'u' in event && !Array.isArray(a) && !Array.isArray(b))

const market = (name: string, perpetual: boolean, base: string, hosts: RegExp): Venue => ({
  name,
  perpetual,
  symbols: { form: /^[A-Z0-9]{4,24}$/, like: 'BTCUSDT', inCapitals: true },
  heartbeat: { everyMs: 5_000 },
  // A socket of the futures takes 200 streams.
  sockets: symbols =>
    inRuns(symbols, 100).map(run => ({
      url: `${base}/stream?streams=${run.flatMap(s => [`${s.toLowerCase()}@trade`, `${s.toLowerCase()}@bookTicker`]).join('/')}`,
      subscribeMessages: [],
    })),
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
export const binance = market('binance', false, 'wss://stream.binance.com:9443', /^(data-)?stream\.binance\.(com|us|vision)$/)

/** Binance's perpetuals margined in USD: their trades and book tickers are in the `public` part of the streams. */
export const binanceUsdm = market('binance-usdm', true, 'wss://fstream.binance.com/public', /^fstream[\w-]*\.binance\.com$/)
