import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter, utf8Text } from '../../streams/channels/byteWriter.ts'
import { showMeasure } from '../../streams/channels/measureChannel.ts'
import { StateTree } from '../../streams/channels/stateTree.ts'
import type { Measure } from '../../streams/measures/fields.ts'
import { MEASURES, type MeasureRow } from '../../streams/measures/rows.ts'
import { stateOf } from '../../streams/measures/stateOf.ts'
import { measureRows } from './storageRows.ts'

/** What a client would be shown of the row, live. */
const shown = (row: MeasureRow): Record<string, unknown> => {
  const state = new StateTree(12)
  const show = showMeasure<Measure>(state.root, MEASURES[row.kind]) as unknown as (row: MeasureRow) => void
  show(row)
  const out = new ByteWriter()
  state.snapshot(out)
  return JSON.parse(utf8Text(out.drain())) as Record<string, unknown>
}

/** Branches without anything in them may stand or not. */
const withoutEmpty = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]) => [key, withoutEmpty(member)] as const)
  return Object.fromEntries(members.filter(([, member]) => typeof member !== 'object' || Object.keys(member as object).length > 0))
}

/** Numbers of at most twelve digits, which a live state shows as they are. */
const shortNumbers = fc.integer({ min: -1e9, max: 1e9 }).map(x => x / 1000)

describe('a stored measure', () => {
  it('is given as the state that a client saw, but for the rounding and the time', () => {
    fc.assert(
      fc.property(measureRows(shortNumbers), row => {
        const { t, ...state } = stateOf(row)
        expect(t).toBe(row.t)
        const { t: _, ...live } = shown(row)
        expect(withoutEmpty(state)).toEqual(withoutEmpty(live))
      }),
      { numRuns: 300 },
    )
  })

  it('holds neither NaN nor null, and no key that was not known', () => {
    fc.assert(
      fc.property(measureRows(), row => {
        expect(JSON.stringify(stateOf(row))).not.toMatch(/null|NaN|undefined/)
      }),
    )
  })
})
