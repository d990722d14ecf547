import type { ByAsset } from '../../../driftwire-client/src/index.ts'

/** Any state, as far as its marks go. */
export interface Marked {
  readonly stale?: boolean
  readonly halted?: boolean
  readonly partial?: boolean
  readonly pending?: ByAsset<string>
  readonly blocked?: ByAsset<string>
  readonly unpriced?: ByAsset<string>
}

/** Returns whether a list by asset says anything. */
export const some = (of: object | undefined): of is object => of !== undefined && Object.keys(of).length > 0

const list = (of: ByAsset<string>): string =>
  Object.entries(of)
    .map(([asset, why]) => `${asset}: ${why}`)
    .join(', ')

/** Returns why figures of a state are absent or not to be trusted, for a person; empty if there is nothing to say. */
export const marksOf = (state: Marked | undefined): string[] => {
  if (state === undefined) return []
  const marks: string[] = []
  if (state.stale) marks.push('stale: no feed of one of its inputs is heard')
  if (state.halted) marks.push('halted: takes no orders')
  if (state.partial) marks.push('partial: not all of the pool is known')
  if (some(state.pending)) marks.push(`pending: ${list(state.pending)}`)
  if (some(state.unpriced)) marks.push(`unpriced: ${list(state.unpriced)}`)
  if (some(state.blocked)) marks.push(`no market: ${list(state.blocked)}`)
  return marks
}
