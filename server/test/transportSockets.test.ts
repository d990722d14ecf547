import { expect, it } from 'vitest'
import type { Socket } from '../gateway/transports/transport.ts'
import { freePort } from './kit/freePort.ts'
import { Client, handshake, overTransports, type Peer, servers } from './transportKit.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

overTransports('a transport', kind => {
  const serve = servers(kind)

  it('gives a published frame to those who follow the topic, and only to them', async () => {
    const served = await serve()
    const { transport } = served
    const [a, b, c] = [await served.join(), await served.join(), await served.join()]
    a.socket.subscribe('x')
    b.socket.subscribe('x')
    c.socket.subscribe('y')
    transport.publish('x', bytes('for x'))
    transport.publish('nobody follows', bytes('lost'))
    transport.publish('y', bytes('for y'))
    for (const { socket } of [a, b, c]) socket.send('end')
    expect(await a.client.messages.take(2)).toEqual(['for x', 'end'])
    expect(await b.client.messages.take(2)).toEqual(['for x', 'end'])
    expect(await c.client.messages.take(2)).toEqual(['for y', 'end'])
  })

  it('sends a snapshot and what follows it in order, in one turn', async () => {
    const served = await serve()
    const { client, socket } = await served.join()
    socket.subscribe('slow')
    served.transport.publish('slow', bytes('1'))
    socket.unsubscribe('slow')
    served.transport.publish('slow', bytes('not mine'))
    socket.send('2: snapshot')
    socket.subscribe('slow')
    socket.subscribe('slow')
    served.transport.publish('slow', bytes('3'))
    socket.send(bytes('4'))
    expect(await client.messages.take(4)).toEqual(['1', '2: snapshot', '3', '4'])
    expect(client.messages.pending).toEqual([])
  })

  it('does not care what becomes of a published buffer afterwards', async () => {
    const served = await serve()
    const { client, socket } = await served.join()
    socket.subscribe('x')
    const frame = Buffer.from('  the frame  ').subarray(2, 11)
    served.transport.publish('x', frame)
    socket.send(frame)
    frame.fill(0)
    expect(await client.messages.take(2)).toEqual(['the frame', 'the frame'])
  })

  it.each([0, 1, 125, 126, 65_535, 65_536, 3_000_000])('sends text of %i bytes as one message', async size => {
    const served = await serve({}, { maxBackpressure: 8_000_000 })
    const { client, socket } = await served.join()
    const text = 'ä'.repeat(size >> 1) + 'a'.repeat(size & 1)
    socket.subscribe('x')
    served.transport.publish('x', bytes(text))
    socket.send(text)
    expect(await client.messages.take(2)).toEqual([text, text])
  })

  it('distinguishes text from binary messages', async () => {
    const served = await serve()
    const { client } = await served.join()
    client.ws.send('grüße')
    client.ws.send(Buffer.from([1, 2, 3]))
    client.ws.send('')
    expect(await served.messages.take(3)).toEqual(['grüße', undefined, ''])
  })

  it('answers a ping after all that was sent before it, with its number', async () => {
    const served = await serve()
    const { client, socket } = await served.join()
    const read: string[] = []
    client.ws.on('message', data => read.push(String(data)))
    client.ws.on('ping', payload => read.push(`ping ${payload}`))
    socket.subscribe('x')
    served.transport.publish('x', bytes('before'))
    socket.ping(41)
    socket.send('after')
    socket.ping(Number.MAX_SAFE_INTEGER)
    expect(await served.pongs.take(2)).toEqual([41, Number.MAX_SAFE_INTEGER])
    expect(read).toEqual(['before', 'ping 41', 'after', `ping ${Number.MAX_SAFE_INTEGER}`])
  })

  it('reports a pong that answers nothing, without a number', async () => {
    const served = await serve()
    const { client } = await served.join()
    for (const payload of ['', 'x', '-1', '1e3', '9007199254740993', '12']) client.ws.pong(payload)
    expect(await served.pongs.take(6)).toEqual([undefined, undefined, undefined, undefined, undefined, 12])
  })

  it('answers pings', async () => {
    const served = await serve()
    const { client } = await served.join()
    const pong = new Promise(resolve => client.ws.once('pong', data => resolve(String(data))))
    client.ws.ping('are you there')
    expect(await pong).toBe('are you there')
  })

  it('closes with code and reason after all that was sent before, and reports it once, not from inside the call', async () => {
    const served = await serve()
    const { client, socket } = await served.join()
    expect(served.sockets).toBe(1)
    socket.subscribe('x')
    served.transport.publish('x', bytes('last'))
    socket.close(4008, 'too slow')
    expect(socket.closed).toBe(true)
    expect(served.closed.pending).toEqual([])
    expect(await served.closed.next()).toEqual({ socket, code: 4008 })
    expect(served.sockets).toBe(0)
    expect(await client.closed).toEqual({ code: 4008, reason: 'too slow' })
    expect(await client.messages.take(1)).toEqual(['last'])
    expect(served.closed.pending).toEqual([])
  })

  it('lets every call on a closed socket do nothing', async () => {
    const served = await serve()
    const { client, socket } = await served.join()
    client.ws.close(4001, 'done')
    expect(await served.closed.next()).toEqual({ socket, code: 4001 })
    expect(socket.closed).toBe(true)
    socket.send('x')
    socket.subscribe('x')
    socket.unsubscribe('x')
    socket.ping(1)
    socket.close(1000, '')
    served.transport.publish('x', bytes('x'))
    expect(socket.buffered()).toBe(0)
    expect(served.sockets).toBe(0)
    expect(socket.dropped).toBe(false)
    expect(served.closed.pending).toEqual([])
  })

  it('lets a socket be used and closed from inside every handler', async () => {
    const seen: string[] = []
    const everything = (socket: Socket<Peer>): void => {
      socket.subscribe('x')
      served.transport.publish('x', bytes('x'))
      socket.send('y')
      socket.ping(1)
      socket.unsubscribe('x')
    }
    const served = await serve({
      open: socket => {
        everything(socket)
        served.opened.put(socket)
      },
      message: socket => everything(socket),
      pong: (socket, mark) => {
        if (mark !== 2) return
        everything(socket)
        socket.close(4000, 'in pong')
        everything(socket)
      },
      close: (socket, code) => {
        seen.push(`${code}`)
        everything(socket)
        socket.close(4001, 'again')
        served.closed.put({ socket, code })
      },
    })
    const { client } = await served.join()
    client.ws.send('go')
    expect(await client.messages.take(4)).toEqual(['x', 'y', 'x', 'y'])
    client.ws.pong('2')
    expect(await client.closed).toEqual({ code: 4000, reason: 'in pong' })
    await served.closed.next()
    expect(seen).toEqual(['4000'])
  })

  it('reports a peer that vanished as 1006 and one that left without a code as 1005', async () => {
    const served = await serve()
    const gone = await served.join()
    gone.client.ws.terminate()
    expect((await served.closed.next()).code).toBe(1006)
    const left = await served.join()
    left.client.ws.close()
    expect((await served.closed.next()).code).toBe(1005)
  })

  it('shows what it was accepted with, and asks before it opens a socket', async () => {
    const asked: string[] = []
    const served = await serve({
      upgrade: ({ url, headers, remoteAddress }) => {
        asked.push(`${url.pathname}${url.search} ${headers.get('x-name')} ${remoteAddress}`)
        return { accept: { origin: headers.get('origin') } }
      },
    })
    const client = new Client(`ws://127.0.0.1:${served.port}/ws?a=%20b`, { origin: 'https://here', headers: { 'x-name': 'n' } })
    await client.open
    expect((await served.opened.next()).data).toEqual({ origin: 'https://here' })
    expect(asked).toEqual(['/ws?a=%20b n 127.0.0.1'])
  })

  it('refuses with the response that the application gives', async () => {
    const served = await serve({
      upgrade: () => ({ refuse: new Response('{"no":true}', { status: 403, headers: { 'x-why': 'origin' } }) }),
    })
    const raw = await served.raw(handshake()).all
    expect(raw).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(raw).toMatch(/\r\nx-why: origin\r\n/i)
    expect(raw).toMatch(/\r\n\r\n\{"no":true\}$/)
    expect(served.opened.pending).toEqual([])
  })

  it('chooses no subprotocol and no compression', async () => {
    const served = await serve()
    const raw = await served
      .raw(handshake(['Sec-WebSocket-Protocol: a, b', 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits']))
      .until('\r\n\r\n')
    expect(raw).toMatch(/^HTTP\/1\.1 101 /)
    expect(raw).toMatch(/\r\nx-request-id: [\w-]{36}\r\n/i)
    expect(raw).not.toMatch(/sec-websocket-(protocol|extensions)/i)
  })

  it.each([
    ['an old version', ['Sec-WebSocket-Version: 8'], 426],
    ['two hosts', ['Host: elsewhere'], 400],
  ])('refuses a handshake with %s', async (_, headers, status) => {
    const served = await serve()
    const raw = await served.raw(handshake(headers)).all
    expect(raw).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    if (status === 426) expect(raw).toMatch(/\r\nsec-websocket-version: 13\r\n/i)
    expect(served.opened.pending).toEqual([])
  })

  it('turns websockets away when all places are taken, counts that, and takes the next when one has left', async () => {
    const served = await serve({}, { maxSockets: 2 })
    const first = await served.join()
    await served.join()
    const raw = await served.raw(handshake()).all
    expect(raw).toMatch(/^HTTP\/1\.1 503 /)
    expect(raw).toMatch(/\r\nretry-after: 1\r\n/i)
    expect(raw).toMatch(/application\/problem\+json/)
    expect(served.transport.refused).toBe(1)
    expect((await fetch(served.url())).status).toBe(200)
    first.socket.close(4000, '')
    await served.join()
    expect(served.sockets).toBe(2)
  })

  it('refuses a port that is taken, and says so', async () => {
    const { port } = await serve()
    await expect(serve({}, {}, port)).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: listen EADDRINUSE`)
  })

  it('listens again on a port that it has just left with connections on it', async () => {
    const first = await serve({}, {}, await freePort())
    const { client } = await first.join()
    await first.transport.close(1_000)
    await client.closed
    const second = await serve({}, {}, first.port)
    await second.join()
    await expect(serve({}, {}, first.port)).rejects.toThrow('EADDRINUSE')
  })

  it('ends all sockets with 1001 and what was sent before, then is gone', async () => {
    const served = await serve()
    const joined = await Promise.all(Array.from({ length: 40 }, () => served.join()))
    for (const { socket } of joined) socket.subscribe('x')
    served.transport.publish('x', bytes('bye'))
    const done = served.transport.close(2_000)
    for (const { client } of joined) {
      expect((await client.closed).code).toBe(1001)
      expect(await client.messages.take(1)).toEqual(['bye'])
    }
    await done
    expect(await served.closed.take(40)).toHaveLength(40)
    expect(served.sockets).toBe(0)
    const late = new Client(`ws://127.0.0.1:${served.port}/ws`)
    await expect(late.open).rejects.toThrow('ECONNREFUSED')
    served.transport.publish('x', bytes('nobody'))
    await served.transport.close(0)
  })
})
