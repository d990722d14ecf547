import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from './freePort.ts'
import type { Island } from './island.ts'

/** Real redis-server processes on ports of their own, which a test may stop, pause and kill. */

/** Where redis-server is; undefined if there is none: tests that need one are left out. */
export const redisPath: string | undefined = [
  process.env.REDIS_SERVER,
  ...(process.env.PATH ?? '').split(delimiter).map(dir => join(dir, 'redis-server')),
].find((path): path is string => {
  if (path === undefined) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
})

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Settings of a server, as its command line has them: `{ appendonly: 'yes' }`. */
export type RedisSettings = Readonly<Record<string, string>>

/** Whether something at the port answers a PING, be it with a refusal. */
const answers = (host: string, port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, host)
    const end = (answered: boolean): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(500, () => end(false))
    socket.once('error', () => end(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', data => end(/^(\+PONG|-NOAUTH|-MASTERDOWN)/.test(data.toString())))
  })

/** One redis-server, or a sentinel. Its data directory outlives its process, until `remove`. */
export class RedisServer {
  readonly port: number
  readonly dir: string
  private readonly settings: RedisSettings
  private readonly file: string | undefined
  private readonly island: Island | undefined
  private child!: ChildProcess
  private exited!: Promise<unknown>

  private constructor(
    port: number,
    dir: string,
    settings: RedisSettings,
    { file, island }: { file?: string; island?: Island | undefined } = {},
  ) {
    this.port = port
    this.dir = dir
    this.settings = settings
    this.file = file
    this.island = island
  }

  /** Starts a server without persistence, unless the settings say otherwise; on an island, if one is given. Resolves when it answers. */
  static async start(settings: RedisSettings = {}, island?: Island): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), mkdtempSync(join(tmpdir(), 'driftwire-redis-')), settings, { island })
    await server.restart()
    return server
  }

  /** Starts a sentinel over a server, which it knows as `name`. It gives a server up after a second. */
  static async startSentinel(primary: RedisServer, { name = 'main', quorum = 2 } = {}): Promise<RedisServer> {
    const [port, dir] = [await freePort(), mkdtempSync(join(tmpdir(), 'driftwire-sentinel-'))]
    const file = join(dir, 'sentinel.conf')
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${dir}`,
      'protected-mode no',
      `sentinel monitor ${name} 127.0.0.1 ${primary.port} ${quorum}`,
      `sentinel down-after-milliseconds ${name} 1000`,
      `sentinel failover-timeout ${name} 3000`,
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    const sentinel = new RedisServer(port, dir, {}, { file })
    await sentinel.restart()
    return sentinel
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`
  }

  private get host(): string {
    return this.island?.address ?? '127.0.0.1'
  }

  get pid(): number {
    return this.child.pid!
  }

  /** Starts the process, again after `kill` or `stop`. Resolves when it answers. */
  async restart(): Promise<void> {
    const log = join(this.dir, 'redis.log')
    const settings = { bind: this.host, 'protected-mode': 'no', save: '', dir: this.dir, logfile: log, ...this.settings }
    const own = ['--port', String(this.port), ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])]
    const command = [...(this.island?.command ?? []), redisPath!, ...(this.file === undefined ? own : [this.file, '--sentinel'])]
    const child = spawn(command[0]!, command.slice(1), { stdio: 'ignore' })
    this.child = child
    running.add(child)
    this.exited = once(child, 'exit').then(() => running.delete(child))
    for (let attempt = 0; attempt < 500; attempt++) {
      if (await answers(this.host, this.port)) return
      if (child.exitCode !== null) throw new Error(`redis-server ended: ${readFileSync(log, 'utf8').slice(-500)}`)
      await delay(20)
    }
    throw new Error(`redis-server at ${this.port}: found no answer, expected one`)
  }

  /** As when a machine is lost: without a word, and at once. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }

  /** Lets it write what it has, and end. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.exited
  }

  /** It goes on existing and does nothing, as a machine that hangs. */
  pause(): void {
    this.child.kill('SIGSTOP')
  }

  resume(): void {
    this.child.kill('SIGCONT')
  }

  /** Ends it and deletes what it has written. */
  async remove(): Promise<void> {
    if (running.has(this.child)) await this.kill()
    rmSync(this.dir, { recursive: true, force: true })
  }
}
