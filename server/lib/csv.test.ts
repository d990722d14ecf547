import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CsvReader, type CsvRow, csvHeader, fieldsOf, linesOf, misfit } from './csv.ts'

/** The rows of a text whose lines come in pieces of `piece`. */
const rows = (text: string, piece = 1_000, delimiter = ','): CsvRow[] => {
  const reader = new CsvReader(delimiter)
  const lines = linesOf(text)
  const read: CsvRow[] = []
  for (let i = 0; i < lines.length; i += piece) read.push(...reader.read(i + 1, lines.slice(i, i + piece)))
  return [...read, ...reader.end()]
}

const quoted = (field: string): string => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)

describe('rows of CSV', () => {
  it('are what was written, whatever stands in the fields and however the lines come, each at its first line', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '1', ',', '"', '\n', ' ', 'ü'), maxLength: 6 })
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (table, piece) => {
          let line = 1
          const expected = table.flatMap(fields => {
            const at = line
            line += fields.join('').split('\n').length
            return fields.every(f => f.trim() === '') ? [] : [{ line: at, fields }]
          })
          // A blank field that holds a line break is written in several lines and is no row.
          expect(rows(table.map(fields => fields.map(quoted).join(',')).join('\n'), piece)).toEqual(expected)
        },
      ),
    )
  })

  it('that are blank are none', () => {
    expect(rows('a,b\n\n , \n1,2\n')).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 4, fields: ['1', '2'] },
    ])
  })

  it.each([1, 2, 1_000])('with a quote that is never closed are one fault, and the others are read (lines in pieces of %i)', piece => {
    const text = ['a,b', '1,"2', ...Array.from({ length: 300 }, (_, i) => `${i},x`)].join('\n')
    const read = rows(text, piece)
    expect(read).toHaveLength(302)
    expect(read[1]).toMatchObject({ line: 2, fields: [], fault: expect.stringContaining('a quote that is not closed') })
    expect(read[301]).toEqual({ line: 302, fields: ['299', 'x'] })
  })

  it('with characters behind a closing quote are faults', () => {
    expect(rows('"a"b,c\n1,2').map(({ fault, fields }) => fault ?? fields)).toEqual([expect.stringContaining('a quote'), ['1', '2']])
  })

  it('of a long quoted text cost no more than its lines', () => {
    const text = Array.from({ length: 3_000 }, (_, i) => `${i},"x`).join('\n')
    const began = performance.now()
    expect(rows(text, 4_096).length).toBeGreaterThan(1_000)
    expect(performance.now() - began).toBeLessThan(3_000)
  })

  it('that do not have the fields of their header are said not to', () => {
    const header = csvHeader('a,b,c')
    const why = (text: string) => rows(text).map(row => misfit(row, header))
    expect(why('1,2,3\n1,2\n1,2,3,4\n"1')).toEqual([
      undefined,
      'found 2 fields, expected 3',
      'found 4 fields, expected 3',
      expect.stringContaining('a quote that is not closed'),
    ])
  })
})

describe('a header', () => {
  it.each([
    ['t,type, asset', ','],
    ['t;type;asset', ';'],
    ['t\ttype\tasset', '\t'],
    ['t|"type"|asset', '|'],
  ])('%j is parted by what gives it the most columns', (line, delimiter) => {
    expect(csvHeader(line)).toEqual({ names: ['t', 'type', 'asset'], delimiter })
  })

  it('of one column is one', () => {
    expect(csvHeader('t').names).toEqual(['t'])
    expect(fieldsOf('"a,b",c')).toEqual(['a,b', 'c'])
  })
})

it.each(['a\nb', 'a\r\nb', 'a\rb', '\uFEFFa\nb'])('%j is two lines', text => {
  expect(linesOf(text)).toEqual(['a', 'b'])
})
