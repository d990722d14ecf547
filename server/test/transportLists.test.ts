import { expect, it } from 'vitest'
import { overTransports, servers } from './transportKit.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const LISTS = '/ws?lists=true'

overTransports('a socket of lists', kind => {
  const serve = servers(kind)

  it('gets all of a turn as one list, in the order of the calls, and what comes alone as it is', async () => {
    const served = await serve()
    const { client, socket } = await served.join({}, LISTS)
    socket.subscribe('x')
    served.transport.publish('x', bytes('{"n":1}'))
    socket.send('{"n":2}')
    served.transport.publish('x', bytes('{"n":3}'))
    socket.unsubscribe('x')
    served.transport.publish('x', bytes('{"not":"mine"}'))
    expect(await client.messages.next()).toBe('[{"n":1},{"n":2},{"n":3}]')
    socket.send('{"alone":true}')
    expect(await client.messages.next()).toBe('{"alone":true}')
    expect(client.messages.pending).toEqual([])
  })

  it('gets the same as a socket that did not ask for lists, which gets each by itself', async () => {
    const served = await serve()
    const [listed, plain, other] = [await served.join({}, LISTS), await served.join(), await served.join({}, '/ws?lists=no')]
    const all = Array.from({ length: 50 }, (_, n) => ({ n, text: 'ä'.repeat(n) }))
    for (const { socket } of [listed, plain, other]) socket.subscribe('x')
    for (const one of all) served.transport.publish('x', bytes(JSON.stringify(one)))
    expect(JSON.parse(await listed.client.messages.next())).toEqual(all)
    for (const { client } of [plain, other]) expect((await client.messages.take(50)).map(text => JSON.parse(text))).toEqual(all)
  })

  it('does not care what becomes of a buffer afterwards', async () => {
    const served = await serve()
    const { client, socket } = await served.join({}, LISTS)
    const frame = Buffer.from('"kept"')
    socket.subscribe('x')
    served.transport.publish('x', frame)
    socket.send(frame)
    frame.fill(0)
    expect(await client.messages.next()).toBe('["kept","kept"]')
  })

  it('gets a long turn as several lists, none of which waits', async () => {
    const served = await serve()
    const { client, socket } = await served.join({}, LISTS)
    const part = JSON.stringify('x'.repeat(30_000))
    for (let i = 0; i < 7; i++) socket.send(part)
    expect((await client.messages.take(3)).map(text => [JSON.parse(text)].flat().length)).toEqual([3, 3, 1])
  })

  it('is pinged after all that was sent before, and closed after it', async () => {
    const served = await serve()
    const { client, socket } = await served.join({}, LISTS)
    const read: string[] = []
    client.ws.on('message', data => read.push(String(data)))
    client.ws.on('ping', payload => read.push(`ping ${payload}`))
    socket.send('1')
    socket.send('2')
    socket.ping(7)
    socket.send('3')
    expect(await served.pongs.next()).toBe(7)
    socket.send('4')
    socket.close(4001, 'enough')
    socket.send('5')
    expect(await client.closed).toEqual({ code: 4001, reason: 'enough' })
    expect(read).toEqual(['[1,2]', 'ping 7', '3', '4'])
  })

  it('counts what waits as buffered, says what it was accepted with, and is the same socket in every handler', async () => {
    const seen: unknown[] = []
    const served = await serve({ message: socket => void seen.push(socket), close: socket => void seen.push(socket, socket.closed) })
    const { client, socket } = await served.join({ origin: 'http://a.example' }, LISTS)
    expect(socket.data).toMatchObject({ origin: 'http://a.example' })
    socket.send('12345')
    expect(socket.buffered()).toBeGreaterThanOrEqual(5)
    await client.messages.next()
    client.ws.send('hello')
    await expect.poll(() => seen).toEqual([socket])
    socket.subscribe('x')
    client.ws.close()
    await client.closed
    await expect.poll(() => seen).toEqual([socket, socket, true])
    served.transport.publish('x', bytes('to nobody'))
    socket.send('to nobody')
    expect(socket.buffered()).toBe(0)
  })

  it('says that a message was dropped, and clears that when it is asked to', async () => {
    const served = await serve({}, { maxBackpressure: 100_000 })
    const { client, socket } = await served.join({}, LISTS)
    client.ws.pause()
    const part = JSON.stringify('x'.repeat(70_000))
    for (let i = 0; i < 400 && !socket.dropped; i++) socket.send(part)
    expect(socket.dropped).toBe(true)
    socket.dropped = false
    expect(socket.dropped).toBe(false)
    client.ws.terminate()
  })
})
