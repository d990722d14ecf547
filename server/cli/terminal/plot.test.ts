import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../../streams/market/candles.ts'
import { HOLLOW, type PlotPoint, plot, WHOLE } from './plot.ts'

const FROM = Date.UTC(2024, 7, 8)
const frame = (hours: number, width = 80) => ({ from: FROM, to: FROM + hours * HOUR, step: HOUR, width })
const points = (values: readonly number[]): PlotPoint[] => values.map((value, i) => ({ t: FROM + (i + 1) * HOUR, value, whole: true }))
/** The columns behind the axis, each from top to bottom. */
const drawn = (lines: readonly string[]): string[] => {
  const rows = lines.slice(0, -2)
  const begin = rows[0]!.search(/[┤│]/) + 1
  const width = Math.max(...rows.map(row => row.length)) - begin
  return Array.from({ length: width }, (_, i) => rows.map(row => row[begin + i] ?? ' ').join(''))
}

describe('the plot', () => {
  it('shows a line as it is', () => {
    expect(plot(points([0, 1, 2, 3, 4]), frame(5, 30)).join('\n')).toMatchInlineSnapshot(`
      " 4┤                     ••••••
        │                     •
        │                     •
       3┤                ••••••
        │                •
        │                •
       2┤          •••••••
        │          •
        │          •
       1┤     ••••••
        │     •
        │     •
       0┤••••••
        └┴─────────────────────────┴
         2024-08-08 00:00"
    `)
  })

  it('is of the same height and within the width, whatever the values', () => {
    const value = fc.oneof(fc.double({ min: -1e15, max: 1e15, noNaN: true }), fc.constant(Number.NaN), fc.constant(0), fc.constant(-1e-9))
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 300 }),
        fc.integer({ min: 40, max: 200 }),
        fc.integer({ min: 1, max: 400 }),
        (values, width, hours) => {
          const lines = plot(points(values), frame(hours, width))
          expect(lines.length).toBe(15)
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
          expect(lines.join('')).not.toMatch(/NaN|Infinity|undefined|e\+?\d{3}/)
        },
      ),
    )
  })

  it('is empty exactly where nothing is known', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 60 }), mask => {
        fc.pre(mask.includes(true))
        const values = mask.map((known, i) => (known ? 100 + i : Number.NaN))
        const columns = drawn(plot(points(values), frame(mask.length, 80)))
        const body = 80 - plot(points(values), frame(mask.length, 80))[0]!.search(/[┤│]/) - 1
        for (let i = 0; i < body; i++) {
          // A column that lies within one hour wholly.
          const first = Math.floor((i / body) * mask.length + 1e-6)
          const last = Math.ceil(((i + 1) / body) * mask.length - 1e-6) - 1
          if (first === last) expect((columns[i] ?? '').includes(WHOLE)).toBe(mask[first])
        }
      }),
    )
  })

  it('loses no peak of more hours than it has columns', () => {
    for (const peak of [0, 17, 503, 999]) {
      const values = Array.from({ length: 1_000 }, (_, i) => (i === peak ? 10 : 0))
      const top = plot(points(values), frame(1_000)).find(line => line.includes(WHOLE))!
      expect(top.trimStart().startsWith('10')).toBe(true)
    }
  })

  it('draws hollow what is not whole', () => {
    const some = points([1, 2, 3, 4]).map((point, i) => ({ ...point, whole: i !== 2 }))
    const columns = drawn(plot(some, frame(4)))
    expect(columns.map(column => (column.includes(HOLLOW) ? 'h' : column.includes(WHOLE) ? 'w' : ' ')).join('')).toMatch(/^w+h+w+$/)
  })

  it('labels its edges with round numbers that hold all values, and marks zero between them', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 }), values => {
        const lines = plot(points(values), frame(values.length))
        const label = (line: string): number => Number(/^\s*(-?[\d,.]+)┤/.exec(line)![1]!.replaceAll(',', ''))
        const [high, low] = [label(lines[0]!), label(lines[12]!)]
        const slack = Math.max(...values.map(Math.abs)) * 1e-6 + 1e-9
        expect(high).toBeGreaterThanOrEqual(Math.max(...values) - slack)
        expect(low).toBeLessThanOrEqual(Math.min(...values) + slack)
      }),
    )
    expect(plot(points([-3, 4]), frame(2)).filter(line => line.includes('┈')).length).toBe(1)
    expect(plot(points([3, 4]), frame(2)).join('')).not.toContain('┈')
  })

  it('names the time at its edges, in the middle where there is room', () => {
    expect(
      plot(points([1]), frame(48))
        .at(-1)!
        .trim(),
    ).toMatch(/^2024-08-08 00:00 +2024-08-09 00:00 +2024-08-10 00:00$/)
    expect(
      plot(points([1]), frame(48, 50))
        .at(-1)!
        .trim(),
    ).toMatch(/^2024-08-08 00:00 +2024-08-10 00:00$/)
  })
})
