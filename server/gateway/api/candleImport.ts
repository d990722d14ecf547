import { z } from 'zod'
import type { Interner } from '../../../streams/lib/interner.ts'
import { isSymbol } from '../../../streams/lib/names.ts'
import { AHEAD_MS_MAX, type Bad, type Ticks } from '../../../streams/market/ticks.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { explain } from '../../../streams/wire/explain.ts'
import { KEY, KEY_FORM } from '../../../streams/wire/limits.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'
import { UNNAMED_SOURCE } from '../../lib/unnamedSource.ts'
import { yieldTurn } from '../../lib/yieldTurn.ts'
import type { Sink } from '../../storage/write/sink.ts'
import { boundedLines } from './boundedLines.ts'
import type { RefusedRow } from './transactionRows.ts'

/** A candle from outside the feeds. The same `symbol`, time and `id` is the same candle. */
export const CANDLE = z.strictObject({
  symbol: z.string().refine(isSymbol, 'a symbol such as "BTC-USD"'),
  open_t: z.int().describe('ms'),
  span: z
    .int()
    .min(1)
    .max(2 ** 32 - 1)
    .describe('its length, ms'),
  o: z.number(),
  h: z.number(),
  l: z.number(),
  c: z.number(),
  v: z.number().describe('volume in base units'),
  id: z.string().regex(KEY, KEY_FORM),
})
/** A line of the import, read. */
export type ImportedCandle = z.infer<typeof CANDLE>

/** Candles in one request. */
const CANDLES_PER_REQUEST_MAX = 20_000

/** What the import needs. */
export interface CandleImportOptions {
  readonly access: Access
  readonly symbols: Interner
  readonly sources: Interner
  readonly sink: Pick<Sink, 'room' | 'import'>
  /** Returns why nothing can be imported at present; undefined if it can. */
  readonly notReady: () => string | undefined
  /** Called for each symbol of which rows are stored from now on. */
  readonly stored: (symbol: string) => void
}

/** Lines that are read before others have their turn. */
const LINES_A_TURN = 250

/** What became of the lines of a request. */
export interface CandlesAnswer {
  readonly accepted: number
  /** Candles that were stored before, whatever brought them. */
  readonly known: number
  readonly refused: readonly RefusedRow[]
}

/** Stores candles of the past from outside, as a replay would bring them; none of them passes through the frames. For operators. */
export class CandleImport {
  private readonly options: CandleImportOptions

  constructor(options: CandleImportOptions) {
    this.options = options
  }

  /** Stores lines of JSON, a candle each. Answers when they are stored; `read` is called only if `who` may. */
  async accept(who: Principal, read: () => Promise<string>): Promise<CandlesAnswer> {
    const { access, sink, notReady, stored } = this.options
    authorize(access, who, { operate: 'prices' })
    const why = notReady()
    if (why !== undefined) throw new ProtocolError('not_ready', why, 1)
    const lines = boundedLines(await read(), CANDLES_PER_REQUEST_MAX)
    const candles = new CandleLines(this.options)
    const refused: RefusedRow[] = []
    for (const [i, line] of lines.entries()) {
      if (i % LINES_A_TURN === LINES_A_TURN - 1) await yieldTurn()
      const fault = line.trim() === '' ? undefined : candles.add(line)
      if (fault !== undefined) refused.push({ row: i + 1, why: fault })
    }
    const ticks = candles.drain()
    if (ticks === undefined) return { accepted: 0, known: 0, refused }
    await sink.room()
    const { stored: accepted, known } = await sink.import([ticks])
    for (const symbol of candles.read) stored(symbol)
    return { accepted, known, refused }
  }
}

/** The candles of one request, each once. */
class CandleLines {
  /** Symbols of the candles that were read. */
  readonly read = new Set<string>()
  private readonly ids = new Set<string>()
  private readonly symbols: Interner
  private readonly source: number
  private readonly writer: TickWriter
  /** ms: no candle opens later. */
  private readonly latest = Date.now() + AHEAD_MS_MAX
  /** What the writer found wrong with the candle at hand. */
  private fault: Bad | undefined

  constructor({ symbols, sources }: { readonly symbols: Interner; readonly sources: Interner }) {
    this.symbols = symbols
    this.source = sources.index(UNNAMED_SOURCE)
    this.writer = new TickWriter(0, kind => {
      this.fault = kind
    })
  }

  /** Adds the candle in a line. Returns why it is refused; undefined if it is not. */
  add(line: string): string | undefined {
    const candle = candleOf(line)
    if (typeof candle === 'string') return candle
    const { symbol, open_t, span, o: open, h: high, l: low, c: close, v, id } = candle
    if (open_t > this.latest) return `open_t: found ${open_t}, expected ms since the epoch, not ahead of now`
    const name = `${symbol} ${open_t + span} ${id}`
    if (this.ids.has(name)) return `id: found "${id}" a second time, expected each id once`
    this.fault = undefined
    this.writer.message(Number.NaN)
    this.writer.candle(this.symbols.index(symbol), this.source, open_t, span, { open, high, low, close }, v, id)
    if (this.fault !== undefined) return `${this.fault}: found a value that no market has`
    this.ids.add(name)
    this.read.add(symbol)
    return undefined
  }

  /** Returns what was added, as ticks; undefined if it was nothing. */
  drain(): Ticks | undefined {
    return this.writer.drain()
  }
}

/** Reads the candle in a line. Returns why if it is none. */
const candleOf = (line: string): ImportedCandle | string => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'the line is not JSON'
  }
  const result = CANDLE.safeParse(value, { reportInput: true })
  return result.success ? result.data : explain(result.error, '').replace(/^: /, '')
}
