import { describe, expect, it } from 'vitest'
import { OutlierFilter } from './outlierFilter.ts'

/** Seconds in; what was taken, in order, and what was refused. A symbol other than the first is written behind the time: `[5, 1]`. */
const put = (...rows: (number | [s: number, symbol: number])[]): { taken: number[]; refused: number[] } => {
  const taken: number[] = []
  const refused: number[] = []
  const seconds = ({ t }: { t: number }) => t / 1_000
  const rowsAhead = new OutlierFilter<{ t: number; symbol: number }>(
    row => taken.push(seconds(row)),
    row => refused.push(seconds(row)),
  )
  for (const row of rows) {
    const [s, symbol] = typeof row === 'number' ? [row, 0] : row
    rowsAhead.put({ t: s * 1_000, symbol })
  }
  rowsAhead.end()
  return { taken, refused }
}

describe('a row far ahead of all before it', () => {
  it.each([
    ['is a mistake where the next falls back', [10, 11, 1000, 12, 13], [10, 11, 12, 13], [1000]],
    ['is behind a gap where the next goes on from it', [10, 11, 1000, 1001, 1002], [10, 11, 1000, 1001, 1002], []],
    ['is behind a gap where the next is late by no more than 5 s', [10, 1000, 995], [10, 1000, 995], []],
    ['and is a mistake where it is late by more', [10, 1000, 994.999], [10, 994.999], [1000]],
    ['is taken where it is the last', [10, 11, 1000], [10, 11, 1000], []],
    ['may be the first', [1000, 10, 11], [10, 11], [1000]],
    ['by 5 s is not far ahead', [10, 15, 11], [10, 15, 11], []],
    ['may be followed by a gap', [10, 1000, 2000, 2001], [10, 1000, 2000, 2001], []],
    ['may come again', [10, 1000, 11, 1000, 12], [10, 11, 12], [1000, 1000]],
  ])('%s', (_, rows, taken, refused) => {
    expect(put(...rows)).toEqual({ taken, refused })
  })

  it('is a mistake also where the next row is of another symbol', () => {
    expect(put([10, 0], [10, 1], [1000, 0], [11, 1])).toEqual({ taken: [10, 10, 11], refused: [1000] })
  })

  it('is none where a file goes symbol by symbol and the next symbol begins long before', () => {
    const minutes = (symbol: number) => [60, 120, 180, 240].map((s): [number, number] => [s, symbol])
    expect(put(...minutes(0), ...minutes(1))).toEqual({ taken: [60, 120, 180, 240, 60, 120, 180, 240], refused: [] })
  })

  it('by years is a mistake unless the most of the next 64 rows go on from it, however many rows it is', () => {
    const year = 365 * 86_400
    const day = Array.from({ length: 200 }, (_, i) => 10 + i)
    const wrong = [1, 2, 3].map(i => year + i)
    expect(put(...day.slice(0, 5), ...wrong, ...day.slice(5))).toEqual({ taken: day, refused: wrong })
    const later = day.map(s => s + year)
    expect(put(...day, ...later)).toEqual({ taken: [...day, ...later], refused: [] })
    expect(put(10, year)).toEqual({ taken: [10, year], refused: [] })
    // A row that comes late right behind a gap is late, and no more.
    expect(put(...day, ...later.slice(0, 2), 205, ...later.slice(2))).toEqual({
      taken: [...day, ...later.slice(0, 2), 205, ...later.slice(2)],
      refused: [],
    })
  })

  it('by years is none where a file goes symbol by symbol with a row a year', () => {
    const years = (symbol: number) => [1, 2, 3].map((n): [number, number] => [n * 365 * 86_400, symbol])
    expect(put(...years(0), ...years(1), ...years(2)).refused).toEqual([])
  })

  it('late rows change nothing', () => {
    expect(put(10, 11, 2, 12, 3)).toEqual({ taken: [10, 11, 2, 12, 3], refused: [] })
  })
})
