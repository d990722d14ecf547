import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProtocolClient, Replica } from './protocolClient.ts'
import { file, NOON, ProtocolServer, skip, tradesFile } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

/** So many that some of them trade at every step of the simulated market. */
const ASSETS = ['BTC', 'ETH', 'BNB', 'SOL', 'XRP', 'DOGE', 'ADA', 'TRX', 'AVAX', 'SHIB', 'DOT', 'LINK']
const UNITS = Object.fromEntries(ASSETS.map((asset, i) => [asset, String(i + 1)]))
const LIVE = {
  funds: [
    { id: 'ALL', weighting: { scheme: 'units', units: UNITS } },
    { id: 'NEVER', weighting: { scheme: 'units', units: { NONE: '1' } } },
  ],
  portfolios: [{ id: 'pushes', transactions: 'pushes.csv' }],
  feeds: ['sim:7'],
}
const TICKS = ASSETS.map(asset => `tick:${asset}-USD`)

beforeAll(() => {
  file('pushes.csv', 't,type,asset,qty,price\n2024-01-01,buy,BTC,2,40000\n2024-01-02,buy,ETH,10,2000\n')
})

/** Resolves after `n` more pushes of a channel. */
const more = async (client: ProtocolClient, channel: string, n: number): Promise<Replica> => {
  const replica = await client.replica(channel)
  const before = replica.pushes.length
  await client.until(() => replica.pushes.length >= before + n)
  return replica
}

overTransports('what is pushed', transport => {
  describe('of a live market', () => {
    let server: ProtocolServer
    let observer: { client: ProtocolClient; since: number }
    beforeAll(async () => {
      server = await ProtocolServer.start(LIVE, '--transport', transport)
      const client = await server.client()
      await client.subscribe(['status'])
      observer = { client, since: performance.now() }
    })
    afterAll(() => server.stop())

    it('is a snapshot of each channel, then its patches, each from the state before it', async () => {
      const channels = [...TICKS, 'fund:ALL', 'candle:1m:BTC-USD', 'pnl:pushes']
      const client = await server.client()
      const said = await client.subscribe(channels)
      await more(client, 'fund:ALL', 8)
      for (const channel of channels) {
        const { pushes, epoch } = await client.replica(channel)
        expect(pushes[0], channel).toMatchObject({ ch: channel, epoch: said[channel]!.epoch, snap: {} })
        expect(pushes[0]!.seq).toBeGreaterThanOrEqual(said[channel]!.seq)
        expect(pushes.slice(1).every(push => push.d !== undefined && push.epoch === undefined && push.merged === undefined)).toBe(true)
        expect(epoch).toBe(said[channel]!.epoch)
      }
    })

    it('is of one moment: a fund has the prices of the ticks of the same time', async () => {
      const client = await server.client()
      await client.subscribe([...TICKS, 'fund:ALL'])
      const fund = await client.replica('fund:ALL')
      await client.until(() => fund.state.nav !== undefined)
      await more(client, 'fund:ALL', 12)
      const traded: Record<string, unknown> = {}
      const shown: Record<string, unknown> = {}
      let compared = 0
      const pushes = client.pushes.filter(push => push.t !== undefined)
      pushes.forEach(({ ch, t, snap, d = snap }, i) => {
        const asset = /^tick:(.*)-USD$/.exec(ch!)?.[1]
        if (asset === undefined) Object.assign(shown, d!.prices, { nav: d!.nav ?? shown.nav })
        else if (d!.price !== undefined) traded[asset] = d!.price
        // A frame has come as a whole when the next push is of another.
        if (pushes[i + 1]?.t === t || shown.nav === undefined) return
        const { nav, ...prices } = shown
        expect(prices).toEqual(traded)
        expect(nav).toBeCloseTo(
          ASSETS.reduce((sum, name) => sum + Number(UNITS[name]) * (traded[name] as number), 0),
          5,
        )
        compared += 1
      })
      expect(compared).toBeGreaterThan(10)
    })

    it('has the time of the newest frame, also of `status`', async () => {
      const client = await server.client()
      await client.subscribe(['fund:ALL'])
      const { t } = await more(client, 'fund:ALL', 2)
      await client.subscribe(['status'])
      expect((await client.replica('status')).t).toBeGreaterThanOrEqual(t)
    })

    it('says why a value is unknown: a fund that has begun names the prices it lacks', async () => {
      const client = await server.client()
      await client.subscribe(['fund:NEVER'])
      const { state } = await client.replica('fund:NEVER')
      expect(state).not.toHaveProperty('nav')
      expect(state).toMatchObject({ pending: { NONE: expect.any(String) } })
    })

    it('is a heartbeat every five seconds, whatever is followed', async () => {
      const client = await server.client()
      skip(5_000)
      await client.until(() => client.heartbeats.length === 1)
      expect(Date.now() - client.heartbeats[0]!).toBeLessThan(1_000)
      skip(4_000)
      await client.ask('ping')
      expect(client.heartbeats.length).toBe(1)
      skip(1_000)
      await client.until(() => client.heartbeats.length === 2)
      expect(client.heartbeats[1]! - client.heartbeats[0]!).toBeGreaterThanOrEqual(5_000)
      expect(client.replicas.size).toBe(0)
    })

    it('proves the state by a checksum after the snapshot and every five seconds, also if nothing changes', async () => {
      const client = await server.client()
      await client.subscribe(['fund:ALL', 'fund:NEVER'], { checksum: true })
      const [busy, quiet] = await Promise.all([client.replica('fund:ALL'), client.replica('fund:NEVER')])
      await client.until(() => busy.checksums >= 1 && quiet.checksums === 1)
      const before = busy.checksums
      skip(5_000)
      await client.until(() => quiet.checksums === 2 && busy.checksums > before)
      expect(quiet.pushes.length).toBe(1)
    })

    it('proves nothing to who did not ask for it', async () => {
      const client = await server.client()
      await client.subscribe(['fund:ALL'])
      await client.replica('fund:ALL')
      skip(5_000)
      expect((await more(client, 'fund:ALL', 3)).checksums).toBe(0)
    })

    it('of status comes once a second', async () => {
      const { pushes } = await more(observer.client, 'status', 1)
      const seconds = (performance.now() - observer.since) / 1_000
      expect(pushes.length - 1).toBeGreaterThanOrEqual(Math.floor(seconds) - 1)
      expect(pushes.length - 1).toBeLessThanOrEqual(Math.ceil(seconds))
    })

    describe('to who comes back', () => {
      /** A client that was here, and the channel as it knew it. */
      const left = async (channel: string): Promise<{ client: ProtocolClient; replica: Replica }> => {
        const client = await server.client()
        await client.subscribe([channel])
        const replica = await more(client, channel, 2)
        await client.close()
        return { client, replica }
      }
      const resume = (channel: string, { epoch, seq }: { epoch: string; seq: number }) => ({ resume: { [channel]: { epoch, seq } } })

      it('is what was missed, when the number is still known', async () => {
        const channel = 'fund:ALL'
        const { client, replica } = await left(channel)
        const other = await server.client()
        await other.subscribe([channel])
        await more(other, channel, 4)
        const again = await server.client()
        again.takeOver(client)
        const said = await again.subscribe([channel], { ...resume(channel, replica), checksum: true })
        expect(said[channel]).toMatchObject({ recovered: true, epoch: replica.epoch })
        expect(said[channel]!.seq).toBeGreaterThanOrEqual(replica.seq + 4)
        const now = await more(again, channel, 6)
        expect(now.pushes.filter(push => push.snap).length).toBe(1)
        expect(now.pushes.map(push => push.seq)).toEqual(now.pushes.map((_, i) => now.pushes[0]!.seq! + i))
        expect(now.checksums).toBeGreaterThan(0)
      })

      it('is nothing, when nothing was missed', async () => {
        const client = await server.client()
        await client.subscribe(['fund:NEVER'])
        const replica = await client.replica('fund:NEVER')
        await client.close()
        const again = await server.client()
        again.takeOver(client)
        const said = await again.subscribe(['fund:NEVER', 'fund:ALL'], resume('fund:NEVER', replica))
        expect(said['fund:NEVER']).toEqual({ epoch: replica.epoch, seq: replica.seq, recovered: true })
        await more(again, 'fund:ALL', 3)
        expect(again.pushes.filter(push => push.ch === 'fund:NEVER')).toEqual([])
      })

      it.each<[why: string, of: (replica: Replica) => { epoch: string; seq: number }]>([
        ['from another start', ({ seq }) => ({ epoch: 'other', seq })],
        ['from the future', ({ epoch, seq }) => ({ epoch, seq: seq + 1_000_000 })],
      ])('is a snapshot, when the number is %s', async (_, of) => {
        const channel = 'fund:ALL'
        const { client, replica } = await left(channel)
        const again = await server.client()
        again.takeOver(client)
        const said = await again.subscribe([channel], resume(channel, of(replica)))
        expect(said[channel]).toMatchObject({ recovered: false })
        expect((await more(again, channel, 1)).pushes[0]!.snap).toMatchObject({ nav: expect.any(Number) })
      })

      it('is a snapshot, when a minute has passed', async () => {
        const channel = 'fund:ALL'
        const { client, replica } = await left(channel)
        const other = await server.client()
        await other.subscribe([channel])
        await more(other, channel, 2)
        skip(61_000)
        await more(other, channel, 1)
        const again = await server.client()
        again.takeOver(client)
        expect((await again.subscribe([channel], resume(channel, replica)))[channel]).toMatchObject({ recovered: false })
        expect((await again.replica(channel)).pushes[0]!.snap).toBeDefined()
      })
    })
  })

  it('before a stop is a word of it, and after it another epoch', async () => {
    const server = await ProtocolServer.startForTest(LIVE, '--transport', transport)
    const client = await server.client()
    await client.subscribe(['fund:ALL'])
    const { epoch, seq } = await more(client, 'fund:ALL', 2)
    await server.stop()
    expect(client.bye).toEqual({ reason: 'the test is over', reconnectInMs: expect.any(Number) })
    expect((await client.closed).code).toBe(1001)

    const next = await ProtocolServer.startForTest(LIVE, '--transport', transport)
    const again = await next.client()
    again.takeOver(client)
    const said = await again.subscribe(['fund:ALL'], { resume: { 'fund:ALL': { epoch, seq } } })
    expect(said['fund:ALL']).toMatchObject({ recovered: false })
    expect(said['fund:ALL']!.epoch).not.toBe(epoch)
    expect((await again.replica('fund:ALL')).pushes[0]!.snap).toBeDefined()
    await next.stop()
  })

  describe('without any feed', () => {
    it('is an empty snapshot of what is not known, and all transactions', async () => {
      const server = await ProtocolServer.startForTest({ ...LIVE, feeds: [] }, '--transport', transport)
      const client = await server.client()
      const unknown = ['tick:BTC-USD', 'trades:BTC-USD', 'candle:1m:ETH-USD']
      await client.subscribe([...unknown, 'fund:ALL', 'pnl:pushes', 'status'], { checksum: true })
      for (const channel of unknown) expect((await client.replica(channel)).pushes).toMatchObject([{ snap: {} }])
      for (const channel of unknown) expect((await client.replica(channel)).state).toEqual({})
      expect((await client.replica('pnl:pushes')).state).toMatchObject({
        assets: { BTC: { qty: 2, avg: 40_000 }, ETH: { qty: 10, avg: 2_000 } },
        unpriced: { BTC: expect.any(String), ETH: expect.any(String) },
      })
      expect((await client.replica('status')).state.feeds).toEqual({})
      await client.until(() => [...client.replicas.values()].every(replica => replica.checksums > 0))
      await server.stop()
    })
  })

  describe('to clients of different rates', () => {
    // Trades of the other transport's test are stored, and are the past of this one's.
    const SYMBOLS = [1, 2, 3].map(n => `R${n}${transport}-USD`)
    const FRAMES = 75
    const RATES = [undefined, 1, 5, 25] as const

    it('is everything to each, merged for some, all of a frame at once, and never more often than asked for', async () => {
      const trades = Array.from({ length: FRAMES }, (_, i) =>
        SYMBOLS.map((symbol, k) => ({ symbol, t: NOON + 20 * i, price: 100 + i + k, id: `${transport}${i}` })),
      ).flat()
      const replay = `replay:${tradesFile(`rates-${transport}.csv`, trades)}`
      const server = await ProtocolServer.startForTest(
        { feeds: [replay] },
        ...['--transport', transport, '--speed', '1', '--wait-clients', String(RATES.length)],
      )
      const channels = SYMBOLS.map(symbol => `tick:${symbol}`)
      const clients = await Promise.all(RATES.map(() => server.client()))
      const arrivals = clients.map(() => [] as { t: number; channel: string }[])
      clients.forEach((client, i) => {
        let seen = 0
        const look = (): boolean => {
          for (; seen < client.pushes.length; seen++) {
            const { ch, t } = client.pushes[seen]!
            if (t !== undefined) arrivals[i]!.push({ t, channel: ch! })
          }
          return false
        }
        client.until(look).catch(() => {})
      })
      const since = performance.now()
      for (const [i, rate] of RATES.entries()) {
        await clients[i]!.subscribe(channels, { checksum: true, ...(rate && { maxRate: rate }) })
      }
      await server.replayed()
      const last = NOON + 20 * (FRAMES - 1)
      await Promise.all(clients.map(client => client.until(() => channels.every(channel => client.replicas.get(channel)?.t === last))))
      const seconds = (performance.now() - since) / 1_000
      for (const [i, rate] of RATES.entries()) {
        const client = clients[i]!
        for (const [k, channel] of channels.entries()) {
          const replica = client.replicas.get(channel)!
          expect(replica.state).toEqual(await server.json(`/v1/state/${channel}`))
          expect(replica.state).toMatchObject({ price: 100 + FRAMES - 1 + k, day: { n: FRAMES } })
          const merges = replica.pushes.filter(push => (push.merged ?? 0) > 1)
          if (rate === undefined) expect(replica.pushes.length).toBe(FRAMES + 1)
          else if (rate < 50) expect(merges.length).toBeGreaterThan(0)
          expect(replica.checksums).toBeGreaterThanOrEqual(merges.length + 1)
          if (rate === undefined) continue
          // Without the snapshot, whose moment the subscriber chose. A rate is of wall time: a replay that was held up catches up.
          expect(replica.pushes.length - 1).toBeLessThanOrEqual(rate * seconds + 1)
        }
        // What comes of one frame comes for all channels together.
        const frames = new Map<number, string[]>()
        for (const { t, channel } of arrivals[i]!) if (t > NOON) frames.set(t, [...(frames.get(t) ?? []), channel])
        for (const [t, together] of frames) expect([t, together.sort()]).toEqual([t, channels])
      }
      await server.stop()
    })
  })
})
