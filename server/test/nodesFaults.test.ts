import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type ConnectionState, connect, type Driftwire } from '../../clients/driftwire-client/src/index.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'

/** Channels of the simulated market that move all the time. */
const CHANNELS = ['fund:TOP', 'tick:BTC-USD', 'candle:1m:ETH-USD'] as const
const CONFIG = {
  assets: { BTC: { supply: '19700000' }, ETH: { supply: '120000000' } },
  funds: [{ id: 'TOP', weighting: { scheme: 'market-cap', count: 2 } }],
  feeds: ['sim:7'],
}

/** A client that knows several gateways, and what it sees of the channels. */
class Watcher {
  readonly wire: Driftwire
  /** The address that it connects to. */
  url: string
  readonly seen = new Map<string, { seq: number; stale: boolean; at: number }>()
  /** Snapshots in place of what was missed, by channel. */
  readonly notRecovered: string[] = []
  recovered = 0
  /** Numbers of one epoch that did not rise. */
  readonly backwards: string[] = []
  readonly states: ConnectionState['state'][] = []

  constructor(url: string) {
    this.url = url
    this.wire = connect(url, { socket: () => new WebSocket(`${this.url}/ws`) as never })
    for (const channel of CHANNELS)
      this.wire.channel(channel, { checksum: true }).subscribe(({ seq, stale, recovered }) => {
        if (recovered === false) this.notRecovered.push(channel)
        if (recovered === true) this.recovered += 1
        if (recovered !== false && seq < (this.seen.get(channel)?.seq ?? 0)) this.backwards.push(channel)
        this.seen.set(channel, { seq, stale, at: performance.now() })
      })
  }

  /** Resolves when every channel has moved since now and is not stale. */
  async live(timeout = 3_000): Promise<void> {
    const since = performance.now()
    await vi.waitFor(
      () => {
        for (const channel of CHANNELS) {
          const now = this.seen.get(channel)
          expect([channel, now?.stale, (now?.at ?? 0) > since]).toEqual([channel, false, true])
        }
      },
      { timeout, interval: 20 },
    )
  }

  /** Resolves when every channel is stale. */
  async stale(timeout = 3_000): Promise<void> {
    await vi.waitFor(() => expect([...this.seen.values()].map(({ stale }) => stale)).toEqual(CHANNELS.map(() => true)), {
      timeout,
      interval: 20,
    })
  }
}

// Without redis-server there is one process only.
describe.skipIf(redisPath === undefined)('a core and two gateways', () => {
  let redis: RedisServer
  let core: DriftwireProcess
  let gateways: DriftwireProcess[]
  const watchers: Watcher[] = []
  const config = written('nodes.json', JSON.stringify(CONFIG))
  const serve = (role: string, ...options: string[]): DriftwireProcess =>
    DriftwireProcess.serve('--config', config, '--data', pathOf(`nodes-${role}`), '--role', role, '--redis', redis.url, ...options)
  const ready = async (server: DriftwireProcess): Promise<void> => {
    const url = await server.url()
    await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), { timeout: 30_000, interval: 50 })
  }
  const watcherAt = async (server: DriftwireProcess): Promise<Watcher> => {
    const watcher = new Watcher((await server.url()).replace('http', 'ws'))
    watchers.push(watcher)
    await watcher.live(10_000)
    return watcher
  }

  beforeAll(async () => {
    redis = await RedisServer.start({ appendonly: 'yes', appendfsync: 'always' })
    core = serve('core')
    gateways = [serve('gateway'), serve('gateway')]
    for (const gateway of gateways) await ready(gateway)
  })
  afterEach(() => {
    for (const { wire } of watchers.splice(0)) wire.close()
  })
  afterAll(async () => {
    await Promise.all([...gateways, core].map(server => server.end('SIGKILL')))
    await redis.remove()
  })

  it('give a client the same numbers at both', async () => {
    const both = [await watcherAt(gateways[0]!), await watcherAt(gateways[1]!)]
    const [one, other] = await Promise.all(
      gateways.map(async gateway => {
        const client = await gateway.client()
        const reply = (await client.subscribe([...CHANNELS])) as Record<string, { epoch: string }>
        await client.close()
        return reply
      }),
    )
    for (const channel of CHANNELS) expect(one![channel]!.epoch).toBe(other![channel]!.epoch)
    for (const watcher of both) expect(watcher.wire.counts).toMatchObject({ healed: 0 })
  })

  it('lose a gateway: its clients go on at the other, with all that they missed', async () => {
    const watcher = await watcherAt(gateways[0]!)
    watcher.url = (await gateways[1]!.url()).replace('http', 'ws')
    await gateways[0]!.end('SIGKILL')
    await watcher.live()
    expect(watcher.notRecovered).toEqual([])
    expect(watcher.recovered).toBe(CHANNELS.length)
    expect([watcher.backwards, watcher.wire.counts.healed]).toEqual([[], 0])
    gateways[0] = serve('gateway')
    await ready(gateways[0])
    await watcherAt(gateways[0])
  })

  it('lose Redis and get it back: states are stale meanwhile, and clients whole within three seconds', async () => {
    const watcher = await watcherAt(gateways[1]!)
    await redis.kill()
    await watcher.stale()
    await redis.restart()
    await watcher.live()
    expect([watcher.notRecovered, watcher.backwards, watcher.wire.counts.healed]).toEqual([[], [], 0])
  })

  it('have a Redis that hangs: states are stale meanwhile, and clients whole within three seconds', async () => {
    const watcher = await watcherAt(gateways[1]!)
    redis.pause()
    await watcher.stale()
    redis.resume()
    await watcher.live()
    expect([watcher.backwards, watcher.wire.counts.healed]).toEqual([[], 0])
  })

  it('lose the core: clients stay, know that all is stale, and begin again with the next core', async () => {
    const watcher = await watcherAt(gateways[1]!)
    const lines: string[] = []
    watcher.wire.connection.subscribe(({ state }) => lines.push(state))
    await core.end('SIGKILL')
    await watcher.stale()
    core = serve('core')
    await watcher.live(20_000)
    expect(new Set(lines)).toEqual(new Set(['live']))
    expect(watcher.wire.counts.healed).toBe(0)
  })
})
