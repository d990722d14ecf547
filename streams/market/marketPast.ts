import type { Candle } from './candles.ts'
import type { Gap } from './gaps.ts'

/** The market as the store knows it, for a start: what each instrument was before the moment that the past ends with. */
export interface MarketPast {
  readonly instruments: readonly InstrumentPast[]
}

/** What is stored of symbols of which candles were imported into a running server. */
export interface ImportedCandles {
  readonly kind: 'imported'
  readonly market: MarketPast
}

/** One symbol of the past. Sources are names. */
export interface InstrumentPast {
  readonly symbol: string
  /** Event time of the oldest trade, ms; Infinity if there is none. */
  readonly first: number
  /** The newest trades and candles in the order they came, oldest first: the tape, the price, and which ids are known. */
  readonly newest: readonly PastTick[]
  /** What was traded in each minute of the two newest days with trades. */
  readonly minutes: readonly { readonly src: string; readonly minute: Candle }[]
  /** The candles of these days that were given, the first of each. */
  readonly given: readonly { readonly src: string; readonly openT: number; readonly span: number; readonly bar: Candle }[]
  /** When trades of a source were not heard. */
  readonly gaps: readonly { readonly src: string; readonly gap: Gap }[]
  /** How far each source was heard, ms: `until` by a live feed, NaN if by none; `newest` the newest trade that was stored. */
  readonly heard: readonly { readonly src: string; readonly until: number; readonly newest: number }[]
  /** The newest bid and ask, and their time; NaN if there is none. */
  readonly quote?: { readonly t: number; readonly bid: number; readonly ask: number }
  /** The ticks of the very moment that the past ends with: a replay may bring them again, and may not. */
  readonly last: readonly PastTick[]
}

/** A stored trade or candle. */
export interface PastTick {
  readonly t: number
  /** The close of a candle. */
  readonly price: number
  /** The volume of a candle. */
  readonly size: number
  /** A number of SIDES. */
  readonly side: number
  /** The name of its source. */
  readonly src: string
  readonly id: string
  /** Length of a candle, ms; 0 of a trade. */
  readonly span: number
  readonly open: number
  readonly high: number
  readonly low: number
}

/** The names under which a replay may bring ticks of one moment again that were stored before. */
export class Repeats {
  /** The moment, ms. */
  readonly t: number
  private readonly ids: Set<string>

  constructor(t: number, ids: readonly string[]) {
    this.t = t
    this.ids = new Set(ids.map(withoutContent))
  }

  /** Says whether a tick of that moment is one of them; true once for each. */
  take(id: string): boolean {
    return this.ids.delete(withoutContent(id))
  }
}

/** The content that a line comes from may have another name after it was cut in two; the line has the same. */
const withoutContent = (id: string): string => id.replace(/^[0-9a-f]{12}:/, '')
