import { describe, expect, it } from 'vitest'
import { drawdownOf } from './drawdown.ts'
import { append, type Columns, dropBefore, extremes, lastKnown, stepFor, withGaps } from './series.ts'
import { timeLabels, withoutRepeats } from './timeAxis.ts'

const columns = (x: number[], ...y: (number | null)[][]): Columns => ({ x, y })

describe('a curve', () => {
  it('breaks where nothing is known for longer than half a minute', () => {
    expect(withGaps(columns([0, 1_000, 60_000, 61_000], [1, 2, 3, 4]), 1_000)).toEqual({
      x: [0, 1_000, 1_001, 60_000, 61_000],
      y: [[1, 2, null, 3, 4]],
    })
  })

  it('does not break between rows of a long step', () => {
    expect(withGaps(columns([0, 3_600_000, 7_200_000], [1, 2, 3]), 3_600_000).x).toEqual([0, 3_600_000, 7_200_000])
  })

  it('goes on live: a step has one row, its newest, and a gap breaks it', () => {
    const live = columns([0], [1])
    append(live, 400, [2], 1_000)
    append(live, 1_100, [3], 1_000)
    append(live, 1_050, [9], 1_000)
    append(live, 90_000, [undefined], 1_000)
    expect(live).toEqual({ x: [400, 1_100, 1_101, 90_000], y: [[2, 3, null, null]] })
  })

  it('lets go of what is older than its span', () => {
    const past = columns([1, 2, 3], [1, 2, 3])
    dropBefore(past, 2)
    expect(past).toEqual({ x: [2, 3], y: [[2, 3]] })
    dropBefore(past, 9)
    expect(past.x).toEqual([])
  })

  it('has steps that keep it within its points', () => {
    expect([stepFor(900_000, 900), stepFor(3_600_000, 900), stepFor(86_400_000, 900), stepFor(86_400_000 * 365 * 20, 900)]).toEqual([
      1_000, 5_000, 120_000, 1_209_600_000,
    ])
  })

  it('ends with what was last known', () => {
    expect([lastKnown([null, 3, 1, null]), lastKnown([0]), lastKnown([null]), lastKnown([])]).toEqual([1, 0, undefined, undefined])
  })

  it('has extremes of what is known', () => {
    expect([extremes([null, 3, 1, null]), extremes([null])]).toEqual([{ low: 1, high: 3, last: 1 }, undefined])
  })
})

it('a drawdown is measured from the height before it, against the worth at that height', () => {
  expect(drawdownOf([0, 100, 50, null, 120, 60], [1_000, 1_100, 1_050, 1, 1_200, 1_140])).toEqual([0, 0, -50 / 1_100, null, 0, -60 / 1_200])
})

describe('the labels of a time axis', () => {
  const midnight = Date.UTC(2026, 10, 30)

  it('name the day once, and the time of day in UTC', () => {
    expect(timeLabels([midnight - 3_600_000, midnight, midnight + 3_600_000], 3_600_000)).toEqual([
      '23:00\n29 Nov',
      '00:00\n30 Nov',
      '01:00',
    ])
    expect(timeLabels([midnight + 5_000], 5_000)).toEqual(['00:00:05\n30 Nov'])
  })

  it('are days, or months, where it is long', () => {
    expect([timeLabels([midnight], 86_400_000), timeLabels([midnight], 30 * 86_400_000)]).toEqual([['30 Nov'], ['Nov 2026']])
  })
  it('name each day once, however many marks it has', () => {
    const days = ['29 Nov', '29 Nov', '30 Nov', '30 Nov', '30 Nov', '29 Nov']
    expect(withoutRepeats(days)).toEqual(['29 Nov', '', '30 Nov', '', '', '29 Nov'])
  })
})
