import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { MAX_MESSAGE } from '../gateway/transports/transport.ts'
import { Client, handshake, overTransports, type Served, servers } from './transportKit.ts'

/** A frame as a client sends it, masked with zeros. `length` may differ from what follows. */
const frame = (first: number, payload: Uint8Array | string, { length = payload.length, masked = true } = {}): Buffer => {
  const size = Buffer.alloc(length < 126 ? 1 : 9)
  if (length < 126) size[0] = length
  else {
    size[0] = 127
    size.writeBigUInt64BE(BigInt(length), 1)
  }
  size[0]! |= masked ? 0x80 : 0
  return Buffer.concat([Buffer.from([first]), size, Buffer.alloc(masked ? 4 : 0), Buffer.from(payload)])
}

const TEXT = 0x81
const TEXT_BEGINS = 0x01
const GOES_ON = 0x80
const PING = 0x89
const CLOSE = 0x88

overTransports('a hostile client', kind => {
  const serve = servers(kind)

  /** The server still serves both, and holds nothing of those who have gone. */
  const stillServes = async (served: Served): Promise<void> => {
    expect(await (await fetch(served.url())).text()).toBe('hello')
    const client = new Client(`ws://127.0.0.1:${served.port}/ws`)
    await client.open
    client.ws.send('still there?')
    for (let text: string | undefined = ''; text !== 'still there?'; ) text = await served.messages.next()
    client.ws.close()
    await client.closed
    await vi.waitFor(() => expect(served.sockets).toBe(0))
  }

  it.each([
    ['text that is no UTF-8', frame(TEXT, Buffer.from([0xc3, 0x28]))],
    ['a message longer than allowed', frame(TEXT, '', { length: MAX_MESSAGE + 1 })],
    ['a message of 2^53 bytes', frame(TEXT, '', { length: 2 ** 53 })],
    ['an unknown opcode', frame(0x83, 'x')],
    ['reserved bits', frame(0xf1, 'x')],
    ['a continuation of nothing', frame(GOES_ON, 'x')],
    ['a message inside another', Buffer.concat([frame(TEXT_BEGINS, 'a'), frame(TEXT, 'b')])],
    ['a ping in fragments', frame(0x09, 'x')],
    ['a ping longer than allowed', frame(PING, 'x'.repeat(126))],
    ['fragments that are together too long', Buffer.concat([frame(TEXT_BEGINS, 'a'.repeat(MAX_MESSAGE)), frame(GOES_ON, 'b')])],
  ])('that sends %s loses its socket, and nobody else anything', async (_, bytes) => {
    const served = await serve()
    const { client, socket } = await served.join()
    const raw = served.raw(handshake())
    await served.opened.next()
    await raw.until('\r\n\r\n')
    raw.tcp.write(bytes)
    expect((await served.closed.next()).code).toBe(1006)
    raw.tcp.destroy()
    socket.send('and you?')
    expect(await client.messages.next()).toBe('and you?')
    client.ws.terminate()
    await served.closed.next()
    await stillServes(served)
  })

  it.each([
    ['half a frame', frame(TEXT, 'half', { length: 100 })],
    ['half a header', Buffer.from([0x81])],
    // One library takes the first bytes for the mask, and waits.
    ['a frame without a mask', frame(TEXT, 'text', { masked: false })],
    ['a close that is none', frame(CLOSE, Buffer.from([0x03]))],
    ['a close with a code that nobody may send', frame(CLOSE, Buffer.from([0x03, 0xee]))],
    ['a close, and more after it', Buffer.concat([frame(CLOSE, Buffer.from([0x03, 0xe8])), frame(TEXT, 'after')])],
  ])('that sends %s and is gone leaves nothing behind', async (_, bytes) => {
    const served = await serve()
    const raw = served.raw(handshake())
    const socket = await served.opened.next()
    await raw.until('\r\n\r\n')
    raw.tcp.write(bytes, () => raw.tcp.resetAndDestroy())
    expect((await served.closed.next()).socket).toBe(socket)
    expect(served.messages.pending).toEqual([])
    await stillServes(served)
  })

  it('that has said close, and stays, gets nothing after the answer to that', async () => {
    const served = await serve()
    const raw = served.raw(handshake())
    const socket = await served.opened.next()
    socket.subscribe('x')
    await raw.until('\r\n\r\n')
    raw.tcp.write(frame(CLOSE, Buffer.from([0x03, 0xe8])))
    const publish = () => {
      served.transport.publish('x', Buffer.from('message'))
      socket.send('message')
    }
    while (!socket.closed) {
      publish()
      await nextTurn()
    }
    publish()
    expect((await served.closed.next()).code).toBe(1000)
    publish()
    expect(
      Buffer.from(await raw.all, 'latin1')
        .subarray(-4)
        .toString('hex'),
    ).toBe('880203e8')
  })

  it('may send the longest message that is allowed, in one frame or in many', async () => {
    const served = await serve()
    const raw = served.raw(handshake())
    await raw.until('\r\n\r\n')
    raw.tcp.write(frame(TEXT, 'x'.repeat(MAX_MESSAGE)))
    raw.tcp.write(frame(TEXT_BEGINS, 'y'))
    for (let i = 0; i < 1_000; i++) raw.tcp.write(frame(0x00, 'y'.repeat(1_000)))
    raw.tcp.write(frame(PING, 'in between'))
    raw.tcp.write(frame(GOES_ON, ''))
    expect((await served.messages.next())!.length).toBe(MAX_MESSAGE)
    expect((await served.messages.next())!.length).toBe(1_000_001)
    await raw.until('in between')
    raw.tcp.destroy()
  })

  it('that pings without reading costs no more than the limit and keeps its socket', { timeout: 30_000 }, async () => {
    const served = await serve({}, { maxBackpressure: 50_000 })
    const { client, socket } = await served.join()
    client.ws.pause()
    const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(PING, 'x'.repeat(125))))
    const raw = served.raw(handshake())
    const pinged = await served.opened.next()
    await raw.until('\r\n\r\n')
    raw.tcp.pause()
    while (!pinged.dropped && !pinged.closed) {
      if (!raw.tcp.write(pings)) await once(raw.tcp, 'drain')
    }
    expect([pinged.closed, pinged.dropped]).toEqual([false, true])
    expect(pinged.buffered()).toBeLessThan(60_000)
    expect(socket.closed).toBe(false)
    raw.tcp.destroy()
    client.ws.terminate()
  })

  it('that sends anything at all does no harm', { timeout: 60_000 }, async () => {
    const served = await serve({ message: socket => socket.send('x'), http: async asked => new Response(await asked.arrayBuffer()) })
    const anything = fc.uint8Array({ maxLength: 300 })
    const framed = fc
      .tuple(fc.integer({ min: 0, max: 255 }), anything, fc.option(fc.nat(400), { nil: undefined }), fc.boolean())
      .map(([first, payload, length, masked]) => frame(first, payload, length === undefined ? { masked } : { masked, length }))
    const bytes = fc.array(fc.oneof(anything, framed), { maxLength: 8 }).map(parts => Buffer.concat(parts))
    const start = fc.constantFrom('', 'GET / HTTP/1.1\r\n', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', handshake())
    await fc.assert(
      fc.asyncProperty(start, bytes, fc.boolean(), async (text, rest, reset) => {
        const raw = served.raw(text)
        await once(raw.tcp, 'connect')
        await new Promise(resolve => raw.tcp.write(rest, resolve))
        if (reset) raw.tcp.resetAndDestroy()
        else raw.tcp.end()
        raw.tcp.resume()
        if (reset || !text.includes('Upgrade')) raw.tcp.destroy()
        await raw.all
      }),
      { numRuns: 400 },
    )
    await vi.waitFor(() => expect(served.sockets).toBe(0), { timeout: 10_000 })
    expect((await fetch(served.url())).status).toBe(200)
  })

  it('that comes a thousand times and leaves at every possible moment leaves nothing behind', { timeout: 60_000 }, async () => {
    const served = await serve()
    const leave = async (i: number): Promise<void> => {
      const raw = served.raw(i % 4 === 0 ? 'GET / HT' : i % 4 === 1 ? 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' : handshake())
      await once(raw.tcp, 'connect')
      if (i % 8 === 3) await raw.until('\r\n\r\n')
      if (i % 16 < 8) raw.tcp.resetAndDestroy()
      else raw.tcp.destroy()
      await raw.all
    }
    for (let i = 0; i < 1_600; i += 100) await Promise.all(Array.from({ length: 100 }, (_, j) => leave(i + j)))
    await stillServes(served)
    while (served.opened.pending.length > 0) expect((await served.opened.next()).closed).toBe(true)
  })

  it('that opens more connections than there are places is turned away, and counted', { timeout: 30_000 }, async () => {
    const served = await serve({}, { maxSockets: 1 })
    // Another 256 connections may be of HTTP.
    const all = Array.from({ length: 300 }, () => served.raw('GET / HT'))
    await vi.waitFor(() => expect(served.transport.refused).toBe(300 - 257))
    for (const raw of all) raw.tcp.destroy()
    await Promise.all(all.map(raw => raw.all))
    for (let i = 0; i < 400; i++) {
      const { client } = await served.join()
      client.ws.terminate()
      await served.closed.next()
    }
    await stillServes(served)
    expect(served.transport.refused).toBe(300 - 257)
  })
})
