import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../features/snapshot.ts'
import { facts } from '../test/worlds.ts'
import { monthlyTimes, monthsFrom, snapshotsAt, timeAfter, withoutGap } from './months.ts'

const at = (day: string): number => Date.parse(day)
const day = (t: number): string => new Date(t).toISOString().slice(0, 10)
const on = (...days: readonly string[]): number[] => days.map(at)

describe('months', () => {
  it.each([
    ['2024-03-31', -1, '2024-02-29'],
    ['2024-01-31', 1, '2024-02-29'],
    ['2024-01-15', -13, '2022-12-15'],
    ['2023-12-01', 1, '2024-01-01'],
  ])('from %s %d is %s', (from, months, to) => {
    expect(day(monthsFrom(at(from), months))).toBe(to)
  })

  it('keep the time of the day', () => {
    expect(monthsFrom(at('2024-03-31T13:00:00Z'), -1)).toBe(at('2024-02-29T13:00:00Z'))
  })

  it('of daily snapshots are those that lie nearest to the same day of each month, up to a time', () => {
    const daily = Array.from({ length: 100 }, (_, i) => at('2024-01-06') + i * 86_400_000)
    expect(monthlyTimes(daily, at('2024-03-31T12:00:00Z')).map(day)).toEqual(['2024-01-31', '2024-02-29', '2024-03-31'])
  })

  it('without a snapshot stay, and have nothing', () => {
    const times = on('2024-01-01', '2024-02-03', '2024-04-01')
    const snapshots: Snapshot[] = times.map(t => ({ t, assets: [facts('a')] }))
    const months = snapshotsAt(snapshots, monthlyTimes(times, at('2024-04-20')))
    expect(months.map(({ t, assets }) => [day(t), assets.length])).toEqual([
      ['2024-01-01', 1],
      ['2024-02-03', 1],
      ['2024-03-01', 0],
      ['2024-04-01', 1],
    ])
    expect(
      withoutGap(
        months.map(({ t }) => t),
        new Set(times),
      ).map(day),
    ).toEqual(['2024-04-01'])
  })

  it('are none before the first snapshot', () => {
    expect(monthlyTimes(on('2024-01-01'), at('2023-12-31'))).toEqual([])
  })

  it('later a score is held against the snapshot near that day, if there is one', () => {
    const times = on('2024-01-01', '2024-02-02', '2024-03-09')
    expect(day(timeAfter(times, at('2024-01-01'), 1)!)).toBe('2024-02-02')
    expect(timeAfter(times, at('2024-01-01'), 2)).toBeUndefined()
  })
})
