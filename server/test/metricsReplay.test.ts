import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'

const DAY = 86_400_000
const TODAY = Date.UTC(2024, 7, 8)
const BEGIN = TODAY + DAY - 10_000

it('a replay shows metrics as they were known at its times, in the same frames each time', async () => {
  // Trades around a midnight, with a gap in which only time brings something.
  const trades = [0, 2_000, 19_000].map(after => `A-USD,100,${BEGIN + after},1,${after}`)
  const recording = written('trades.csv', ['symbol,price,exch_ts_ms,qty,trade_id', ...trades, ''].join('\n'))
  const known = (period: number, availableAt: number, value: number | string, metric = 'tvl'): string =>
    ['ETH', metric, period, value, availableAt, 'desk'].join(',')
  const file = written(
    'metrics.csv',
    [
      'asset,metric,period,value,available_at,source',
      known(TODAY - DAY, TODAY - DAY, 1),
      known(TODAY, TODAY + 5, 2),
      known(TODAY, BEGIN + 5_010, 3),
      known(TODAY, BEGIN + 7_000, ''),
      known(TODAY - 2 * DAY, TODAY - DAY, 9, 'fees'),
      known(TODAY, TODAY + 2 * DAY, 4),
      '',
    ].join('\n'),
  )
  const pushes: string[][] = []
  for (const run of ['one', 'two']) {
    const [data, frames] = [pathOf(`data-${run}`), pathOf(`frames-${run}.ndjson`)]
    expect(await new DriftwireProcess(['import', 'metrics', file, '--data', data]).exited).toBe(0)
    const options = ['--feed', `replay:${recording}`, '--speed', 'max', '--record-frames', frames, '--exit-at-end']
    expect(await DriftwireProcess.serve('--data', data, '--config', written('config.json', '{}'), ...options).exited).toBe(0)
    pushes.push(
      readFileSync(frames, 'utf8')
        .split('\n')
        .map(line => line.replace(/"epoch":"[^"]*",/, '')),
    )
  }
  expect(pushes[0]).toEqual(pushes[1])
  const shown = pushes[0]!.filter(line => line.includes('"metrics:ETH"')).map(line => JSON.parse(line) as { t: number; d: object })
  expect(shown.map(({ t, d }) => [t - BEGIN, d])).toEqual([
    [
      0,
      {
        fees: { v: 9, t: TODAY - 2 * DAY, known: TODAY - DAY, src: 'desk', stale: false },
        tvl: { v: 2, t: TODAY, known: TODAY + 5, src: 'desk', stale: false },
      },
    ],
    [5_020, { tvl: { v: 3, known: BEGIN + 5_010 } }],
    [7_000, { tvl: { v: null, known: BEGIN + 7_000 } }],
    // The fees of the day before yesterday are overdue when those of yesterday had a day to be late.
    [10_000, { fees: { stale: true } }],
  ])
})
