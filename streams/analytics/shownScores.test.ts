import { describe, expect, it } from 'vitest'
import { Driven, NOON } from '../test/drive.ts'
import type { Score } from './scoring/score.ts'
import type { UsedModel } from './shownModels.ts'
import type { PublishedScoring } from './shownScores.ts'

const DAY = 86_400_000
const TODAY = NOON - DAY / 2

const score = (asset: string, given: Partial<Score> = {}): Score => ({
  ...{ asset, name: asset, symbol: asset, score: 75, p: 0.6, worst: 0.2, lo: -0.1, hi: 0.2, rank: 1, of: 2 },
  ...{ expected: 55, base: 50, why: { size: 6, turnover: -1 } },
  ...given,
})

const scoring = (given: Partial<PublishedScoring> = {}): PublishedScoring => ({
  ...{ t: TODAY, horizon: 1, version: 'v1', staleFrom: TODAY + 2 * DAY, simulated: false },
  scores: [score('BTC'), score('ETH', { rank: 2, score: 25 })],
  unscored: [{ asset: 'USDT', name: 'Tether', symbol: 'USDT', reason: 'it is pegged' }],
  ...given,
})

const open = (...watched: string[]): Driven => {
  const p = new Driven()
  p.clock(NOON)
  for (const channel of watched) p.watch(channel)
  return p
}
const put = (p: Driven, given?: Partial<PublishedScoring>): void => p.send({ kind: 'scores', scoring: scoring(given) })

describe('the channel of an asset’s score', () => {
  it('shows the score with its reasons and the version of the model, or why there is none', () => {
    const p = open('score:BTC', 'score:USDT')
    expect(p.state('score:BTC')).toEqual({})
    put(p)
    const { asset: _, name: _n, symbol: _s, ...figures } = score('BTC')
    expect(p.state('score:BTC')).toEqual({ horizon: { '1m': { ...figures, version: 'v1', t: TODAY } }, stale: false })
    expect(p.state('score:USDT')).toEqual({ horizon: { '1m': { reason: 'it is pegged', version: 'v1', t: TODAY } }, stale: false })
    expect(p.agrees()).toBe(true)
  })

  it('shows the next day’s in its place: reasons that are gone go, and figures if there is no score any more', () => {
    const p = open('score:BTC', 'score:ETH')
    put(p)
    put(p, { t: TODAY + DAY, scores: [score('BTC', { why: { size: 5 } })], unscored: [] })
    expect(p.state('score:BTC')).toMatchObject({ horizon: { '1m': { t: TODAY + DAY, why: { size: 5 } } } })
    expect((p.state('score:BTC') as { horizon: { '1m': { why: object } } }).horizon['1m'].why).toEqual({ size: 5 })
    expect(p.state('score:ETH')).toEqual({
      horizon: { '1m': { reason: 'it is not among the assets of the newest list', version: 'v1', t: TODAY + DAY } },
      stale: false,
    })
    expect(p.agrees()).toBe(true)
  })

  it('keeps the newest of a horizon, whatever comes late, and horizons apart', () => {
    const p = open('score:BTC')
    put(p)
    put(p, { t: TODAY - DAY, version: 'old' })
    put(p, { horizon: 3, version: 'v3', simulated: true })
    expect(p.state('score:BTC')).toMatchObject({ horizon: { '1m': { version: 'v1' }, '3m': { version: 'v3', simulated: true } } })
  })

  it('is stale from when a newer one is overdue, at its own time, until one comes', () => {
    const p = open('score:BTC')
    put(p)
    p.clock(TODAY + 3 * DAY)
    expect(p.state('score:BTC')).toMatchObject({ stale: true, horizon: { '1m': { score: 75 } } })
    expect(p.frames.filter(({ pushes }) => pushes.length > 0).at(-1)!.t).toBe(TODAY + 2 * DAY)
    put(p, { t: TODAY + 3 * DAY, staleFrom: TODAY + 5 * DAY })
    expect(p.state('score:BTC')).toMatchObject({ stale: false })
  })

  it('is in a recording of everything from the first score on', () => {
    const p = new Driven({ everything: true })
    p.clock(NOON)
    put(p)
    expect(p.frames.at(-1)!.pushes.map(({ channel, seq }) => [channel, seq])).toEqual([
      ['score:BTC', 1],
      ['score:ETH', 1],
      ['score:USDT', 1],
    ])
  })
})

it('the channel of models shows champion and challenger, and how they compare, as it stands', () => {
  const p = open('models')
  const champion: UsedModel = {
    ...{ version: 'v1', since: NOON, who: 'ops', why: 'the first', trainedTo: TODAY },
    ...{ ic: { mean: 0.14, low: 0.09, high: 0.2 }, live: { ic: 0.1, days: 3 }, simulated: false },
  }
  const { live: _, ...challenger } = champion
  p.send({
    kind: 'models',
    byHorizon: new Map([[1, { champion, challenger: { ...challenger, version: 'v2' }, comparison: { verdict: 'none', days: 2 } }]]),
  })
  const { simulated: _s, ...shown } = champion
  const { live: _l, ...other } = shown
  expect(p.state('models')).toEqual({
    horizon: { '1m': { champion: shown, challenger: { ...other, version: 'v2' }, comparison: { verdict: 'none', days: 2 } } },
  })
  p.send({ kind: 'models', byHorizon: new Map([[1, { champion }]]) })
  expect(p.state('models')).toEqual({ horizon: { '1m': { champion: shown } } })
  expect(p.agrees()).toBe(true)
})
