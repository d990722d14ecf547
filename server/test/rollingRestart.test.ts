import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Driftwire } from '../../clients/driftwire-client/src/index.ts'
import { Nodes } from './kit/nodes.ts'
import { Trader, throughBalancer } from './kit/nodeTrader.ts'
import { redisPath } from './kit/redisServer.ts'

/** All nodes are stopped and started again, one after another, under load: `npm run test:rolling` with 1,000 clients and 500 orders a second. */
const CLIENTS = Number(process.env.CLIENTS ?? 60)
/** Orders a second that are tried; each trader sends ten. */
const ORDERS = Number(process.env.ORDERS ?? 40)
/** Of a hundred times that a client is cut off, 99 are shorter than this, ms; the suite's other tests keep the machine busy meanwhile. */
const CUT_OFF_MS = process.env.CLIENTS === undefined ? 3_000 : 1_000

/** A client that follows a fund, and notes for how long it is cut off. */
class Follower {
  readonly cuts: number[] = []
  readonly wire: Driftwire
  pushes = 0

  constructor(nodes: Nodes, home: number) {
    this.wire = connect(Nodes.urlOf(nodes.gateways[0]!), { socket: throughBalancer(nodes, home) })
    let lostAt: number | undefined
    let wasLive = false
    this.wire.connection.subscribe(({ state }) => {
      if (state === 'live') wasLive = true
      else if (wasLive && lostAt === undefined && state !== 'silent' && state !== 'closed') lostAt = performance.now()
    })
    this.wire.channel('fund:ONE', { checksum: true, maxRate: 2 }).subscribe(({ stale }) => {
      this.pushes += 1
      if (stale || lostAt === undefined) return
      this.cuts.push(performance.now() - lostAt)
      lostAt = undefined
    })
  }
}

// Without redis-server there is nothing between nodes.
describe.skipIf(redisPath === undefined)('all nodes are started again, one after another', () => {
  let nodes: Nodes
  const traders: Trader[] = []
  const followers: Follower[] = []
  beforeAll(async () => {
    nodes = await Nodes.start(2, '--drain-ms', '500')
    for (let i = 0; i < ORDERS / 10; i++) traders.push(new Trader(nodes, `trader-${i}`, i))
    for (const trader of traders) await trader.begin(100)
    for (let i = 0; i < CLIENTS; i++) {
      followers.push(new Follower(nodes, i))
      if (i % 20 === 19) await delay(20)
    }
    await Promise.all(traders.map(trader => trader.whole()))
    while (followers.some(({ pushes }) => pushes === 0)) await delay(20)
  }, 120_000)
  afterAll(() => nodes.end())

  it(
    'no order is lost or done twice, no state is wrong, and clients are cut off for less than a second',
    async () => {
      const from = performance.now()
      const before = traders.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
      for (const gateway of nodes.gateways) await nodes.roll(gateway)
      const cuts = followers.flatMap(follower => follower.cuts).sort((a, b) => a - b)
      await nodes.endLeader('SIGTERM')
      await Promise.all(traders.map(trader => trader.whole()))
      const seconds = (performance.now() - from) / 1_000
      const done = traders.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0) - before
      const p99 = cuts[Math.floor(cuts.length * 0.99)] ?? 0
      console.log(
        `${cuts.length} cuts, p50 ${cuts[cuts.length >> 1]?.toFixed()} ms, p99 ${p99.toFixed()} ms; ${(done / seconds).toFixed()} orders a second`,
      )
      for (const trader of traders) expect((await trader.end()).keys).toEqual(trader.acknowledged)
      // Each client was at one of the two, which let it go; some were let go by both.
      expect(cuts.length).toBeGreaterThanOrEqual(CLIENTS)
      expect(p99).toBeLessThan(CUT_OFF_MS)
      expect(followers.reduce((sum, { wire }) => sum + wire.counts.healed, 0)).toBe(0)
      expect(followers.every(({ wire }) => wire.counts.checked > 0)).toBe(true)
      for (const { wire } of followers) wire.close()
    },
    CLIENTS > 100 ? 600_000 : 60_000,
  )
})
