import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { ProtocolClient, type State } from './protocolClient.ts'

/** driftwire as its users run it: the built program, as a process of its own. */

const PROGRAM = join(packageRoot(), 'server', 'cli', 'driftwire.cjs')
if (!existsSync(join(packageRoot(), 'dist', 'server', 'cli', 'driftwire.js'))) throw new Error('driftwire is not built yet: npm run build')

const folder = mkdtempSync(join(tmpdir(), 'driftwire-process-'))
const running = new Set<DriftwireProcess>()
afterAll(async () => {
  await Promise.all([...running].map(process => process.end('SIGKILL')))
  rmSync(folder, { recursive: true, force: true })
  // Of hundreds of data directories.
}, 600_000)

export const pathOf = (name: string): string => join(folder, name)

export const written = (name: string, content: string): string => {
  mkdirSync(dirname(pathOf(name)), { recursive: true })
  writeFileSync(pathOf(name), content)
  return pathOf(name)
}

export class DriftwireProcess {
  stdout = ''
  stderr = ''
  /** ms that it ran. */
  lasted = 0
  readonly exited: Promise<number | NodeJS.Signals>
  private readonly child: ChildProcess
  private readonly begun: Promise<void>
  private readonly began = performance.now()

  /** `serve` with these options, on a port of the system's choice and with warnings only in its log. */
  static serve(...options: string[]): DriftwireProcess {
    return new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', ...options])
  }

  /** `openFiles`: the limit of its open files, if not that of this process. `through`: the words of a command that runs it. */
  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}, openFiles?: number, through: readonly string[] = []) {
    const limited = openFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${openFiles}; exec "$0" "$@"`]
    const [program, ...words] = [...through, ...limited, process.execPath, PROGRAM, ...args]
    this.child = spawn(program!, words, { cwd: folder, env: { PATH: process.env.PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.begun = new Promise(resolve => {
      this.child.stdout!.on('data', data => {
        this.stdout += data
        if (/^ +data .*\n/m.test(this.stdout)) resolve()
      })
    })
    this.child.stderr!.on('data', data => {
      this.stderr += data
    })
    running.add(this)
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      running.delete(this)
      this.lasted = performance.now() - this.began
      return (code ?? signal) as number | NodeJS.Signals
    })
  }

  get pid(): number {
    return this.child.pid!
  }

  /** What it prints at its start, once it has. Rejects where it ends before. */
  async printed(): Promise<string> {
    const over = await Promise.race([this.begun, this.exited])
    if (over !== undefined) throw new Error(`it ended with ${over}: ${this.stderr}`)
    return this.stdout
  }

  /** Resolves when its log says so. Rejects if it ends before. */
  async logged(text: string): Promise<void> {
    const over = new AbortController()
    void this.exited.then(() => over.abort())
    while (!this.stderr.includes(text)) {
      if (over.signal.aborted) throw new Error(`it ended: ${this.stderr}`)
      await once(this.child.stderr!, 'data', over).catch(() => {})
    }
  }

  /** `http://HOST:PORT`, as printed. */
  async url(): Promise<string> {
    return /http:\/\/[^/\s]+/.exec(await this.printed())![0]
  }

  async client(): Promise<ProtocolClient> {
    return ProtocolClient.connect(`${(await this.url()).replace('http', 'ws')}/ws`)
  }

  async json<T = State>(path: string): Promise<T> {
    const response = await fetch(`${await this.url()}${path}`)
    if (response.status !== 200) throw new Error(`${path}: ${response.status}: ${await response.text()}`)
    return (await response.json()) as T
  }

  /** Resolves with the status when ClickHouse can be asked. */
  ready(): Promise<State> {
    return this.status(({ sink }) => (sink as State).state === 'ready')
  }

  /** Resolves with the status when the replays are over, their frames sent and their rows stored. */
  replayed(): Promise<State> {
    return this.status(({ feeds }) => Object.values(feeds as State).every(feed => (feed as State).state === 'ended'))
  }

  /** The status, once it is so. */
  async status(holds: (status: State) => boolean): Promise<State> {
    const client = await this.client()
    await client.subscribe(['status'])
    const replica = await client.replica('status')
    await client.until(() => holds(replica.state))
    await client.close()
    return replica.state
  }

  /** Sends a signal, and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    this.child.kill(signal)
    return this.exited
  }

  /** What it said last on its standard error. */
  get lastLine(): string {
    return this.stderr.trimEnd().split('\n').at(-1)!
  }
}
