import { type AssetEvent, byTime, converted, type Ratio, SAME } from './assetEvent.ts'

/** What units of an asset have become. */
export interface Converted {
  readonly asset: string
  readonly ratio: Ratio
}

/** Follows units of an asset through events that lie in order of time. */
export const followed = (asset: string, events: readonly AssetEvent[]): Converted => {
  let now: Converted = { asset, ratio: SAME }
  for (const event of events) if (event.asset === now.asset) now = { asset: event.to, ratio: product(now.ratio, event.ratio) }
  return now
}

/**
 * Returns how to change amounts in which the events of `done` have counted already, so that `event` counts as well, whichever of them is
 * older: what stands under `from` becomes units of `to`. Nothing is rounded before the end.
 */
export const insertion = (event: AssetEvent, done: readonly AssetEvent[]): { readonly from: string; readonly to: Converted } => {
  const later = done.filter(other => byTime(event, other) < 0).sort(byTime)
  const before = followed(event.asset, later)
  const after = followed(event.to, later)
  return { from: before.asset, to: { asset: after.asset, ratio: product(product(event.ratio, after.ratio), inverseOf(before.ratio)) } }
}

/** Returns the ratio of one after the other. */
const product = (a: Ratio, b: Ratio): Ratio => reduced(a.before * b.before, a.after * b.after)

const inverseOf = ({ before, after }: Ratio): Ratio => ({ before: after, after: before })

/** A ratio in its lowest terms, so that it does not grow with every event. */
const reduced = (before: bigint, after: bigint): Ratio => {
  let [a, b] = [before, after]
  while (b !== 0n) [a, b] = [b, a % b]
  return { before: before / a, after: after / a }
}

/** Moves an amount of a map from one name to another, converted; what is there under the new name stays and is added to. */
export const moveAmount = (amounts: ReadonlyMap<string, bigint>, from: string, to: Converted): ReadonlyMap<string, bigint> => {
  const amount = amounts.get(from)
  if (amount === undefined) return amounts
  const moved = new Map<string, bigint>()
  for (const [asset, before] of amounts) {
    const name = asset === from ? to.asset : asset
    moved.set(name, (moved.get(name) ?? 0n) + (asset === from ? converted(before, to.ratio) : before))
  }
  return moved
}

/** The same of measures that are not amounts, such as weights: they move and add up. */
export const moveWeight = (weights: Readonly<Record<string, number>>, from: string, to: string): Readonly<Record<string, number>> => {
  if (from === to || !Object.hasOwn(weights, from)) return weights
  const moved: Record<string, number> = {}
  for (const [asset, weight] of Object.entries(weights)) {
    const name = asset === from ? to : asset
    moved[name] = (moved[name] ?? 0) + weight
  }
  return moved
}
