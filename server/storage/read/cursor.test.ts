import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCursor, writeCursor } from './cursor.ts'

describe('cursors', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.string({ unit: 'grapheme' }), (t, id) => {
        const cursor = writeCursor(t, id)
        expect(cursor).toMatch(/^[\w-]+$/)
        expect(readCursor(cursor, 'number', 'string')).toEqual([t, id])
      }),
    )
    expect(readCursor(undefined, 'number')).toBeUndefined()
  })

  it.each([
    '',
    'x',
    '!!',
    writeCursor(),
    writeCursor(1),
    writeCursor('1', 'a'),
    writeCursor(1, 'a', 2),
    writeCursor(1.5, 'a'),
    writeCursor(Number.NaN, 'a'),
  ])('of another channel or of nobody are refused: "%s"', cursor =>
    expect(() => readCursor(cursor, 'number', 'string')).toThrow('cursor: found another text'),
  )

  it('of any text at all are refused or read, never a fault', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        try {
          readCursor(text, 'number')
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_params' })
        }
      }),
    )
  })
})
