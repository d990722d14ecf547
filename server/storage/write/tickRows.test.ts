import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Interner } from '../../../streams/lib/interner.ts'
import { CANDLE, QUOTE, REFUSED, TRADE } from '../../../streams/market/ticks.ts'
import { names, type Tick, ticksOf, trade } from '../../test/storageRows.ts'
import { codecOf, LAST_MS, RowReader, RowWriter } from '../engine/rowBinary.ts'
import { TICKS } from '../engine/tables.ts'
import { StoredIndex } from './storedIndex.ts'
import { TickRows } from './tickRows.ts'
import { TickWatermarks } from './tickWatermarks.ts'

const tick: fc.Arbitrary<Tick> = fc.record({
  type: fc.constantFrom(TRADE, TRADE, CANDLE, QUOTE, REFUSED),
  symbol: names,
  source: names,
  t: fc.oneof(
    fc.integer({ min: 1_230_768_000_000, max: 4e12 }),
    fc.constantFrom(2 ** 41 - 1, 2 ** 41, 2 ** 32 * 400 - 1, 2 ** 32 * 400, LAST_MS),
  ),
  price: fc.double({ noNaN: true }),
  size: fc.double({ noNaN: true }),
  side: fc.constantFrom(0, 1, 2),
  id: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.nat().map(String), fc.constant('é'.repeat(100))),
  span: fc.constantFrom(60_000, 86_400_000, 2 ** 32 - 1),
  open: fc.double({ noNaN: true }),
  high: fc.double({ noNaN: true }),
  low: fc.double({ noNaN: true }),
})

const setUp = () => {
  const symbols = new Interner()
  const sources = new Interner()
  const newest = new TickWatermarks(symbols, sources, new StoredIndex())
  return { symbols, sources, newest, rows: new TickRows(symbols, sources, newest) }
}

const codecs = TICKS.columns.map(column => codecOf(column.type))
const readAll = (out: RowWriter): unknown[][] => {
  const input = new RowReader(out.written())
  const rows: unknown[][] = []
  while (!input.ended) rows.push(codecs.map(codec => codec.read(input)))
  return rows
}

const FRAME = 1_723_161_254_020

describe('rows of ticks', () => {
  it('are what the columns of their table say, however often the writing stops on the way', () => {
    fc.assert(
      fc.property(fc.array(tick, { maxLength: 40 }), fc.integer({ min: 1, max: 3000 }), (list, stride) => {
        const { symbols, sources, rows } = setUp()
        const ticks = ticksOf(list, symbols, sources)
        const out = new RowWriter(16)
        let row = 7
        for (let i = 0; i < ticks.to; ) {
          i = rows.write(out, ticks, i, FRAME, row, out.length + stride)
          row += rows.rows
        }
        const kept = list.filter(x => x.type === TRADE || x.type === CANDLE)
        expect(readAll(out)).toEqual(
          kept.map((x, k) => [
            ...[x.symbol, x.source, x.t, x.id, x.price, x.size, x.side],
            ...(x.type === CANDLE ? [x.span, x.open, x.high, x.low] : [0, x.price, x.price, x.price]),
            ...[FRAME, 7 + k],
          ]),
        )
      }),
    )
  })

  it('are left out, and counted, where a column cannot hold their time or length', () => {
    const { symbols, sources, rows } = setUp()
    const good = trade(FRAME)
    const list = [good, { ...good, t: LAST_MS + 1 }, { ...good, t: Number.NaN }, { ...good, type: CANDLE, span: 2 ** 32 }, good]
    const out = new RowWriter(16)
    rows.write(out, ticksOf(list, symbols, sources), 0, FRAME, 0, 1e6)
    expect(readAll(out).map(row => row.at(-1))).toEqual([0, 1])
    expect(rows.unstorable).toBe(3)
  })

  it('are suspects, the oldest of each stream, as long as nobody knows what was stored', () => {
    const { symbols, sources, newest, rows } = setUp()
    const at = (symbol: string, t: number) => trade(t, { symbol })
    rows.write(new RowWriter(16), ticksOf([at('B', 30), at('A', 20), at('A', 10), at('A', 15)], symbols, sources), 0, FRAME, 0, 1e6)
    expect([...newest.drain().values()].sort()).toEqual([10, 30])
    expect(newest.drain().size).toBe(0)
  })
})
