import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { overTransports, servers } from './transportKit.ts'

const LIMIT = 100_000
const FRAME = Buffer.alloc(15_000, 'x')

/** More than the system keeps for one connection whose other end does not read. */
const MORE_THAN_THE_SYSTEM_HOLDS = 16_000_000

overTransports('a socket whose peer does not read', kind => {
  const serve = servers(kind)
  afterEach(() => void vi.useRealTimers())

  it('loses messages above the limit, says so, and goes on; the others lose nothing', async () => {
    const served = await serve({}, { maxBackpressure: LIMIT })
    const [slow, healthy] = [await served.join(), await served.join()]
    for (const { socket } of [slow, healthy]) socket.subscribe('x')
    slow.client.ws.pause()
    let published = 0
    while (!slow.socket.dropped && published * FRAME.length < MORE_THAN_THE_SYSTEM_HOLDS) {
      for (let i = 0; i < 20; i++) served.transport.publish('x', FRAME)
      published += 20
      expect(await healthy.client.messages.take(20)).toHaveLength(20)
      await nextTurn()
    }
    expect(slow.socket.dropped).toBe(true)
    expect(slow.socket.buffered()).toBeGreaterThan(LIMIT)
    expect(slow.socket.buffered()).toBeLessThanOrEqual(LIMIT + 2 * FRAME.length)
    expect([healthy.socket.dropped, healthy.socket.buffered()]).toEqual([false, 0])

    slow.socket.dropped = false
    slow.socket.send('lost')
    expect(slow.socket.dropped).toBe(true)
    slow.socket.dropped = false
    slow.socket.ping(1)
    expect(slow.socket.dropped).toBe(true)

    slow.socket.dropped = false
    slow.client.ws.resume()
    while (slow.socket.buffered() > 0) await nextTurn()
    slow.socket.send('snapshot')
    served.transport.publish('x', Buffer.from('patch'))
    let got = 0
    while ((await slow.client.messages.next()) !== 'snapshot') got += 1
    expect(got).toBeLessThan(published)
    expect(await slow.client.messages.next()).toBe('patch')
    expect(slow.socket.dropped).toBe(false)
  })

  it('loses nothing in a turn that is larger than the limit, as long as its peer reads', async () => {
    const served = await serve({}, { maxBackpressure: LIMIT })
    const { client, socket } = await served.join()
    socket.subscribe('x')
    for (let i = 0; i < 5_000; i++) served.transport.publish('x', Buffer.from(`message ${i} ${'x'.repeat(100)}`))
    const got = await client.messages.take(5_000)
    expect(got.at(-1)).toMatch(/^message 4999 /)
    expect(socket.dropped).toBe(false)
  })

  it('has nothing buffered any more when its peer has read', async () => {
    const served = await serve({}, { maxBackpressure: 2 * MORE_THAN_THE_SYSTEM_HOLDS })
    const { client, socket } = await served.join()
    client.ws.pause()
    socket.send('x'.repeat(MORE_THAN_THE_SYSTEM_HOLDS))
    await nextTurn()
    expect(socket.buffered()).toBeGreaterThan(0)
    client.ws.resume()
    await client.messages.next()
    await vi.waitFor(() => expect(socket.buffered()).toBe(0))
  })

  it('gets what was sent before it was closed, and the close, when it reads again', async () => {
    const served = await serve({}, { maxBackpressure: 2 * MORE_THAN_THE_SYSTEM_HOLDS })
    const { client, socket } = await served.join()
    socket.subscribe('x')
    client.ws.pause()
    socket.send('x'.repeat(MORE_THAN_THE_SYSTEM_HOLDS))
    served.transport.publish('x', Buffer.from('last'))
    await nextTurn()
    socket.close(4008, 'behind')
    served.transport.publish('x', Buffer.from('too late'))
    expect(await served.closed.next()).toEqual({ socket, code: 4008 })
    client.ws.resume()
    expect(await client.closed).toEqual({ code: 4008, reason: 'behind' })
    expect((await client.messages.take(2)).map(text => text.length)).toEqual([MORE_THAN_THE_SYSTEM_HOLDS, 4])
    expect(client.messages.pending).toEqual([])
  })

  it('is cut off if it has not taken that within some seconds', async () => {
    const served = await serve({}, { maxBackpressure: 2 * MORE_THAN_THE_SYSTEM_HOLDS })
    const { client, socket } = await served.join()
    client.ws.pause()
    socket.send('x'.repeat(MORE_THAN_THE_SYSTEM_HOLDS))
    await nextTurn()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    socket.close(4008, 'dead')
    vi.advanceTimersByTime(5_000)
    vi.useRealTimers()
    client.ws.resume()
    expect((await client.closed).code).toBe(1006)
    expect(client.messages.pending).toEqual([])
    expect((await served.closed.next()).code).toBe(4008)
    expect(served.closed.pending).toEqual([])
  })

  it('does not hold up the end of the server for longer than the grace', async () => {
    const served = await serve({}, { maxBackpressure: 2 * MORE_THAN_THE_SYSTEM_HOLDS })
    const { client, socket } = await served.join()
    client.ws.pause()
    socket.send('x'.repeat(MORE_THAN_THE_SYSTEM_HOLDS))
    await nextTurn()
    const begun = performance.now()
    await served.transport.close(50)
    expect(performance.now() - begun).toBeLessThan(2_000)
    client.ws.resume()
    expect((await client.closed).code).toBe(1006)
  })

  it('is let go by the end of the server as soon as it has read', async () => {
    const served = await serve({}, { maxBackpressure: 2 * MORE_THAN_THE_SYSTEM_HOLDS })
    const { client, socket } = await served.join()
    client.ws.pause()
    socket.send('x'.repeat(MORE_THAN_THE_SYSTEM_HOLDS))
    await nextTurn()
    const done = served.transport.close(1_000_000)
    client.ws.resume()
    expect((await client.closed).code).toBe(1001)
    expect((await client.messages.next()).length).toBe(MORE_THAN_THE_SYSTEM_HOLDS)
    await done
  })
})
