import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { hash } from '@node-rs/argon2'
import { PASSWORD } from './orderer.ts'

/** Servers in processes of their own that take the orders of a bench. */

/** Clients that are known: `c0`, `c1` and so on. */
export const CLIENTS = 100
/** Assets of the fund. */
export const ASSETS = ['A0', 'A1', 'A2']
const UNITS = Object.fromEntries(ASSETS.map((asset, i) => [asset, `${i + 1}.123456789012345678`]))

/** Writes into `dir` what the servers are configured with: the fund BENCH and its clients. Returns the file. */
export const writeConfig = async (dir: string): Promise<string> => {
  const passwordHash = await hash(PASSWORD)
  const assets = Object.fromEntries(ASSETS.map(asset => [asset, '1000000000']))
  const clients = Array.from({ length: CLIENTS }, (_, i) => ({ username: `c${i}`, passwordHash, assets }))
  await writeFile(join(dir, 'clients.json'), JSON.stringify({ clients }))
  const funds = [{ id: 'BENCH', weighting: { scheme: 'units', units: UNITS } }]
  const file = join(dir, 'config.json')
  await writeFile(file, JSON.stringify({ feeds: [], funds, clients: 'clients.json', limits: { requestsPerSecond: 1_000_000 } }))
  return file
}

/** Starts a server with these options at a port of its own. Resolves when it serves, with the address of its websocket; a core has none, only that of its health. */
export const startServer = async (...options: readonly string[]): Promise<{ server: ChildProcess; url: string }> => {
  const launcher = join(import.meta.dirname, '../../server/cli/driftwire.cjs')
  const server = spawn(process.execPath, [launcher, 'serve', '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'ignore'] })
  // Also if this process ends early.
  process.once('exit', () => server.kill('SIGKILL'))
  for await (const line of createInterface({ input: server.stdout! })) {
    const url = /(?:websocket|health) +(\S+)/.exec(line)?.[1]
    if (url !== undefined) return { server, url }
  }
  throw new Error('the server did not start')
}

/** Stops a server. Resolves when it has ended. */
export const stopServer = async (server: ChildProcess): Promise<void> => {
  const ended = new Promise(resolve => server.once('exit', resolve))
  server.kill('SIGTERM')
  await ended
}
