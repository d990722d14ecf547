import type { HorizonScore, ScoreState } from '../../../../driftwire-client/src/index.ts'
import { ABSENT, fixed, percent, signedPercent } from '../../format/number.ts'
import type { Text } from '../../parts/figure.tsx'

/** Returns the score of one horizon. */
export const scoreIn = (state: ScoreState | undefined, horizon: string): HorizonScore | undefined => state?.horizon?.[horizon]

/** Returns why an asset has no score of a horizon; undefined if it has one, or nothing of it has come yet. */
export const reasonIn = (state: ScoreState | undefined, horizon: string): string | undefined => {
  if (state === undefined) return undefined
  const score = scoreIn(state, horizon)
  if (score === undefined) return `nobody has scored it for ${horizon}`
  return score.score === undefined ? (score.reason ?? 'the server does not say why') : undefined
}

/** A figure of a score. */
export interface ScoreFigure {
  readonly key: string
  readonly head: string
  readonly width: number
  /** What it means. */
  readonly means: string
  readonly text: (score: HorizonScore) => string
  readonly value: (score: HorizonScore) => number | undefined
}

/** Returns both ends of the interval of 80 of 100 returns. */
const intervalText = ({ lo, hi }: HorizonScore): string =>
  lo === undefined || hi === undefined ? ABSENT : `${signedPercent(lo, 1)} to ${signedPercent(hi, 1)}`

/** The figures of a score, in the order in which they are shown. */
export const SCORE_FIGURES: readonly ScoreFigure[] = [
  {
    key: 'rank',
    head: 'Rank',
    width: 88,
    means: '1 is the best of those that were scored',
    text: ({ rank, of }) => (rank === undefined ? ABSENT : `${fixed(rank, 0)} of ${fixed(of, 0)}`),
    value: ({ rank }) => rank,
  },
  {
    key: 'score',
    head: 'Score',
    width: 80,
    means: 'percentile among the assets that were scored, 0 to 100',
    text: ({ score }) => fixed(score, 1),
    value: ({ score }) => score,
  },
  {
    key: 'p',
    head: 'P(above median)',
    width: 128,
    means: 'how likely its return is above that of the median asset',
    text: ({ p }) => percent(p, 1),
    value: ({ p }) => p,
  },
  {
    key: 'worst',
    head: 'P(worst third)',
    width: 120,
    means: 'how likely its return is among the worst third',
    text: ({ worst }) => percent(worst, 1),
    value: ({ worst }) => worst,
  },
  {
    key: 'interval',
    head: '80 % interval',
    width: 176,
    means: 'should hold 80 of 100 returns, each less that of the median asset',
    text: intervalText,
    value: ({ lo, hi }) => (lo === undefined || hi === undefined ? undefined : hi - lo),
  },
  {
    key: 'expected',
    head: 'Expected',
    width: 96,
    means: 'percentile of the return that the models expect: base and all reasons',
    text: ({ expected }) => fixed(expected, 1),
    value: ({ expected }) => expected,
  },
]

/** Returns a figure of a score as text; of an absent one why. */
export const figureText = (figure: ScoreFigure, state: ScoreState | undefined, horizon: string): Text => {
  const score = scoreIn(state, horizon)
  const text = score === undefined ? ABSENT : figure.text(score)
  return { text, why: text === ABSENT ? reasonIn(state, horizon) : figure.means }
}
