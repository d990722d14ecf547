import {
  type CandleColumns,
  candleColumns,
  type TickColumns,
  type Ticks,
  type TradeGap,
  tickColumns,
} from '../../../streams/market/ticks.ts'
import type { FeedInput, TickNames } from '../feed.ts'

/** The form of batches: a reader refuses any other. */
const VERSION = 1
const HEAD_BYTES = 1 + 8 + 4

/** The columns of numbers, in their order. Symbols and sources are numbers of the names that stand before the columns. */
const COLUMNS = ['type', 'symbol', 'source', 't', 'price', 'size', 'side'] as const
const CANDLE_COLUMNS = ['open', 'high', 'low', 'span'] as const

/** What one core's numbers stand for: no two cores have the same. */
export interface Naming extends TickNames {
  /** Ids of the feeds, by their numbers. */
  readonly feeds: readonly string[]
}

/** What a batch says, in the numbers of its reader. */
export interface Batch {
  /** Wall clock of its writer, ms. */
  readonly at: number
  readonly inputs: FeedInput[]
  /** Inputs of feeds that the reader does not have. */
  readonly foreign: number
}

/** A batch of ticks without its columns, in names; unknown numbers are null. */
interface TicksHead extends Pick<Ticks, 'line' | 'messages' | 'heard' | 'bad' | 'passed'> {
  readonly kind: 'ticks'
  readonly feed: string
  readonly rows: number
  readonly symbols: readonly string[]
  readonly sources: readonly string[]
  readonly ids: readonly string[]
  readonly hasCandles: boolean
  readonly gaps?: readonly (Omit<TradeGap, 'symbol' | 'source' | 'missing'> & Named & { readonly missing: number | null })[]
  readonly lag: number | null
}

/** What is named in place of numbered. */
interface Named {
  readonly symbol: string
  readonly source: string
}

type OtherInput = Exclude<FeedInput, Ticks>
type OtherHead = { readonly [K in OtherInput['kind']]: NamedHead<Extract<OtherInput, { readonly kind: K }>> }[OtherInput['kind']]
type NamedHead<I extends OtherInput> = Omit<I, 'feed' | 'symbol' | 'source'> & { readonly feed: string } & (I extends {
    readonly symbol: number
  }
    ? Named
    : object)

/**
 * Writes inputs as one batch: version (u8), the writer's clock (f64), the length of what follows (u32, these big-endian); as JSON whatever is not
 * a column; then the columns of each batch of ticks, in the order of the machine, which is little-endian on all that Node runs on.
 */
export const encodeBatch = (inputs: readonly FeedInput[], at: number, naming: Naming): Buffer => {
  const columns: Uint8Array[] = []
  const heads = inputs.map(input => (input.kind === 'ticks' ? ticksHead(input, naming, columns) : otherHead(input, naming)))
  const json = Buffer.from(JSON.stringify(heads))
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head.writeUInt8(VERSION, 0)
  head.writeDoubleBE(at, 1)
  head.writeUInt32BE(json.length, 9)
  return Buffer.concat([head, json, ...columns])
}

/** Reads a batch, in the numbers of its reader. Throws an Error if it is none. */
export const decodeBatch = (bytes: Buffer, naming: Naming): Batch => {
  if (bytes[0] !== VERSION) throw new Error(`batch: found version ${bytes[0] ?? 'none'}, expected ${VERSION}`)
  const end = HEAD_BYTES + bytes.readUInt32BE(9)
  const heads = JSON.parse(bytes.subarray(HEAD_BYTES, end).toString()) as (TicksHead | OtherHead)[]
  const reader = new ColumnReader(bytes, end)
  const read = heads.map(head => (head.kind === 'ticks' ? ticksOf(head, naming, reader) : otherOf(head, naming)))
  const inputs = read.filter(({ feed }) => feed >= 0)
  return { at: bytes.readDoubleBE(1), inputs, foreign: read.length - inputs.length }
}

/** Gives the names of one batch numbers from zero on. */
class LocalNames {
  readonly names: string[] = []
  private readonly numbers = new Map<number, number>()
  private readonly nameOf: (number: number) => string

  constructor(nameOf: (number: number) => string) {
    this.nameOf = nameOf
  }

  readonly of = (number: number): number => {
    let local = this.numbers.get(number)
    if (local === undefined) {
      local = this.names.push(this.nameOf(number)) - 1
      this.numbers.set(number, local)
    }
    return local
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)

const ticksHead = (ticks: Ticks, naming: Naming, written: Uint8Array[]): TicksHead => {
  const { columns, from, to, gaps, lag, line, messages, heard, bad, passed } = ticks
  const symbols = new LocalNames(number => naming.symbols.at(number))
  const sources = new LocalNames(number => naming.sources.at(number))
  for (const name of COLUMNS) {
    const column = columns[name].subarray(from, to)
    const local = name === 'symbol' ? symbols : name === 'source' ? sources : undefined
    written.push(bytesOf(local === undefined ? column : Uint32Array.from(column, local.of)))
  }
  const { candle } = columns
  if (candle) for (const name of CANDLE_COLUMNS) written.push(bytesOf(candle[name].subarray(from, to)))
  return {
    ...{ kind: 'ticks', feed: naming.feeds[ticks.feed]!, rows: to - from, symbols: symbols.names, sources: sources.names },
    ids: columns.id.slice(from, to),
    hasCandles: candle !== undefined,
    ...(gaps && { gaps: gaps.map(gap => ({ ...gap, ...namesOf(gap, naming), missing: numberOrNull(gap.missing) })) }),
    ...{ messages, heard, bad, lag: numberOrNull(lag) },
    ...(line !== undefined && { line }),
    ...(passed && { passed }),
  }
}

const ticksOf = (head: TicksHead, naming: Naming, reader: ColumnReader): Ticks => {
  const { feed, rows, symbols, sources, ids, hasCandles, gaps, lag, ...said } = head
  const columns: TickColumns = { ...tickColumns(rows), id: [...ids] }
  for (const name of COLUMNS) reader.fill(columns[name])
  if (hasCandles) {
    const candle: CandleColumns = candleColumns(rows)
    for (const name of CANDLE_COLUMNS) reader.fill(candle[name])
    columns.candle = candle
  }
  const [symbolNumbers, sourceNumbers] = [symbols.map(name => naming.symbols.index(name)), sources.map(name => naming.sources.index(name))]
  for (let i = 0; i < rows; i++) {
    columns.symbol[i] = symbolNumbers[columns.symbol[i]!]!
    columns.source[i] = sourceNumbers[columns.source[i]!]!
  }
  return {
    ...said,
    ...{ feed: naming.feeds.indexOf(feed), columns, from: 0, to: rows, lag: lag ?? Number.NaN },
    ...(gaps && { gaps: gaps.map(gap => ({ ...gap, ...numbersOf(gap, naming), missing: gap.missing ?? Number.NaN })) }),
  }
}

const otherHead = (input: OtherInput, naming: Naming): OtherHead => {
  const feed = naming.feeds[input.feed]!
  return input.kind === 'levels' ? { ...input, feed, ...namesOf(input, naming) } : { ...input, feed }
}

const otherOf = (head: OtherHead, naming: Naming): OtherInput => {
  const feed = naming.feeds.indexOf(head.feed)
  return head.kind === 'levels' ? { ...head, feed, ...numbersOf(head, naming) } : { ...head, feed }
}

const numberOrNull = (number: number): number | null => (Number.isNaN(number) ? null : number)

const namesOf = ({ symbol, source }: { readonly symbol: number; readonly source: number }, { symbols, sources }: Naming): Named => ({
  symbol: symbols.at(symbol),
  source: sources.at(source),
})

const numbersOf = ({ symbol, source }: Named, { symbols, sources }: Naming) => ({
  symbol: symbols.index(symbol),
  source: sources.index(source),
})

class ColumnReader {
  private readonly bytes: Buffer
  private at: number

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
  }

  fill(column: Uint8Array | Uint32Array | Float64Array): void {
    const end = this.at + column.byteLength
    if (end > this.bytes.length) throw new Error(`batch: found ${this.bytes.length} bytes, expected ${end}`)
    bytesOf(column).set(this.bytes.subarray(this.at, end))
    this.at = end
  }
}
