import { pino } from 'pino'
import type { Input } from '../../streams/input.ts'
import { Interner } from '../../streams/lib/interner.ts'
import { symbolMap } from '../../streams/market/symbols.ts'
import { type Bad, QUOTE, SIDES, type Ticks } from '../../streams/market/ticks.ts'
import { TickWriter } from '../../streams/market/tickWriter.ts'
import type { FeedContext, FeedInput } from '../feeds/feed.ts'
import type { Decoder, Venue } from '../feeds/venues/venue.ts'

export interface KitOptions {
  readonly feed?: number
  readonly symbols?: Readonly<Record<string, string>>
  /** Canonical symbols whose order books are shown. */
  readonly books?: readonly string[]
  readonly signal?: AbortSignal
  /** Gets every line of the log. */
  readonly onLog?: (line: Record<string, unknown>) => void
}

export const feedContext = ({
  feed = 0,
  symbols = {},
  books = [],
  signal = new AbortController().signal,
  onLog,
}: KitOptions = {}): FeedContext => ({
  feed,
  symbols: new Interner(),
  sources: new Interner(),
  map: symbolMap(symbols),
  books: new Set(books),
  log: pino({ level: onLog ? 'trace' : 'silent' }, { write: (line: string) => onLog?.(JSON.parse(line)) }),
  signal,
})

/** One tick, by name. A quote's price is its bid, its size the ask. */
export interface Row {
  readonly type: number
  readonly symbol: string
  readonly source: string
  readonly t: number
  readonly price: number
  readonly size: number
  readonly side: string
  readonly id: string
}

const rowsOf = ({ columns: c, from, to }: Ticks, { symbols, sources }: FeedContext): Row[] =>
  Array.from({ length: to - from }, (_, k) => {
    const i = from + k
    return {
      type: c.type[i]!,
      symbol: symbols.at(c.symbol[i]!),
      source: sources.at(c.source[i]!),
      t: c.t[i]!,
      price: c.price[i]!,
      size: c.size[i]!,
      side: SIDES[c.side[i]! as 0 | 1 | 2],
      id: c.id[i]!,
    }
  })

export interface Collected {
  readonly rows: Row[]
  readonly trades: Row[]
  readonly quotes: Row[]
  readonly messages: number
  readonly bad: Partial<Record<Bad, number>>
  readonly batches: readonly (FeedInput | Input)[]
}

export const collected = (inputs: readonly (FeedInput | Input)[], context: FeedContext): Collected => {
  const rows: Row[] = []
  let messages = 0
  const bad: Partial<Record<Bad, number>> = {}
  for (const input of inputs) {
    if (input.kind !== 'ticks' && input.kind !== 'chain') continue
    if (input.kind === 'ticks') rows.push(...rowsOf(input, context))
    messages += input.messages
    for (const [kind, n] of Object.entries(input.bad)) bad[kind as Bad] = (bad[kind as Bad] ?? 0) + n
  }
  const quotes = rows.filter(row => row.type === QUOTE)
  return { rows, trades: rows.filter(row => row.type !== QUOTE), quotes, messages, bad, batches: inputs }
}

export const drained = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** One connection of a venue that says what a test lets it. */
export class Talk {
  readonly decoder: Decoder
  readonly writer = new TickWriter(0)
  private readonly context: FeedContext

  constructor(venue: Venue, symbols: Readonly<Record<string, string>> = {}, books: readonly string[] = []) {
    this.context = feedContext({ symbols, books })
    this.decoder = venue.decoder(this.context)
  }

  /** What the venue complains of. `received`: ms, unknown by default. */
  says(message: unknown, received = Number.NaN): string | undefined {
    this.writer.message(received)
    const notice = this.decoder.decode(typeof message === 'string' ? message : JSON.stringify(message), this.writer)
    return notice && 'why' in notice ? notice.why : undefined
  }

  /** What came of it since the last call. */
  heard(): Collected {
    const batch = this.writer.drain()
    return collected(batch ? [batch] : [], this.context)
  }
}
