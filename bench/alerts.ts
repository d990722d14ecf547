import { Subject } from 'rxjs'
import type { AlertRule } from '../streams/alerts/rule.ts'
import { Random } from '../streams/analytics/random.ts'
import type { Input } from '../streams/input.ts'
import { Interner } from '../streams/lib/interner.ts'
import { TickWriter } from '../streams/market/tickWriter.ts'
import { pipeline } from '../streams/pipeline.ts'
import { print } from './report.ts'

const CHANNELS = 1_000
/** Ten a channel. */
const RULES = 10_000
const FRAME_MS = 20
const BEGIN = Date.UTC(2024, 7, 8, 12)
const QUICK = process.argv.includes('--quick')
const ROUNDS = QUICK ? 2 : 5
/** Seconds of event time that a round takes in, after those in which the code becomes warm. */
const SECONDS = QUICK ? 2 : 10
const WARM_SECONDS = QUICK ? 1 : 5

const nothing = { severity: 'warning', forMs: 0, clearForMs: 0, confirmMs: 0 } as const
const ANY = {
  lo: Number.NEGATIVE_INFINITY,
  hi: Number.POSITIVE_INFINITY,
  clearLo: Number.NEGATIVE_INFINITY,
  clearHi: Number.POSITIVE_INFINITY,
}
const NO_LIMIT = { mads: 6, least: 5, window: 60, samples: 20, side: 'both', logs: false, change: false, clear: 1, lastsMs: 0 } as const

/** Ten rules of all kinds over each channel; some of them fire now and then. */
const rulesOf = (symbol: string): AlertRule[] => {
  const over = (id: number, figure: string, condition: AlertRule['condition'], more: Partial<AlertRule> = {}): AlertRule => ({
    ...nothing,
    ...{ id: `${symbol}-${id}`, channel: `tick:${symbol}`, figure, condition },
    ...more,
  })
  return [
    over(0, 'price', { kind: 'beyond', ...ANY, hi: 150, clearHi: 149 }),
    over(1, 'price', { kind: 'beyond', ...ANY, lo: 50, clearLo: 51 }),
    over(2, 'price', { kind: 'beyond', ...ANY, hi: 103, clearHi: 102 }, { forMs: 1_000 }),
    over(3, 'price', { kind: 'moved', by: 0.02, withinMs: 60_000, clear: 0.01, side: 'both' }),
    over(4, 'price', { kind: 'moved', by: 0.1, withinMs: 3_600_000, clear: 0.05, side: 'both' }),
    over(5, 'price', { kind: 'deviates', everyMs: 1_000, ...NO_LIMIT }),
    over(6, 'size', { kind: 'beyond', ...ANY, hi: 1e6, clearHi: 1e6 }),
    over(7, 't', { kind: 'stale', ms: 30_000 }),
    over(8, 'stale', { kind: 'is', value: true }),
    over(9, 'day.volume', { kind: 'beyond', ...ANY, hi: 1e12, clearHi: 1e12 }),
  ]
}

/** Trades that walk, `share` of all symbols in each frame. */
const inputs = function* (source: number, seconds: number, share: number, random: Random): IterableIterator<Input> {
  const prices = new Float64Array(CHANNELS).fill(100)
  const each = Math.round(CHANNELS * share)
  let next = 0
  let id = 0
  for (let frame = 1; frame <= (seconds * 1000) / FRAME_MS; frame++) {
    const t = BEGIN + frame * FRAME_MS
    const writer = new TickWriter(0)
    writer.message(Number.NaN)
    for (let i = 0; i < each; i++) {
      const symbol = next++ % CHANNELS
      prices[symbol] = prices[symbol]! * (1 + (random.unit() - 0.5) * 0.002)
      id += 1
      writer.trade(symbol, source, t - 1, prices[symbol]!, random.unit(), 'buy', String(id))
    }

    yield writer.drain()!
    yield { kind: 'clock', t }
  }
}

interface Cost {
  /** CPU seconds a second of event time. */
  readonly core: number
  readonly opened: number
}

/** Lets the market move, and measures what it takes of a core. */
const run = (rules: readonly AlertRule[], watched: boolean, share: number): Cost => {
  const [symbols, sources] = [new Interner(), new Interner()]
  for (let i = 0; i < CHANNELS; i++) symbols.index(`S${i}-USD`)
  const source = sources.index('bench')
  const flow = pipeline({
    ...{ symbols, sources, rules, isPublic: () => true, funds: [], portfolios: [], pools: [], epoch: 'e', digits: 12, storeMs: 1000 },
    ...{ frameMs: FRAME_MS, staleAfterMs: 10_000, feeds: [{ id: 'a', live: true }], everything: false },
  })
  const input = new Subject<Input>()
  let opened = 0
  flow.run(input).subscribe(({ alerts }) => {
    for (const { event } of alerts) if (event === 'opened') opened += 1
  })
  input.next({ kind: 'clock', t: BEGIN })
  if (watched) for (let i = 0; i < CHANNELS; i++) input.next({ kind: 'watch', channel: `tick:S${i}-USD`, on: true })
  const random = new Random(1)
  const moving = inputs(source, WARM_SECONDS + SECONDS, share, random)
  // Ticks and the clock, each frame.
  for (let i = 0; i < (2 * WARM_SECONDS * 1000) / FRAME_MS; i++) input.next(moving.next().value)
  const before = opened
  // Made beforehand, so that only the pipeline is measured.
  const prepared = [...moving]
  const begun = process.cpuUsage()
  for (const each of prepared) input.next(each)
  const { user, system } = process.cpuUsage(begun)
  return { core: (user + system) / 1e6 / SECONDS, opened: opened - before }
}

const all = Array.from({ length: CHANNELS }, (_, i) => rulesOf(`S${i}-USD`)).flat()
if (all.length !== RULES) throw new Error(`found ${all.length} rules, expected ${RULES}`)

/** Shares of the channels that change in each frame of 20 ms, and what that means. */
const SPEEDS = [
  [0.02, 'each changes once a second'],
  [0.2, 'each changes ten times a second'],
  [1, 'each changes in every frame, 50 times a second'],
] as const

const figures = SPEEDS.flatMap(([share, how]) => {
  const costs = Array.from({ length: ROUNDS }, () => {
    const none = run([], false, share)
    const watched = run([], true, share)
    const ruled = run(all, false, share)
    const both = run(all, true, share)
    return { none, watched, ruled, both }
  })
  const percent = (of: (cost: (typeof costs)[number]) => number): number[] => costs.map(cost => of(cost) * 100)
  return [
    {
      what: `10,000 rules over 1,000 channels, ${how}: more than without rules`,
      unit: '% of a core',
      rounds: percent(c => c.ruled.core - c.none.core),
    },
    { what: `the same if all channels are followed anyway`, unit: '% of a core', rounds: percent(c => c.both.core - c.watched.core) },
    { what: `of these, alerts opened`, unit: 'a second', rounds: costs.map(c => c.ruled.opened / SECONDS) },
    { what: `the pipeline without rules and followers`, unit: '% of a core', rounds: percent(c => c.none.core) },
  ]
})

print({
  name: 'alerts',
  method: `Rules of all kinds, ten a channel, over \`tick:\` channels of the pipeline, in frames of 20 ms; CPU time of the process over ${SECONDS} s of event time.`,
  figures,
})
