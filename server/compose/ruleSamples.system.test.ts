import { expect, it } from 'vitest'
import { builtInRules } from '../../streams/alerts/builtIn.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { sharedEngine } from '../test/storageKit.ts'
import { ruleSamples } from './ruleSamples.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2024, 7, 8, 12)

const opened = sharedEngine('embedded')

it('what rules take medians of is read as it was known, newest days, unknown ones left out', async () => {
  const { client, database, ...engine } = await opened()
  const at = (ms: number): string => (ms / 1000).toFixed(3)
  const day = (ago: number): number => Math.floor(NOW / DAY) * DAY - ago * DAY
  const row = (asset: string, metric: string, ago: number, value: number | null, knownAt = day(ago)) => ({
    ...{ asset, metric, period: at(day(ago)), available_at: at(knownAt), value, source: 'test', ref: '' },
  })
  const values = [
    ...[row('A', 'tvl', 3, 5), row('A', 'tvl', 2, 6), row('A', 'tvl', 1, null), row('A', 'tvl', 0, 8)],
    // Too long ago; revised; revised after now; another metric.
    ...[row('A', 'tvl', 200, 1), row('A', 'tvl', 2, 7, day(1)), row('A', 'tvl', 3, 9, NOW + DAY), row('A', 'volume', 1, 99)],
    row('B', 'tvl', 1, 4),
  ]
  await client.insert({ table: `${quoted(database)}.metrics`, values, format: 'JSONEachRow' })
  expect(await ruleSamples({ ...engine, client, database }, builtInRules([]), NOW)).toEqual(
    expect.arrayContaining([
      {
        ...{ rule: 'tvl-drop', channel: 'metrics:A' },
        samples: [
          [day(3), 5],
          [day(2), 7],
          [day(0), 8],
        ],
      },
      { rule: 'tvl-drop', channel: 'metrics:B', samples: [[day(1), 4]] },
    ]),
  )
  expect(await ruleSamples({ ...engine, client, database }, [], NOW)).toEqual([])
})
