import type { Alert } from '../alerts/alert.ts'
import type { AlertList } from '../alerts/alertBook.ts'
import type { Branch } from './stateTree.ts'

/** Open alerts that a state holds; `count` has them all. */
const SHOWN_MAX = 500

/** Returns the writer of `alerts` and `allalerts`: the alerts that are open, the newest 500 of them, and the newest that are over. */
export const showAlerts = (root: Branch): ((list: AlertList) => void) => {
  const count = root.exact('count')
  const [open, over] = [root.branch('open').keep(), root.branch('over').keep()]
  const shown = new Map<string, Alert>()
  const showIn = (branch: Branch, alerts: ReadonlyMap<string, Alert>): void => {
    const newest = [...alerts.values()].slice(-SHOWN_MAX)
    for (const alert of newest) if (shown.get(alert.id) !== alert) showAlert(branch.branch(alert.id), alert)
    const ids = new Set(newest.map(({ id }) => id))
    branch.retain(id => ids.has(id))
    for (const alert of newest) shown.set(alert.id, alert)
  }
  return list => {
    count.set(list.open.size)
    showIn(open, list.open)
    showIn(over, list.over)
    for (const id of shown.keys()) if (!list.open.has(id) && !list.over.has(id)) shown.delete(id)
  }
}

const showAlert = (branch: Branch, alert: Alert): void => {
  const { rule, channel, figure, against, severity, since, t, state, confirmed, times, evidence, why, market, members } = alert
  for (const [key, text] of Object.entries({ rule, channel, figure, against, severity, why, market })) branch.value(key).set(text)
  branch.value('confirmed').set(confirmed)
  branch.exact('since').set(since)
  branch.exact('times').set(times)
  branch.exact('cleared').set(state === 'cleared' ? t : undefined)
  branch.value('members').set(members)
  const figures = branch.branch('evidence').keep()
  for (const [key, value] of Object.entries(evidence)) {
    if (typeof value === 'number') figures.number(key).set(value)
    else figures.value(key).set(value)
  }
  figures.retain(key => Object.hasOwn(evidence, key))
}
