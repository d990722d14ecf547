import type { AssetScores, ShownScore } from '../analytics/shownScores.ts'
import type { Branch } from './stateTree.ts'

const FIGURES = ['score', 'p', 'worst', 'lo', 'hi', 'expected', 'base'] as const
const COUNTS = ['rank', 'of'] as const

/** Returns the writer of `score:ASSET`: for each horizon what the champion says, or why it says nothing, and whether a newer score is overdue. */
export const showScores = (root: Branch): ((scores: AssetScores) => void) => {
  const horizons = root.branch('horizon')
  const stale = root.value('stale')
  const shown = new Map<number, ShownScore>()
  return scores => {
    for (const [months, one] of scores.byHorizon) {
      if (shown.get(months) === one) continue
      shown.set(months, one)
      writeScore(horizons.branch(`${months}m`), one)
    }
    stale.set(scores.byHorizon.size === 0 ? undefined : scores.stale)
  }
}

const writeScore = (branch: Branch, { scoring, said }: ShownScore): void => {
  const figures = 'reason' in said ? undefined : said
  for (const name of FIGURES) branch.number(name).set(figures?.[name])
  for (const name of COUNTS) branch.exact(name).set(figures?.[name])
  branch.value('reason').set('reason' in said ? said.reason : undefined)
  branch.value('version').set(scoring.version === '' ? undefined : scoring.version)
  branch.exact('t').set(scoring.t)
  branch.value('simulated').set(scoring.simulated ? true : undefined)
  const why = branch.branch('why')
  for (const [feature, part] of Object.entries(figures?.why ?? {})) why.number(feature).set(part)
  if (figures === undefined) why.remove()
  else why.retain(feature => Object.hasOwn(figures.why, feature))
}
