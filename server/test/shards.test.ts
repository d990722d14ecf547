import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { levelsSymbol } from '../../streams/pools/spec.ts'
import { Driven } from '../../streams/test/drive.ts'
import { canonical } from '../../streams/wire/mergePatch.ts'
import { type Plan, readPlan } from '../compose/plan.ts'
import { readSettings } from '../config/settings.ts'
import { merged } from '../feeds/replay/merge.ts'
import { decodeBatch, encodeBatch, type Naming } from '../feeds/shared/batchCodec.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { feedContext } from './feedKit.ts'
import { file } from './protocolKit.ts'
import { haveRecordings, recordedLines } from './recordings.ts'
import { smallWorld } from './smallWorld.ts'

const silent = pino({ level: 'silent' })
const DEMO = join(packageRoot(), 'server', 'demo', 'config.json')
const SHARDS = 2
/** Portfolios of the configuration, so that each shard has some. */
const PORTFOLIOS = 12
/** Trades of the recording that are replayed. */
const TRADES = 4_000
/** Frames between two comparisons. */
const EVERY = 50

const trades = haveRecordings ? recordedLines('trades/binance_spot_BTC_ETH_20240808_trades.csv.gz').slice(0, TRADES) : []
const CONFIG = (() => {
  const world = smallWorld()
  const portfolios = Array.from({ length: PORTFOLIOS }, (_, i) => ({
    id: `P${i}`,
    method: i % 2 ? 'hifo' : 'fifo',
    transactions: 'mine.csv',
  }))
  const feeds = [...world.feeds, ...(haveRecordings ? [`replay:${file('trades.csv', trades.join('\n'))}`] : [])]
  const pools = [...world.pools, ...['BOOK2', 'BOOK3', 'BOOK4'].map(id => ({ ...world.pools[1]!, id }))]
  return file('shards.json', JSON.stringify({ ...world, portfolios: [...world.portfolios, ...portfolios], pools, feeds }))
})()

/** A core without the world around it. */
interface Core {
  readonly plan: Plan
  readonly driven: Driven
  readonly naming: Naming
  readonly channels: readonly string[]
}

const coreOf = async (shard?: string): Promise<Core> => {
  const options = { config: CONFIG, ...(shard !== undefined && { shard, redis: 'redis://127.0.0.1:1' }) }
  const plan = await readPlan(readSettings(options, {}, DEMO), silent)
  const { funds, portfolios, pools, sourceOrder } = plan
  const driven = new Driven({ feeds: plan.feeds.map(({ id, live }) => ({ id, live })), funds, portfolios, pools, sourceOrder })
  const { symbols, sources } = driven
  // Each core has met names in another order.
  for (const name of [shard ?? 'whole', 'B-USD', 'BTC-USDT']) symbols.index(name)
  const ids = (kind: string, of: readonly { readonly id: string }[]): string[] => of.map(({ id }) => `${kind}:${id}`)
  const channels = [...ids('fund', funds), ...ids('pnl', portfolios), ...ids('pool', pools)]
  const market = ['tick', 'candle:1h', 'trades'].flatMap(kind => ['A-USD', 'C-USD', 'BTC-USDT', 'ETH-USDT'].map(name => `${kind}:${name}`))
  driven.watch(...channels, ...market)
  return { plan, driven, naming: { symbols, sources, feeds: plan.feeds.map(({ id }) => id) }, channels: [...channels, ...market] }
}

describe('a recording', () => {
  it('gives the same states, channel by channel, in one core and in two shards that follow its batches', async () => {
    const whole = await coreOf()
    const shards = await Promise.all(Array.from({ length: SHARDS }, (_, i) => coreOf(`${i + 1}/${SHARDS}`)))
    const divided = (of: (core: Core) => readonly { readonly id: string }[]): string[][] => shards.map(core => of(core).map(({ id }) => id))
    for (const of of [({ plan }: Core) => plan.portfolios, ({ plan }: Core) => plan.pools]) {
      expect(divided(of).flat().toSorted()).toEqual(
        of(whole)
          .map(({ id }) => id)
          .toSorted(),
      )
      for (const ids of divided(of)) expect(ids.length).toBeGreaterThan(0)
    }
    const { symbols, sources } = whole.naming
    const books = new Set(whole.plan.shownPools.flatMap(pool => levelsSymbol(pool) ?? []))
    const context = { ...feedContext(), symbols, sources, books, map: whole.plan.symbolMap }
    const replays = whole.plan.feeds.map((feed, i) => ({ feed: i, batches: feed.open({ ...context, feed: i }) }))
    let [frames, compared] = [0, 0]
    const compare = (): void => {
      for (const { driven, channels } of shards)
        for (const channel of channels) {
          expect(canonical(driven.state(channel)), channel).toBe(canonical(whole.driven.state(channel)))
          compared += 1
        }
    }
    for await (const input of merged(replays, 20)) {
      if (input.kind === 'ticks' || input.kind === 'levels' || input.kind === 'chain' || input.kind === 'feed') {
        // Before the view that it goes into marks what it refuses.
        const batch = encodeBatch([input], 0, whole.naming)
        for (const { driven, naming } of shards) for (const read of decodeBatch(batch, naming).inputs) driven.send(read)
      } else if (input.kind === 'clock') for (const { driven } of shards) driven.send(input)
      whole.driven.send(input)
      if (input.kind === 'clock' && ++frames % EVERY === 0) compare()
    }
    compare()
    expect(compared).toBeGreaterThan(100)
    // They say something.
    expect(Object.keys(whole.driven.state<{ assets: object }>('pnl:P0').assets)).toEqual(['A'])
    expect(whole.driven.state<{ price: number }>('pool:V3').price).toBeGreaterThan(0)
    expect(whole.driven.state<{ price: number }>('pool:BOOK').price).toBe(1000)
  })
})
