import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ChannelOptions, connect, type Driftwire, type TickState } from '../../clients/driftwire-client/src/index.ts'
import { canonical } from '../../streams/wire/mergePatch.ts'
import { type GatewayBus, gatewayBus, ownKeys, type PublishingCore, publishingCore } from './kit/gatewayBus.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'
import { Lab, Line } from './lab.ts'

const NOON = Date.UTC(2024, 7, 8, 12)
const TICK = 'tick:BTC-USD'

/** A gateway: the hub over the bus of frames. */
interface Gateway {
  readonly lab: Lab
  readonly bus: GatewayBus
}

// Without redis-server there are no gateways.
describe.skipIf(redisPath === undefined)('a client that is cut off from one gateway', () => {
  let server: RedisServer
  let core: PublishingCore
  let frames = 0
  const gateways: Gateway[] = []
  const keys = ownKeys()

  beforeAll(async () => {
    server = await RedisServer.start()
    core = await publishingCore(server, keys)
  })
  afterEach(async () => {
    for (const { lab, bus } of gateways.splice(0)) {
      lab.close()
      await bus.end()
    }
  })
  afterAll(async () => {
    await core.end()
    await server.remove()
  })

  const begun = async (): Promise<Gateway> => {
    const bus = await gatewayBus(server, keys)
    const lab = new Lab()
    lab.bus.connect(bus.bus)
    bus.bus.begin()
    const gateway = { lab, bus }
    gateways.push(gateway)
    await vi.waitFor(() => expect(bus.bus.epoch).toBe(core.core.bus.epoch))
    return gateway
  }
  const trade = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      frames += 1
      core.core.frame(NOON + 20 * frames, [{ symbol: 'BTC-USD', price: 100 + frames / 7 }])
      await delay(3)
    }
  }
  const truth = (): { seq: number; price: unknown } => {
    const { seq, snap } = JSON.parse(new TextDecoder().decode(core.core.bus.channels.snapshot(TICK)!.bytes))
    return { seq, price: snap.price }
  }
  /** A client of the one gateway and then of the other. */
  const opened = (at: { gateway: Gateway }, options: ChannelOptions<TickState> = {}) => {
    const wire: Driftwire = connect('lab', { socket: () => new Line(at.gateway.lab, { bytesPerSecond: Number.POSITIVE_INFINITY }).near })
    const shown: { seq: number; price: unknown; recovered?: boolean }[] = []
    wire.channel(TICK, options).subscribe(({ state, seq, recovered }) => {
      shown.push({ seq, price: state.price, ...(recovered !== undefined && { recovered }) })
    })
    const end = () => wire.close()
    const reaches = () => vi.waitFor(() => expect(shown.at(-1)).toMatchObject(truth()), { timeout: 3_000, interval: 10 })
    return { wire, shown, end, reaches }
  }

  it.each([
    ['every patch', {}],
    ['patches at a rate', { maxRate: 10 }],
  ])('and follows %s goes on at another that nobody has followed anything at', async (_, options) => {
    const at = { gateway: await begun() }
    const { wire, shown, end, reaches } = opened(at, options)
    await vi.waitFor(() => expect(shown.length).toBeGreaterThan(0))
    await trade(20)
    await reaches()
    const other = await begun()
    // Patches that both gateways have heard, and the client has not.
    const before = shown.at(-1)!.seq
    at.gateway.lab.close()
    at.gateway = other
    await trade(20)
    const sent: string[] = []
    other.lab.sent = (_line, text) => void sent.push(text)
    await reaches()
    await trade(5)
    await reaches()
    expect(sent.filter(text => text.includes('"snap"'))).toEqual([])
    expect(shown.find(({ recovered }) => recovered !== undefined)).toMatchObject({ recovered: true })
    expect(shown.at(-1)!.seq).toBeGreaterThan(before + 24)
    expect(wire.counts.healed).toBe(0)
    end()
  })

  it('finds its place at one that has just begun, in what the stream still has', async () => {
    const at = { gateway: await begun() }
    const { shown, end, reaches } = opened(at)
    await vi.waitFor(() => expect(shown.length).toBeGreaterThan(0))
    await trade(10)
    await reaches()
    at.gateway.lab.close()
    await trade(30)
    const other = await begun()
    await vi.waitFor(() => expect(other.bus.bus.channels.seq(TICK)).toBe(truth().seq))
    at.gateway = other
    await reaches()
    expect(shown.filter(({ recovered }) => recovered !== undefined)).toEqual([expect.objectContaining({ recovered: true })])
    const seqs = shown.map(({ seq }) => seq)
    expect(new Set(seqs).size).toBeGreaterThanOrEqual(40)
    end()
  })

  it('gets a snapshot, with the same numbers, if some members were followed: their patches are not known elsewhere', async () => {
    const at = { gateway: await begun() }
    const { shown, end, reaches } = opened(at, { fields: ['price'] })
    await vi.waitFor(() => expect(shown.length).toBeGreaterThan(0))
    await trade(10)
    await reaches()
    const other = await begun()
    at.gateway.lab.close()
    at.gateway = other
    await trade(3)
    await reaches()
    expect(shown.at(-1)!.seq).toBe(truth().seq)
    end()
  })

  it('has the same state as one at another gateway, of whatever it asked for', async () => {
    const clients: { options: string; wire: Driftwire; last: () => { seq: number; state: object } | undefined }[] = []
    const wishes: ChannelOptions<TickState>[] = [{}, { maxRate: 5 }, { fields: ['price', 'day.n'] }]
    for (const options of wishes) {
      for (const gateway of [await begun(), await begun()]) {
        const wire: Driftwire = connect('lab', { socket: () => new Line(gateway.lab, { bytesPerSecond: Number.POSITIVE_INFINITY }).near })
        let last: { seq: number; state: object } | undefined
        wire.channel(TICK, { ...options, checksum: true }).subscribe(({ seq, state }) => {
          last = { seq, state }
        })
        clients.push({ options: JSON.stringify(options), wire, last: () => last })
      }
    }
    await trade(30)
    await vi.waitFor(
      () => {
        for (const { last } of clients) expect(last()?.seq).toBe(truth().seq)
      },
      { timeout: 3_000 },
    )
    for (const { options, last } of clients)
      for (const other of clients.filter(client => client.options === options))
        expect(canonical(other.last()!.state as never)).toBe(canonical(last()!.state as never))
    for (const { wire } of clients) {
      expect(wire.counts).toMatchObject({ healed: 0 })
      wire.close()
    }
  })
})
