import { describe, expect, it } from 'vitest'
import { counter, flag, gauge, samplesOf } from './metric.ts'
import { metrics } from './metrics.ts'

describe('a metric shows', () => {
  const figures = {
    sink: { state: 'ready', storedTo: 1_500, waiting: { rows: 3 }, stored: { ticks: 7, pnl: 0 } },
    feeds: { a: { bad: { gap: 2 } } },
  }
  it.each([
    ['a figure', gauge('n', 'rows', 'sink.waiting.rows', ''), [{ labels: [], value: 3 }]],
    ['ms as seconds', gauge('n', 'seconds', 'sink.storedTo', ''), [{ labels: [], value: 1.5 }]],
    [
      'figures by name',
      counter('n', 'rows', 'sink.stored.*', '', 'table'),
      [
        { labels: ['ticks'], value: 7 },
        { labels: ['pnl'], value: 0 },
      ],
    ],
    ['figures by two names', counter('n', 'rows', 'feeds.*.bad.*', '', 'feed', 'kind'), [{ labels: ['a', 'gap'], value: 2 }]],
    ['whether a text is this one', flag('n', 'sink.state', 'ready', ''), [{ labels: [], value: 1 }]],
    ['that it is another one', flag('n', 'sink.state', 'starting', ''), [{ labels: [], value: 0 }]],
    ['nothing of a part that is absent', gauge('n', 'pushes', 'recorder.written', ''), []],
    ['nothing of a figure that is absent', gauge('n', 'rows', 'sink.gone', ''), []],
    ['nothing of a text', gauge('n', 'rows', 'sink.state', ''), []],
    ['nothing of a group', gauge('n', 'rows', 'sink.waiting', ''), []],
  ] as const)('%s', (_, metric, samples) => {
    expect(samplesOf(metric, figures)).toEqual(samples)
  })

  it('nothing of what is not a number', () => {
    expect(samplesOf(gauge('n', 'seconds', 'a', ''), { a: Number.NaN })).toEqual([])
    expect(samplesOf(gauge('n', 'seconds', 'a', ''), { a: undefined })).toEqual([])
  })
})

describe('/metrics', () => {
  it('has no sample of a figure that is gone, and counters show the figure, not a sum of all scrapes', async () => {
    let figures: Record<string, object> = { clients: { pushes: 5, sockets: 1 }, sink: { stored: { ticks: 4 } } }
    const registry = metrics(() => figures as never)
    const lines = async (): Promise<string[]> =>
      (await registry.metrics()).split('\n').filter(line => /^driftwire_(clients_(pushes|sockets)|sink_stored_total)/.test(line))
    expect(await lines()).toEqual([
      'driftwire_clients_sockets 1',
      'driftwire_clients_pushes_total 5',
      'driftwire_sink_stored_total{table="ticks"} 4',
    ])
    await new Promise(resolve => setImmediate(resolve))
    figures = { clients: { pushes: 6 } }
    expect(await lines()).toEqual(['driftwire_clients_pushes_total 6'])
  })
})
