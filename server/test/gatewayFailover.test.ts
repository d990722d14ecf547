import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { distinct } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { utf8Text } from '../../streams/channels/byteWriter.ts'
import { type GatewayBus, gatewayBus, ownKeys, type PublishingCore, publishingCore } from './kit/gatewayBus.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'

const NOON = Date.UTC(2024, 7, 8, 12)
const TICK = 'tick:BTC-USD'

/** A core and two gateways at one address. */
class Trio {
  readonly core: PublishingCore
  readonly gateways: readonly GatewayBus[]
  private frames = 0
  private readonly timer: ReturnType<typeof setInterval>

  private constructor(core: PublishingCore, gateways: readonly GatewayBus[]) {
    this.core = core
    this.gateways = gateways
    for (const { bus } of gateways) {
      // As a hub does: nothing is watched any more when a core begins.
      bus.flushes$.pipe(distinct(({ epoch }) => epoch)).subscribe(() => bus.watch(TICK, true))
      bus.begin()
    }
    this.timer = setInterval(() => {
      this.frames += 1
      core.core.frame(NOON + 20 * this.frames, [{ symbol: 'BTC-USD', price: 100 + this.frames / 7 }])
    }, 20)
  }

  static async at(url: string): Promise<Trio> {
    const keys = ownKeys()
    const core = await publishingCore({ url }, keys)
    return new Trio(core, [await gatewayBus({ url }, keys), await gatewayBus({ url }, keys)])
  }

  /** Resolves when both gateways have what the core has now. */
  async whole(timeout = 3_000): Promise<void> {
    const { channels } = this.core.core.bus
    const snapshot = channels.snapshot(TICK)!
    await vi.waitFor(
      () => {
        for (const { bus } of this.gateways) expect(bus.channels.seq(TICK)).toBeGreaterThanOrEqual(snapshot.seq)
      },
      { timeout, interval: 10 },
    )
    clearInterval(this.timer)
    await vi.waitFor(() => {
      for (const { bus } of this.gateways) {
        const [mine, theirs] = [bus.channels.snapshot(TICK)!, channels.snapshot(TICK)!].map(push => JSON.parse(utf8Text(push.bytes)))
        expect([mine.epoch, mine.seq, mine.snap]).toEqual([theirs.epoch, theirs.seq, theirs.snap])
      }
    })
  }

  async begun(): Promise<void> {
    await vi.waitFor(() => expect(this.core.core.bus.channels.seq(TICK)).toBeGreaterThan(10), { timeout: 3_000 })
  }

  async end(): Promise<void> {
    clearInterval(this.timer)
    await Promise.all([...this.gateways, this.core].map(one => one.end()))
  }
}

// Without redis-server there is nothing that could fail over.
describe.skipIf(redisPath === undefined)('frames', () => {
  const servers: RedisServer[] = []
  let trio: Trio | undefined
  afterEach(async () => {
    await trio?.end()
    trio = undefined
    await Promise.all(servers.splice(0).map(server => server.remove()))
  })
  const started = async (starting: Promise<RedisServer>): Promise<RedisServer> => {
    const server = await starting
    servers.push(server)
    return server
  }

  it('go on at the replica that the sentinels choose: gateways are whole within three seconds after all of them know', async () => {
    const primary = await started(RedisServer.start())
    const replica = await started(RedisServer.start({ replicaof: `127.0.0.1 ${primary.port}` }))
    const sentinels = await Promise.all([1, 2, 3].map(() => started(RedisServer.startSentinel(primary))))
    const asking = new Redis(replica.port)
    await vi.waitFor(async () => expect(await asking.info('replication')).toContain('master_link_status:up'), { timeout: 10_000 })
    const known = sentinels.map(({ port }) => new Redis(port))
    await vi.waitFor(async () => expect(await known[0]!.call('SENTINEL', 'CKQUORUM', 'main')).toMatch(/^OK 3/), { timeout: 10_000 })
    trio = await Trio.at(`redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/main`)
    await trio.begun()
    const epoch = trio.gateways[0]!.bus.epoch
    await primary.kill()
    // One of them makes the replica a primary; the others hear of it within two seconds.
    await vi.waitFor(
      async () => {
        for (const sentinel of known)
          expect(await sentinel.call('SENTINEL', 'get-master-addr-by-name', 'main')).toEqual(['127.0.0.1', String(replica.port)])
      },
      { timeout: 20_000, interval: 20 },
    )
    for (const client of [asking, ...known]) client.disconnect()
    await trio.whole()
    for (const { bus } of trio.gateways) expect(bus.figures.terms).toBe(1)
    expect(trio.gateways.map(({ bus }) => bus.epoch)).toEqual([epoch, epoch])
    expect(trio.core.figures().dropped).toBe(0)
  })

  it('go through a cluster, all of a core by one of its nodes', async () => {
    const node = await started(RedisServer.start({ 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' }))
    const admin = new Redis(node.port)
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await vi.waitFor(async () => expect(await admin.call('CLUSTER', 'INFO')).toContain('cluster_state:ok'), { timeout: 5_000 })
    admin.disconnect()
    trio = await Trio.at(`redis+cluster://127.0.0.1:${node.port}`)
    await trio.begun()
    node.pause()
    await delay(1_500)
    node.resume()
    await trio.whole()
    for (const { bus } of trio.gateways) expect(bus.figures).toMatchObject({ terms: 1, holes: 0 })
  })
})
