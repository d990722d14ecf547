import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { snapshotsIn } from '../../../server/analytics/snapshotFile.ts'
import { recordings } from '../../../server/test/recordings.ts'
import { exp } from '../elementary.ts'
import type { AssetFacts, Snapshot } from '../features/snapshot.ts'
import { Random } from '../random.ts'
import { normalQuantile } from '../validation/normal.ts'

/** Snapshots for tests: made ones, and the recorded list of the 200 largest coins, 2021 to 2024. */

/** Returns facts of an asset in which only what matters is given. */
export const facts = (name: string, given: Partial<AssetFacts> = {}): AssetFacts => ({
  name,
  symbol: name.toUpperCase(),
  rank: 1,
  marketCap: 1e9,
  price: 1,
  supply: 1e9,
  volume: 1e7,
  change1d: 0,
  change7d: 0,
  ...given,
})

/** Returns monthly snapshots of lists of assets. */
export const months = (...lists: readonly (readonly AssetFacts[])[]): Snapshot[] =>
  lists.map((assets, k) => ({ t: Date.UTC(2021, k, 1), assets }))

/** Returns snapshots of a number of assets that wander at random; some are not listed for a while, some leave for ever. */
export const wandering = (assets: number, count: number, seed: number): Snapshot[] => {
  const random = new Random(seed)
  const prices = new Float64Array(assets).fill(1)
  return months(
    ...Array.from({ length: count }, (_, k) =>
      Array.from({ length: assets }, (_, i) => {
        prices[i] = prices[i]! * exp(0.2 * gaussian(random))
        const listed = random.unit() > 0.05 && (i % 7 !== 3 || k < 5 + i)
        return listed
          ? [facts(`coin${i}`, { price: prices[i]!, marketCap: prices[i]! * 1e8 * (i + 1), volume: 1e6 * random.unit(), rank: i + 1 })]
          : []
      }).flat(),
    ),
  )
}

/** Returns a value of a standard normal distribution. */
export const gaussian = (random: Random): number => normalQuantile(random.unit() || 0.5)

/** Returns the recorded snapshots. */
export const recordedSnapshots = (): Snapshot[] =>
  snapshotsIn(gunzipSync(readFileSync(join(recordings, 'marketcap/cmc_top200_monthly_2021_2024.csv.gz'))).toString(), 'cmc_top200')

/** What others found on them. */
export interface ExpectedWalk {
  readonly [feature: `${string}_h${1 | 3}`]: { readonly mean: number; readonly months: number }
  readonly rows: number
  readonly rows_by_month: Readonly<Record<string, number>>
  readonly dropouts_next_month: Readonly<Record<string, number>>
}

/** Returns the published figures of the recorded snapshots. */
export const expectedWalk = (): ExpectedWalk =>
  JSON.parse(readFileSync(join(recordings, 'analytics/models/expected_walkforward_open.json'), 'utf8')) as ExpectedWalk
