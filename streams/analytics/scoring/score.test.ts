import { describe, expect, it } from 'vitest'
import { type Artifact, trained } from '../artifact.ts'
import { outcomesOf, panelAt, panelOf } from '../features/panel.ts'
import { SnapshotRecord } from '../features/past.ts'
import type { Snapshot } from '../features/snapshot.ts'
import { MODEL_NAMES, predict } from '../models/model.ts'
import { facts, wandering } from '../test/worlds.ts'
import { assetIds } from './assetIds.ts'
import { categoryPeersOf, type Peer, peersOf } from './peers.ts'
import { scoringOf } from './score.ts'

const LAST = 27
/** The last month lists a coin more, one without a price, and money. */
const snapshots: readonly Snapshot[] = wandering(30, LAST + 1, 1).map((snapshot, k) =>
  k < LAST
    ? snapshot
    : { ...snapshot, assets: [...snapshot.assets, facts('New'), facts('Unpriced', { price: Number.NaN }), facts('Tether USDt')] },
)
const record = new SnapshotRecord(snapshots)
const panel = panelOf(record)
const artifact: Artifact = trained({
  panel,
  outcomes: outcomesOf(record, panel, 1),
  plan: { firstTest: 16, refitEvery: 6, embargo: 0 },
  seed: 1,
  data: 'digest',
})
const scoring = scoringOf(artifact, record, LAST)

describe('a scoring', () => {
  it('has each asset of the snapshot once: with a score, or with the reason why it has none', () => {
    const names = [...scoring.scores, ...scoring.unscored].map(({ name }) => name)
    expect(names.toSorted()).toEqual(snapshots[LAST]!.assets.map(({ name }) => name).toSorted())
    expect(scoring.unscored).toEqual([
      { asset: 'UNPRICED', name: 'Unpriced', symbol: 'UNPRICED', reason: 'its price is not known' },
      { asset: 'Tether-USDt', name: 'Tether USDt', symbol: 'TETHER USDT', reason: 'it is pegged to another thing, or wraps it' },
      { asset: 'NEW', name: 'New', symbol: 'NEW', reason: 'too little is known: 5 of 18 features, expected at least 6' },
    ])
  })

  it('has reasons that add up to the mean of what the models predict', () => {
    const universe = panelAt(record, LAST)
    const said = MODEL_NAMES.map(name => predict(artifact.models[name], universe.table))
    for (const { name, base, why, expected } of scoring.scores) {
      const row = universe.asset.findIndex(asset => record.names[asset] === name)
      const mean = said.reduce((sum, predictions) => sum + predictions[row]!, 0) / said.length
      expect(expected).toBeCloseTo(50 + 100 * mean, 9)
      expect(Object.values(why).reduce((sum, part) => sum + part, base)).toBeCloseTo(expected, 9)
      expect(Object.keys(why)).toEqual(artifact.features)
    }
  })

  it('has percentiles by rank, probabilities that never contradict them, and intervals around the median asset', () => {
    const { scores } = scoring
    scores.forEach((one, i) => {
      expect(one.of).toBe(scores.length)
      // Equal ones share the mean of their places.
      const [from, to] = [scores.findIndex(other => other.score === one.score), scores.findLastIndex(other => other.score === one.score)]
      expect(from <= i && i <= to).toBe(true)
      expect(one.score).toBeCloseTo(100 - (100 * ((from + to) / 2 + 0.5)) / scores.length, 9)
      expect(one.lo).toBeLessThan(0)
      expect(one.hi).toBeGreaterThan(0)
      const next = scores[i + 1]
      if (next === undefined) return
      expect(one.rank).toBeLessThanOrEqual(next.rank)
      expect(one.p).toBeGreaterThanOrEqual(next.p)
      expect(one.worst).toBeLessThanOrEqual(next.worst)
    })
  })

  it('of a day is the same whether the days after it are there or not', () => {
    for (const k of [18, 23])
      expect(scoringOf(artifact, record, k)).toEqual(scoringOf(artifact, new SnapshotRecord(snapshots.slice(0, k + 1)), k))
  })

  it('is refused if the model asks for a feature that nobody knows', () => {
    expect(() => scoringOf({ ...artifact, features: ['moonPhase', ...artifact.features.slice(1)] }, record, LAST)).toThrow(
      'artifact: found the feature "moonPhase", expected one of size, turnover, ',
    )
  })
})

describe('the id of an asset', () => {
  it('is its symbol, of several assets with one symbol that of the largest; the others, and what is no name, have their name in the form of one', () => {
    const assets = [
      facts('Small Coin', { symbol: 'X', marketCap: 1 }),
      facts('Big Coin', { symbol: 'X', marketCap: 2 }),
      facts('Unknown', { symbol: 'X', marketCap: Number.NaN }),
      facts('$ Coin', { symbol: '$' }),
      facts('€ Coin', { symbol: '€' }),
    ]
    expect(Object.fromEntries(assetIds({ t: 0, assets }))).toEqual({
      'Big Coin': 'X',
      'Small Coin': 'Small-Coin',
      Unknown: 'Unknown',
      '$ Coin': 'Coin',
      '€ Coin': 'Coin-2',
    })
  })
})

describe('peers', () => {
  it('of an asset are the nearest by what is known of both, and it is theirs at the same distance', () => {
    const of = (name: string, count: number): readonly Peer[] => {
      const found = peersOf(record, LAST, name, count)
      return 'peers' in found ? found.peers : []
    }
    const peers = of('coin4', 3)
    expect(peers.length).toBe(3)
    expect(peers.map(({ distance }) => distance).toSorted((a, b) => a - b)).toEqual(peers.map(({ distance }) => distance))
    const back = of(peers[0]!.name, 30)
    expect(back.find(({ name }) => name === 'coin4')!.distance).toBe(peers[0]!.distance)
    expect(back.map(({ name }) => name)).not.toContain(peers[0]!.name)
  })

  it.each([
    ['Nobody', 'it is not among the assets of the snapshot'],
    ['Tether USDt', 'it is pegged to another thing, or wraps it'],
  ])('of %s are none: %s', (name, reason) => {
    expect(peersOf(record, LAST, name, 3)).toEqual({ reason })
  })

  it('that have too little in common with an asset are left out', () => {
    expect(peersOf(record, LAST, 'New', 3)).toEqual({ peers: [] })
  })

  it('by category are those with most in common, then the largest; none of an asset of which nothing is said', () => {
    const list = { t: 0, assets: ['a', 'b', 'c', 'd', 'e'].map((name, i) => facts(name, { marketCap: i === 3 ? Number.NaN : i + 1 })) }
    const said: Record<string, string[]> = { A: ['dex', 'l2'], B: ['dex', 'l2'], C: ['dex'], D: ['l2', 'x'], E: ['x'] }
    const of = (name: string, count = 9) =>
      categoryPeersOf(list, name, asset => said[asset] ?? [], count).map(({ asset, categories }) => [asset, categories])
    expect(of('a')).toEqual([
      ['B', ['dex', 'l2']],
      ['C', ['dex']],
      ['D', ['l2']],
    ])
    expect(of('a', 1)).toEqual([['B', ['dex', 'l2']]])
    expect(of('nobody')).toEqual([])
  })
})
