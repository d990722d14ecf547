import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Client, type Kind, servers } from './transportKit.ts'

/** Connections that cost a place and say nothing: what each has sent when it falls silent, and then every second. */
const SLOW: readonly (readonly [name: string, head: string, drip: string])[] = [
  ['nothing at all', '', ''],
  ['half a head', 'GET / HTTP/1.1\r\nHost: a\r\nX-', ''],
  ['a header a second', 'GET / HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n'],
  ['a body that does not come', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n', ''],
  ['a byte of a body a second', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n', 'x'],
]
const KINDS: readonly Kind[] = ['uws', 'ws']
const serve = { uws: servers('uws'), ws: servers('ws') }

it('silent and slow connections end within fifteen seconds over both transports, and nobody else’s does', { timeout: 30_000 }, async () => {
  const started = performance.now()
  const lasted: Record<string, number> = {}
  const cut = async (kind: Kind): Promise<void> => {
    const served = await serve[kind]()
    const client = new Client(`ws://127.0.0.1:${served.port}/ws`)
    await client.open
    const body = new Uint8Array(400_000)
    // A body that keeps the pace may take longer than that.
    const steady = fetch(served.url(), {
      method: 'POST',
      duplex: 'half',
      body: new ReadableStream({
        async start(controller) {
          for (let i = 0; i < 12; i++) {
            controller.enqueue(body.subarray(i * 30_000, (i + 1) * 30_000))
            await delay(1_000)
          }
          controller.close()
        },
      }),
    } as RequestInit)
    await Promise.all(
      SLOW.map(async ([name, head, drip]) => {
        const raw = served.raw(head)
        const timer = setInterval(() => raw.tcp.write(drip), 1_000)
        await raw.all
        clearInterval(timer)
        lasted[`${kind}: ${name}`] = (performance.now() - started) / 1000
      }),
    )
    expect((await steady).status).toBe(200)
    expect(client.ws.readyState).toBe(client.ws.OPEN)
  }
  await Promise.all(KINDS.map(cut))
  expect(Object.keys(lasted).length).toBe(SLOW.length * KINDS.length)
  for (const [name, seconds] of Object.entries(lasted)) expect(seconds, name).toBeLessThan(15)
})
