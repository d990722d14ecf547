import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { assetNames, random, START } from './market.ts'

/** A server in a process of its own, which replays trades as they were recorded. */
export interface Replaying {
  readonly url: string
  stop(): Promise<void>
}

/** Trades of every symbol in every frame, as lines of a CSV file. */
const recording = function* (symbols: number, frameMs: number, ms: number): Iterable<string> {
  const next = random(7)
  const prices = assetNames(symbols).map(() => 1 + next() * 1000)
  yield 'symbol,price,exch_ts_ms,qty,side,trade_id\n'
  for (let t = START, id = 1; t < START + ms; t += frameMs) {
    const lines = prices.map((_, i) => {
      prices[i]! *= 1 + (next() - 0.5) * 1e-3
      return `A${i}-USD,${prices[i]!.toFixed(4)},${t + 1},0.1,buy,${id++}\n`
    })
    yield lines.join('')
  }
}

/** Starts a server on `ms` (event time) of trades of `symbols` symbols, each of which trades in every frame of `frameMs`. */
export const startReplaying = async (symbols: number, frameMs: number, ms: number): Promise<Replaying> => {
  const dir = await mkdtemp(join(tmpdir(), 'driftwire-page-'))
  const file = join(dir, 'trades.csv')
  await pipeline(Readable.from(recording(symbols, frameMs, ms)), createWriteStream(file))
  const launcher = join(import.meta.dirname, '../../server/cli/driftwire.cjs')
  const options = ['--port', '0', '--data', join(dir, 'data'), '--feed', `replay:${file}`, '--speed', '1']
  const server: ChildProcess = spawn(process.execPath, [launcher, 'serve', ...options], { stdio: ['ignore', 'pipe', 'ignore'] })
  process.once('exit', () => server.kill('SIGKILL'))
  const stop = async (): Promise<void> => {
    const ended = new Promise(resolve => server.once('exit', resolve))
    server.kill('SIGTERM')
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  for await (const line of createInterface({ input: server.stdout! })) {
    const url = /dashboard +(\S+)/.exec(line)?.[1]
    if (url !== undefined) return { url, stop }
  }
  throw new Error('the server did not start')
}
