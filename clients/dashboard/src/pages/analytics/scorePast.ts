import type { AssetScores, ModelList } from '../../../../../streams/wire/answers/scores.ts'
import type { Columns } from '../../charts/series.ts'

/** A score of the past, or why there was none. */
export type PastScore = AssetScores['scores'][number]
type Alias = ModelList['history'][number]

/**
 * Returns of each list what the model said that was the champion when it was scored, oldest first. Of lists that were scored before there was a champion the
 * first one counts.
 */
export const championsScores = (scores: readonly PastScore[], history: readonly Alias[], horizon: number): PastScore[] => {
  const champions = history.filter(given => given.alias === 'champion' && given.horizon === horizon).sort((a, b) => a.t - b.t)
  const championAt = (t: number): string | undefined => (champions.findLast(given => given.t <= t) ?? champions[0])?.version
  return scores.filter(({ version, knownAt }) => version === championAt(knownAt)).sort((a, b) => a.t - b.t)
}

/** Returns figures of scores as a chart draws them; where there was no score they are unknown. */
export const columnsOf = (
  scores: readonly PastScore[],
  names: readonly ('score' | 'expected' | 'p' | 'worst' | 'lo' | 'hi')[],
): Columns => ({ x: scores.map(({ t }) => t), y: names.map(name => scores.map(one => ('reason' in one ? null : one[name]))) })
