import { timeOf } from '../../../streams/lib/time.ts'
import { isPrice, isSize, isTime, type Side } from '../../../streams/market/ticks.ts'
import { UNNAMED_SOURCE } from '../../lib/unnamedSource.ts'
import { SpecError } from '../specError.ts'
import { csvNumber, sideOf } from '../venues/numbers.ts'
import { Header } from './header.ts'
import { Occurrences } from './occurrences.ts'
import type { Reading, Recognise } from './reader.ts'
import { type EventRow, RowReader } from './rowReader.ts'

/**
 * Trades as CSV: `symbol, price`, a time (`exch_ts_ms` or `ts_ms`), a size (`qty` or `size`) and optionally `taker_side` or
 * `side`, `trade_id`, `exchange`, `market` and the time of receipt `recv_ts_ns`. Whatever its name, a time is in s, ms, µs or ns, by its
 * size, or ISO 8601.
 */
export const trades: Recognise = ({ spec, lines, fragment }) => {
  const header = new Header(lines[0]!)
  const columns = {
    symbol: header.column('symbol'),
    price: header.column('price'),
    time: header.column('exch_ts_ms', 'ts_ms'),
    size: header.column('qty', 'size'),
    side: header.column('taker_side', 'side'),
    id: header.column('trade_id'),
    exchange: header.column('exchange'),
    market: header.column('market'),
    received: header.column('recv_ts_ns'),
  }
  if (columns.price < 0 || (columns.symbol < 0 && columns.time < 0)) return undefined
  const lacking = [
    ...(columns.symbol < 0 && fragment === undefined ? ['symbol'] : []),
    ...(columns.time < 0 ? ['exch_ts_ms or ts_ms'] : []),
    ...(columns.size < 0 ? ['qty or size'] : []),
  ]
  if (lacking.length > 0) throw new SpecError(spec, `the columns ${header.names.join(',')}`, `also ${lacking.join(', ')}`)
  const exchanges = lines.slice(1).map(line => line.split(header.delimiter)[columns.exchange]?.replaceAll('"', '') || UNNAMED_SOURCE)
  return { sources: [...new Set(exchanges)].sort(), reader: reading => new TradeRows(header, columns, fragment, reading) }
}

interface Columns {
  readonly symbol: number
  readonly price: number
  readonly time: number
  readonly size: number
  readonly side: number
  readonly id: number
  readonly exchange: number
  readonly market: number
  readonly received: number
}

interface TradeRow extends EventRow {
  readonly source: number
  readonly price: number
  readonly size: number
  readonly side: Side
  /** The venue's; '' if the row says none. */
  readonly id: string
  /** The row says venue and id: it is known by these. */
  readonly named: boolean
}

/**
 * Whether sizes may be contracts of a fixed number of dollars, margined in the coin: a file does not say how large they are. A symbol that the
 * configuration maps is taken at its word.
 */
const isInverse = (market: string, exchange: string): boolean =>
  INVERSE_MARKETS.includes(market.toLowerCase()) || INVERSE_EXCHANGES.includes(exchange.toLowerCase())

const INVERSE_MARKETS = ['inverse', 'coinm', 'coin-m', 'coin-margined', 'delivery', 'inverse_perpetual', 'inverse-perpetual']
const INVERSE_EXCHANGES = [
  'bitmex',
  'deribit',
  'binance-coinm',
  'binance-delivery',
  'bybit-inverse',
  'cryptofacilities',
  'kraken-futures',
  'huobi-dm-swap',
]

const PERPETUAL_MARKETS = ['linear', 'usdm', 'perp', 'perpetual', 'swap', 'futures']

class TradeRows extends RowReader<TradeRow> {
  private readonly columns: Columns
  private readonly symbol: string | undefined
  private readonly markets = new Map<string, Map<string, number>>()
  private readonly alike = new Occurrences()

  constructor(header: Header, columns: Columns, symbol: string | undefined, reading: Reading) {
    super(header, reading)
    this.columns = columns
    this.symbol = symbol
  }

  protected override receivedAt(fields: readonly string[]): number {
    return timeOf(fields[this.columns.received])
  }

  /** A trade is named by what it says: two files that have it both name it alike. */
  protected override needsContent(): boolean {
    return false
  }

  protected override rowOf(fields: readonly string[], line: number): TradeRow {
    const { symbol, price, time, size, side, id, exchange, market } = this.columns
    const venue = fields[exchange] ?? ''
    const tradeId = fields[id] ?? ''
    // An id is a venue's own.
    const named = venue !== '' && tradeId !== ''
    return {
      line,
      t: timeOf(fields[time]),
      symbol: this.symbolOf(fields[symbol] ?? this.symbol!, venue, fields[market] ?? ''),
      source: this.reading.context.sources.index(named ? venue : UNNAMED_SOURCE),
      price: csvNumber(fields[price]),
      size: csvNumber(fields[size]),
      side: sideOf(fields[side]),
      id: detached(tradeId),
      named,
    }
  }

  protected override isSound({ t, price, size }: TradeRow): boolean {
    return isTime(t) && isPrice(price) && isSize(size)
  }

  protected override write({ symbol, source, t, price, size, side, id, named }: TradeRow): void {
    this.writer.trade(symbol, source, t, price, size, side, named ? id : this.nameOf(symbol, t, price, size, id))
  }

  /** Names a trade of no venue by its time and id or, without an id, by time, price, size, and how many before it are the same. */
  private nameOf(symbol: number, t: number, price: number, size: number, id: string): string {
    if (id !== '') return `${t}:${id}`
    const name = `${t}:${price}:${size}`
    const before = this.alike.next(`${symbol} ${name}`)
    return before === 0 ? name : `${name}:${before}`
  }

  /** Returns the symbol's number, -1 if the symbol is unknown. */
  private symbolOf(name: string, venue: string, market: string): number {
    const known = this.marketOf(venue, market)
    let symbol = known.get(name)
    if (symbol === undefined) {
      const { map, symbols } = this.reading.context
      const exchange = venue || UNNAMED_SOURCE
      const perpetual = PERPETUAL_MARKETS.includes(market.toLowerCase())
      const canonical = map.named(exchange, name) ?? (isInverse(market, venue) ? undefined : map.canonical(exchange, name, perpetual))
      symbol = canonical === undefined ? -1 : symbols.index(canonical)
      if (known.size < 100_000) known.set(name, symbol)
    }
    return symbol
  }

  /** The known symbols of one market of a venue. */
  private marketOf(venue: string, market: string): Map<string, number> {
    const key = `${venue} ${market}`
    let known = this.markets.get(key)
    if (known === undefined) {
      known = new Map()
      if (this.markets.size < 1_000) this.markets.set(key, known)
    }
    return known
  }
}

/** A part of a line keeps the whole text it was cut from in memory; an id is remembered for long. */
const detached = (text: string): string => (text.length < 13 ? text : Buffer.from(text).toString())
