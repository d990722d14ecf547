/** Asset → weight, a share of one; weights are positive and sum to one. */
export type Weights = ReadonlyMap<string, number>

/**
 * Returns capped weights in proportion to `sizes` (market capitalisations, or uncapped weights), by water-filling: largest first, those
 * whose share of what remains is above the cap get the cap, and the others share what then remains. It is exact in one pass, because a
 * share of the remainder only grows as capped ones are taken out. Ties go by name. Sizes that are not positive are left out.
 *
 * Returns undefined if the cap cannot hold: cap < 1/N.
 */
export const cappedWeights = (sizes: Iterable<readonly [asset: string, size: number]>, cap = 1): Weights | undefined => {
  const sorted = [...sizes].filter(([, size]) => size > 0 && Number.isFinite(size)).sort(bySize)
  if (sorted.length === 0 || !capHolds(cap, sorted.length)) return undefined
  // Summed from the small end, so that what remains after the last is exactly what the last is.
  const remaining: number[] = []
  let sum = 0
  for (let i = sorted.length - 1; i >= 0; i--) {
    sum += sorted[i]![1]
    remaining[i] = sum
  }
  let capped = 0
  const share = (size: number): number => ((1 - capped * cap) * size) / remaining[capped]!
  while (capped < sorted.length && share(sorted[capped]![1]) > cap) capped += 1
  return new Map(sorted.map(([asset, size], i) => [asset, i < capped ? cap : share(size)]))
}

/** Says whether a cap can hold for n members: n × cap reaches one, but for the rounding of 1/n itself. */
export const capHolds = (cap: number, n: number): boolean => cap * n >= 1 - 1e-12

const bySize = (a: readonly [string, number], b: readonly [string, number]): number => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)

/** Returns the `count` largest, ties by name. */
export const largest = (sizes: Iterable<readonly [string, number]>, count: number): (readonly [string, number])[] =>
  [...sizes]
    .filter(([, size]) => size > 0)
    .sort(bySize)
    .slice(0, count)
