import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { gaussian } from '../test/worlds.ts'
import { compared, hasFallen } from './compare.ts'

/** ICs by day: a mean, and noise of outcomes that overlap over ten days. */
const ics = (count: number, mean: number, seed: number, noise = 0.05): Map<number, number> => {
  const random = new Random(seed)
  const news = Array.from({ length: count + 10 }, () => gaussian(random))
  return new Map(
    Array.from({ length: count }, (_, day) => [
      day,
      mean + (noise * news.slice(day, day + 10).reduce((sum, one) => sum + one, 0)) / Math.sqrt(10),
    ]),
  )
}

describe('two models', () => {
  it('have no verdict by default: neither of few lists, nor if they are equally good', () => {
    expect(compared(ics(100, 0.1, 1), ics(100, 0.9, 2), 60)).toEqual({ verdict: 'none', days: 100 })
    const verdicts = Array.from({ length: 40 }, (_, seed) => compared(ics(600, 0.1, seed), ics(600, 0.1, seed + 100), 20).verdict)
    expect(verdicts.filter(verdict => verdict !== 'none').length).toBeLessThanOrEqual(6)
  })

  it('are told apart if one is better beyond what chance makes of the paired differences', () => {
    const [good, bad] = [ics(240, 0.2, 1), ics(240, 0.05, 2)]
    expect(compared(bad, good, 20)).toMatchObject({ verdict: 'challenger', days: 240 })
    expect(compared(good, bad, 20)).toMatchObject({ verdict: 'champion' })
    expect(compared(bad, good, 20).difference!.low).toBeGreaterThan(0)
  })

  it('are compared on the lists that both have scored', () => {
    const later = new Map([...ics(300, 0.2, 1)].filter(([day]) => day >= 150))
    expect(compared(ics(200, 0.1, 2), later, 5)).toMatchObject({ days: 50 })
  })
})

describe('live scores', () => {
  const validated = [...ics(30, 0.14, 3).values()]

  it('have fallen if six months of them are worse than nearly all stretches of six months in the validation', () => {
    expect(hasFallen([...ics(180, 0.14, 4, 0.01).values()], 6, validated, 3)).toBe(false)
    expect(hasFallen([...ics(180, -0.1, 4, 0.01).values()], 6, validated, 3)).toBe(true)
  })

  it('have not, while there are none', () => {
    expect(hasFallen([], 6, validated, 3)).toBe(false)
  })
})
