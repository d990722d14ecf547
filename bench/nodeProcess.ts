import { pino } from 'pino'
import { NEVER, Subject } from 'rxjs'
import type { Bus, Flush } from '../server/bus/bus.ts'
import { encodeFrame } from '../server/bus/redis/frameCodec.ts'
import { frameKeys } from '../server/bus/redis/keys.ts'
import { openTerm } from '../server/bus/redis/publish.ts'
import { RedisBus } from '../server/bus/redis/redisBus.ts'
import { readRedisAddress } from '../server/config/redisAddress.ts'
import { TICK_MS } from '../server/gateway/hub/hub.ts'
import { openRedis, whenReady } from '../server/redis/connection.ts'
import { beginTerm, TermWriter } from '../server/redis/termWriter.ts'
import { ChannelStates } from '../streams/channels/channelStates.ts'
import { Source } from '../streams/lib/dependencies.ts'
import { openHub } from './hubServer.ts'
import { LightSocket } from './lightSocket.ts'

/**
 * One process of `bench/nodes.ts`: a core of channels that all change in each frame, a hub with its sockets, both together, or clients.
 * It says {port} or {} when it is ready, and answers each message of its parent with its figures.
 */

export const CHANNELS = 100
export const EACH = 10
export const FRAME_MS = 20

const NAMES = Array.from({ length: CHANNELS }, (_, i) => `fund:F${i}`)
const KEYS = frameKeys('bench')
const log = pino({ level: 'silent' })

/** µs, of a clock that all processes of a machine share. */
const nowUs = (): number => Number(process.hrtime.bigint() / 1000n)

/** Channels with a handful of figures each, as a core has them. */
class BenchCore implements Bus {
  readonly epoch: string
  readonly flushes$ = new Subject<Flush>()
  readonly silence$ = NEVER
  readonly channels: ChannelStates
  /** µs of CPU for making patches: a core's work, not a hub's. */
  making = 0
  frames = 0
  private readonly write: readonly ((n: number) => void)[]

  constructor(epoch: string) {
    this.epoch = epoch
    this.channels = new ChannelStates(epoch, 12)
    this.write = NAMES.map((name, i) => {
      const channel = this.channels.open(name, new Source(), state => ({ state, write: () => {} }))
      channel.keep()
      const { root } = channel.state
      const [nav, drift, at] = [root.number('nav'), root.number('totalDrift'), root.exact('at')]
      const [btc, eth] = ['BTC', 'ETH'].map(asset => root.branch('prices').number(asset))
      return n => {
        nav.set(101 + ((n * (i + 7)) % 997) / 10)
        drift.set(((n * (i + 3)) % 89) / 1000)
        btc!.set(60_000 + ((n * i) % 9973) / 10)
        eth!.set(3_000 + ((n * (i + 1)) % 7919) / 10)
        at.set(nowUs())
        this.channels.commit(channel, this.channels.t)
      }
    })
  }

  run(): void {
    setInterval(() => {
      const before = process.cpuUsage()
      this.frames += 1
      this.channels.t = Date.now()
      for (const write of this.write) write(this.frames)
      const pushes = this.channels.drain()
      const { user, system } = process.cpuUsage(before)
      this.making += user + system
      this.flushes$.next({ epoch: this.epoch, t: this.channels.t, pushes, ready: [] })
    }, FRAME_MS)
  }

  watch(channel: string, on: boolean): void {
    if (on) this.flushes$.next({ epoch: this.epoch, t: this.channels.t, pushes: [], ready: [this.channels.snapshot(channel)!] })
  }
}

/** Serves a hub whose turns come every TICK_MS. Resolves with its port. */
const serve = async (bus: Bus): Promise<number> => {
  const { hub, port } = await openHub(bus, log)
  setInterval(() => hub.tick(), TICK_MS)
  return port
}

const ready = (says: object): void => void process.send!(says)
const answer = (figures: (message: unknown) => object | Promise<object>): void => {
  process.on('message', message => void Promise.resolve(figures(message)).then(says => process.send!(says)))
}

const opened = async (url: string) => {
  const address = readRedisAddress('redis', url)
  const [client, reader] = [openRedis(address, 'commands', log), openRedis(address, 'reading', log)]
  await Promise.all([whenReady(client, address, 5_000), whenReady(reader, address, 5_000)])
  return { address, client, reader }
}

const roles: Readonly<Record<string, (...args: string[]) => Promise<void>>> = {
  async all() {
    const core = new BenchCore('bench')
    const port = await serve(core)
    core.run()
    answer(() => ({ making: core.making, frames: core.frames }))
    ready({ port })
  },
  async core(url) {
    const term = await openTerm(readRedisAddress('redis', url!), KEYS, log)
    const core = new BenchCore(term.epoch)
    term.publish(core)
    core.run()
    answer(() => ({ making: core.making, ...term.figures() }))
    ready({})
  },
  async gateway(url) {
    const bus = new RedisBus({ ...(await opened(url!)), keys: KEYS, name: `bench-${process.pid}`, now: () => performance.now() })
    const port = await serve(bus)
    bus.begin()
    answer(() => bus.figures)
    ready({ port })
  },
  /** Follows the stream, and does nothing with it. */
  async reader(url) {
    const bus = new RedisBus({ ...(await opened(url!)), keys: KEYS, name: `bench-${process.pid}`, now: () => performance.now() })
    bus.begin()
    answer(() => bus.figures)
    ready({})
  },
  /** Writes frames, each of a number of pushes of 200 bytes, as fast as Redis takes them. */
  async flood(url) {
    const { client } = await opened(url!)
    answer(async message => {
      const { pushes, ms } = message as { pushes: number; ms: number }
      const writer = new TermWriter({
        client,
        key: KEYS.frames,
        term: await beginTerm(client, KEYS.frames, encodeFrame([])),
        entries: 'frames',
        log,
      })
      const bytes = new Uint8Array(200).fill(97)
      const push = NAMES.slice(0, pushes).map(channel => ({ channel, seq: 1, prev: 0, bytes }))
      const begin = performance.now()
      while (performance.now() - begin < ms) {
        while (writer.figures.waiting < 64) writer.append(encodeFrame([{ t: 0, pushes: push, ready: [] }]))
        await new Promise(resolve => setImmediate(resolve))
      }
      const seconds = (performance.now() - begin) / 1000
      const { written, bytes: total } = writer.figures
      await writer.end(1_000)
      return { perSecond: written / seconds, bytesPerSecond: total / seconds }
    })
    ready({})
  },
  async clients(ports, count) {
    const at = ports!.split(',').map(Number)
    let messages = 0
    let latencies: number[] = []
    for (let i = 0; i < Number(count); i++) {
      const socket = await LightSocket.open(`ws://127.0.0.1:${at[i % at.length]}/ws`)
      const timed = i % 25 === 0
      socket.onMessage = text => {
        messages += 1
        if (!timed) return
        const found = text.lastIndexOf('"at":')
        if (found > 0 && text.includes('"d":')) latencies.push(nowUs() - Number.parseInt(text.slice(found + 5, found + 25), 10))
      }
      socket.send(JSON.stringify(Array.from({ length: EACH }, (_, k) => NAMES[(i * EACH + k) % CHANNELS]!)))
    }
    answer(() => {
      const sorted = latencies.sort((a, b) => a - b)
      const figures = { messages, p50: sorted[sorted.length >> 1]! / 1000, p99: sorted[Math.floor(sorted.length * 0.99)]! / 1000 }
      messages = 0
      latencies = []
      return figures
    })
    ready({})
  },
}

const [, script, role = '', ...args] = process.argv
if (script?.endsWith('nodeProcess.js')) await roles[role]!(...args)
