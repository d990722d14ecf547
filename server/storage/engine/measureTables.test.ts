import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Measure } from '../../../streams/measures/fields.ts'
import { MEASURES, type MeasureKind, type MeasureRow } from '../../../streams/measures/rows.ts'
import { poolRows, rowsOf } from '../../test/storageRows.ts'
import { MEASURE_TABLES, measureTableOf } from './measureTables.ts'
import { RowReader, RowWriter } from './rowBinary.ts'

describe('rows of measures', () => {
  it.each(Object.values<Measure>(MEASURES))('of a $kind come back as they were, to the last digit', measure => {
    const table = measureTableOf(measure.kind as MeasureKind)
    const rows = rowsOf(measure)
    fc.assert(
      fc.property(fc.array(rows as fc.Arbitrary<unknown> as fc.Arbitrary<MeasureRow>, { minLength: 1, maxLength: 10 }), written => {
        const out = new RowWriter(16)
        for (const row of written) table.write(out, row)
        const input = new RowReader(out.written())
        for (const row of written) expect(table.read(input)).toEqual(row)
        expect(input.ended).toBe(true)
      }),
    )
  })

  it('leave nothing behind where a value fits no column', () => {
    const table = MEASURE_TABLES.pool
    const [row] = fc.sample(poolRows(), { numRuns: 1, seed: 1 })
    const out = new RowWriter(16)
    table.write(out, row!)
    const before = out.length
    expect(() => table.write(out, { ...row!, reserve1: -1n })).toThrow(RangeError)
    expect(out.length).toBe(before)
  })
})
