import { setTimeout as sleep } from 'node:timers/promises'
import { symbolMap } from '../../streams/market/symbols.ts'
import { Driven } from '../../streams/test/drive.ts'
import type { FeedContext, FeedInput } from '../feeds/feed.ts'
import { CONNECTION_TIMEOUTS } from '../feeds/live/connection.ts'
import { feedOf } from '../feeds/specs.ts'
import { type Collected, collected, feedContext } from './feedKit.ts'
import { VirtualEnvironment } from './virtualEnvironment.ts'

/** Every address that venues are reached at. */
const ADDRESSES = [
  'wss://stream.binance.com:9443',
  'wss://fstream.binance.com',
  'wss://dstream.binance.com',
  'wss://stream.bybit.com',
  'wss://ws.kraken.com',
  'wss://advanced-trade-ws.coinbase.com',
]
const REST = ['https://api.binance.com', 'https://fapi.binance.com', 'https://api.kraken.com', 'https://api.exchange.coinbase.com']

/** A live feed of a venue on this machine, taken in by a pipeline while time passes as the test lets it. */
export class LiveRun {
  readonly driven: Driven
  readonly environment: VirtualEnvironment
  readonly inputs: FeedInput[] = []
  readonly logged: Record<string, unknown>[] = []
  private readonly stop = new AbortController()
  private readonly context: FeedContext
  private readonly reading: Promise<void>

  private constructor(feed: Awaited<ReturnType<typeof feedOf>>, environment: VirtualEnvironment, symbols: Record<string, string>) {
    this.environment = environment
    const driven = new Driven({ feeds: [{ id: feed.id, live: true }] })
    this.driven = driven
    driven.clock(environment.now())
    const kit = feedContext({ signal: this.stop.signal, symbols, onLog: line => this.logged.push(line) })
    const context = { ...kit, symbols: driven.symbols, sources: driven.sources }
    this.context = context
    this.reading = (async () => {
      for await (const input of feed.open(context)) {
        this.inputs.push(input)
        driven.send(input)
      }
    })()
  }

  /** Opens a feed whose addresses are all that of a venue on this machine. */
  static async of(spec: string, url: string, symbols: Record<string, string> = {}): Promise<LiveRun> {
    const environment = new VirtualEnvironment(Date.UTC(2026, 0, 1))
    const mirrors = Object.fromEntries([
      ...ADDRESSES.map(address => [address, url]),
      ...REST.map(address => [address, url.replace('ws:', 'http:')]),
    ])
    const map = symbolMap(symbols)
    const feed = await feedOf(spec, { map, base: '.', environment, mirrors, timeouts: CONNECTION_TIMEOUTS, sim: () => feed })
    return new LiveRun(feed, environment, symbols)
  }

  /** Everything the feed said. */
  get heard(): Collected {
    return collected(this.inputs, this.context)
  }

  get health() {
    return this.driven.pipeline.view.feeds[0]!
  }

  /** Lets time pass, in steps in which what was set going comes to rest. */
  async pass(ms: number, step = 1_000): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      await this.environment.pass(Math.min(step, ms - passed))
      await sleep(8)
      this.driven.clock(this.environment.now())
    }
  }

  /** Waits until something is so; time passes a little at each look, if it may. */
  async until(isSo: () => boolean, step = 0): Promise<void> {
    for (let i = 0; !isSo(); i++) {
      if (i > 2_000) throw new Error('it never came to be so')
      if (step > 0) await this.environment.pass(step)
      await sleep(2)
      this.driven.clock(this.environment.now())
    }
  }

  async close(): Promise<void> {
    this.stop.abort()
    await this.reading
  }
}
