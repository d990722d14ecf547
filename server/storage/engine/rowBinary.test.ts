import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codecOf, FIRST_MS, LAST_MS, RowReader, RowWriter } from './rowBinary.ts'

const bits = (n: bigint): bigint => 2n ** n
const absentOr = <T>(values: fc.Arbitrary<T>, absent: T): fc.Arbitrary<T> => fc.oneof(fc.constant(absent), values)
const ends = (least: bigint, most: bigint) => fc.oneof(fc.constantFrom(least, most, 0n), fc.bigInt({ min: least, max: most }))

/** Every type that rows are written in, with all that it can hold. */
const TYPES: Record<string, fc.Arbitrary<unknown>> = {
  String: fc.string({ unit: 'grapheme', maxLength: 300 }),
  'LowCardinality(String)': fc.string({ unit: 'grapheme' }),
  Bool: fc.boolean(),
  Float64: fc.double(),
  UInt8: fc.integer({ min: 0, max: 255 }),
  UInt32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  Int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  UInt64: ends(0n, bits(64n) - 1n),
  Int256: ends(-bits(255n), bits(255n) - 1n),
  UInt256: ends(0n, bits(256n) - 1n),
  'Decimal(76, 18)': ends(-(10n ** 76n) + 1n, 10n ** 76n - 1n),
  "DateTime64(3, 'UTC')": fc.oneof(fc.constantFrom(FIRST_MS, -1, 0, LAST_MS), fc.integer({ min: FIRST_MS, max: LAST_MS })),
  "Enum8('' = 0, 'buy' = 1, 'sell' = 2)": fc.constantFrom(0, 1, 2),
  'Nullable(Float64)': absentOr(fc.double({ noNaN: true, noDefaultInfinity: true }), Number.NaN),
  "Nullable(DateTime64(3, 'UTC'))": absentOr(fc.integer({ min: FIRST_MS, max: LAST_MS }), Number.NaN),
  'Nullable(Int32)': absentOr(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), Number.NaN),
  'Nullable(UInt256)': absentOr<bigint | undefined>(ends(0n, bits(256n) - 1n), undefined),
  'Nullable(Decimal(76, 18))': absentOr<bigint | undefined>(ends(-(10n ** 76n) + 1n, 10n ** 76n - 1n), undefined),
  'Array(Nullable(Float64))': fc.array(absentOr(fc.double({ noNaN: true, noDefaultInfinity: true }), Number.NaN), { maxLength: 200 }),
  'Array(LowCardinality(String))': fc.array(fc.string({ unit: 'grapheme' })),
}

describe('RowBinary', () => {
  it.each(Object.entries(TYPES))('reads back, and steps over, every %s that it writes', (type, values) => {
    const codec = codecOf(type)
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 20 }), written => {
        const out = new RowWriter(1)
        for (const value of written) codec.write(out, value)
        const input = new RowReader(out.written())
        const stepper = new RowReader(out.written())
        for (const value of written) {
          expect(codec.read(input)).toEqual(value)
          codec.skip(stepper)
          expect(stepper.at).toBe(input.at)
        }
        expect(input.ended).toBe(true)
      }),
    )
  })

  it.each([
    ['UInt8', 256],
    ['UInt8', -1],
    ['UInt32', 1.5],
    ['UInt32', Number.NaN],
    ['Int32', 2 ** 31],
    ['UInt64', -1n],
    ['UInt64', bits(64n)],
    ['UInt256', -1n],
    ['UInt256', bits(256n)],
    ['Int256', bits(255n)],
    ['Decimal(76, 18)', 10n ** 76n],
    ["DateTime64(3, 'UTC')", LAST_MS + 1],
    ["DateTime64(3, 'UTC')", Number.NaN],
    ['Nullable(UInt256)', -1n],
    ['Array(UInt8)', [1, 300]],
  ])('refuses what a %s cannot hold: %s', (type, value) => {
    expect(() => codecOf(type).write(new RowWriter(64), value)).toThrow(RangeError)
  })

  it('refuses rows that end in the middle of a value, wherever that is', () => {
    for (const [type, values] of Object.entries(TYPES)) {
      const codec = codecOf(type)
      fc.assert(
        fc.property(values, fc.nat(), (value, cut) => {
          const out = new RowWriter(64)
          codec.write(out, value)
          const bytes = out.written().subarray(0, cut % out.length)
          expect(() => codec.read(new RowReader(bytes))).toThrow(RangeError)
          expect(() => codec.skip(new RowReader(bytes))).toThrow(RangeError)
        }),
        { numRuns: 30 },
      )
    }
  })

  it('knows no other types', () => {
    expect(() => codecOf('JSON')).toThrow(TypeError)
    expect(() => codecOf('Map(String, String)')).toThrow(TypeError)
  })
})
