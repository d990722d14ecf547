import { basename } from 'node:path'
import { timeOf } from '../../../streams/lib/time.ts'
import { isQuoteCurrency, type SymbolMap, splitSymbol } from '../../../streams/market/symbols.ts'
import { isTime } from '../../../streams/market/ticks.ts'
import { CsvReader } from '../../lib/csv.ts'
import { UNNAMED_SOURCE } from '../../lib/unnamedSource.ts'
import { SpecError } from '../specError.ts'
import { csvNumber } from '../venues/numbers.ts'
import { Header } from './header.ts'
import type { Head, Reading, Recognise } from './reader.ts'
import { type EventRow, RowReader } from './rowReader.ts'

/**
 * Candles as CSV: `open_time_ms,open,high,low,close,volume_base`, volumes in base units, and a column `symbol` if the file
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
  const { span, falling } = stepsOf(lines, header, columns)
  if (falling) throw new SpecError(spec, 'the newest candle first', 'the oldest first')
  if (columns.symbol >= 0) return { reader: reading => new CandleRows(header, columns, undefined, span, reading) }
  const symbol = symbolOf(head)
  return { symbols: [symbol], reader: reading => new CandleRows(header, columns, symbol, span, reading) }
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

/** The assumed length of a lone candle, ms. */
const MINUTE = 60_000

/** Returns how long candles are (ms), and whether most of a symbol are older than the one before them. */
const stepsOf = (
  lines: readonly string[],
  { delimiter }: Header,
  { symbol, time }: Columns,
): { readonly span: number; readonly falling: boolean } => {
  const last = new Map<string, number>()
  let span = Number.POSITIVE_INFINITY
  let [up, down] = [0, 0]
  for (const { fields } of new CsvReader(delimiter).read(2, lines.slice(1))) {
    const name = fields[symbol] ?? ''
    const t = timeOf(fields[time])
    if (!isTime(t)) continue
    const step = t - (last.get(name) ?? Number.NaN)
    if (step > 0) up += 1
    if (step < 0) down += 1
    if (step > 0 && step < span) span = step
    last.set(name, t)
  }
  return { span: span < Number.POSITIVE_INFINITY ? span : MINUTE, falling: down > up }
}

/** The one symbol of a file without such a column: as asked for, else as a part of the file's name says. */
const symbolOf = ({ spec, path, fragment, map }: Head): string => {
  const parts = basename(path)
    .replace(/\.gz$/i, '')
    .replace(/\.[^.]*$/, '')
    .split('_')
  const symbol =
    fragment === undefined
      ? (parts.map(part => map.named(UNNAMED_SOURCE, part)).find(s => s !== undefined) ??
        parts.map(part => quoted(part, map)).find(s => s !== undefined))
      : map.canonical(UNNAMED_SOURCE, fragment)
  if (symbol !== undefined) return symbol
  const found = fragment === undefined ? `candles without a symbol in a file named ${basename(path)}` : `the symbol ${fragment}`
  throw new SpecError(spec, found, 'a column symbol, #SYMBOL, or a part of the file name that is one (BTC-USD, BTCUSDT)')
}

const quoted = (part: string, map: SymbolMap): string | undefined => {
  const symbol = map.canonical(UNNAMED_SOURCE, part)
  return symbol !== undefined && isQuoteCurrency(splitSymbol(symbol)?.quote ?? '') ? symbol : undefined
}

interface CandleRow extends EventRow {
  readonly prices: { open: number; high: number; low: number; close: number }
  readonly volume: number
}

class CandleRows extends RowReader<CandleRow> {
  private readonly columns: Columns
  private readonly symbol: string | undefined
  private readonly symbols = new Map<string, number>()
  private readonly span: number
  private readonly source: number

  constructor(header: Header, columns: Columns, symbol: string | undefined, span: number, reading: Reading) {
    super(header, reading)
    this.columns = columns
    this.symbol = symbol
    this.span = span
    this.source = reading.context.sources.index(UNNAMED_SOURCE)
  }

  protected override needsContent(): boolean {
    return true
  }

  protected override rowOf(fields: readonly string[], line: number): CandleRow {
    const { time, open, high, low, close, volume } = this.columns
    return {
      line,
      t: timeOf(fields[time]),
      symbol: this.symbolOf(fields[this.columns.symbol]),
      prices: {
        open: csvNumber(fields[open]),
        high: csvNumber(fields[high]),
        low: csvNumber(fields[low]),
        close: csvNumber(fields[close]),
      },
      volume: csvNumber(fields[volume]),
    }
  }

  protected override isSound({ t }: CandleRow): boolean {
    return isTime(t)
  }

  protected override write({ line, symbol, t, prices, volume }: CandleRow): void {
    this.writer.candle(symbol, this.source, t, this.span, prices, volume, `${this.content}:${line}`)
  }

  private symbolOf(name: string | undefined): number {
    const { map, symbols } = this.reading.context
    if (name === undefined) return symbols.index(this.symbol!)
    let symbol = this.symbols.get(name)
    if (symbol === undefined) {
      const canonical = map.canonical(UNNAMED_SOURCE, name)
      symbol = canonical === undefined ? -1 : symbols.index(canonical)
      if (this.symbols.size < 100_000) this.symbols.set(name, symbol)
    }
    return symbol
  }
}
