import { describe, expect, it } from 'vitest'
import type { Explanation } from '../../streams/explain/explain.ts'
import { explainedView } from './explain.ts'

const EXPLANATION = {
  channel: 'fund:TOP10',
  field: 'nav',
  value: 100.0681,
  formula: 'aum ÷ shares',
  t: Date.UTC(2026, 10, 30, 11, 12, 48, 600),
  inputs: [
    {
      name: 'aum',
      value: 1_000_681.5802,
      formula: 'Σ(worth)',
      age: 0,
      inputs: [{ name: 'price', value: 64_035.8, source: 'tick:BTC-USD, a trade of sim', age: 61_000, stale: true }],
    },
    { name: 'shares', value: '10000', source: 'the journal' },
  ],
} as unknown as Explanation
const view = (width: number): string[] => explainedView(EXPLANATION, { width, paint: (_, text) => text })

describe('an explanation', () => {
  it('is a table where there is room for it', () => {
    expect(view(80)).toEqual([
      'fund:TOP10 at 2026-11-30 11:12:48.600 UTC',
      '',
      'figure              value        age  from',
      'nav              100.0681        now  aum ÷ shares',
      '  aum      1,000,681.5802       0 ms  Σ(worth)',
      '    price        64,035.8  1 min 1 s  tick:BTC-USD, a trade of sim (stale)',
      '  shares           10,000          —  the journal',
    ])
  })

  it('has what a figure comes from beneath it in a narrow terminal', () => {
    expect(view(40)).toEqual([
      'fund:TOP10 at 2026-11-30 11:12:48.600 U…',
      '',
      'nav 100.0681',
      '  aum ÷ shares',
      '  aum 1,000,681.5802',
      '    Σ(worth), 0 ms old',
      '    price 64,035.8',
      '      tick:BTC-USD, a trade of sim (sta…',
      '  shares 10,000',
      '    the journal',
    ])
  })

  it('has no line that is longer than the terminal', () => {
    for (let width = 20; width <= 120; width++) for (const line of view(width)) expect(line.length).toBeLessThanOrEqual(width)
  })
})
