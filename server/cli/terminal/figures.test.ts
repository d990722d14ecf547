import { describe, expect, it } from 'vitest'
import { moment, span } from './figures.ts'

describe('a figure', () => {
  it.each([
    [0, '0 ms'],
    [850, '850 ms'],
    [12_340, '12.3 s'],
    [59_990, '1 min'],
    [245_000, '4 min 5 s'],
    [3 * 3_600_000 + 12 * 60_000, '3 h 12 min'],
    [9 * 86_400_000 + 4 * 3_600_000, '9 d 4 h'],
  ])('%i ms is %s', (ms, text) => {
    expect(span(ms)).toBe(text)
  })

  it('a time is shown in UTC, its ms if there are any', () => {
    expect([moment(Date.UTC(2024, 7, 8, 12)), moment(Date.UTC(2024, 7, 8, 12, 0, 0, 5))]).toEqual([
      '2024-08-08 12:00:00',
      '2024-08-08 12:00:00.005',
    ])
  })
})
