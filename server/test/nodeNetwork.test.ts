import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { hasIslands, Island } from './kit/island.ts'
import { Nodes } from './kit/nodes.ts'
import { Trader } from './kit/nodeTrader.ts'
import { redisPath } from './kit/redisServer.ts'

/** `npm run test:nodes` asks for it; half a minute each is too long for the suite. */
const asked = process.env.FAULTS !== undefined
/** How long the network is cut, ms. */
const CUT_MS = 10_000
/** Clients are whole within this time after the network is whole, and a core takes over within it, ms. */
const WHOLE_MS = 3_000

// Without redis-server there is nothing between nodes, and without the right to make network namespaces nothing to cut.
describe.skipIf(!asked || redisPath === undefined || !hasIslands)('a network that is cut', () => {
  let nodes: Nodes
  let island: Island
  let traders: Trader[]

  const trade = async (): Promise<void> => {
    traders = [0, 1].map(i => new Trader(nodes, `trader-${i}`, i))
    for (const trader of traders) await trader.begin(20)
    await whole()
    for (const trader of traders) trader.wasStale = false
  }
  const whole = async (): Promise<number> => {
    const from = performance.now()
    await Promise.all(traders.map(trader => trader.whole()))
    return Math.round(performance.now() - from)
  }
  /** Each order that was acknowledged is there once, in its order. */
  const expectAllOrders = async (): Promise<void> => {
    for (const trader of traders) expect((await trader.end()).keys).toEqual(trader.acknowledged)
  }
  afterEach(async () => {
    island.join()
    await nodes.end()
    island.remove()
  })

  it('between Redis and all nodes: what is old is marked, nobody is answered wrongly, and all is whole within 3 s after', async () => {
    island = Island.make()
    nodes = await Nodes.startOn({ redis: island }, 2)
    await trade()
    island.cut()
    await delay(CUT_MS)
    const stale = traders.map(({ wasStale }) => wasStale)
    island.join()
    const took = await whole()
    console.log(`whole ${took} ms after a cut of ${CUT_MS} ms`)
    expect(stale).toEqual([true, true])
    expect(took).toBeLessThan(WHOLE_MS)
    await expectAllOrders()
  }, 90_000)

  it('between the core that leads and all else: the other takes over, and the first ends when it learns of it', async () => {
    island = Island.make()
    nodes = await Nodes.startOn({ leader: island }, 2)
    await trade()
    island.cut()
    const took = await whole()
    console.log(`whole ${took} ms after the core that leads was cut off`)
    expect(took).toBeLessThan(2 * WHOLE_MS)
    await delay(Math.max(0, CUT_MS - took))
    island.join()
    const [overtaken] = nodes.cores.splice(0, 1)
    expect(await overtaken!.exited).toBe(1)
    expect(await whole()).toBeLessThan(WHOLE_MS)
    await expectAllOrders()
  }, 90_000)
})
