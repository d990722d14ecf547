import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { FeedHealth } from '../../streams/market/feedHealth.ts'
import type { Figures } from '../lib/figures.ts'

/**
 * Prometheus' view of the same figures that `status` shows: nothing is counted twice, everything is read when it is asked for.
 * `sink.inserted.ticks` becomes `driftwire_sink_inserted{of="ticks"}` where the figures go one level deeper than a name.
 */
export const metrics = (feeds: () => readonly FeedHealth[], parts: () => Figures): Registry => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const labelled = (
    name: string,
    help: string,
    labels: readonly string[],
    read: (feed: FeedHealth) => readonly (readonly [Record<string, string>, number])[],
  ) =>
    new Counter({
      name: `driftwire_feed_${name}_total`,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect() {
        this.reset()
        for (const feed of feeds()) for (const [values, count] of read(feed)) this.inc(values, count)
      },
    })
  labelled('ticks', 'Ticks taken in', ['feed'], feed => [[{ feed: feed.id }, feed.ticks]])
  labelled('messages', 'Messages read', ['feed'], feed => [[{ feed: feed.id }, feed.messages]])
  labelled('late', 'Trades older than the newest of their symbol', ['feed'], feed => [[{ feed: feed.id }, feed.late]])
  labelled('bad', 'What was left out, by kind', ['feed', 'kind'], feed =>
    Object.entries(feed.bad).map(([kind, count]) => [{ feed: feed.id, kind }, count]),
  )
  new Gauge({
    name: 'driftwire_feed_silent',
    help: '1 where the feed has been silent for too long',
    labelNames: ['feed'],
    registers: [registry],
    collect() {
      for (const feed of feeds()) this.set({ feed: feed.id }, feed.silent ? 1 : 0)
    },
  })
  new Gauge({
    name: 'driftwire_feed_lag_ms',
    help: 'Time between the newest tick of the feed and its receipt',
    labelNames: ['feed'],
    registers: [registry],
    collect() {
      for (const feed of feeds()) if (!Number.isNaN(feed.lag)) this.set({ feed: feed.id }, feed.lag)
    },
  })
  for (const part of Object.keys(parts())) gaugesOf(part, parts, registry)
  return registry
}

/** One gauge a figure of the part; a nested set becomes one gauge with the label `of`. */
const gaugesOf = (part: string, parts: () => Figures, registry: Registry): void => {
  const read = (): Figures => (parts()[part] as Figures | undefined) ?? {}
  for (const [key, value] of Object.entries(read())) {
    if (typeof value === 'string' || value === undefined) continue
    const nested = typeof value === 'object'
    new Gauge({
      name: `driftwire_${snake(part)}_${snake(key)}`,
      help: `${part}.${key} of the status channel`,
      labelNames: nested ? ['of'] : [],
      registers: [registry],
      collect() {
        const now = read()[key]
        if (typeof now === 'object') for (const [of, count] of Object.entries(now)) this.set({ of }, Number(count))
        else this.set(Number(now ?? 0))
      },
    })
  }
}

const snake = (name: string): string => name.replace(/[A-Z]/g, c => `_${c.toLowerCase()}`)
