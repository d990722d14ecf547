import fc from 'fast-check'
import type { Interner } from '../../streams/lib/interner.ts'
import { CANDLE, type TickColumns, type Ticks, TRADE } from '../../streams/market/ticks.ts'
import {
  amount,
  type Field,
  flag,
  int32,
  type Measure,
  optionalRaw,
  optionalText,
  type RowOf,
  raw,
  text,
  time,
  uint32,
  type ValueType,
} from '../../streams/measures/fields.ts'
import { POOL } from '../../streams/measures/poolFields.ts'
import { MEASURES, type MeasureRow, type PoolRow } from '../../streams/measures/rows.ts'

/** Rows of every kind, with all that they may hold. */

export interface Tick {
  readonly type: number
  readonly symbol: string
  readonly source: string
  readonly t: number
  readonly price: number
  readonly size: number
  readonly side: number
  readonly id: string
  /** Of a candle only: 0 of a trade. */
  readonly span: number
  readonly open: number
  readonly high: number
  readonly low: number
}

export const trade = (t: number, of: Partial<Tick> = {}): Tick => {
  const price = of.price ?? 100
  return {
    type: TRADE,
    symbol: 'BTC-USD',
    source: 'sim',
    t,
    price,
    size: 1,
    side: 1,
    id: `${t}`,
    span: 0,
    open: price,
    high: price,
    low: price,
    ...of,
  }
}

/** A candle of `span` ms that opened at `openT`. */
export const candle = (openT: number, span: number, of: Partial<Tick> = {}): Tick =>
  trade(openT + span - 1, { type: CANDLE, side: 0, span, ...of })

export const ticksOf = (list: readonly Tick[], symbols: Interner, sources: Interner): Ticks => {
  const columns: TickColumns = {
    type: Uint8Array.from(list, x => x.type),
    symbol: Uint32Array.from(list, x => symbols.index(x.symbol)),
    source: Uint32Array.from(list, x => sources.index(x.source)),
    t: Float64Array.from(list, x => x.t),
    price: Float64Array.from(list, x => x.price),
    size: Float64Array.from(list, x => x.size),
    side: Uint8Array.from(list, x => x.side),
    id: list.map(x => x.id),
    candle: {
      open: Float64Array.from(list, x => x.open),
      high: Float64Array.from(list, x => x.high),
      low: Float64Array.from(list, x => x.low),
      span: Float64Array.from(list, x => x.span),
    },
  }
  return { kind: 'ticks', feed: 0, columns, from: 0, to: list.length, messages: 1, heard: true, bad: {}, lag: Number.NaN }
}

const FIRST = Date.UTC(2009, 0, 1)
const LAST = Date.UTC(2299, 11, 31, 23, 59, 59, 999)

export const names: fc.Arbitrary<string> = fc.string({ unit: fc.constantFrom(...'ABCxyz09-._'), minLength: 1, maxLength: 64 })
export const times: fc.Arbitrary<number> = fc.oneof(fc.constantFrom(FIRST, 2 ** 40, LAST), fc.integer({ min: FIRST, max: 4e12 }))
const absent = fc.constant(undefined)
const orUnknown = (values: fc.Arbitrary<number>) => fc.oneof({ weight: 4, arbitrary: values }, fc.constant(Number.NaN))
const integers = fc.oneof(fc.constantFrom(0n, 2n ** 256n - 1n), fc.bigInt({ min: 0n, max: 2n ** 160n }))
const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true })

/** What figures of a type may be. `numbers` are those of measures. */
const valuesOf = (type: ValueType<unknown>, numbers: fc.Arbitrary<number>): fc.Arbitrary<unknown> => {
  switch (type) {
    case amount:
      return fc.oneof(fc.constantFrom(0n, 1n, -1n, 10n ** 76n - 1n), fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), absent)
    case raw:
      return integers
    case optionalRaw:
      return fc.oneof(integers, absent)
    case time:
      return orUnknown(times)
    case int32:
      return fc.integer({ min: -887_272, max: 887_272 })
    case uint32:
      return fc.nat()
    case flag:
      return fc.boolean()
    case text:
    case optionalText:
      return fc.string({ unit: 'grapheme', maxLength: 40 })
    default:
      return orUnknown(numbers)
  }
}

const figures = (fields: readonly Field[], numbers: fc.Arbitrary<number>) =>
  Object.fromEntries(fields.map(({ member, type }) => [member, valuesOf(type, numbers)]))

/** Rows of a measure, with all that they may hold. */
export const rowsOf = <M extends Measure>({ kind, entries }: M, numbers = anyNumber): fc.Arbitrary<RowOf<M>> => {
  const members: Record<string, fc.Arbitrary<unknown>> = { kind: fc.constant(kind), id: names, t: times }
  const groups: Record<string, fc.Arbitrary<unknown>> = {}
  for (const entry of entries) {
    if (entry.form === 'field') Object.assign(members, figures([entry], numbers))
    else if (entry.form === 'kept') members[entry.member] = valuesOf(entry.type, numbers)
    else if (entry.form === 'list') {
      const element = fc.record({ asset: names, ...figures(entry.fields, numbers) })
      members[entry.member] = fc.uniqueArray(element, { maxLength: 12, selector: x => x.asset })
    } else if (entry.form === 'notes') {
      const pairs = fc.uniqueArray(fc.tuple(names, fc.string({ unit: 'grapheme', maxLength: 40 })), {
        maxLength: 3,
        selector: ([name]) => name,
      })
      members[entry.member] = entry.fixed === undefined ? pairs : pairs.map(list => list.map(([name]) => name))
    } else if (entry.form === 'group') groups[entry.member] = fc.record(figures(entry.fields, numbers))
  }
  return fc.oneof(fc.record(members), fc.record({ ...members, ...groups })) as fc.Arbitrary<unknown> as fc.Arbitrary<RowOf<M>>
}

export const poolRows = (numbers = anyNumber): fc.Arbitrary<PoolRow> => rowsOf(POOL, numbers)

/** Rows of every measure. */
export const measureRows = (numbers = anyNumber): fc.Arbitrary<MeasureRow> =>
  fc.oneof(
    ...Object.values<Measure>(MEASURES).map(measure => rowsOf(measure, numbers) as fc.Arbitrary<unknown> as fc.Arbitrary<MeasureRow>),
  )
