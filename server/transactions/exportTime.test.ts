import { expect, it } from 'vitest'
import { exportTime } from './exportTime.ts'

const T = Date.UTC(2024, 4, 1, 14, 30)

it.each([
  ['2024-05-01 14:30:00', ''],
  ['2024-05-01T14:30:00.000Z', ''],
  ['2024-05-01 14:30:00 UTC', ''],
  ['1714573800', ''],
  ['01.05.2024 14:30', ''],
  ['01.05.2024 14:30:00', 'UTC'],
  ['2024/05/01 14:30:00', ''],
  ['14:30 2024-05-01', 'UTC'],
  ['May. 01, 2024, 02:30 PM', ''],
  ['May 1, 2024, 2:30 PM', ''],
  ['2024-05-01 22:30:00', 'UTC+08:00'],
  ['2024-05-01 22:30:00', 'UTC+8'],
  ['2024-05-01 11:30', 'UTC-03:00'],
  ['2024-05-01T14:30:00Z', 'UTC+08:00'],
  ['2024-05-01T16:30:00+02:00', 'UTC+08:00'],
])('%s in a column of %j is that moment', (text, zone) => {
  expect(exportTime(text, zone)).toBe(T)
})

it.each(['01/05/2024 14:30', '24-05-01 14:30:00', '05-01-2024', '32.05.2024', 'Foo 1, 2024, 2:30 PM', 'May 1, 2024, 14:30', ''])(
  '%j is none, because it is not one moment',
  text => {
    expect(exportTime(text)).toBeNaN()
  },
)
