import type { ScoreState } from '../../../../driftwire-client/src/index.ts'
import { ABSENT } from '../../format/number.ts'
import { day } from '../../format/time.ts'
import type { Column } from '../../parts/columns.ts'
import { figureText, reasonIn, SCORE_FIGURES, type ScoreFigure, scoreIn } from './score.ts'

type ScoreColumn = Column<string, ScoreState>

const figureColumn = (figure: ScoreFigure, horizon: string): ScoreColumn => {
  const value = (state: ScoreState | undefined): number | undefined => {
    const score = scoreIn(state, horizon)
    return score && figure.value(score)
  }
  return {
    key: figure.key,
    head: figure.head,
    width: figure.width,
    show: (_, state) => figureText(figure, state, horizon),
    order: (_, state) => value(state),
    ...(figure.key !== 'interval' && { raw: (_: string, state: ScoreState | undefined) => value(state) }),
  }
}

/** Returns what is to be said beside the figures of a score: that it is simulated or overdue, or why there is none. */
const notesOf = (state: ScoreState | undefined, horizon: string): string => {
  const score = scoreIn(state, horizon)
  return [reasonIn(state, horizon), score?.simulated && 'simulated', state?.stale && 'stale'].filter(Boolean).join(', ')
}

/** The columns of scores of a horizon. A row is the id of an asset. */
export const scoreColumns = (horizon: string): readonly ScoreColumn[] => [
  {
    key: 'asset',
    head: 'Asset',
    width: 112,
    align: 'left',
    heading: true,
    show: id => ({ text: id, href: `/analytics/${encodeURIComponent(id)}` }),
    order: id => id,
  },
  ...SCORE_FIGURES.map(figure => figureColumn(figure, horizon)),
  {
    key: 't',
    head: 'List of',
    width: 112,
    align: 'left',
    show: (_, state) => {
      const t = scoreIn(state, horizon)?.t
      return t === undefined ? { text: ABSENT, why: reasonIn(state, horizon) } : { text: day(t), why: 'the list of assets that was scored' }
    },
    order: (_, state) => scoreIn(state, horizon)?.t,
  },
  {
    key: 'notes',
    head: 'Notes',
    width: 168,
    align: 'left',
    show: (_, state) => ({ text: notesOf(state, horizon), tone: 'quiet', why: notesOf(state, horizon) || undefined }),
    order: (_, state) => notesOf(state, horizon) || undefined,
  },
]

/** The best first. */
export const BY_RANK = { key: 'rank', down: false } as const
