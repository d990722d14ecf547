import { describe, expect, it } from 'vitest'
import { facts, months } from '../test/worlds.ts'
import { outcomesBetween } from './outcome.ts'

const E = Math.E
const [then, later] = months(
  [facts('Up'), facts('Down'), facts('Gone', { marketCap: 4e9 }), facts('Same'), facts('Unscored')],
  [
    facts('Up', { price: E }),
    facts('Down', { price: 1 / E }),
    facts('Same'),
    facts('Small', { marketCap: 1e9 }),
    facts('Unscored', { price: 9 }),
  ],
)

describe('what became of a list', () => {
  const outcomes = outcomesBetween(then!, later!, new Set(['Up', 'Down', 'Gone', 'Same']))

  it('is known of each asset that was scored, those that have left among them, which have the most that they can have had', () => {
    expect(outcomes.map(({ name, hasLeft }) => [name, hasLeft])).toEqual([
      ['Up', false],
      ['Down', false],
      ['Gone', true],
      ['Same', false],
    ])
    const returns = outcomes.map(({ logReturn }) => logReturn)
    expect(returns[0]).toBeCloseTo(1, 12)
    expect(returns[1]).toBeCloseTo(-1, 12)
    expect(returns[2]).toBeCloseTo(-Math.log(4), 12)
    expect(returns[3]).toBe(0)
  })

  it('stands beside the median and as percentile among all', () => {
    expect(outcomes.map(({ percentile }) => percentile)).toEqual([87.5, 37.5, 12.5, 62.5])
    for (const { aboveMedian, logReturn } of outcomes) expect(aboveMedian).toBeCloseTo(logReturn + 0.5, 12)
  })

  it('is nothing of nobody', () => {
    expect(outcomesBetween(then!, later!, new Set())).toEqual([])
  })
})
