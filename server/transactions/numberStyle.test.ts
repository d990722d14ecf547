import { describe, expect, it } from 'vitest'
import { NumberStyles, plainNumber } from './numberStyle.ts'

/** The numbers of a file, each in the plain form. */
const plain = (delimiter: string, ...fields: string[]): (string | undefined)[] => {
  const styles = new NumberStyles(delimiter)
  for (const field of fields) styles.note(field)
  return fields.map(field => plainNumber(field, styles.style))
}

describe('a number', () => {
  it.each([
    ['plain', ',', ['61234.50', '-1', '.5', '1e-05'], ['61234.50', '-1', '.5', '1e-05']],
    ['with commas between thousands', ',', ['61,234.50', '1,234,567'], ['61234.50', '1234567']],
    ['that shows nothing, in a file with commas between fields', ',', ['1,234'], ['1234']],
    ['that shows nothing, beside one that does', ';', ['1,234', '0.5'], ['1234', '0.5']],
    ['that shows nothing, beside one with a decimal comma', ';', ['1,234', '0,5'], ['1.234', '0.5']],
    ['with a decimal comma', ';', ['61234,50', '1.234,56', '1.234.567'], ['61234.50', '1234.56', '1234567']],
    ['with a point between thousands, beside a decimal comma', ';', ['1.234', '0,5'], ['1234', '0.5']],
    ['with a decimal comma in quotes between commas', ',', ['0,5', '1,234'], ['0.5', '1.234']],
    ['with blanks or apostrophes between thousands', ';', ['61 234.50', "61'234.50", '61\u00A0234'], ['61234.50', '61234.50', '61234']],
    ['with three places and a point', ',', ['1.234'], ['1.234']],
    ['with three places and a point between semicolons', ';', ['1.234'], ['1.234']],
    ['that could be two', ';', ['1,234'], [undefined]],
    ['that could be two, beside both kinds', ';', ['1,234', '0.5', '0,5', '1.234'], [undefined, '0.5', '0.5', undefined]],
    ['below one with three places', ';', ['0,123', '1,234'], ['0.123', '1.234']],
    ['that is none', ',', ['1,23,4', '12,34.5', 'a,b', ''], [undefined, undefined, undefined, '']],
  ])('%s', (_, delimiter, fields, expected) => {
    expect(plain(delimiter, ...fields)).toEqual(expected)
  })
})
