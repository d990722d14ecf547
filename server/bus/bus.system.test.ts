import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { utf8Text } from '../../streams/channels/byteWriter.ts'
import type { Push } from '../../streams/channels/channelStates.ts'
import { crc32 } from '../../streams/wire/crc32.ts'
import { applyPatch, canonical, emptyObject, type JsonObject } from '../../streams/wire/mergePatch.ts'
import { gatewayBus, ownKeys, publishingCore } from '../test/kit/gatewayBus.ts'
import { RedisServer, redisPath } from '../test/kit/redisServer.ts'
import { LabCore } from '../test/labCore.ts'
import type { Bus, Flush } from './bus.ts'

let redis: RedisServer
const ends: (() => Promise<void>)[] = []

/** Ways from a core to a gateway: each gives a core, and its bus as the gateway sees it. */
const IMPLEMENTATIONS: readonly (readonly [name: string, connect: () => Promise<{ core: LabCore; bus: Bus }>])[] = [
  [
    'local',
    async () => {
      const core = new LabCore('e1')
      return { core, bus: core.bus }
    },
  ],
  // Without redis-server there is only one way.
  ...(redisPath === undefined
    ? []
    : ([
        [
          'Redis',
          async () => {
            const keys = ownKeys()
            const { core, end } = await publishingCore(redis, keys)
            const gateway = await gatewayBus(redis, keys)
            ends.push(gateway.end, end)
            gateway.bus.begin()
            await vi.waitFor(() => expect(gateway.bus.figures.entries).toBeGreaterThan(0))
            return { core, bus: gateway.bus }
          },
        ],
      ] as const)),
]

beforeAll(async () => {
  if (redisPath !== undefined) redis = await RedisServer.start()
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
afterAll(() => redis?.remove())

const TICK = 'tick:BTC-USD'
const TAPE = 'trades:BTC-USD'
const NOON = Date.UTC(2024, 7, 8, 12)

interface Message {
  readonly ch: string
  readonly epoch?: string
  readonly seq: number
  readonly prev?: number
  readonly t: number
  readonly snap?: JsonObject
  readonly d?: JsonObject
  readonly merged?: number
  readonly h?: string
}

const read = ({ bytes }: Push): Message => JSON.parse(utf8Text(bytes)) as Message

const checksumOf = (state: JsonObject): string => crc32(new TextEncoder().encode(canonical(state)))

describe.each(IMPLEMENTATIONS)('a bus (%s)', (_, connect) => {
  /** A bus, its core, and all that it has brought. */
  const open = async (): Promise<{ core: LabCore; bus: Bus; flushes: Flush[]; ready: (channel: string) => Promise<Push> }> => {
    const { core, bus } = await connect()
    const flushes: Flush[] = []
    bus.flushes$.subscribe(flush => flushes.push(flush))
    core.frame(NOON, [])
    const ready = (channel: string): Promise<Push> =>
      vi.waitFor(() => {
        const snapshot = flushes.flatMap(flush => flush.ready).findLast(push => push.channel === channel)
        expect(snapshot).toBeDefined()
        return snapshot!
      })
    return { core, bus, flushes, ready }
  }
  /** Frames of one trade each, and then the wait until all of them are here. */
  const trade = async (core: LabCore, flushes: readonly Flush[], from: number, count: number): Promise<void> => {
    for (let i = from; i < from + count; i++) core.frame(NOON + 20 * (i + 1), [{ symbol: 'BTC-USD', price: 100 + i }])
    await vi.waitFor(() => expect(flushes.at(-1)!.t).toBe(NOON + 20 * (from + count)))
  }
  const pushesOf = (flushes: readonly Flush[], channel: string): Push[] =>
    flushes.flatMap(({ pushes }) => pushes).filter(push => push.channel === channel)

  it('brings the snapshot of a channel that is watched, then its patches, each from the one before', async () => {
    const { core, bus, flushes, ready } = await open()
    bus.watch(TICK, true)
    const snapshot = await ready(TICK)
    const { epoch, seq, snap } = read(snapshot)
    expect({ epoch, seq }).toEqual({ epoch: bus.epoch, seq: snapshot.seq })
    let state = applyPatch(emptyObject(), snap!) as JsonObject
    await trade(core, flushes, 0, 10)
    let at = snapshot.seq
    for (const push of pushesOf(flushes, TICK)) {
      const { d, seq, prev = seq - 1 } = read(push)
      expect([push.prev, prev, push.seq]).toEqual([at, at, seq])
      state = applyPatch(state, d!) as JsonObject
      at = seq
    }
    expect(at).toBeGreaterThan(snapshot.seq)
    expect(state).toMatchObject({ price: 109 })
    expect(read(bus.channels.snapshot(TICK)!)).toMatchObject({ seq: at, snap: state })
  })

  it('brings all of a moment in one flush, flushes in their order, and the epoch with each', async () => {
    const { core, bus, flushes, ready } = await open()
    for (const channel of [TICK, TAPE]) bus.watch(channel, true)
    await Promise.all([ready(TICK), ready(TAPE)])
    await trade(core, flushes, 0, 5)
    const times = flushes.map(({ t }) => t)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    for (const { t, epoch, pushes } of flushes) {
      expect(epoch).toBe(bus.epoch)
      for (const push of pushes) expect(read(push).t).toBe(t)
    }
    const together = flushes.filter(({ pushes }) => pushes.length > 0).map(({ pushes }) => pushes.map(({ channel }) => channel).sort())
    expect(together).toEqual(Array.from({ length: 5 }, () => [TICK, TAPE]))
  })

  it('brings nothing of what is not watched, or not any more', async () => {
    const { core, bus, flushes, ready } = await open()
    bus.watch(TAPE, true)
    await ready(TAPE)
    await trade(core, flushes, 0, 3)
    expect(pushesOf(flushes, TICK)).toEqual([])
    bus.watch(TICK, true)
    await ready(TICK)
    bus.watch(TAPE, false)
    let frame = 3
    // The core may hear of it a little later.
    await vi.waitFor(async () => {
      const before = pushesOf(flushes, TAPE).length
      await trade(core, flushes, frame++, 1)
      expect(pushesOf(flushes, TAPE).length).toBe(before)
    })
    const before = pushesOf(flushes, TAPE).length
    await trade(core, flushes, frame, 3)
    expect(pushesOf(flushes, TAPE).length).toBe(before)
    expect(pushesOf(flushes, TICK).length).toBeGreaterThanOrEqual(3)
  })

  it('brings a channel that is watched again as it is then', async () => {
    const { core, bus, flushes, ready } = await open()
    bus.watch(TICK, true)
    await ready(TICK)
    bus.watch(TICK, false)
    await trade(core, flushes, 0, 3)
    bus.watch(TICK, true)
    await vi.waitFor(async () => expect(read(await ready(TICK)).snap).toMatchObject({ price: 102 }))
  })

  it('answers from memory as of the newest flush', async () => {
    const { core, bus, flushes, ready } = await open()
    bus.watch(TICK, true)
    const first = await ready(TICK)
    const seen: { seq: number; newest: number }[] = []
    bus.flushes$.subscribe(({ pushes }) => {
      const newest = pushes.findLast(push => push.channel === TICK)?.seq
      if (newest !== undefined) seen.push({ seq: bus.channels.seq(TICK), newest })
    })
    await trade(core, flushes, 0, 6)
    expect(seen.length).toBeGreaterThanOrEqual(6)
    for (const { seq, newest } of seen) expect(seq).toBe(newest)
    const newest = bus.channels.seq(TICK)
    const merged = bus.channels.since(TICK, first.seq)!
    expect(merged).toMatchObject({ channel: TICK, prev: first.seq, seq: newest })
    const state = applyPatch(read(first).snap!, read(merged).d!) as JsonObject
    expect(read(bus.channels.snapshot(TICK)!).snap).toEqual(state)
    expect(read(bus.channels.checksum(TICK)!)).toMatchObject({ seq: newest, h: checksumOf(state) })
    expect(read(bus.channels.since(TICK, newest - 1)!)).not.toHaveProperty('merged')
    expect(bus.channels.since(TICK, newest + 1)).toBeUndefined()
  })

  it('knows nothing of a channel that nobody has watched', async () => {
    const { bus } = await open()
    expect(bus.channels.seq(TICK)).toBe(0)
    for (const answer of [bus.channels.snapshot(TICK), bus.channels.since(TICK, 0), bus.channels.checksum(TICK)])
      expect(answer).toBeUndefined()
  })

  it('brings a private channel under its own name, with messages that call it as its client does', async () => {
    const { core, bus, flushes, ready } = await open()
    core.serverChannels.offer({
      matches: name => name.startsWith('holdings@'),
      open: name => state => ({ shown: 'holdings', write: () => state.root.value('owner').set(name) }),
    })
    for (const channel of ['holdings@ann', 'holdings@bob']) {
      bus.watch(channel, true)
      expect(read(await ready(channel))).toMatchObject({ ch: 'holdings', snap: { owner: channel } })
      expect(read(bus.channels.snapshot(channel)!)).toMatchObject({ ch: 'holdings', snap: { owner: channel } })
      expect(read(bus.channels.checksum(channel)!)).toMatchObject({ ch: 'holdings' })
    }
    expect(flushes.flatMap(flush => flush.ready).map(({ channel }) => channel)).toEqual(['holdings@ann', 'holdings@bob'])
  })

  it('brings the channels of the server itself like all others', async () => {
    const { core, bus, flushes, ready } = await open()
    let count = 1
    core.serverChannels.offer({
      matches: name => name === 'status',
      open: () => state => ({ write: () => state.root.exact('count').set(count) }),
    })
    bus.watch('status', true)
    const snapshot = await ready('status')
    expect(read(snapshot)).toMatchObject({ ch: 'status', epoch: bus.epoch, snap: { count: 1 } })
    count = 2
    core.serverChannels.touch('status')
    core.serverChannels.flush()
    await vi.waitFor(() => expect(bus.channels.seq('status')).toBeGreaterThan(snapshot.seq))
    const [push] = pushesOf(flushes, 'status').slice(-1)
    expect(push).toMatchObject({ prev: snapshot.seq, seq: bus.channels.seq('status') })
    expect(read(push!)).toMatchObject({ d: { count: 2 }, t: NOON })
  })
})
