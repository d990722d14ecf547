import { z } from 'zod'
import type { Interner } from '../../../streams/lib/interner.ts'
import { isSymbol } from '../../../streams/lib/names.ts'
import type { Bad } from '../../../streams/market/ticks.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { explain } from '../../../streams/wire/explain.ts'
import { KEY, KEY_FORM } from '../../../streams/wire/limits.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'
import { UNNAMED_SOURCE } from '../../lib/unnamedSource.ts'
import type { Sink } from '../../storage/write/sink.ts'

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
export type ImportedCandle = z.infer<typeof CANDLE>

/** Candles of one request. */
const CANDLES_PER_REQUEST_MAX = 20_000

export interface CandleImportOptions {
  readonly access: Access
  readonly symbols: Interner
  readonly sources: Interner
  readonly sink: Sink
  /** Why nothing can be imported at present; undefined where it can. */
  readonly notReady: () => string | undefined
  /** There is something of this symbol from now on. */
  readonly stored: (symbol: string) => void
}

export interface CandlesAnswer {
  readonly accepted: number
  /** Stored already, by whatever way. */
  readonly known: number
  readonly refused: readonly { readonly row: number; readonly why: string }[]
}

/** Candles of the past into the store, as a replay would bring them; nothing of it passes through the frames. */
export class CandleImport {
  private readonly options: CandleImportOptions

  constructor(options: CandleImportOptions) {
    this.options = options
  }

  /** Lines of JSON, a candle each; answers when they are stored. For operators, and read only for them. */
  async accept(who: Principal, read: () => Promise<string>): Promise<CandlesAnswer> {
    const { access, sink, notReady, stored } = this.options
    authorize(access, who, { operate: 'prices' })
    const why = notReady()
    if (why !== undefined) throw new ProtocolError('not_ready', why, 1)
    const { writer, refused, symbols } = this.read(await read())
    const ticks = writer.drain()
    if (ticks === undefined) return { accepted: 0, known: 0, refused }
    await sink.room()
    const { stored: accepted, known } = await sink.import([ticks])
    for (const symbol of symbols) stored(symbol)
    return { accepted, known, refused }
  }

  private read(text: string): { writer: TickWriter; refused: { row: number; why: string }[]; symbols: Set<string> } {
    const { symbols, sources } = this.options
    const source = sources.index(UNNAMED_SOURCE)
    const refused: { row: number; why: string }[] = []
    const taken = new Set<string>()
    const ids = new Set<string>()
    let bad = '' as Bad | ''
    const writer = new TickWriter(0, kind => {
      bad = kind
    })
    const lines = text.split('\n')
    if (lines.length > CANDLES_PER_REQUEST_MAX)
      throw new ProtocolError('too_large', `found ${lines.length} lines, expected at most ${CANDLES_PER_REQUEST_MAX}`)
    lines.forEach((line, i) => {
      if (line.trim() === '') return
      const candle = candleOf(line)
      if (typeof candle === 'string') {
        refused.push({ row: i + 1, why: candle })
        return
      }
      const { symbol, open_t, span, o: open, h: high, l: low, c: close, v, id } = candle
      const name = `${symbol} ${open_t + span} ${id}`
      if (ids.has(name)) {
        refused.push({ row: i + 1, why: `id: found "${id}" a second time` })
        return
      }
      bad = ''
      writer.message(Number.NaN)
      writer.candle(symbols.index(symbol), source, open_t, span, { open, high, low, close }, v, id)
      if (bad !== '') refused.push({ row: i + 1, why: `${bad}: found one that no market has` })
      else {
        ids.add(name)
        taken.add(symbol)
      }
    })
    return { writer, refused, symbols: taken }
  }
}

/** The candle, or why it is none. */
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
