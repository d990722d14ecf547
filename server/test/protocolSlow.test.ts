import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { ProtocolClient, State } from './protocolClient.ts'
import { NOON, ProtocolServer } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

const FRAMES = 30_000
const CHANNELS = ['tick:SLOW-USD', 'trades:SLOW-USD']
/** So many that what they do not read would be hundreds of megabytes. */
const PAUSED = 50

let feed = ''
beforeAll(() => {
  const lines = ['symbol,ts_ms,price,qty,trade_id']
  for (let i = 0; i < FRAMES; i++) lines.push(`SLOW-USD,${NOON + 20 * i},${100 + (i % 1_009) / 8},1,${i}`)
  feed = `replay:${written('slow.csv', `${lines.join('\n')}\n`)}`
})

overTransports('a client that stops reading', transport => {
  it('costs the server nothing, holds up nobody, and ends in the same state when it reads again', async () => {
    const options = ['--transport', transport, '--speed', 'max', '--feed', feed, '--wait-clients', String(PAUSED + 1)]
    const server = DriftwireProcess.serve('--data', pathOf(`slow-${transport}`), ...options)
    const memory = async (): Promise<number> => {
      const metrics = await (await fetch(`${await server.url()}/metrics`)).text()
      return Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)![1]) / 2 ** 20
    }
    const paused = await Promise.all(
      Array.from({ length: PAUSED }, async () => {
        const client = await server.client()
        await client.subscribe(CHANNELS, { checksum: true })
        for (const channel of CHANNELS) await client.replica(channel)
        client.ws.pause()
        return client
      }),
    )
    await server.ready()
    const before = await memory()
    const reading = await server.client()
    await reading.subscribe(CHANNELS, { checksum: true })
    const status = await server.replayed()
    expect(Object.values(status.feeds as State)[0]).toMatchObject({ ticks: FRAMES, bad: {} })

    const end = async (client: ProtocolClient): Promise<void> => {
      const states = await Promise.all(CHANNELS.map(channel => server.json(`/v1/state/${channel}`)))
      await client.until(() => client.replicas.get('tick:SLOW-USD')!.state.t === NOON + 20 * (FRAMES - 1))
      await client.until(() => (client.replicas.get('trades:SLOW-USD')!.state.last as State)[lastId(states[1]!)] !== undefined)
      expect(CHANNELS.map(channel => client.replicas.get(channel)!.state)).toEqual(states)
      expect(client.faults).toEqual([])
    }
    await end(reading)
    // All that was pushed is some 300 bytes a frame and socket.
    expect(((await memory()) - before) / PAUSED).toBeLessThan((0.5 * FRAMES * 300) / 2 ** 20)
    expect(Number((status.clients as State).slow)).toBeGreaterThanOrEqual(PAUSED)

    // Some go away without a word, some read on.
    const back = paused.splice(0, 5)
    await Promise.all(paused.map(client => client.close()))
    for (const client of back) client.ws.resume()
    await Promise.all(back.map(end))
    for (const client of back) expect(client.replicas.get('tick:SLOW-USD')!.pushes.length).toBeLessThan(FRAMES / 2)
    expect(await server.end('SIGTERM')).toBe(0)
  }, 30_000)
})

const lastId = (trades: State): string => {
  const last = trades.last as { [id: string]: State }
  return Object.keys(last).reduce((newest, id) => (Number(last[id]!.t) > Number(last[newest]!.t) ? id : newest))
}

overTransports('a client that reads nothing for deadAfterMs', transport => {
  describe('of one second', () => {
    let server: ProtocolServer
    beforeAll(async () => {
      server = await ProtocolServer.start({ limits: { deadAfterMs: 1_000 }, feeds: ['sim'] }, '--transport', transport)
    })
    afterAll(() => server.stop())

    it('is cut off with 4008, and no other', async () => {
      const [dead, alive] = await Promise.all([server.client(), server.client()])
      for (const client of [dead!, alive!]) await client.subscribe(['fund:NONE', 'tick:BTC-USD', 'status'])
      await dead!.replica('tick:BTC-USD')
      dead!.ws.pause()
      const status = await alive!.replica('status')
      await alive!.until(() => (status.state.clients as State).cutOff === 1)
      dead!.ws.resume()
      expect((await dead!.closed).code).toBe(4008)
      expect(await alive!.ask('ping')).toBeTypeOf('number')
    })
  })
})
