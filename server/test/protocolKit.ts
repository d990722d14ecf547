import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, onTestFinished, vi } from 'vitest'
import type { ClientOptions } from 'ws'
import { parse } from '../cli/program.ts'
import type { Options } from '../config/options.ts'
import { readSettings } from '../config/settings.ts'
import { type Running, start } from '../main.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'
import { ProtocolClient, type State } from './protocolClient.ts'

/** A place of this test file's own, gone with it. */
export const folder = mkdtempSync(join(tmpdir(), 'driftwire-protocol-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

export const ADMIN_TOKEN = 'a-token-for-tests'

/** 2024-08-08T12:00:00Z. */
export const NOON = Date.UTC(2024, 7, 8, 12)

let skipped = 0
/** The time at which the clock stands; undefined if it goes. */
let stood: number | undefined
const realNow = Date.now
vi.spyOn(Date, 'now').mockImplementation(() => stood ?? realNow() + skipped)

/** Lets the wall clock of this process jump ahead. It never goes back: a server that runs would wait for it to come again. */
export const skip = (ms: number): void => {
  skipped += ms
}

/** Lets the wall clock of this process stand while something is done, so that it takes no time however busy the machine is. */
export const atOnce = async <T>(work: () => Promise<T>): Promise<T> => {
  stood = Date.now()
  try {
    return await work()
  } finally {
    skipped = stood - realNow()
    stood = undefined
  }
}

/** Writes a file of this test's and gives its path. */
export const file = (name: string, content: string): string => {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

export interface Logged {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** The options of `serve`, as on the command line. */
const serveOptions = (args: readonly string[]): Options => {
  const typed = parse(['serve', ...args], { environment: {}, version: '', columns: 80 })
  if (!('command' in typed)) throw new Error(`found ${args.join(' ')}, expected options of serve`)
  return typed.given.options
}

/** How a server is put up: everything in one process, or a gateway in front of a core. */
export const SETUPS: readonly (readonly [name: string, start: typeof ProtocolServer.start])[] = [
  ['in one process', (config, ...args) => ProtocolServer.start(config, ...args)],
  // Left out where there is no redis-server.
  ...(redisPath === undefined
    ? []
    : [['at a gateway', (config: object, ...args: string[]) => ProtocolServer.startNodes(config, ...args)] as const]),
]

/** A whole server in this process, asked only by its port. */
export class ProtocolServer {
  readonly logged: Logged[] = []
  /** What lies between a gateway and its core. */
  between: { readonly redis: RedisServer; readonly config: object; readonly options: readonly string[] } | undefined
  private readonly clients: ProtocolClient[] = []
  private running!: Running
  private stopped = false

  /** `args` as on the command line. All servers of a file share one data directory, for one process holds only one. */
  static async start(config: object, ...args: string[]): Promise<ProtocolServer> {
    const server = new ProtocolServer()
    server.running = await server.begin(config, ['--data', join(folder, 'data'), ...args])
    return server
  }

  /** The same as a gateway in front of a core, with a Redis of their own between them; it is asked by the gateway's port. */
  static async startNodes(config: object, ...args: string[]): Promise<ProtocolServer> {
    const server = new ProtocolServer()
    const redis = await RedisServer.start({ appendonly: 'yes', appendfsync: 'always' })
    const shared = [...args, '--redis', redis.url]
    const data = join(folder, `data-${redis.port}`)
    const core = await server.begin(config, ['--data', data, ...shared, '--role', 'core'])
    const gateway = await server.begin(config, ['--data', data, ...shared, '--role', 'gateway'])
    const stop = async (reason: string): Promise<void> => {
      await gateway.stop(reason)
      await core.stop(reason)
      await redis.remove()
    }
    server.running = { ...gateway, done: Promise.race([core.done, gateway.done]), stop }
    server.between = { redis, config, options: ['--data', data, ...shared, '--role', 'gateway'] }
    await server.met()
    return server
  }

  /** Starts another gateway in front of the same core. It has to be stopped before the first. */
  async beside(...args: string[]): Promise<ProtocolServer> {
    const server = new ProtocolServer()
    const { config, options } = this.between!
    server.running = await server.begin(config, [...options, ...args])
    try {
      await Promise.race([server.met(), server.done])
    } catch (error) {
      await server.running.stop('it does not fit')
      throw error
    }
    return server
  }

  private begin(config: object, args: readonly string[]): Promise<Running> {
    const log = pino({ level: 'info' }, { write: (line: string) => void this.logged.push(JSON.parse(line)) })
    const options = serveOptions(['--config', file('config.json', JSON.stringify(config)), '--port', '0', ...args])
    return start(readSettings(options, { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN }, ''), log)
  }

  /** Resolves when the gateway has met its core. */
  private async met(): Promise<void> {
    const isMet = async (): Promise<boolean> => {
      const { waiting } = (await (await this.fetch('/readyz')).json()) as { waiting: Record<string, string> }
      return !('core' in waiting)
    }
    while (!(await isMet())) await new Promise(resolve => setTimeout(resolve, 20))
  }

  /** Starts a server for the running test alone: if the test fails before it stops the server, the server ends with the test. */
  static async startForTest(config: object, ...args: string[]): Promise<ProtocolServer> {
    const server = await ProtocolServer.start(config, ...args)
    onTestFinished(() => (server.stopped ? undefined : server.running.stop('the test has failed')))
    return server
  }

  get port(): number {
    return this.running.port
  }

  get done(): Promise<void> {
    return this.running.done
  }

  async client(options: ClientOptions = {}): Promise<ProtocolClient> {
    const client = await ProtocolClient.connect(`ws://127.0.0.1:${this.port}/ws`, options)
    this.clients.push(client)
    return client
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init)
  }

  async json<T = State>(path: string, init?: RequestInit): Promise<T> {
    const response = await this.fetch(path, init)
    expect(response.status, path).toBe(200)
    return (await response.json()) as T
  }

  /** Resolves when the replays are over, their frames sent and their rows stored. */
  async replayed(): Promise<State> {
    const client = await this.client()
    await client.subscribe(['status'])
    const status = await client.replica('status')
    const feeds = (): State[] => Object.values((status.state.feeds ?? {}) as State) as State[]
    await client.until(() => feeds().length > 0 && feeds().every(feed => feed.state === 'ended'))
    return status.state
  }

  /** Whether anything that clients of this server got was not as promised. */
  faults(): string[] {
    return this.clients.flatMap(client => client.faults)
  }

  /** Resolves when the client has all that the server had for it when this was called. */
  async upToDate(client: ProtocolClient): Promise<void> {
    const channels = [...client.replicas.keys()]
    const newest = await (await this.client()).subscribe(channels)
    await client.until(() => channels.every(channel => client.replicas.get(channel)!.seq >= newest[channel]!.seq))
  }

  /** Stops, and proves that no client ever got anything that was not as promised. */
  async stop(): Promise<void> {
    this.stopped = true
    await this.running.stop('the test is over')
    await Promise.all(this.clients.map(client => client.closed))
    expect(this.faults()).toEqual([])
  }
}

export interface Trade {
  readonly symbol: string
  readonly t: number
  readonly price: number | string
  readonly size?: number | string
  readonly side?: string
  readonly id?: string
}

/** A file of trades, as replays read it. */
export const tradesFile = (name: string, trades: readonly Trade[]): string =>
  file(
    name,
    [
      'symbol,ts_ms,price,qty,side,trade_id',
      ...trades.map(t => [t.symbol, t.t, t.price, t.size ?? 1, t.side ?? 'buy', t.id ?? ''].join(',')),
    ]
      .map(line => `${line}\n`)
      .join(''),
  )
