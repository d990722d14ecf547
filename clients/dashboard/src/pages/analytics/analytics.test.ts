import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HorizonScore } from '../../../../driftwire-client/src/index.ts'
import { skillByMonth, type Validation, validationOf } from '../models/card.ts'
import { verdictText } from '../models/verdict.ts'
import { figureText, reasonIn, SCORE_FIGURES } from './score.ts'
import { championsScores, columnsOf, type PastScore } from './scorePast.ts'
import { wayOf } from './steps.ts'

describe('the reasons of a score', () => {
  it('lead from what is expected of any asset to what is expected of this one, the largest first', () => {
    const points = fc.double({ min: -20, max: 20, noNaN: true })
    fc.assert(
      fc.property(points, fc.dictionary(fc.string({ minLength: 1 }), points, { maxKeys: 18 }), (base, why) => {
        const way = wayOf({ base, why, expected: Object.values(why).reduce((sum, part) => sum + part, base) })!
        expect(way.steps.map(({ name }) => name).sort()).toEqual(Object.keys(why).sort())
        let at = base
        for (const [i, step] of way.steps.entries()) {
          expect(step.from).toBe(at)
          expect(step.to - step.from).toBeCloseTo(why[step.name]!, 9)
          expect(Math.abs(step.part)).toBeLessThanOrEqual(Math.abs(way.steps[i - 1]?.part ?? Number.POSITIVE_INFINITY))
          expect([way.low <= step.to, step.to <= way.high]).toEqual([true, true])
          at = step.to
        }
        expect(at).toBeCloseTo(way.expected, 9)
      }),
    )
  })

  it('are not shown if they do not add up, or are not known', () => {
    const score: HorizonScore = { base: 50, why: { size: 1 }, expected: 51.1 }
    expect([wayOf(score), wayOf({ ...score, expected: undefined } as unknown as HorizonScore)]).toEqual([undefined, undefined])
  })
})

describe('a figure of a score', () => {
  const [rank] = SCORE_FIGURES
  it('that is absent says why', () => {
    expect(figureText(rank!, { horizon: { '1m': { reason: 'it is pegged' } } }, '1m')).toEqual({ text: '—', why: 'it is pegged' })
    expect(figureText(rank!, { horizon: { '1m': {} } }, '3m').why).toBe('nobody has scored it for 3m')
    expect(reasonIn(undefined, '1m')).toBeUndefined()
  })

  it('that is there has no reason', () => {
    const state = { horizon: { '1m': { score: 98, rank: 1, of: 30 } } }
    expect([figureText(rank!, state, '1m').text, reasonIn(state, '1m')]).toEqual(['1 of 30', undefined])
  })
})

describe('the past of a score', () => {
  const named = { asset: 'A', name: 'A', symbol: 'A' }
  const scored = (t: number, version: string, score: number): PastScore => ({
    ...{ ...named, t, version, knownAt: t + 1, score, expected: score, base: 50 },
    ...{ p: 0.5, worst: 0.3, lo: -0.1, hi: 0.1, rank: 1, of: 2, why: {} },
  })
  const given = (t: number, version: string, alias: 'champion' | 'challenger' = 'champion') => ({
    ...{ alias, horizon: 1, t, version, who: 'ann', why: '' },
  })

  it('is what the champion of each time said, oldest first, with the first one before there was any', () => {
    const scores = [30, 20, 10].flatMap(t => ['a', 'b'].map(version => scored(t, version, t)))
    const history = [given(25, 'b'), given(15, 'a'), given(5, 'b', 'challenger'), { ...given(1, 'c'), horizon: 3 }]
    expect(championsScores(scores, history, 1).map(({ t, version }) => [t, version])).toEqual([
      [10, 'a'],
      [20, 'a'],
      [30, 'b'],
    ])
  })

  it('has a gap where there was no score', () => {
    const none: PastScore = { ...named, t: 2, version: 'a', knownAt: 2, reason: 'it is pegged' }
    expect(columnsOf([scored(1, 'a', 40), none], ['score', 'p'])).toEqual({
      x: [1, 2],
      y: [
        [40, null],
        [0.5, null],
      ],
    })
  })
})

describe('a model', () => {
  const skill = (mean: number, ...months: (readonly [number, number])[]) => ({
    ic: { mean, low: mean, high: mean },
    longShort: { mean: 0, low: 0, high: 0 },
    bySnapshot: months.map(([t, ic]) => ({ t, ic })),
  })
  const validation = {
    models: { ensemble: skill(0.1, [1, 0.2], [2, 0]) },
    features: { size: skill(-0.2, [1, -0.3]) },
    bestFeature: 'size',
    calibration: {},
  } as unknown as Validation

  it('stands beside the best feature, turned as it speaks, and beside doing nothing', () => {
    expect(skillByMonth(validation)).toEqual({
      x: [1, 2],
      y: [
        [0.2, 0],
        [0.3, null],
        [0, 0],
      ],
    })
  })

  it('of a form that is not known has no validation', () => {
    expect(validationOf({ validation: { ...validation } })).toEqual(validation)
    expect(validationOf({ validation: { ...validation, bestFeature: 'other' } })).toBeUndefined()
  })

  it.each([
    [{}, 'There is no challenger, so there is nothing to compare.'],
    [{ challenger: {} }, 'No verdict: no outcome of a day that both have scored is known yet.'],
    [
      { challenger: {}, comparison: { verdict: 'none', days: 3, mean: 0.01, low: -0.02, high: 0.04 } },
      'No verdict: too little is known, or the interval of the difference holds zero. The challenger’s IC less the champion’s is +0.010 (−0.020 to +0.040). Days that both have scored and whose outcomes are known: 3.',
    ],
    [
      { challenger: {}, comparison: { verdict: 'challenger', days: 60 } },
      'The challenger is better. Days that both have scored and whose outcomes are known: 60.',
    ],
  ] as const)('is compared in words: %j', (used, words) => {
    expect(verdictText(used)).toBe(words)
  })
})
