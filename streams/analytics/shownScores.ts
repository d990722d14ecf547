import { type Changes, Source } from '../lib/dependencies.ts'
import type { Score, Scoring } from './scoring/score.ts'

/** A scoring as channels show it: with the model's version, '' without one, and the moment (ms) from which a newer one is overdue. */
export interface PublishedScoring extends Scoring {
  readonly version: string
  readonly staleFrom: number
  /** Of the simulated market. */
  readonly simulated: boolean
}

/** What is shown of an asset for one horizon: its score, or why there is none. */
export interface ShownScore {
  readonly scoring: PublishedScoring
  readonly said: Omit<Score, 'asset' | 'name' | 'symbol'> | { readonly reason: string }
}

const GONE = { reason: 'it is not among the assets of the newest list' }

/** The newest scores of one asset, by horizon in months. */
export class AssetScores extends Source {
  readonly byHorizon = new Map<number, ShownScore>()
  /** A newer score of some horizon is overdue. */
  stale = false

  /** When the next of them becomes stale, ms. */
  get staleAt(): number {
    let at = Number.POSITIVE_INFINITY
    if (!this.stale) for (const { scoring } of this.byHorizon.values()) at = Math.min(at, scoring.staleFrom)
    return at
  }

  /** Lets time come to `t` (ms). Returns whether it has become stale, or is not any more. */
  age(t: number): boolean {
    const before = this.stale
    this.stale = [...this.byHorizon.values()].some(({ scoring }) => scoring.staleFrom <= t)
    return this.stale !== before
  }
}

/** The newest scores of all assets. */
export class ShownScores {
  /** When the next score becomes stale, ms. */
  dueAt = Number.POSITIVE_INFINITY
  /** Called with each asset as it turns up. */
  made: (asset: string) => void = () => {}
  private readonly assets = new Map<string, AssetScores>()
  private readonly changes: Changes

  constructor(changes: Changes) {
    this.changes = changes
  }

  /** The assets that were scored, or that somebody has asked for. */
  get names(): Iterable<string> {
    return this.assets.keys()
  }

  /** Returns the scores of an asset, which may have none yet. */
  of(asset: string): AssetScores {
    const known = this.assets.get(asset)
    if (known) return known
    const scores = new AssetScores()
    this.assets.set(asset, scores)
    this.made(asset)
    return scores
  }

  /** Shows a scoring in place of the one before of its horizon, at the time `t` (ms) of the view. One of an earlier day is passed over. */
  absorb(scoring: PublishedScoring, t: number): void {
    const { horizon } = scoring
    const fresh = new Map<string, ShownScore['said']>()
    for (const { asset, name: _, symbol: _s, ...said } of scoring.scores) fresh.set(asset, said)
    for (const { asset, reason } of scoring.unscored) fresh.set(asset, { reason })
    for (const asset of fresh.keys()) this.of(asset)
    for (const [asset, scores] of this.assets) {
      const before = scores.byHorizon.get(horizon)
      if (before !== undefined && before.scoring.t > scoring.t) continue
      const said = fresh.get(asset) ?? (before === undefined ? undefined : GONE)
      if (said === undefined) continue
      scores.byHorizon.set(horizon, { scoring, said })
      scores.age(t)
      scores.touch(this.changes)
    }
    this.schedule()
  }

  /** Lets time come to `t` (ms): what is overdue by then is stale. */
  advance(t: number): void {
    for (const scores of this.assets.values()) if (scores.staleAt <= t && scores.age(t)) scores.touch(this.changes)
    this.schedule()
  }

  private schedule(): void {
    this.dueAt = Number.POSITIVE_INFINITY
    for (const { staleAt } of this.assets.values()) this.dueAt = Math.min(this.dueAt, staleAt)
  }
}
