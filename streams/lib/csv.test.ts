import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvFields } from './csv.ts'

const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`

describe('a line of CSV', () => {
  it.each<[line: string, fields: string[]]>([
    ['', ['']],
    ['a', ['a']],
    [',', ['', '']],
    ['a,b,,c,', ['a', 'b', '', 'c', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['a,"",c', ['a', '', 'c']],
    ['"a"', ['a']],
    ['"a",', ['a', '']],
    ['"say ""so""",b', ['say "so"', 'b']],
    ['""""', ['"']],
    ['a "b" c,d', ['a "b" c', 'd']],
    [' "a",b', [' "a"', 'b']],
    ['a,"b,c', ['a', 'b,c']],
    ['a,"b""', ['a', 'b"']],
    ['"', ['']],
    // It is no number either way, so that it is refused where a number is expected.
    ['"1"5,b', ['"1"5', 'b']],
    ['"a,b"c,d', ['"a,b"c', 'd']],
    ['"a" ,b', ['"a" ', 'b']],
  ])('%j has the fields %j', (line, fields) => {
    expect(csvFields(line)).toEqual(fields)
  })

  it('gives back what was written, each field quoted or, where that may be, not', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', ' ', 'é', '1') })
    fc.assert(
      fc.property(fc.array(fc.tuple(field, fc.boolean()), { minLength: 1, maxLength: 8 }), list => {
        const line = list.map(([text, quote]) => (quote || /[",]/.test(text) ? quoted(text) : text)).join(',')
        expect(csvFields(line)).toEqual(list.map(([text]) => text))
      }),
    )
  })

  it('is read whatever it is, with as many fields as commas allow', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',') }), line => {
        const fields = csvFields(line)
        expect(fields.length).toBeLessThanOrEqual(line.split(',').length)
        expect(fields.join('').length).toBeLessThanOrEqual(line.length)
      }),
    )
  })
})
