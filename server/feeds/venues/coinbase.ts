import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { Level } from '../live/bookMirror.ts'
import { type ConnectionInstrument, ConnectionInstruments, TICKER } from './instruments.ts'
import { decimal, idOf, isoTime, opposite, sideOf, sideOfQuote } from './numbers.ts'
import { Sequence } from './sequence.ts'
import { type Decoder, HEARTBEAT, inRuns, type Notice, readJson, type Venue } from './venue.ts'

/**
 * Advanced Trade: `market_trades` (the side as of the maker: those that say SELL happen at the best ask; the newest first),
 * `ticker`, `l2_data`; one sequence a connection.
 */
interface AdvancedMessage {
  readonly channel: string
  readonly timestamp: string
  readonly sequence_num: number
  readonly events: readonly AdvancedEvent[]
}

/** Best bid and ask; sizes by the name of Advanced Trade, then by that of the feed before it. */
interface Best {
  readonly best_bid?: unknown
  readonly best_ask?: unknown
  readonly best_bid_quantity?: unknown
  readonly best_ask_quantity?: unknown
  readonly best_bid_size?: unknown
  readonly best_ask_size?: unknown
}

interface AdvancedEvent {
  readonly type: string
  readonly trades: readonly { product_id: string; trade_id: string; price: string; size: string; time: string; side: string }[]
  readonly tickers: readonly ({ product_id: string } & Best)[]
  readonly product_id: string
  readonly subscriptions?: Readonly<Record<string, readonly string[]>>
  readonly updates: readonly { side: 'bid' | 'offer'; price_level: string; new_quantity: string }[]
}

/** The feed before it: `match`, `last_match` (the side as of the maker), `ticker`, `snapshot` and `l2update`. */
interface LegacyMessage extends Best {
  readonly type: string
  readonly message?: unknown
  readonly reason?: unknown
  readonly product_id: string
  readonly trade_id: number
  readonly price: string
  readonly size: string
  readonly side: string
  readonly time?: string
  readonly bids: readonly (readonly [price: string, size: string])[]
  readonly asks: readonly (readonly [price: string, size: string])[]
  readonly changes: readonly (readonly [side: string, price: string, size: string])[]
}

class CoinbaseDecoder implements Decoder {
  lost = false
  private readonly instruments: ConnectionInstruments
  private readonly messages = new Sequence()

  constructor(instruments: ConnectionInstruments) {
    this.instruments = instruments
  }

  decode(text: string, writer: TickWriter): Notice | undefined {
    return readJson<AdvancedMessage & LegacyMessage>(text, writer, message => {
      if (message.type === 'error') return { kind: 'refused', why: `${message.message} ${message.reason ?? ''}`.trim(), alone: false }
      if (message.channel === undefined) return this.legacy(message, writer)
      return this.advanced(message, writer)
    })
  }

  private advanced(message: AdvancedMessage, writer: TickWriter): Notice | undefined {
    const missing = this.messages.missing(message.sequence_num)
    if (missing > 0) {
      writer.reject('gap', missing)
      // Nobody knows whose messages they were.
      for (const instrument of this.instruments.all()) {
        if (instrument?.book) this.lost = true
        instrument?.dropBook(writer, isoTime(message.timestamp))
      }
    }
    if (message.channel === 'market_trades') for (const event of message.events) this.trades(event, writer)
    else if (message.channel === 'ticker' || message.channel === 'ticker_batch') {
      for (const { tickers } of message.events) {
        for (const ticker of tickers) {
          const instrument = this.instruments.get(writer, ticker.product_id)
          instrument?.quote(writer, isoTime(message.timestamp), bidOf(ticker), askOf(ticker), TICKER)
        }
      }
    } else if (message.channel === 'l2_data') for (const event of message.events) this.levels(event, isoTime(message.timestamp), writer)
    else if (message.channel === 'heartbeats') return HEARTBEAT
    else if (message.channel === 'subscriptions') return { kind: 'accepted', topics: message.events.flatMap(subscribed) }
    else writer.pass(message.channel)
    return undefined
  }

  private trades({ trades }: AdvancedEvent, writer: TickWriter): void {
    for (let i = trades.length - 1; i >= 0; i--) {
      const { product_id, trade_id, price, size, time, side } = trades[i]!
      const instrument = this.instruments.get(writer, product_id)
      const trade = { t: isoTime(time), price: decimal(price), size: decimal(size), side: opposite(sideOf(side)), id: idOf(trade_id) }
      instrument?.trade(writer, { ...trade, number: Number(trade_id) })
    }
  }

  private levels({ type, product_id, updates }: AdvancedEvent, t: number, writer: TickWriter): void {
    const instrument = this.instruments.get(writer, product_id)
    if (instrument === undefined) return
    const bids: Level[] = []
    const asks: Level[] = []
    for (const { side, price_level, new_quantity } of updates) {
      const level: Level = [decimal(price_level), decimal(new_quantity)]
      if (side === 'bid') bids.push(level)
      else asks.push(level)
    }
    apply(instrument, type === 'snapshot', bids, asks)
    instrument.quoteBook(writer, t)
  }

  private legacy(message: LegacyMessage, writer: TickWriter): Notice | undefined {
    switch (message.type) {
      case 'match':
      case 'last_match': {
        const { product_id, trade_id, price, size, side, time } = message
        const instrument = this.instruments.get(writer, product_id)
        const trade = { t: isoTime(time), price: decimal(price), size: decimal(size), side: opposite(sideOf(side)), id: idOf(trade_id) }
        instrument?.trade(writer, { ...trade, number: trade_id })
        break
      }
      case 'ticker': {
        this.instruments.get(writer, message.product_id)?.quote(writer, isoTime(message.time), bidOf(message), askOf(message), TICKER)
        break
      }
      case 'snapshot':
      case 'l2update': {
        const instrument = this.instruments.get(writer, message.product_id)
        if (instrument === undefined) break
        if (message.type === 'snapshot') apply(instrument, true, levelsOf(message.bids), levelsOf(message.asks))
        else apply(instrument, false, changesOf(message, 'buy'), changesOf(message, 'sell'))
        instrument.quoteBook(writer, isoTime(message.time))
        break
      }
      case 'heartbeat':
        return HEARTBEAT
      case 'subscriptions':
        break
      default:
        if (typeof message.type === 'string') writer.pass(message.type)
    }
    return undefined
  }
}

const bidOf = (best: Best): number => sideOfQuote(best.best_bid, best.best_bid_quantity ?? best.best_bid_size)
const askOf = (best: Best): number => sideOfQuote(best.best_ask, best.best_ask_quantity ?? best.best_ask_size)

const levelsOf = (levels: LegacyMessage['bids']): Level[] => levels.map(([price, size]) => [decimal(price), decimal(size)])

const changesOf = ({ changes }: LegacyMessage, side: string): Level[] =>
  changes.filter(change => change[0] === side).map(([, price, size]) => [decimal(price), decimal(size)])

/** Updates of a book that was never sent whole say nothing of its best prices. */
const apply = (instrument: ConnectionInstrument, whole: boolean, bids: Level[], asks: Level[]): void => {
  if (whole) instrument.beginBook({ bids, asks })
  else instrument.updateBook({ bids, asks })
}

/** Books in USD and in USDC are one: the venue may answer for either under the name of the other. */
const twinsOf = (product: string): string[] =>
  product.endsWith('-USDC') ? [product.slice(0, -1)] : product.endsWith('-USD') ? [`${product}C`] : []

/** Returns the topics that an answer lists as subscribed, under all names that may be meant. */
const subscribed = ({ subscriptions = {} }: AdvancedEvent): string[] =>
  Object.entries(subscriptions).flatMap(([channel, products]) =>
    products.flatMap(product => [product, ...twinsOf(product)].map(name => `${channel}:${name}`)),
  )

interface OldTrade {
  readonly trade_id: number
  readonly price: string
  readonly size: string
  readonly time: string
  readonly side: string
}

const LEGACY = ['match', 'last_match', 'l2update', 'ticker', 'snapshot']
const ADVANCED = ['market_trades', 'ticker', 'ticker_batch', 'l2_data', 'candles']

/** Coinbase's spot market. */
export const coinbase: Venue = {
  name: 'coinbase',
  perpetual: false,
  symbols: { form: /^[A-Z0-9]{1,16}-[A-Z0-9]{1,16}$/, like: 'BTC-USD', inCapitals: true },
  heartbeat: { everyMs: 5_000 },
  sockets: (symbols, books) =>
    inRuns(symbols, 100).map(run => {
      const shown = run.filter(symbol => books.has(symbol))
      return {
        url: 'wss://advanced-trade-ws.coinbase.com',
        symbols: run,
        topics: [
          ...['market_trades', 'ticker', 'heartbeats'].map(channel => run.map(product => `${channel}:${product}`)),
          ...(shown.length > 0 ? [shown.map(product => `level2:${product}`)] : []),
        ],
      }
    }),
  request: topics => {
    const channel = topics[0]!.slice(0, topics[0]!.indexOf(':'))
    return JSON.stringify({ type: 'subscribe', product_ids: topics.map(topic => topic.slice(channel.length + 1)), channel })
  },
  answers: symbol => [symbol, ...twinsOf(symbol)],
  missing: {
    // A page ends before `after`; the newest trade comes first.
    page: (symbol, fromId, toId) =>
      `https://api.exchange.coinbase.com/products/${encodeURIComponent(symbol)}/trades?after=${toId + 1}&limit=${Math.min(1_000, toId - fromId + 1)}`,
    trades: page =>
      (page as readonly OldTrade[]).map(({ trade_id, price, size, time, side }) => ({
        t: isoTime(time),
        price: decimal(price),
        size: decimal(size),
        side: opposite(sideOf(side)),
        id: idOf(trade_id),
        number: trade_id,
      })),
  },
  decoder: naming => new CoinbaseDecoder(new ConnectionInstruments('coinbase', false, naming)),
  fingerprint: {
    at: ({ hostname }) => /(^|\.)coinbase\.com$/.test(hostname),
    matches: message => {
      const { type, product_id, channel, sequence_num } = (message ?? {}) as Partial<AdvancedMessage & LegacyMessage>
      return channel === undefined
        ? LEGACY.includes(type!) && typeof product_id === 'string'
        : ADVANCED.includes(channel) && typeof sequence_num === 'number'
    },
  },
}
