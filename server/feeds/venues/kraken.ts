import { assetName } from '../../../streams/market/symbols.ts'
import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { Level } from '../live/bookMirror.ts'
import { type ConnectionInstrument, ConnectionInstruments, SPREAD, TICKER } from './instruments.ts'
import { decimal, idOf, isoTime, secondsTime, sideOf, sideOfQuote } from './numbers.ts'
import { type Decoder, HEARTBEAT, inRuns, type Notice, readJson, type Venue } from './venue.ts'

/** v2: objects, numbers as numbers, `BTC/USD`; trades are numbered one by one for each symbol. */
interface MessageV2 {
  readonly channel?: string
  readonly type?: string
  readonly data: readonly {
    readonly symbol: string
    readonly timestamp?: string
    readonly bids: readonly LevelV2[]
    readonly asks: readonly LevelV2[]
    readonly side: string
    readonly price: number
    readonly qty: number
    readonly trade_id: number
    readonly bid?: unknown
    readonly bid_qty?: unknown
    readonly ask?: unknown
    readonly ask_qty?: unknown
  }[]
  readonly error?: unknown
  readonly method?: string
  readonly success?: boolean
  readonly req_id?: number
  readonly symbol?: unknown
  readonly result?: { readonly channel?: unknown; readonly symbol?: unknown } | null
  readonly event?: string
  readonly status?: string
  readonly errorMessage?: unknown
}

interface LevelV2 {
  readonly price: number
  readonly qty: number
}

/** v1: `[channel number, payload …, channel name, pair]`, numbers as text, `XBT/USD`; its trades have no ids. */
type MessageV1 = readonly unknown[]
type TradeV1 = readonly [price: string, volume: string, time: string, side: string, orderType: string, misc: string]
type LevelV1 = readonly [price: string, volume: string, time: string, republished?: string]
type TopV1 = readonly [price: unknown, wholeLots: unknown, lots: unknown] | null
type BookV1 = Partial<Record<'as' | 'bs' | 'a' | 'b', readonly LevelV1[]>>

/** Trades of one moment with the same price and volume come close together. */
const REMEMBERED = 1_000

class KrakenDecoder implements Decoder {
  readonly lost = false
  private readonly instruments: ConnectionInstruments
  /** How often each of the last trades of an instrument came, by their values. */
  private readonly seen = new Map<ConnectionInstrument, Map<string, number>>()

  constructor(instruments: ConnectionInstruments) {
    this.instruments = instruments
  }

  decode(text: string, writer: TickWriter): Notice | undefined {
    return readJson<MessageV1 | MessageV2>(text, writer, message => {
      if (isV1(message)) this.arrayMessage(message, writer)
      else if (message.channel === 'trade') this.trades(message, writer)
      else if (message.channel === 'ticker') this.tickers(message, writer)
      else if (message.channel === 'book') this.books(message, writer)
      else if (message.channel === 'heartbeat' || message.event === 'heartbeat') return HEARTBEAT
      else if (message.channel === undefined) return noticeOf(message)
      else if (message.channel !== 'status') writer.pass(message.channel)
      return undefined
    })
  }

  private trades({ data }: MessageV2, writer: TickWriter): void {
    for (const { symbol, timestamp, price, qty, side, trade_id } of data) {
      const instrument = this.instruments.get(writer, symbol)
      const [id, number] = [idOf(trade_id), trade_id]
      instrument?.trade(writer, { t: isoTime(timestamp), price: decimal(price), size: decimal(qty), side: sideOf(side), id, number })
    }
  }

  private tickers({ data }: MessageV2, writer: TickWriter): void {
    for (const { symbol, timestamp, bid, bid_qty, ask, ask_qty } of data) {
      this.instruments.get(writer, symbol)?.quote(writer, isoTime(timestamp), sideOfQuote(bid, bid_qty), sideOfQuote(ask, ask_qty), TICKER)
    }
  }

  private books({ type, data }: MessageV2, writer: TickWriter): void {
    for (const { symbol, timestamp, bids, asks } of data) {
      const instrument = this.instruments.get(writer, symbol)
      const levels = { bids: levelsV2(bids), asks: levelsV2(asks) }
      if (type === 'snapshot') instrument?.beginBook(levels, DEEPEST)
      else instrument?.updateBook(levels)
      instrument?.quoteBook(writer, isoTime(timestamp))
    }
  }

  private arrayMessage(message: MessageV1, writer: TickWriter): void {
    const name = message.at(-2)
    const instrument = this.instruments.get(writer, message.at(-1))
    if (instrument === undefined || typeof name !== 'string') return
    if (name === 'trade') this.tradesV1(instrument, message[1] as TradeV1[], writer)
    else if (name === 'ticker') {
      const { b, a } = message[1] as { b?: TopV1; a?: TopV1 }
      instrument.quote(writer, Number.NaN, sideOfQuote(b?.[0], b?.[2]), sideOfQuote(a?.[0], a?.[2]), TICKER)
    } else if (name === 'spread') {
      const [bid, ask, time, bidSize, askSize] = message[1] as unknown[]
      instrument.quote(writer, secondsTime(time), sideOfQuote(bid, bidSize), sideOfQuote(ask, askSize), SPREAD)
    } else if (name.startsWith('book-')) bookV1(instrument, Number(name.slice('book-'.length)), message.slice(1, -2) as BookV1[], writer)
    else writer.pass(name)
  }

  private tradesV1(instrument: ConnectionInstrument, trades: readonly TradeV1[], writer: TickWriter): void {
    for (const [price, volume, time, side] of trades) {
      const id = this.idV1(instrument, `${time}-${price}-${volume}`)
      const [t, number] = [secondsTime(time), Number.NaN]
      instrument.trade(writer, { t, price: decimal(price), size: decimal(volume), side: sideOf(side), id, number })
    }
  }

  /** Returns a trade's own values, and a number if the connection had the same before. */
  private idV1(instrument: ConnectionInstrument, values: string): string {
    const seen = this.seen.get(instrument) ?? new Map<string, number>()
    this.seen.set(instrument, seen)
    const before = seen.get(values) ?? 0
    seen.set(values, before + 1)
    if (seen.size > REMEMBERED) {
      for (const oldest of seen.keys()) {
        seen.delete(oldest)
        break
      }
    }
    return before === 0 ? values : `${values}-${before}`
  }
}

/** Each symbol of a request is answered by itself, and names it; an error that names none is about the whole request. */
const noticeOf = ({ error, method, success, req_id, symbol, result, event, status, errorMessage }: MessageV2): Notice | undefined => {
  const request = req_id
  if (error !== undefined) {
    const why = String(error)
    const isAbout = method === undefined || method === 'subscribe'
    if (/already subscribed/i.test(why)) return { kind: 'accepted', request, topics: [] }
    if (!isAbout) return { kind: 'complaint', why }
    const named = typeof symbol === 'string' && symbol !== ''
    return { kind: 'refused', why: named && !why.includes(symbol) ? `${why} ${symbol}` : why, request, alone: named }
  }
  if (method === 'subscribe' && success === true && result)
    return { kind: 'accepted', request, topics: [`${result.channel}:${result.symbol}`] }
  return event === 'subscriptionStatus' && status === 'error' ? { kind: 'refused', why: String(errorMessage), alone: true } : undefined
}

/** Levels a side that v2 is asked for. */
const DEEPEST = 1_000

const levelsV2 = (levels: readonly LevelV2[]): Level[] => levels.map(({ price, qty }) => [decimal(price), decimal(qty)])

const isV1 = (message: MessageV1 | MessageV2): message is MessageV1 => Array.isArray(message)

/** One message may change the two sides by a part each: the top is read when both are in. */
const bookV1 = (instrument: ConnectionInstrument, depth: number, parts: readonly (BookV1 | null)[], writer: TickWriter): void => {
  let t = Number.NaN
  const levels = (sent: readonly LevelV1[] = []): Level[] =>
    sent.map(([price, volume, time]) => {
      const at = secondsTime(time)
      if (!(at <= t)) t = at
      return [decimal(price), decimal(volume)]
    })
  for (const part of parts) {
    if (part === null) continue
    if (part.as || part.bs) instrument.beginBook({ bids: levels(part.bs), asks: levels(part.as) }, depth)
    else instrument.updateBook({ bids: levels(part.b), asks: levels(part.a) })
  }
  instrument.quoteBook(writer, t)
}

/** Kraken's spot market. */
export const kraken: Venue = {
  name: 'kraken',
  perpetual: false,
  symbols: { form: /^[A-Z0-9.]{1,16}\/[A-Z0-9.]{1,16}$/i, like: 'BTC/USD', inCapitals: false },
  heartbeat: { everyMs: 20_000, text: '{"method":"ping"}' },
  sockets: (symbols, books) =>
    inRuns(symbols, 100).map(run => {
      const shown = run.filter(name => books.has(name))
      const topics = [
        run.map(name => `trade:${nameV2(name)}`),
        run.map(name => `ticker:${nameV2(name)}`),
        shown.map(name => `book:${nameV2(name)}`),
      ]
      return { url: 'wss://ws.kraken.com/v2', symbols: run, topics: topics.filter(group => group.length > 0) }
    }),
  request: (topics, req_id) => {
    const channel = topics[0]!.slice(0, topics[0]!.indexOf(':'))
    const symbol = topics.map(topic => topic.slice(channel.length + 1))
    return JSON.stringify({ method: 'subscribe', params: { channel, ...MORE[channel], symbol, snapshot: true }, req_id })
  },
  answers: symbol => [symbol, nameV2(symbol)],
  missing: {
    page: (symbol, _fromId, _toId, since) =>
      // Times of trades are finer than ms: from a ms before, so that none is left out.
      `https://api.kraken.com/0/public/Trades?pair=${encodeURIComponent(symbol.replace('/', ''))}&since=${since - 1}000000&count=1000`,
    trades: page => {
      const { error, result } = page as { error: readonly unknown[]; result: Record<string, unknown> }
      if (error.length > 0) throw new TypeError(String(error[0]))
      const rows = Object.values(result).find(value => Array.isArray(value)) as readonly OldTrade[]
      return rows.map(([price, volume, time, side, , , number]) => ({
        t: secondsTime(time),
        price: decimal(price),
        size: decimal(volume),
        side: sideOf(side),
        id: idOf(number),
        number,
      }))
    },
  },
  decoder: naming => new KrakenDecoder(new ConnectionInstruments('kraken', false, naming)),
  fingerprint: {
    at: ({ hostname }) => hostname === 'ws.kraken.com',
    matches: message => {
      if (Array.isArray(message)) return message.length >= 4 && isPair(message.at(-1)) && typeof message.at(-2) === 'string'
      const { channel, data } = (message ?? {}) as Partial<MessageV2>
      return ['trade', 'ticker', 'book'].includes(channel!) && Array.isArray(data) && isPair(data[0]?.symbol)
    },
  },
}

/** What is said of a channel beside its symbols. */
const MORE: Readonly<Record<string, object>> = { ticker: { event_trigger: 'bbo' }, book: { depth: DEEPEST } }

type OldTrade = readonly [price: string, volume: string, time: number, side: string, orderType: string, misc: string, id: number]

/** v2 does not know the names that v1 and the accounts have. */
const nameV2 = (symbol: string): string => symbol.split('/').map(assetName).join('/')

const isPair = (name: unknown): boolean => typeof name === 'string' && name.includes('/')
