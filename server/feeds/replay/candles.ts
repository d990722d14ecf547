import { basename } from 'node:path'
import { csvFields } from '../../../streams/lib/csv.ts'
import { isQuoteCurrency, type SymbolMap, splitSymbol } from '../../../streams/market/symbols.ts'
import { isTime } from '../../../streams/market/ticks.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import type { FeedInput } from '../feed.ts'
import { SpecError } from '../specError.ts'
import { decimal } from '../venues/numbers.ts'
import type { Block } from './blocks.ts'
import { Header } from './header.ts'
import { OutlierFilter, type Timed } from './outlierFilter.ts'
import type { Head, Reader, Reading, Recognise } from './reader.ts'
import { NOWHERE } from './trades.ts'

/**
 * Candles as CSV: `open_time_ms,open,high,low,close,volume_base`, volumes in base units, and a column `symbol` where the file
 * holds several. How long they are is the smallest step between two of one symbol.
 */
export const candles: Recognise = head => {
  const { spec, lines } = head
  const header = new Header(lines[0]!)
  if (header.column('open_time_ms') < 0) return undefined
  const columns = {
    symbol: header.column('symbol'),
    time: header.column('open_time_ms'),
    open: header.column('open'),
    high: header.column('high'),
    low: header.column('low'),
    close: header.column('close'),
    volume: header.column('volume_base'),
  }
  const lacking = ['open', 'high', 'low', 'close', 'volume_base'].filter(name => header.column(name) < 0)
  if (lacking.length > 0) throw new SpecError(spec, `the columns ${header.names.join(',')}`, `also ${lacking.join(', ')}`)
  const span = spanOf(lines, columns)
  if (columns.symbol >= 0) return { reader: reading => new CandleRows(columns, undefined, span, reading) }
  const symbol = symbolOf(head)
  return { symbols: [symbol], reader: reading => new CandleRows(columns, symbol, span, reading) }
}

interface Columns {
  readonly symbol: number
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** What a lone candle is taken for, ms. */
const MINUTE = 60_000

const spanOf = (lines: readonly string[], { symbol, time }: Columns): number => {
  const last = new Map<string, number>()
  let span = Number.POSITIVE_INFINITY
  for (const line of lines.slice(1)) {
    const fields = csvFields(line)
    const name = fields[symbol] ?? ''
    const t = decimal(fields[time])
    if (!isTime(t)) continue
    const step = t - (last.get(name) ?? Number.NaN)
    if (step > 0 && step < span) span = step
    last.set(name, t)
  }
  return span < Number.POSITIVE_INFINITY ? span : MINUTE
}

/** The one symbol of a file without such a column: as asked for, else as a part of the file's name says. */
const symbolOf = ({ spec, path, fragment, map }: Head): string => {
  const parts = basename(path)
    .replace(/\.gz$/i, '')
    .replace(/\.[^.]*$/, '')
    .split('_')
  const symbol =
    fragment === undefined
      ? (parts.map(part => map.named(NOWHERE, part)).find(s => s !== undefined) ??
        parts.map(part => quoted(part, map)).find(s => s !== undefined))
      : map.canonical(NOWHERE, fragment)
  if (symbol !== undefined) return symbol
  const found = fragment === undefined ? `candles without a symbol in a file named ${basename(path)}` : `the symbol ${fragment}`
  throw new SpecError(spec, found, 'a column symbol, #SYMBOL, or a part of the file name that is one (BTC-USD, BTCUSDT)')
}

const quoted = (part: string, map: SymbolMap): string | undefined => {
  const symbol = map.canonical(NOWHERE, part)
  return symbol !== undefined && isQuoteCurrency(splitSymbol(symbol)?.quote ?? '') ? symbol : undefined
}

interface Row extends Timed {
  readonly line: number
  readonly prices: { open: number; high: number; low: number; close: number }
  readonly volume: number
}

class CandleRows implements Reader {
  private readonly columns: Columns
  private readonly width: number
  private readonly symbol: string | undefined
  private readonly reading: Reading
  private readonly writer: TickWriter
  private readonly rows: OutlierFilter<Row>
  private readonly symbols = new Map<string, number>()
  private readonly span: number
  private readonly source: number
  private content = ''
  private line = 0

  constructor(columns: Columns, symbol: string | undefined, span: number, reading: Reading) {
    this.columns = columns
    this.width = Math.max(...Object.values(columns)) + 1
    this.symbol = symbol
    this.span = span
    this.reading = reading
    this.source = reading.context.sources.index(NOWHERE)
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
    if (this.content === '') this.content = await this.reading.content()
    const { time, open, high, low, close, volume } = this.columns
    for (let i = first === 1 ? 1 : 0; i < lines.length; i++) {
      const text = lines[i]!
      if (text === '') continue
      this.line = first + i
      this.writer.message(Number.NaN)
      const fields = csvFields(text)
      if (fields.length < this.width) {
        this.writer.reject('unreadable')
        continue
      }
      const row: Row = {
        line: this.line,
        t: Math.floor(decimal(fields[time])),
        symbol: this.symbolOf(fields[this.columns.symbol]),
        prices: { open: decimal(fields[open]), high: decimal(fields[high]), low: decimal(fields[low]), close: decimal(fields[close]) },
        volume: decimal(fields[volume]),
      }
      if (row.symbol < 0) this.writer.reject('symbol')
      else if (isTime(row.t)) this.rows.put(row)
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

  private write({ line, symbol, t, prices, volume }: Row): void {
    this.line = line
    this.writer.candle(symbol, this.source, t, this.span, prices, volume, `${this.content}:${line}`)
  }

  private symbolOf(name: string | undefined): number {
    const { map, symbols } = this.reading.context
    if (name === undefined) return symbols.index(this.symbol!)
    let symbol = this.symbols.get(name)
    if (symbol === undefined) {
      const canonical = map.canonical(NOWHERE, name)
      symbol = canonical === undefined ? -1 : symbols.index(canonical)
      if (this.symbols.size < 100_000) this.symbols.set(name, symbol)
    }
    return symbol
  }
}
