import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Load, symbolOf } from './latencyServer.ts'
import { LightSocket } from './lightSocket.ts'
import { type Figure, print } from './report.ts'

/**
 * The time from the end of a frame to the arrival of what changed in it at one client, and of a change from its beginning. With `--beside DIR`,
 * the built benches of another revision (`dist/bench`), in turns with it.
 */

const quick = process.argv.includes('--quick')
const ROUNDS = quick ? 3 : 7
const PHASE_MS = quick ? 4_000 : 10_000
const SYMBOLS = 200
const FRAMES_MS = [20, 2]

const METHOD = `One client on a socket, in a process of its own; the server: feed, pipeline, hub and sockets, no store, started again for each round, so at another phase of the frames. Idle: one symbol trades every 60 to 120 ms. Busy: ${SYMBOLS} symbols of the simulated market, 1,000 trades a second in all, not in step with the frames; the client follows all. From the end of the frame (the push's \`t\`) to the arrival of its bytes; from the trade's time, a whole millisecond, to the same. CPU: all threads of the server with a client and no trade.`

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** ms since the epoch, finer than a whole one. */
const now = (): number => performance.timeOrigin + performance.now()

/** CPU of all threads of a process so far, ms. */
const cpuOf = (pid: number): number => {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).reduce((sum, id) => sum + Number(readFileSync(join(tasks, id, 'schedstat'), 'utf8').split(' ')[0]) / 1e6, 0)
}

interface Delays {
  /** ms, from the end of the frame and from the trade. */
  readonly frame: number[]
  readonly trade: number[]
}

interface Round {
  readonly idle: Delays
  readonly busy: Delays
  /** Seconds a minute. */
  readonly cpu: number
}

const measured = async (dir: string, frameMs: number): Promise<Round> => {
  const server = fork(join(dir, 'latencyServer.js'), [String(frameMs), String(SYMBOLS)])
  running.add(server)
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]
  const client = await LightSocket.open(`ws://127.0.0.1:${port}/ws`)
  let delays: Delays | undefined
  client.onMessage = text => {
    const at = now()
    if (delays === undefined || !text.includes('"d":')) return
    delays.frame.push(at - Number(/"t":(\d+),"d"/.exec(text)![1]))
    const trade = /"d":.*"t":(\d+)/.exec(text)
    if (trade) delays.trade.push(at - Number(trade[1]))
  }
  client.send(JSON.stringify(Array.from({ length: SYMBOLS }, (_, i) => `tick:${symbolOf(i)}`)))
  const phase = async (load: Load): Promise<Delays> => {
    server.send(load)
    await delay(1_000)
    const seen: Delays = { frame: [], trade: [] }
    delays = seen
    await delay(PHASE_MS)
    delays = undefined
    return seen
  }
  await delay(1_000)
  const before = cpuOf(server.pid!)
  await delay(PHASE_MS)
  const cpu = ((cpuOf(server.pid!) - before) / PHASE_MS) * 60
  const round = { idle: await phase('idle'), busy: await phase('busy'), cpu }
  client.close()
  const ended = once(server, 'exit')
  server.kill('SIGKILL')
  await ended
  running.delete(server)
  return round
}

const share = (values: readonly number[], of: number): number => [...values].sort((a, b) => a - b)[Math.floor(values.length * of)]!

const figuresOf = (name: string, rounds: readonly Round[]): Figure[] => {
  const of = (what: string, value: (round: Round) => number, unit = 'ms'): Figure => ({
    what: `${name}, ${what}`,
    rounds: rounds.map(value),
    unit,
  })
  return [
    ...(['idle', 'busy'] as const).flatMap(load => [
      of(`${load}: from the frame's end, p50`, round => share(round[load].frame, 0.5)),
      of(`${load}: from the frame's end, p99`, round => share(round[load].frame, 0.99)),
      of(`${load}: from the trade, p50`, round => share(round[load].trade, 0.5)),
      of(`${load}: from the trade, p99`, round => share(round[load].trade, 0.99)),
    ]),
    of('nothing to do: CPU', ({ cpu }) => cpu, 's a minute'),
  ]
}

const at = process.argv.indexOf('--beside')
const ways = [
  { name: 'frames of', dir: import.meta.dirname },
  ...(at > 0 ? [{ name: 'beside, frames of', dir: process.argv[at + 1]! }] : []),
]
const cases = FRAMES_MS.flatMap(frameMs =>
  ways.map(({ name, dir }) => ({ name: `${name} ${frameMs} ms`, dir, frameMs, rounds: [] as Round[] })),
)
for (let round = 0; round < ROUNDS; round++) for (const { dir, frameMs, rounds } of cases) rounds.push(await measured(dir, frameMs))
print({ name: 'latency', method: METHOD, figures: cases.flatMap(({ name, rounds }) => figuresOf(name, rounds)) })
