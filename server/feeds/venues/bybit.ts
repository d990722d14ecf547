import type { Perpetual } from '../../../streams/market/symbols.ts'
import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { Level } from '../live/bookMirror.ts'
import { type ConnectionInstrument, ConnectionInstruments, type Naming, TICKER } from './instruments.ts'
import { decimal, idOf, sideOf, sideOfQuote } from './numbers.ts'
import { Sequence } from './sequence.ts'
import { type Decoder, inRuns, type Notice, readJson, type Venue } from './venue.ts'

/**
 * Bybit v5, spot, linear and inverse perpetuals, told apart by the address only: `publicTrade.SYMBOL` (the side as of the taker),
 * `orderbook.DEPTH.SYMBOL` (a snapshot, then deltas whose `u` rises by one) and, of linear ones, `tickers.SYMBOL`.
 */
interface Message {
  readonly topic?: string
  readonly type?: string
  readonly ts: number
  readonly data: readonly Trade[] & Book & Ticker
  readonly success?: boolean
  readonly op?: string
  readonly req_id?: unknown
  readonly ret_msg?: unknown
}

interface Trade {
  readonly i: string
  readonly T: number
  readonly s: string
  readonly S: string
  readonly p: string
  readonly v: string
}

interface Book {
  readonly s: string
  readonly b: readonly (readonly [price: string, size: string])[]
  readonly a: readonly (readonly [price: string, size: string])[]
  readonly u: number
}

/** Of a delta only the members that changed. */
interface Ticker extends Top {
  readonly symbol: string
}

interface Top {
  readonly bid1Price?: unknown
  readonly bid1Size?: unknown
  readonly ask1Price?: unknown
  readonly ask1Size?: unknown
}

class BybitDecoder implements Decoder {
  lost = false
  private readonly instruments: ConnectionInstruments
  private readonly tickers = new Map<ConnectionInstrument, Top>()
  private readonly updates = new Map<ConnectionInstrument, Sequence>()

  constructor(instruments: ConnectionInstruments) {
    this.instruments = instruments
  }

  decode(text: string, writer: TickWriter): Notice | undefined {
    return readJson<Message>(text, writer, message => {
      if (message.topic === undefined) return noticeOf(message)
      const [kind, depth] = message.topic.split('.')
      if (kind === 'publicTrade') this.trades(message, writer)
      else if (kind === 'orderbook') this.book(message, Number(depth), writer)
      else if (kind === 'tickers') this.ticker(message, writer)
      else writer.pass(kind!)
      return undefined
    })
  }

  private trades({ data }: Message, writer: TickWriter): void {
    for (const { s, T, p, v, S, i } of data) {
      const trade = { t: decimal(T), price: decimal(p), size: decimal(v), side: sideOf(S), id: idOf(i), number: Number.NaN }
      this.instruments.get(writer, s)?.trade(writer, trade)
    }
  }

  private book({ type, ts, data }: Message, depth: number, writer: TickWriter): void {
    const instrument = this.instruments.get(writer, data.s)
    if (instrument === undefined) return
    const levels = { bids: levelsOf(data.b), asks: levelsOf(data.a) }
    if (type === 'snapshot') {
      const updates = new Sequence()
      updates.missing(data.u)
      this.updates.set(instrument, updates)
      instrument.beginBook(levels, depth)
    } else if (instrument.book) {
      const missing = this.updates.get(instrument)?.missing(data.u) ?? 0
      if (missing > 0) {
        writer.reject('gap', missing)
        this.lost = true
        instrument.dropBook(writer, decimal(ts))
      }
      instrument.updateBook(levels)
    }
    instrument.quoteBook(writer, decimal(ts))
  }

  private ticker({ type, ts, data }: Message, writer: TickWriter): void {
    const said = topOf(data)
    // Tickers of the spot market have no quotes.
    if (Object.keys(said).length === 0 && type === 'delta') return
    const instrument = this.instruments.get(writer, data.symbol)
    if (instrument === undefined) return
    const before = this.tickers.get(instrument)
    if (Object.keys(said).length === 0 && before === undefined) return
    // A snapshot is whole: nobody stands at a side that it does not name.
    const top: Top = type === 'delta' ? { ...before, ...said } : { ...NOBODY, ...said }
    this.tickers.set(instrument, top)
    if (top.bid1Price === undefined || top.ask1Price === undefined) return
    instrument.quote(writer, decimal(ts), sideOfQuote(top.bid1Price, top.bid1Size), sideOfQuote(top.ask1Price, top.ask1Size), TICKER)
  }
}

/** A request that has one unknown topic is refused as a whole; it may name that topic, and the request or not. */
const noticeOf = ({ success, op, req_id, ret_msg }: Message): Notice | undefined => {
  const request = typeof req_id === 'string' && req_id !== '' ? Number(req_id) : undefined
  const subscribes = op === undefined || op === 'subscribe'
  if (success === false)
    return subscribes ? { kind: 'refused', why: String(ret_msg), request, alone: false } : { kind: 'complaint', why: String(ret_msg) }
  return success === true && op === 'subscribe' ? { kind: 'accepted', request, topics: [] } : undefined
}

const levelsOf = (levels: Book['b']): Level[] => levels.map(([price, size]) => [decimal(price), decimal(size)])

const TOP = ['bid1Price', 'bid1Size', 'ask1Price', 'ask1Size'] as const
const NOBODY: Top = { bid1Price: '', ask1Price: '' }

/** Returns the members of a ticker that are about its quote. */
const topOf = (ticker: Ticker): Top => Object.fromEntries(TOP.flatMap(name => (ticker[name] === undefined ? [] : [[name, ticker[name]]])))

/** Levels a side. It comes less often than the best alone, which takes ten milliseconds. */
const DEEPEST = 1_000

/** Inverse perpetuals and dated futures: `BTCUSD`, `BTCUSDM24`. */
const INVERSE = /USD([FGHJKMNQUVXZ]\d{2})?$/

const market = (name: string, perpetual: Perpetual, category: string, symbols: Venue['symbols']): Venue => ({
  name,
  perpetual,
  symbols,
  heartbeat: { everyMs: 20_000, text: '{"op":"ping"}' },
  sockets: (symbols, books) =>
    inRuns(symbols, 100).map(run => ({
      url: `wss://stream.bybit.com/v5/public/${category}`,
      symbols: run,
      // A request takes ten topics.
      topics: inRuns(
        run.flatMap(s => [`publicTrade.${s}`, `orderbook.${books.has(s) ? DEEPEST : 1}.${s}`]),
        10,
      ),
    })),
  request: (args, id) => JSON.stringify({ op: 'subscribe', req_id: `${id}`, args }),
  answers: symbol => [symbol],
  // A contract of the inverse market is worth one dollar.
  decoder: (naming: Naming) =>
    new BybitDecoder(new ConnectionInstruments(name, perpetual, naming, () => (perpetual === 'inverse' ? 1 : 0))),
  fingerprint: {
    at: ({ hostname, pathname }) => /(^|\.)bybit\.com$/.test(hostname) && pathname === `/v5/public/${category}`,
    // Only futures' trades say which way the price went, and only futures' tickers have quotes.
    matches: message => {
      const { topic, data } = (message ?? {}) as Partial<Message>
      if (typeof topic !== 'string' || typeof data !== 'object' || data === null) return false
      const isFuture = perpetual !== false
      if (isFuture && INVERSE.test(topic) !== (perpetual === 'inverse')) return false
      if (topic.startsWith('publicTrade.')) return Array.isArray(data) && data.length > 0 && 'L' in data[0]! === isFuture
      return topic.startsWith('tickers.') && ('bid1Price' in data || 'ask1Price' in data || 'markPrice' in data) === isFuture
    },
  },
})

const ONE_WORD: Venue['symbols'] = { form: /^[A-Z0-9]{4,24}$/, like: 'BTCUSDT', inCapitals: true }

/** Bybit's spot market. */
export const bybit = market('bybit', false, 'spot', ONE_WORD)
/** Bybit's perpetuals margined in USDT or USDC. */
export const bybitLinear = market('bybit-linear', true, 'linear', ONE_WORD)
/** Bybit's perpetuals margined in the coin: sizes are dollars. */
export const bybitInverse = market('bybit-inverse', 'inverse', 'inverse', { form: /^[A-Z0-9]{1,16}USD$/, like: 'BTCUSD', inCapitals: true })
