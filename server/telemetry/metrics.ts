import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { FeedHealth } from '../../streams/market/feedHealth.ts'
import type { Figures } from '../lib/figures.ts'

/** Counts of a feed, by name: the help text, and how they are read. */
const FEED_COUNTS: Readonly<Record<string, readonly [help: string, of: (feed: FeedHealth) => number]>> = {
  ticks: ['Ticks accepted', feed => feed.ticks],
  messages: ['Messages read', feed => feed.messages],
  late: ['Trades older than the newest of their symbol', feed => feed.late],
}

/**
 * Returns Prometheus' view of the figures that `status` shows. Nothing is counted twice: figures are read when they are asked for.
 * `sink.inserted` of the table `ticks` becomes `driftwire_sink_inserted{of="ticks"}`.
 */
export const metrics = (feeds: () => readonly FeedHealth[], parts: () => Figures): Registry => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  feedMetrics(feeds, registry)
  for (const part of Object.keys(parts())) gaugesOf(part, parts, registry)
  return registry
}

const feedMetrics = (feeds: () => readonly FeedHealth[], registry: Registry): void => {
  const registers = [registry]
  for (const [name, [help, of]] of Object.entries(FEED_COUNTS))
    new Counter({
      name: `driftwire_feed_${name}_total`,
      help,
      labelNames: ['feed'],
      registers,
      collect() {
        this.reset()
        for (const feed of feeds()) this.inc({ feed: feed.id }, of(feed))
      },
    })
  new Counter({
    name: 'driftwire_feed_bad_total',
    help: 'What was rejected, by kind',
    labelNames: ['feed', 'kind'],
    registers,
    collect() {
      this.reset()
      for (const feed of feeds()) for (const [kind, count] of Object.entries(feed.bad)) this.inc({ feed: feed.id, kind }, count)
    },
  })
  new Counter({
    name: 'driftwire_feed_passed_total',
    help: 'Messages of kinds that are not read, by kind',
    labelNames: ['feed', 'kind'],
    registers,
    collect() {
      this.reset()
      for (const feed of feeds()) for (const [kind, count] of Object.entries(feed.passed)) this.inc({ feed: feed.id, kind }, count)
    },
  })
  for (const name of ['refused', 'missing'] as const)
    new Gauge({
      name: `driftwire_feed_${name}`,
      help: `Symbols and topics that the status channel lists as ${name}`,
      labelNames: ['feed'],
      registers,
      collect() {
        for (const feed of feeds()) this.set({ feed: feed.id }, Object.keys(feed[name]).length)
      },
    })
  new Gauge({
    name: 'driftwire_feed_silent',
    help: '1 if the feed has been silent for too long',
    labelNames: ['feed'],
    registers,
    collect() {
      for (const feed of feeds()) this.set({ feed: feed.id }, feed.silent ? 1 : 0)
    },
  })
  new Gauge({
    name: 'driftwire_feed_lag_ms',
    help: 'Time between the newest tick of the feed and its receipt',
    labelNames: ['feed'],
    registers,
    collect() {
      for (const feed of feeds()) if (!Number.isNaN(feed.lag)) this.set({ feed: feed.id }, feed.lag)
    },
  })
}

/** Registers one gauge a figure of a part. Figures one level deeper are one gauge with the label `of`. */
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
        if (typeof now === 'object')
          for (const [of, count] of Object.entries(now)) {
            if (typeof count !== 'string' && count !== undefined) this.set({ of }, Number(count))
          }
        else this.set(Number(now ?? 0))
      },
    })
  }
}

const snake = (name: string): string => name.replace(/[A-Z]/g, c => `_${c.toLowerCase()}`)
