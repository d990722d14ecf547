import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cut, paragraph, visible, widthOf, wrapped } from './plainText.ts'
import { type Column, laid, table } from './textTable.ts'

interface Row {
  readonly name: string
  readonly price?: string
  readonly note: string
}
const COLUMNS: readonly Column<Row>[] = [
  { head: 'name', cell: ({ name }) => name, left: true, least: 4 },
  { head: 'price USD', cell: ({ price }) => price },
  { head: 'note', cell: ({ note }) => note, left: true, rank: 1 },
]
const ROWS: readonly Row[] = [
  { name: 'BTC', price: '60,000.00', note: 'a note that is long' },
  { name: 'a-long-name', note: 'short' },
]

describe('a table', () => {
  it('aligns figures right and texts left, and shows a dash for what is unknown', () => {
    expect(table(ROWS, COLUMNS)).toBe(
      ['name         price USD  note', 'BTC          60,000.00  a note that is long', 'a-long-name          —  short'].join('\n'),
    )
  })

  it('leaves out columns of a rank if it is too wide, and says which; then it cuts texts', () => {
    expect(table(ROWS, COLUMNS, { width: 25 })).toBe(
      ['name         price USD', 'BTC          60,000.00', 'a-long-name          —', 'not shown: note'].join('\n'),
    )
    expect(laid(ROWS, COLUMNS, { width: 18 }).lines).toEqual(['name     price USD', 'BTC      60,000.00', 'a-long…          —'])
  })

  it('cuts a time at its beginning: its end says more', () => {
    const columns: readonly Column<string>[] = [{ head: 't', cell: t => t, left: true, least: 13, keepsEnd: true }]
    expect(laid(['2026-11-30 11:18:45.450'], columns, { width: 13 }).lines).toEqual(['t', '…11:18:45.450'])
    expect(laid(['2026-11-30 11:18:45.450'], columns, { width: 40 }).lines).toEqual(['t', '2026-11-30 11:18:45.450'])
  })

  it('leaves out columns of one rank together', () => {
    const pair = ['low', 'high'].map((head): Column<string> => ({ head, cell: value => value, rank: 2 }))
    expect(laid(['12.5'], [{ head: 'price', cell: value => value }, ...pair], { width: 14 })).toEqual({
      lines: ['price', ' 12.5'],
      leftOut: ['low', 'high'],
    })
  })

  const cell = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.constant(undefined), fc.constant('12,345.67'))
  const column = fc.record(
    {
      head: fc.string({ maxLength: 12 }),
      left: fc.boolean(),
      keepsEnd: fc.boolean(),
      rank: fc.integer({ min: 1, max: 5 }),
      least: fc.integer({ min: 1, max: 9 }),
    },
    { requiredKeys: ['head'] },
  )
  it('has no line longer than the width, whatever it is of, and one line for each row', () => {
    fc.assert(
      fc.property(
        fc.array(column, { minLength: 1, maxLength: 8 }),
        fc.array(fc.array(cell, { minLength: 8, maxLength: 8 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 120 }),
        (columns, rows, width) => {
          const { lines } = laid(
            rows,
            columns.map((one, i) => ({ ...one, cell: row => row[i] }) as Column<(typeof rows)[number]>),
            { width },
          )
          expect(lines.length).toBe(rows.length + 1)
          for (const line of lines) {
            expect(widthOf(line)).toBeLessThanOrEqual(width)
            expect(line).not.toMatch(/\p{Cc}/u)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a text', () => {
  it.each([
    ['plain', 'plain'],
    ['a\x1b[31mb', 'a\\u001b[31mb'],
    ['two\nlines\tand\r', 'two\\nlines\\tand\\r'],
    ['\u202eevil', '\\u202eevil'],
  ])('%j is shown as %s: it cannot command the terminal', (text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['🙂', 2],
  ])('%s takes %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })

  it('is cut at a width, and wrapped at words', () => {
    expect([cut('abcdef', 6), cut('abcdef', 4), cut('日本語', 4), cut('abc', 0)]).toEqual(['abcdef', 'abc…', '日…', ''])
    expect(paragraph('the quick brown fox', 10)).toEqual(['the quick', 'brown fox'])
    expect(wrapped(['a 1', 'b 2', 'c 3'], 9)).toEqual(['a 1 · b 2', 'c 3'])
  })
})
