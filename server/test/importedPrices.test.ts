import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineReady } from './clearingKit.ts'
import type { ProtocolClient, State } from './protocolClient.ts'
import { ADMIN_TOKEN, ProtocolServer, skip, tradesFile } from './protocolKit.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** A symbol that is configured can be followed before anything of it is known. */
const symbols = { BTCUSD: 'BTC-USD' }
/** ms within which an import shows, however busy the machine is. */
const SOON = 5_000

interface Candle {
  readonly open_t: number
  readonly v: number
  readonly c?: number
}

const imported = async (server: ProtocolServer, candles: readonly Candle[]): Promise<void> => {
  const lines = candles.map(({ open_t, v, c = 100 }) =>
    JSON.stringify({ symbol: 'BTC-USD', open_t, span: MINUTE, o: c, h: c + 5, l: c - 5, c, v, id: `m${open_t}` }),
  )
  const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${ADMIN_TOKEN}` }
  const answer = await server.json('/v1/admin/candles', { method: 'POST', headers, body: lines.join('\n') })
  expect(answer).toMatchObject({ accepted: candles.length, refused: [] })
}
const CHANNELS = ['tick:BTC-USD', 'trades:BTC-USD', ...['1m', '5m', '1h', '1d'].map(interval => `candle:${interval}:BTC-USD`)]
const states = async (server: ProtocolServer): Promise<Record<string, State>> =>
  Object.fromEntries(await Promise.all(CHANNELS.map(async channel => [channel, await server.json(`/v1/state/${channel}`)])))
const sum = (rows: readonly { v: number }[]): number => rows.reduce((all, { v }) => all + v, 0)

/** ms until what a client sees of a channel is as expected. */
const seen = async (client: ProtocolClient, channel: string, holds: (state: State) => boolean): Promise<number> => {
  const began = performance.now()
  const replica = await client.replica(channel)
  await client.until(() => holds(replica.state))
  return performance.now() - began
}

describe('candles that are imported while the server runs, without any feed', () => {
  let server: ProtocolServer
  let client: ProtocolClient
  // A whole hour that is over, two hours ago; all of it is of today and yesterday.
  const hour = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR
  const trades = [0, 1, 5, 59].map((minute, i) => ({
    symbol: 'BTC-USD',
    t: hour + minute * MINUTE + 30_000,
    price: 90 + i,
    size: 1,
    id: `t${i}`,
  }))

  beforeAll(async () => {
    const first = await ProtocolServer.start({ symbols, feeds: [`replay:${tradesFile('imported.csv', trades)}`] }, '--speed', 'max')
    await first.replayed()
    await first.stop()
    server = await ProtocolServer.start({ symbols, feeds: [] })
    client = await server.client()
    await client.subscribe(CHANNELS)
    await seen(client, 'tick:BTC-USD', state => (state.day as State | undefined)?.n === 4)
    await engineReady(server)
  }, 60_000)
  afterAll(() => server.stop())

  it('reach the day and the candles at once, each part of time once, and no tape', async () => {
    const tape = await server.json('/v1/state/trades:BTC-USD')
    // Some of the minutes have trades, which count before candles.
    await imported(
      server,
      Array.from({ length: 59 }, (_, i) => ({ open_t: hour + i * MINUTE, v: 2 })),
    )
    const volume = 4 * 1 + 56 * 2
    expect(await seen(client, 'tick:BTC-USD', state => (state.day as State).volume === volume)).toBeLessThan(SOON)
    expect(await seen(client, 'candle:1h:BTC-USD', state => state.v === volume)).toBeLessThan(SOON)
    expect(await server.json('/v1/state/candle:1h:BTC-USD')).toMatchObject({ open_t: hour, v: volume, n: 60, h: 105 })
    expect(await server.json('/v1/state/candle:1m:BTC-USD')).toMatchObject({ open_t: hour + 59 * MINUTE, v: 1, prev: { v: 2 } })
    expect(await server.json('/v1/state/tick:BTC-USD')).toMatchObject({ price: 93, stale: true })
    expect(await server.json('/v1/state/trades:BTC-USD')).toEqual(tape)
  })

  it('are the price if nothing is newer, and make a candle the running one', async () => {
    await imported(server, [{ open_t: hour + HOUR, v: 7, c: 120 }])
    expect(await seen(client, 'tick:BTC-USD', ({ price }) => price === 120)).toBeLessThan(SOON)
    expect(await server.json('/v1/state/candle:1h:BTC-USD')).toMatchObject({ open_t: hour + HOUR, v: 7, prev: { open_t: hour, v: 116 } })
  })

  it('change nothing if they come a second time, and the next start shows the same', async () => {
    await imported(server, [{ open_t: hour + HOUR + MINUTE, v: 3, c: 121 }])
    await seen(client, 'tick:BTC-USD', ({ price }) => price === 121)
    const before = await states(server)
    await server.stop()
    server = await ProtocolServer.start({ symbols, feeds: [] })
    client = await server.client()
    await client.subscribe(['tick:BTC-USD'])
    await seen(client, 'tick:BTC-USD', ({ price }) => price === 121)
    expect(await states(server)).toEqual(before)
  }, 60_000)
})

describe('a time in which the server did not listen', () => {
  it('is a gap until its candles are imported, and none soon after', async () => {
    const config = { symbols, feeds: ['sim:7'] }
    const gap = (state: State): boolean => state.gap === true
    const first = await ProtocolServer.startForTest(config)
    const before = await first.client()
    await before.subscribe(['tick:BTC-USD'])
    await seen(before, 'tick:BTC-USD', ({ day }) => ((day as State | undefined)?.n as number) > 0)
    await first.stop()
    const stopped = Date.now()
    skip(10 * MINUTE)
    const server = await ProtocolServer.startForTest(config)
    const client = await server.client()
    await client.subscribe(['tick:BTC-USD', 'candle:1d:BTC-USD'])
    await engineReady(server)
    await seen(client, 'tick:BTC-USD', ({ day }) => day !== undefined && gap(day as State))
    await seen(client, 'candle:1d:BTC-USD', gap)
    const again = Date.now()
    // The minute that it came back in has to be over.
    skip(MINUTE)
    const from = Math.floor((stopped - 10_000) / MINUTE) * MINUTE
    const minutes = Array.from({ length: Math.floor(again / MINUTE) - from / MINUTE + 1 }, (_, i) => ({
      open_t: from + i * MINUTE,
      v: 1_000,
    }))
    await imported(server, minutes)
    expect(await seen(client, 'tick:BTC-USD', ({ day }) => !gap(day as State))).toBeLessThan(SOON)
    expect(await seen(client, 'candle:1d:BTC-USD', state => !gap(state))).toBeLessThan(SOON)
    // The volume is that of the stored minutes, of which none lacks anything: trades where they are whole, candles where they are not.
    await server.stop()
    const after = await ProtocolServer.startForTest({ symbols, feeds: [] })
    const last = await after.client()
    await last.subscribe(['candle:1d:BTC-USD'])
    await seen(last, 'candle:1d:BTC-USD', state => state.v !== undefined)
    const day = await after.json('/v1/state/candle:1d:BTC-USD')
    const opened = day.open_t as number
    const { rows } = await after.json<{ rows: { v: number; gap?: true }[] }>(
      `/v1/history/candle:1m:BTC-USD?from=${opened}&to=${opened + 24 * HOUR}`,
    )
    expect(rows.filter(({ gap }) => gap)).toEqual([])
    expect(sum(rows)).toBeCloseTo(day.v as number, 6)
    expect(sum(rows)).toBeGreaterThanOrEqual(9 * 1_000)
    await after.stop()
  }, 120_000)
})
