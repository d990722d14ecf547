import type { Branch, StateTree } from '../../streams/channels/stateTree.ts'
import type { FeedHealth, Troubles } from '../../streams/market/feedHealth.ts'
import type { Figures } from '../lib/figures.ts'

/** Returns the writer of the channel `status`: the feeds as the pipeline knows them, and the figures of the other parts. */
export const showStatus = (
  state: StateTree,
  feeds: () => readonly FeedHealth[],
  stateOf: (feed: FeedHealth) => string,
  parts: () => Figures,
): (() => void) => {
  const root = state.root
  const perFeed = root.branch('feeds').keep()
  return () => {
    for (const feed of feeds()) {
      const branch = perFeed.branch(feed.id)
      branch.value('state').set(stateOf(feed))
      branch.exact('ticks').set(feed.ticks)
      branch.exact('late').set(feed.late)
      branch.exact('messages').set(feed.messages)
      branch.exact('lag').set(Math.round(feed.lag))
      branch.value('silent').set(feed.silent)
      const bad = branch.branch('bad').keep()
      for (const [kind, count] of Object.entries(feed.bad)) bad.exact(kind).set(count)
      for (const [kind, count] of Object.entries(feed.passed)) branch.branch('passed').exact(kind).set(count)
      show(branch.branch('refused'), feed.refused)
      show(branch.branch('missing'), feed.missing)
    }
    write(root, parts())
  }
}

/** Shows troubles as they are: those that are over go. */
const show = (branch: Branch, troubles: Troubles): void => {
  branch.retain(key => Object.hasOwn(troubles, key))
  for (const [key, why] of Object.entries(troubles)) branch.value(key).set(why)
  if (branch.present && branch.size === 0) branch.remove()
}

const write = (branch: Branch, figures: Figures): void => {
  for (const [key, value] of Object.entries(figures)) {
    if (value === undefined) branch.absent(key)
    else if (typeof value === 'number') branch.exact(key).set(value)
    else if (typeof value === 'object') write(branch.branch(key), value)
    else branch.value(key).set(value)
  }
}
