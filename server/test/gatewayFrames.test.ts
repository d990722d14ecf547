import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { utf8Text } from '../../streams/channels/byteWriter.ts'
import type { Push } from '../../streams/channels/channelStates.ts'
import { crc32 } from '../../streams/wire/crc32.ts'
import { applyPatch, canonical, type JsonObject, type PatchObject } from '../../streams/wire/mergePatch.ts'
import type { Bus, Flush } from '../bus/bus.ts'
import type { FrameKeys } from '../bus/redis/keys.ts'
import { type SeededRandom, seededRandom } from '../lib/seededRandom.ts'
import { isLong, tries } from './effort.ts'
import { type GatewayBus, gatewayBus, ownKeys, type PublishingCore, publishingCore } from './kit/gatewayBus.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'

const NOON = Date.UTC(2024, 7, 8, 12)
const SYMBOLS = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA', 'DOT'].map(asset => `${asset}-USD`)
const CHANNELS = SYMBOLS.flatMap(symbol => [`tick:${symbol}`, `trades:${symbol}`, `candle:1m:${symbol}`])

interface Message {
  readonly d?: PatchObject
  readonly snap?: JsonObject
  readonly h?: string
}
const read = ({ bytes }: Push): Message => JSON.parse(utf8Text(bytes)) as Message

/** All states that cores have had, by epoch, channel and number. */
class History {
  private readonly states = new Map<string, string>()

  follow(bus: Bus): void {
    bus.flushes$.subscribe(({ epoch, pushes, ready }) => {
      for (const push of [...pushes, ...ready]) {
        const snapshot = bus.channels.snapshot(push.channel)!
        // Several patches of one frame: the snapshot is that of the last.
        if (snapshot.seq === push.seq) this.states.set(`${epoch} ${push.channel} ${push.seq}`, canonical(read(snapshot).snap!))
      }
    })
  }

  of(epoch: string, channel: string, seq: number): string | undefined {
    return this.states.get(`${epoch} ${channel} ${seq}`)
  }
}

/** A client of one gateway, as strict as a client may be: every push must follow from the one before, and give the core's state. */
class Reader {
  checked = 0
  merged = 0
  readonly gateway: GatewayBus
  private readonly history: History
  private readonly states = new Map<string, { seq: number; state: JsonObject }>()
  /** States of before, from which merged patches are asked for. */
  private readonly before = new Map<string, { seq: number; state: JsonObject }>()
  private epoch: string

  constructor(gateway: GatewayBus, history: History) {
    this.gateway = gateway
    this.history = history
    this.epoch = gateway.bus.epoch
    gateway.bus.flushes$.subscribe(flush => this.take(flush))
  }

  watchAll(): void {
    for (const channel of CHANNELS) this.gateway.bus.watch(channel, true)
  }

  seq(channel: string): number | undefined {
    return this.states.get(channel)?.seq
  }

  state(channel: string): string {
    return canonical(this.states.get(channel)!.state)
  }

  /** Asks for a merged patch from a state of some time ago, and for the checksum. */
  probe(random: SeededRandom): void {
    const channel = CHANNELS[Math.floor(random.uniform() * CHANNELS.length)]!
    const [now, before] = [this.states.get(channel), this.before.get(channel)]
    if (now === undefined) return
    const { channels } = this.gateway.bus
    expect(read(channels.checksum(channel)!).h).toBe(crc32(new TextEncoder().encode(canonical(now.state))))
    if (before === undefined) this.before.set(channel, now)
    else {
      const patch = channels.since(channel, before.seq)
      if (patch !== undefined) {
        expect([patch.prev, patch.seq]).toEqual([before.seq, now.seq])
        expect(canonical(applyPatch(before.state, read(patch).d!))).toBe(canonical(now.state))
        this.merged += 1
      }
      this.before.delete(channel)
    }
  }

  private take({ epoch, pushes, ready }: Flush): void {
    if (epoch !== this.epoch) {
      this.epoch = epoch
      this.states.clear()
      this.before.clear()
      // A hub asks again for what its clients follow.
      queueMicrotask(() => this.watchAll())
    }
    for (const push of pushes) {
      const known = this.states.get(push.channel)
      if (known === undefined) continue
      expect([push.channel, push.prev]).toEqual([push.channel, known.seq])
      this.set(push, applyPatch(known.state, read(push).d!) as JsonObject)
    }
    for (const push of ready) this.set(push, read(push).snap!)
  }

  private set({ channel, seq }: Push, state: JsonObject): void {
    this.states.set(channel, { seq, state })
    const truth = this.history.of(this.epoch, channel, seq)
    if (truth === undefined) return
    expect(canonical(state)).toBe(truth)
    this.checked += 1
  }
}

/** Lets a gateway read nothing, until the returned function is called. */
const held = ({ reader }: GatewayBus): (() => void) => {
  const holding = reader as { xreadBuffer: unknown }
  const original = holding.xreadBuffer
  holding.xreadBuffer = () => delay(20).then(() => null)
  return () => {
    holding.xreadBuffer = original
  }
}

/** A core, gateways and what happens to them. */
class World {
  readonly history = new History()
  readonly readers: Reader[] = []
  readonly happened: Record<string, number> = {}
  core!: PublishingCore
  readonly keys: FrameKeys = ownKeys()
  private readonly server: RedisServer
  private readonly random: SeededRandom
  private readonly cores: PublishingCore[] = []
  private frames = 0

  constructor(server: RedisServer, random: SeededRandom) {
    this.server = server
    this.random = random
  }

  /** Another core takes over; the one before does not know yet. */
  async takeOver(): Promise<void> {
    this.core = await publishingCore(this.server, this.keys)
    this.cores.push(this.core)
    this.history.follow(this.core.core.bus)
  }

  async join(): Promise<Reader> {
    const gateway = await gatewayBus(this.server, this.keys)
    const reader = new Reader(gateway, this.history)
    this.readers.push(reader)
    gateway.bus.begin()
    reader.watchAll()
    return reader
  }

  /** Frames of a few trades each, by every core that believes that it is one. */
  trade(count: number): void {
    for (let i = 0; i < count; i++) {
      this.frames += 1
      const trades = Array.from({ length: 1 + this.pick(3) }, () => ({
        symbol: SYMBOLS[this.pick(SYMBOLS.length)]!,
        price: 1 + this.pick(100_000) / 7,
        size: 1 + this.pick(9),
      }))
      for (const { core } of this.cores) core.frame(NOON + 20 * this.frames, trades)
    }
  }

  async happen(): Promise<void> {
    const [name, run] = this.faults[this.pick(this.faults.length)]!
    this.happened[name] = (this.happened[name] ?? 0) + 1
    await run()
  }

  async end(): Promise<void> {
    await Promise.all([...this.readers.map(({ gateway }) => gateway.end()), ...this.cores.map(core => core.end())])
  }

  private readonly faults: readonly (readonly [name: string, run: () => Promise<void>])[] = [
    [
      'connections killed',
      async () => {
        await this.someone()
          .gateway.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', this.pick(2) ? 'yes' : 'no')
          .catch(() => {})
      },
    ],
    [
      'reader cut off',
      async () => {
        this.someone().gateway.reader.disconnect(true)
      },
    ],
    [
      // Longer than the stream keeps anything: as if the reader had been away for a minute.
      'reader stopped beyond the stream',
      async () => {
        const goOn = held(this.someone().gateway)
        await delay(60)
        this.trade(1 + this.pick(10))
        await delay(20)
        await this.trim(this.pick(3))
        this.trade(this.pick(3))
        goOn()
      },
    ],
    ['frames lost', () => this.trim(this.pick(5))],
    [
      'a frame lost in the middle',
      async () => {
        const { client } = this.someone().gateway
        const entries = await client.xrevrange(this.keys.frames, '+', '-', 'COUNT', 4).catch(() => [])
        const entry = entries.at(-1)
        if (entry) await client.xdel(this.keys.frames, entry[0]).catch(() => {})
      },
    ],
    ['takeover', () => (this.cores.length < 4 ? this.takeOver() : Promise.resolve())],
    [
      'another gateway',
      async () => {
        if (this.readers.length < 5) await this.join()
      },
    ],
  ]

  private async trim(left: number): Promise<void> {
    await this.someone()
      .gateway.client.xtrim(this.keys.frames, 'MAXLEN', left)
      .catch(() => {})
  }

  private someone(): Reader {
    return this.readers[this.pick(this.readers.length)]!
  }

  private pick(below: number): number {
    return Math.floor(this.random.uniform() * below)
  }
}

// Without redis-server there are no frames between processes.
describe.skipIf(redisPath === undefined)('gateways', () => {
  let server: RedisServer
  let world: World | undefined
  beforeAll(async () => {
    server = await RedisServer.start({ 'stream-node-max-entries': '5' })
  })
  afterEach(async () => {
    await world?.end()
    world = undefined
  })
  afterAll(() => server.remove())

  const whole = async ({ readers, core }: World): Promise<void> => {
    await vi.waitFor(
      () => {
        for (const reader of readers) {
          expect(reader.gateway.bus.epoch).toBe(core.core.bus.epoch)
          for (const channel of CHANNELS) expect([channel, reader.seq(channel)]).toEqual([channel, core.core.bus.channels.seq(channel)])
        }
      },
      { timeout: 3_000, interval: 20 },
    )
    for (const reader of readers)
      for (const channel of CHANNELS) expect(reader.state(channel)).toBe(canonical(read(core.core.bus.channels.snapshot(channel)!).snap!))
  }

  const seeds = Array.from({ length: tries(3) }, (_, i) => (isLong ? Math.floor(Math.random() * 1e9) : 1 + i))
  let [holes, healed] = [0, 0]
  it.each(seeds)('have the core’s state at each number, whatever is cut, stopped, lost or taken over (seed %i)', async seed => {
    const random = seededRandom(seed)
    world = new World(server, random)
    await world.takeOver()
    await world.join()
    await world.join()
    for (let step = 0; step < 100; step++) {
      world.trade(1 + Math.floor(random.uniform() * 4))
      if (random.uniform() < 0.3) await world.happen()
      for (const reader of world.readers) reader.probe(random)
      await delay(5)
    }
    await whole(world)
    const sum = (of: (reader: Reader) => number): number => world!.readers.reduce((total, reader) => total + of(reader), 0)
    expect(sum(({ checked }) => checked)).toBeGreaterThan(300)
    expect(sum(({ merged }) => merged)).toBeGreaterThan(20)
    holes += sum(({ gateway }) => gateway.bus.figures.holes)
    healed += sum(({ gateway }) => gateway.bus.figures.healed)
  })

  it('among them channels behind a hole, which were healed', () => {
    expect(holes).toBeGreaterThan(0)
    expect(healed).toBeGreaterThan(0)
  })

  const opened = async (): Promise<{ world: World; reader: Reader }> => {
    world = new World(server, seededRandom(7))
    await world.takeOver()
    const reader = await world.join()
    world.trade(20)
    await whole(world)
    return { world, reader }
  }

  it('keep of what they have read at once only the frames that they hand on', async () => {
    const { world, reader } = await opened()
    const goOn = held(reader.gateway)
    await delay(600)
    const kept: Push[] = []
    reader.gateway.bus.flushes$.subscribe(({ pushes }) => void kept.push(...pushes))
    for (let frame = 0; frame < 100; frame++) {
      world.trade(1)
      await delay(1)
    }
    goOn()
    await whole(world)
    expect(kept.length).toBeGreaterThan(200)
    // Small buffers share one of Node's of 8 KiB; one read has some hundred KiB.
    const buffers = kept.map(({ bytes }) => bytes.buffer.byteLength)
    expect(Math.max(...buffers)).toBeLessThanOrEqual(8 * 1024)
  })

  it('say that they hear nothing even if nothing was ever heard', async () => {
    const began = Date.now()
    const gateway = await gatewayBus(server, ownKeys())
    const heard: (number | undefined)[] = []
    gateway.bus.silence$.subscribe(since => heard.push(since))
    gateway.bus.begin()
    await vi.waitFor(() => expect(heard.length).toBe(2), { timeout: 2_000 })
    expect(heard[1]).toBeGreaterThanOrEqual(began)
    expect(heard[1]).toBeLessThanOrEqual(Date.now())
    await gateway.end()
  })

  it('notice a hole behind which nothing comes but an empty frame', async () => {
    const { world, reader } = await opened()
    const goOn = held(reader.gateway)
    await delay(600)
    const before = world.core.figures().written
    world.trade(1)
    await vi.waitFor(() => expect(world.core.figures().written).toBeGreaterThan(before))
    await reader.gateway.client.xtrim(world.keys.frames, 'MAXLEN', 0)
    goOn()
    const began = performance.now()
    await whole(world)
    // The next frame comes after a quarter of a second, and the snapshots with the one after it.
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(reader.gateway.bus.figures.rejoins).toBe(1)
    expect(reader.gateway.bus.figures.holes).toBeGreaterThan(0)
    expect(reader.gateway.bus.figures.healed).toBeGreaterThan(0)
  })

  it('say that they hear nothing after a second of silence, and are whole when Redis goes on: nothing is lost', async () => {
    const { world, reader } = await opened()
    const { bus } = reader.gateway
    const heard: (number | undefined)[] = []
    bus.silence$.subscribe(since => heard.push(since))
    const t = bus.channels.t
    server.pause()
    world.trade(10)
    await vi.waitFor(() => expect(heard).toEqual([undefined, t]), { timeout: 2_000, interval: 20 })
    expect(bus.silentMs).toBeLessThan(1_500)
    // Longer than any command waits.
    await delay(2_000)
    world.trade(10)
    server.resume()
    await whole(world)
    expect(heard).toEqual([undefined, t, undefined])
    expect(bus.figures).toMatchObject({ holes: 0, rejoins: 0, terms: 1 })
    expect(world.core.figures()).toMatchObject({ dropped: 0, waiting: 0 })
  })

  it('are whole when Redis was killed and begins with nothing', async () => {
    const { world, reader } = await opened()
    await server.kill()
    world.trade(10)
    await delay(300)
    await server.restart()
    world.trade(10)
    await whole(world)
    expect(reader.gateway.bus.figures).toMatchObject({ terms: 1, holes: 0 })
    // And what is wanted from now on is heard of.
    reader.gateway.bus.watch('tick:NEW-USD', true)
    await vi.waitFor(() => expect(world.core.figures().wanted).toBe(CHANNELS.length + 1))
  })

  it('follow the core that began last: the one before learns that it may not write', async () => {
    const { world, reader } = await opened()
    const before = world.core
    const { epoch } = before.core.bus
    await world.takeOver()
    world.trade(5)
    await before.fenced
    await whole(world)
    expect(reader.gateway.bus.epoch).not.toBe(epoch)
    expect(Number.parseInt(reader.gateway.bus.epoch, 36)).toBeGreaterThan(Number.parseInt(epoch, 36))
  })

  it('want nothing any more when they have ended', async () => {
    const { world, reader } = await opened()
    expect(world.core.figures()).toMatchObject({ gateways: 1, wanted: CHANNELS.length })
    const other = await world.join()
    await vi.waitFor(() => expect(world.core.figures()).toMatchObject({ gateways: 2, wanted: CHANNELS.length }))
    await reader.gateway.end()
    await other.gateway.end()
    await vi.waitFor(() => expect(world.core.figures()).toMatchObject({ wanted: 0 }))
  })
})
