import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { freePort } from './kit/freePort.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import { ProtocolClient } from './protocolClient.ts'
import { systemTool } from './systemTool.ts'

// Without nginx there is nothing to pass through: `.ci/run` installs Debian's package.
const nginx = systemTool('nginx')
describe.skipIf(nginx === undefined)('through nginx, as deploy/nginx has it, in front of two servers', () => {
  let servers: DriftwireProcess[]
  let proxy: ChildProcess
  let port: number
  const urlOf = async (server: DriftwireProcess): Promise<string> => (await server.url()).replace(/^http:\/\//, '')
  const ask = (
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string; from?: string } = {},
  ): Promise<number> =>
    new Promise((resolve, reject) => {
      const { from = '127.0.0.1', body, ...rest } = init
      const asked = request({ host: '127.0.0.1', port, path, localAddress: from, ...rest }, answer => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode!))
      })
      asked.on('error', reject)
      asked.end(body)
    })
  const connect = (): Promise<ProtocolClient> => ProtocolClient.connect(`ws://127.0.0.1:${port}/ws`)

  beforeAll(async () => {
    servers = ['one', 'two'].map(name => DriftwireProcess.serve('--behind-tls', '--data', pathOf(name)))
    const at = await Promise.all(servers.map(urlOf))
    port = await freePort()
    const folder = pathOf('nginx')
    mkdirSync(folder)
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ')
    const configuration = readFileSync(join(packageRoot(), 'deploy', 'nginx', 'nginx.conf'), 'utf8')
      .replace('gateway-1:8080', at[0]!)
      .replace('gateway-2:8080', at[1]!)
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replace('/run/nginx.pid', join(folder, 'nginx.pid'))
      .replace('access_log off;', `access_log off; ${temporary}`)
    const args = ['-p', folder, '-e', 'stderr', '-g', 'daemon off;', '-c', written('nginx/nginx.conf', configuration)]
    proxy = spawn(nginx!, args, { stdio: 'ignore' })
    for (let tries = 0; tries < 100; tries++) {
      if ((await ask('/healthz').catch(() => 0)) === 200) break
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  })
  afterAll(async () => {
    proxy?.kill('SIGTERM')
    if (proxy) await once(proxy, 'exit')
  })

  it('sockets open on both, and carry snapshots and patches', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, connect))
    for (const client of clients) await client.subscribe(['status'])
    const replicas = await Promise.all(clients.map(client => client.replica('status')))
    await clients[0]!.until(() => replicas[0]!.pushes.length > 1)
    const sockets = await Promise.all(
      servers.map(async server =>
        Number(/^driftwire_clients_sockets (\d+)/m.exec(await (await fetch(`${await server.url()}/metrics`)).text())![1]),
      ),
    )
    expect(sockets).toEqual([3, 3])
    await Promise.all(clients.map(client => client.close()))
  })

  it('nobody reads the metrics', async () => {
    expect(await ask('/metrics')).toBe(404)
  })

  it('the client’s own address counts, whatever it says of itself', async () => {
    const guess = (from: string, claims: string): Promise<number> =>
      ask('/v1/login', {
        method: 'POST',
        from,
        headers: { 'content-type': 'application/json', 'x-forwarded-for': claims },
        body: JSON.stringify({ username: 'nobody', password: 'not the password' }),
      })
    const networks = async (): Promise<number> => {
      const counts = await Promise.all(
        servers.map(async server => (await server.json<{ accounts: { networks: number } }>('/v1/state/status')).accounts),
      )
      return Math.max(...counts.map(accounts => accounts.networks))
    }
    for (const claims of ['198.51.100.1', '198.51.100.2', '203.0.113.7, 10.0.0.1', '192.0.2.1'])
      expect(await guess('127.0.0.1', claims)).toBe(401)
    await expect.poll(networks).toBe(1)
    for (const claims of ['198.51.100.1', '198.51.100.2', '203.0.113.7']) await guess('127.0.1.1', claims)
    await expect.poll(networks).toBe(2)
  })

  it('no request fails while one of them stops, nor after it was killed', async () => {
    let asking = true
    const statuses: number[] = []
    const asked = (async () => {
      while (asking) statuses.push(await ask('/v1/funds').catch(() => 0))
    })()
    await servers[0]!.end('SIGTERM')
    asking = false
    await asked
    const after = await Promise.all(Array.from({ length: 20 }, () => ask('/v1/funds').catch(() => 0)))
    expect(statuses.length).toBeGreaterThan(5)
    expect(new Set([...statuses, ...after])).toEqual(new Set([200]))
    const clients = await Promise.all(Array.from({ length: 6 }, connect))
    for (const client of clients) await client.subscribe(['tick:BTC-USD'])
    await Promise.all(clients.map(client => client.close()))
  })
})
