import { csvFields } from '../../../streams/lib/csv.ts'
import { isPrice, isSize, isTime, type Side } from '../../../streams/market/ticks.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { FeedInput } from '../feed.ts'
import { SpecError } from '../specError.ts'
import { decimal, sideOf } from '../venues/numbers.ts'
import type { Block } from './blocks.ts'
import { Header } from './header.ts'
import { OutlierFilter, type Timed } from './outlierFilter.ts'
import type { Reader, Reading, Recognise } from './reader.ts'

/**
 * Trades as CSV: `symbol, price`, a time (`exch_ts_ms` or `ts_ms`), a size (`qty` or `size`) and optionally `taker_side` or
 * `side`, `trade_id`, `exchange`, `market` and the time of receipt `recv_ts_ns`.
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
  return { reader: reading => new TradeRows(columns, fragment, reading) }
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

interface Row extends Timed {
  readonly line: number
  readonly source: number
  readonly price: number
  readonly size: number
  readonly side: Side
  readonly id: string
}

/** Of what trades nowhere that is named. */
export const NOWHERE = 'replay'

/** Digits of a time in ns behind its ms. */
const NANO_DIGITS = 6

const PERPETUAL_MARKETS = ['linear', 'usdm', 'perp', 'perpetual', 'swap', 'futures']

class TradeRows implements Reader {
  private readonly columns: Columns
  private readonly width: number
  private readonly symbol: string | undefined
  private readonly reading: Reading
  private readonly writer: TickWriter
  private readonly rows: OutlierFilter<Row>
  private readonly markets = new Map<string, Map<string, number>>()
  private content: string | undefined
  private line = 0

  constructor(columns: Columns, symbol: string | undefined, reading: Reading) {
    this.columns = columns
    this.width = Math.max(columns.symbol, columns.price, columns.time, columns.size) + 1
    this.symbol = symbol
    this.reading = reading
    this.writer = new TickWriter(reading.context.feed, (kind, n) => reading.leftOut.note(kind, n, this.line))
    this.rows = new OutlierFilter<Row>(
      row => this.write(row),
      row => {
        this.line = row.line
        this.writer.reject('time')
      },
    )
  }

  async read({ first, lines }: Block): Promise<void> {
    const { symbol, price, time, size, side, id, exchange, market, received } = this.columns
    for (let i = first === 1 ? 1 : 0; i < lines.length; i++) {
      const text = lines[i]!
      if (text === '') continue
      this.line = first + i
      const fields = csvFields(text)
      const receipt = decimal(fields[received]?.slice(0, -NANO_DIGITS))
      // A row that says when it came needs no other to bear it out, nor bears out the one before it.
      if (!Number.isNaN(receipt)) this.rows.end()
      this.writer.message(receipt)
      if (fields.length < this.width) {
        this.writer.reject('unreadable')
        continue
      }
      const venue = fields[exchange] ?? ''
      const tradeId = fields[id] ?? ''
      const named = venue !== '' && tradeId !== ''
      if (!named && this.content === undefined) this.content = await this.reading.content()
      const row: Row = {
        line: this.line,
        t: Math.floor(decimal(fields[time])),
        symbol: this.symbolOf(fields[symbol] ?? this.symbol!, venue, fields[market] ?? ''),
        source: this.reading.context.sources.index(named ? venue : NOWHERE),
        price: decimal(fields[price]),
        size: decimal(fields[size]),
        side: sideOf(fields[side]),
        id: named ? detached(tradeId) : `${this.content}:${tradeId || this.line}`,
      }
      if (row.symbol < 0) this.writer.reject('symbol')
      else if (Number.isNaN(receipt) && isTime(row.t) && isPrice(row.price) && isSize(row.size)) this.rows.put(row)
      else this.write(row)
    }
  }

  end(): void {
    this.rows.end()
  }

  drain(): readonly FeedInput[] {
    const batch = this.writer.drain()
    return batch ? [batch] : []
  }

  private write({ line, symbol, source, t, price, size, side, id }: Row): void {
    this.line = line
    this.writer.trade(symbol, source, t, price, size, side, id)
  }

  /** -1 where nothing tells which it is. */
  private symbolOf(name: string, venue: string, market: string): number {
    const known = this.marketOf(venue, market)
    let symbol = known.get(name)
    if (symbol === undefined) {
      const { map, symbols } = this.reading.context
      const exchange = venue || NOWHERE
      const perpetual = PERPETUAL_MARKETS.includes(market.toLowerCase())
      const canonical = map.named(exchange, name) ?? map.canonical(exchange, name, perpetual)
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
