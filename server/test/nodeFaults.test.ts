import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../lib/seededRandom.ts'
import { Nodes } from './kit/nodes.ts'
import { Trader } from './kit/nodeTrader.ts'
import { redisPath } from './kit/redisServer.ts'

/** Faults one after another, chosen by a seed: `npm run test:nodes` tries 50; the suite tries one of each kind that is quick. */
const FAULTS = Number(process.env.FAULTS ?? 0)
const SEED = Number(process.env.SEED ?? 7) || 7
/** How long Redis hangs, ms. */
const HANG_MS = FAULTS > 0 ? 10_000 : 2_000
/** Clients are whole within this time after the cause is gone, ms; a core that is killed is gone for good, and the other takes over within it. */
const WHOLE_MS = 3_000
const TAKEOVER_MS = 3_000

interface Fault {
  readonly name: string
  /** Does it, and resolves when the cause is gone. */
  readonly happen: (nodes: Nodes, random: () => number) => Promise<void>
  /** ms more that it takes until clients are whole. */
  readonly longer?: number
  /** Lasts long enough that what clients see has to be marked as stale meanwhile. */
  readonly shows?: true
  readonly after?: (nodes: Nodes) => Promise<void>
}

const KINDS: readonly Fault[] = [
  {
    name: 'a gateway is killed and started again',
    async happen(nodes, random) {
      const gateway = nodes.gateways[Math.floor(random() * nodes.gateways.length)]!
      await gateway.process.end('SIGKILL')
      await nodes.restart(gateway)
    },
  },
  {
    name: 'Redis is killed and started again',
    async happen({ redis }, random) {
      await redis.kill()
      await delay(random() * 1_500)
      await redis.restart()
    },
  },
  {
    name: 'Redis hangs',
    shows: true,
    async happen({ redis }) {
      redis.pause()
      await delay(HANG_MS)
      redis.resume()
    },
  },
  {
    name: 'the core that leads is killed',
    happen: nodes => nodes.endLeader('SIGKILL'),
    longer: TAKEOVER_MS,
    after: nodes => nodes.addStandby(),
  },
  {
    name: 'the core that leads is stopped',
    happen: nodes => nodes.endLeader('SIGTERM'),
    longer: TAKEOVER_MS,
    after: nodes => nodes.addStandby(),
  },
]
/** Without the last, so that no core has to be started again. */
const QUICK = KINDS.slice(0, -1)

// Without redis-server there is nothing between nodes.
describe.skipIf(redisPath === undefined)('two cores and two gateways', () => {
  let nodes: Nodes
  const traders: Trader[] = []
  beforeAll(async () => {
    nodes = await Nodes.start(2)
    for (let i = 0; i < 4; i++) {
      const trader = new Trader(nodes, `trader-${i}`, i)
      await trader.begin(20)
      traders.push(trader)
    }
    await Promise.all(traders.map(trader => trader.whole()))
  }, 60_000)
  afterAll(() => nodes.end())

  it(
    'survive faults: clients are whole in time, nothing acknowledged is lost or doubled, and what is stale is marked',
    async () => {
      const { uniform: next } = seededRandom(SEED)
      const chosen = FAULTS > 0 ? Array.from({ length: FAULTS }, () => KINDS[Math.floor(next() * KINDS.length)]!) : QUICK
      const late: string[] = []
      for (const [i, { name, happen, longer = 0, shows, after }] of chosen.entries()) {
        for (const trader of traders) trader.wasStale = false
        await happen(nodes, next)
        const from = performance.now()
        await Promise.all(traders.map(trader => trader.whole()))
        const took = Math.round(performance.now() - from)
        const unmarked = shows ? traders.filter(({ wasStale }) => !wasStale).map(trader => trader.name) : []
        console.log(`${i + 1}. ${name}: whole after ${took} ms`)
        if (took > WHOLE_MS + longer) late.push(`${name}: found ${took} ms, expected at most ${WHOLE_MS + longer}`)
        if (unmarked.length > 0) late.push(`${name}: found nothing marked as stale for ${unmarked.join(', ')}`)
        if (i + 1 === chosen.length) break
        await after?.(nodes)
        await delay(300)
      }
      for (const trader of traders) {
        const { keys, shares } = await trader.end()
        // Each key once, in the order in which they were acknowledged: none is lost, none is there twice.
        expect(keys).toEqual(trader.acknowledged)
        expect(Number(shares)).toBe(keys.length % 2 === 0 ? 0 : 10)
      }
      expect(late).toEqual([])
    },
    FAULTS > 0 ? 30 * 60_000 : 90_000,
  )
})
