import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { DriftwireProcess, pathOf } from './processKit.ts'
import type { State } from './protocolClient.ts'
import { overTransports } from './transportKit.ts'

const FILES = 1_024

const handshake = [
  'GET /ws HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n')

/** Opens a websocket and leaves it open. Resolves with the status of the answer, undefined if the connection was closed without one. */
const opened = (port: number): Promise<{ tcp: Socket; status: number | undefined }> =>
  new Promise(resolve => {
    const tcp = connect(port, '127.0.0.1')
    tcp.write(handshake)
    tcp.once('data', data => resolve({ tcp, status: Number(/^HTTP\/1\.1 (\d+)/.exec(data.toString('latin1'))?.[1]) }))
    tcp.once('close', () => resolve({ tcp, status: undefined }))
    tcp.on('error', () => {})
  })

overTransports(`a server that may open ${FILES} files`, transport => {
  it('refuses sockets beyond its places with 503, and does everything else as before', { timeout: 60_000 }, async () => {
    const options = ['--data', pathOf(`files-${transport}`), '--transport', transport]
    const server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'info', '--log-format', 'json', ...options], {}, FILES)
    await server.ready()
    const url = await server.url()
    const { sockets } = JSON.parse(server.stderr.split('\n').find(line => line.includes('transport chosen'))!) as { sockets: number }
    expect(sockets).toBeGreaterThan(300)

    const attempts: { tcp: Socket; status: number | undefined }[] = []
    for (let i = 0; i < 1_000; i += 50)
      attempts.push(...(await Promise.all(Array.from({ length: 50 }, () => opened(Number(new URL(url).port))))))
    const count = (status: number | undefined) => attempts.filter(attempt => attempt.status === status).length
    expect(count(101)).toBe(sockets)
    // The first beyond the places are answered; connections that nobody reads may not even be taken.
    expect(count(503)).toBeGreaterThan(100)
    expect(count(503) + count(undefined)).toBe(1_000 - sockets)
    for (const { tcp, status } of attempts) if (status !== 101) tcp.destroy()

    // Everything else works: HTTP, statements, logins, the spool.
    const stored = async (): Promise<number> => ((await server.json('/v1/state/status')).sink as { stored: { ticks: number } }).stored.ticks
    const before = await stored()
    for (let i = 0; i < 20; i++) expect((await fetch(`${url}/v1/history/tick:BTC-USD`)).status).toBe(200)
    await server.json('/metrics'.replace('/metrics', '/readyz'))
    for (let after = before; after <= before + 100; ) after = await stored()
    const status: State = await server.json('/v1/state/status')
    expect(status.clients).toMatchObject({ sockets, turnedAway: expect.any(Number) })
    expect((status.clients as { turnedAway: number }).turnedAway).toBeGreaterThanOrEqual(count(503))
    const open = readdirSync(`/proc/${server.pid}/fd`).length
    expect(open).toBeLessThan(FILES - 100)

    expect(await server.end('SIGTERM')).toBe(0)
    expect(server.stderr).not.toMatch(/EMFILE|too many open files/i)
    for (const { tcp } of attempts) tcp.destroy()
  })
})
