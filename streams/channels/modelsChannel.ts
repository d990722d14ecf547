import type { ShownModels, UsedModel, UsedModels } from '../analytics/shownModels.ts'
import type { Branch } from './stateTree.ts'

/** Returns the writer of `models`: by horizon the champion and the challenger, and how they compare. */
export const showModels = (root: Branch): ((models: ShownModels) => void) => {
  const horizons = root.branch('horizon')
  return ({ byHorizon }) => {
    for (const [months, models] of byHorizon) writeHorizon(horizons.branch(`${months}m`), models)
    horizons.retain(name => byHorizon.has(Number.parseInt(name, 10)))
  }
}

const writeHorizon = (branch: Branch, { champion, challenger, comparison }: UsedModels): void => {
  writeModel(branch.branch('champion'), champion)
  writeModel(branch.branch('challenger'), challenger)
  const shown = branch.branch('comparison')
  shown.value('verdict').set(comparison?.verdict)
  shown.exact('days').set(comparison?.days)
  for (const name of ['mean', 'low', 'high'] as const) shown.number(name).set(comparison?.difference?.[name])
  if (comparison === undefined) shown.remove()
}

const writeModel = (branch: Branch, model: UsedModel | undefined): void => {
  if (model === undefined) {
    branch.remove()
    return
  }
  const { version, since, who, why, trainedTo, ic, live, simulated } = model
  branch.value('version').set(version)
  branch.exact('since').set(since)
  branch.value('who').set(who)
  branch.value('why').set(why)
  branch.exact('trainedTo').set(trainedTo)
  for (const name of ['mean', 'low', 'high'] as const) branch.branch('ic').number(name).set(ic[name])
  branch.value('simulated').set(simulated ? true : undefined)
  const shown = branch.branch('live')
  shown.number('ic').set(live?.ic)
  shown.exact('days').set(live?.days)
  if (live === undefined) shown.remove()
}
