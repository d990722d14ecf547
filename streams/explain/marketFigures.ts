import type { Interner } from '../lib/interner.ts'
import type { Piece } from '../market/composed.ts'
import type { Instrument } from '../market/market.ts'
import type { Computed, Explained, Explaining, Figure } from './explanation.ts'

/** A symbol, and the names of where its ticks come from. */
export interface Traded {
  readonly instrument: Instrument
  readonly sources: Interner
  readonly pastKnown: boolean
}

/** One trade or quote: the newest. */
const newest =
  (value: (instrument: Instrument) => number, what: 'trade' | 'quote'): Figure<Traded>['explain'] =>
  ({ instrument, sources }, path, _, by) => {
    const found = value(instrument)
    if (Number.isNaN(found)) return undefined
    const { symbol, source, t, quoteT, stale } = instrument
    const of =
      what === 'trade'
        ? { source: `a trade of ${symbol} at ${sources.at(source)}`, t }
        : { source: `the newest quote of ${symbol}`, t: quoteT }
    return by.computed(path, found, () => [what, [by.given(what, found, { ...of, stale })]])
  }

/** A figure of the parts that a stretch of time is composed of. */
type OfParts = (name: string, parts: readonly Piece[], by: Explaining, nameOf: (source: number) => string) => Explained | undefined

/** Says what a part is: trades of one source, or a candle that it gave. */
const partOf = ({ span, source, bar }: Piece, nameOf: (source: number) => string) => ({
  source:
    span === 0
      ? `${bar.n} ${bar.n === 1 ? 'trade' : 'trades'} of ${nameOf(source)} in a minute`
      : `a candle of ${span / 1000} s of ${nameOf(source)}`,
  t: bar.lastT,
})

/** Something added up, or the greatest or least of all parts. */
const overAll =
  (formula: 'Σ' | 'max' | 'min', member: 'n' | 'volume' | 'notional' | 'high' | 'low'): OfParts =>
  (name, parts, by, nameOf) => {
    if (parts.length === 0) return undefined
    const values = parts.map(({ bar }) => bar[member])
    const value = formula === 'Σ' ? values.reduce((sum, each) => sum + each, 0) : Math[formula](...values)
    return by.computed(name, value, () => [
      `${formula}(${member})`,
      parts.map((part, i) => by.given(`${member}.${part.openT}`, values[i]!, partOf(part, nameOf))),
    ])
  }

/** The price of the first trade, or of the last. */
const atEnd =
  (member: 'open' | 'close'): OfParts =>
  (name, parts, by, nameOf) => {
    const [first, ...rest] = parts
    if (first === undefined) return undefined
    const at = rest.reduce(
      (best, part) => ((member === 'open' ? part.bar.firstT < best.bar.firstT : part.bar.lastT >= best.bar.lastT) ? part : best),
      first,
    )
    const { bar } = at
    const t = member === 'open' ? bar.firstT : bar.lastT
    return by.computed(name, bar[member], () => [member, [by.given(member, bar[member], { ...partOf(at, nameOf), t })]])
  }

const PARTS = {
  n: overAll('Σ', 'n'),
  volume: overAll('Σ', 'volume'),
  notional: overAll('Σ', 'notional'),
  high: overAll('max', 'high'),
  low: overAll('min', 'low'),
  open: atEnd('open'),
  close: atEnd('close'),
} as const satisfies Record<string, OfParts>

/** A figure of the rolling day. */
const ofDay = (name: string, explain: OfParts): Figure<Traded> => ({
  pattern: `day.${name}`,
  explain: ({ instrument, sources, pastKnown }, path, _, by) =>
    pastKnown ? explain(path, instrument.bars.dayParts, by, source => sources.at(source)) : undefined,
})

const vwap: OfParts = (name, parts, by, nameOf) => {
  const [notional, volume] = [PARTS.notional('notional', parts, by, nameOf), PARTS.volume('volume', parts, by, nameOf)]
  if (notional === undefined || volume === undefined || volume.value === 0) return undefined
  return by.computed(name, Number(notional.value) / Number(volume.value), () => ['notional ÷ volume', [notional, volume]])
}

/** Every figure of `tick:SYMBOL`. */
export const TICK_FIGURES: readonly Figure<Traded>[] = [
  { pattern: 'price', explain: newest(({ price }) => price, 'trade') },
  { pattern: 'size', explain: newest(({ size }) => size, 'trade') },
  { pattern: 't', explain: newest(({ t }) => t, 'trade') },
  { pattern: 'bid', explain: newest(({ bid }) => bid, 'quote') },
  { pattern: 'ask', explain: newest(({ ask }) => ask, 'quote') },
  ...(['n', 'volume', 'notional', 'open', 'high', 'low'] as const).map(name => ofDay(name, PARTS[name])),
  ofDay('vwap', vwap),
  {
    pattern: 'day.since',
    explain: ({ instrument: { bars, symbol } }, path, _, by) =>
      bars.first >= bars.dayFrom
        ? by.computed(path, bars.first, () => [
            'first',
            [by.given('first', bars.first, { source: `the first trade of ${symbol}`, t: bars.first })],
          ])
        : undefined,
  },
]

/** A candle's symbol, and its length in ms. */
export interface Candles extends Traded {
  readonly interval: number
  /** ms: candles that begin before this owe something to a past that is not known yet. */
  readonly knownFrom: number
}

/** The members of a candle, by their names in its state. */
const CANDLE = { o: PARTS.open, h: PARTS.high, l: PARTS.low, c: PARTS.close, v: PARTS.volume, n: PARTS.n } as const satisfies Record<
  string,
  OfParts
>

const candleFigures = (prefix: string, before: boolean): Figure<Candles>[] => {
  const partsOf = ({ instrument, interval, knownFrom }: Candles): readonly Piece[] => {
    const parts = instrument.bars.candleParts(interval, before)
    const [first] = parts
    return first !== undefined && beginOf(first, interval) >= knownFrom ? parts : []
  }
  return [
    ...Object.entries(CANDLE).map(
      ([name, explain]): Figure<Candles> => ({
        pattern: prefix + name,
        explain: (candles, path, _, by) => explain(path, partsOf(candles), by, source => candles.sources.at(source)),
      }),
    ),
    {
      pattern: `${prefix}open_t`,
      explain: (candles, path, _, by) => {
        const [first] = partsOf(candles)
        if (first === undefined) return undefined
        const { interval, instrument } = candles
        const begin = beginOf(first, interval)
        const made = (): Computed => [
          'begin',
          [by.given('begin', begin, { source: `the ${interval / 60_000} minutes that a trade of ${instrument.symbol} lies in` })],
        ]
        return by.computed(path, begin, made)
      },
    },
  ]
}

/** Returns where the candle begins that a part counts in, ms. */
const beginOf = ({ openT, length }: Piece, interval: number): number => Math.floor((openT + length - 1) / interval) * interval

/** Every figure of `candle:INTERVAL:SYMBOL`. */
export const CANDLE_FIGURES: readonly Figure<Candles>[] = [...candleFigures('', false), ...candleFigures('prev.', true)]
