import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from './kit/freePort.ts'
import { merged, type ProtocolClient, type Push, type State } from './protocolClient.ts'
import { file, folder, type Logged, NOON, ProtocolServer, skip, type Trade, tradesFile } from './protocolKit.ts'
import { haveRecordings, recordedLines, recordings } from './recordings.ts'

/** What event time makes of recorded files, as a client sees it that was there from the first frame on. */

interface Replayed {
  readonly server: ProtocolServer
  readonly client: ProtocolClient
  readonly status: State
  readonly logged: readonly Logged[]
}

let runs = 0

/** Replays `files` at once to a client that follows `channels`, and ends. */
const replayed = async (
  files: readonly string[],
  channels: readonly string[],
  config: object = {},
  ask: (server: ProtocolServer) => Promise<void> = async () => {},
): Promise<Replayed> => {
  const feeds = files.map(path => `replay:${path}`)
  const server = await ProtocolServer.start({ feeds, ...config }, '--speed', 'max', '--wait-clients', '1')
  const client = await server.client()
  await client.subscribe(channels)
  const status = await server.replayed()
  await server.upToDate(client)
  await ask(server)
  await server.stop()
  return { server, client, status, logged: server.logged }
}

const tradesOf = (trades: readonly Trade[]): string => tradesFile(`trades-${++runs}.csv`, trades)

const stateOf = (client: ProtocolClient, channel: string): State => client.replicas.get(channel)!.state

const patches = (client: ProtocolClient, channel: string): Push[] => client.replicas.get(channel)!.pushes.slice(1)

const feedOf = (status: State, file: string): State => (status.feeds as State)[`replay:${file}`] as State

describe('a frame', () => {
  it('has its end as its time and holds what came after the end of the one before, up to its own', async () => {
    const at = [0, 1, 20, 21, 39, 40, 41, 500_000]
    const csv = tradesOf(at.map((ms, i) => ({ symbol: 'FRAME-USD', t: NOON + ms, price: 100 + i })))
    const { client } = await replayed([csv], ['tick:FRAME-USD'])
    const frames = patches(client, 'tick:FRAME-USD').filter(({ d }) => d!.price !== undefined)
    expect(frames.map(({ t, d }) => [t! - NOON, d!.price])).toEqual([
      [0, 100],
      [20, 102],
      [40, 105],
      [60, 106],
      [500_000, 107],
    ])
  })

  it('is of the length that the configuration says', async () => {
    const csv = tradesOf([1, 100, 101, 250].map((ms, i) => ({ symbol: 'FRAME-USD', t: NOON + ms, price: 100 + i })))
    const { client } = await replayed([csv], ['tick:FRAME-USD'], { frameMs: 100 })
    expect(patches(client, 'tick:FRAME-USD').map(({ t, d }) => [t! - NOON, d!.price])).toEqual([
      [100, 101],
      [200, 102],
      [300, 103],
    ])
  })

  it('is the same for several replays, which run merged by event time', async () => {
    const one = tradesOf(Array.from({ length: 50 }, (_, i) => ({ symbol: 'ONE-USD', t: NOON + 40 * i, price: 100 + i })))
    const two = tradesOf(Array.from({ length: 50 }, (_, i) => ({ symbol: 'TWO-USD', t: NOON + 20 + 60 * i, price: 200 + i })))
    const { client } = await replayed([two, one], ['tick:ONE-USD', 'tick:TWO-USD'])
    const of = (channel: string): number[] => patches(client, channel).flatMap(({ t, d }) => (d!.price === undefined ? [] : [t! - NOON]))
    expect(of('tick:ONE-USD')).toEqual(Array.from({ length: 50 }, (_, i) => 40 * i))
    expect(of('tick:TWO-USD')).toEqual(Array.from({ length: 50 }, (_, i) => 20 + 60 * i))
  })
})

describe('a trade', () => {
  it('that is late counts in candles, day, tape and history, and not in the price', async () => {
    const csv = tradesOf([
      { symbol: 'LATE-USD', t: NOON + 1_000, price: 100, id: '1' },
      { symbol: 'LATE-USD', t: NOON + 60_000, price: 110, id: '2' },
      { symbol: 'LATE-USD', t: NOON + 59_000, price: 90, size: 4, id: '3' },
      { symbol: 'LATE-USD', t: NOON + 61_000, price: 111, id: '4' },
    ])
    const channels = ['tick:LATE-USD', 'candle:1m:LATE-USD', 'trades:LATE-USD']
    const { client, status } = await replayed([csv], channels, {}, async server => {
      const { rows } = await server.json<{ rows: State[] }>('/v1/history/tick:LATE-USD')
      expect(rows.map(row => row.price)).toEqual([100, 90, 110, 111])
      const candles = await server.json<{ rows: State[] }>('/v1/history/candle:1m:LATE-USD')
      expect(candles.rows).toEqual([
        { open_t: NOON, o: 100, h: 100, l: 90, c: 90, v: 5, n: 2 },
        { open_t: NOON + 60_000, o: 110, h: 111, l: 110, c: 111, v: 2, n: 2 },
      ])
    })
    expect(patches(client, 'tick:LATE-USD').flatMap(({ d }) => d!.price ?? [])).toEqual([100, 110, 111])
    expect(stateOf(client, 'tick:LATE-USD')).toMatchObject({ price: 111, t: NOON + 61_000, day: { n: 4, volume: 7, low: 90, high: 111 } })
    expect(stateOf(client, 'candle:1m:LATE-USD')).toMatchObject({ n: 2, prev: { o: 100, h: 100, l: 90, c: 90, v: 5, n: 2 } })
    expect(Object.keys(stateOf(client, 'trades:LATE-USD').last as State).length).toBe(4)
    expect(feedOf(status, csv)).toMatchObject({ ticks: 4, late: 1, bad: {} })
  })

  it('passes through the tape, however many of them a frame holds, and the newest hundred stay', async () => {
    const trades = Array.from({ length: 350 }, (_, i) => ({ symbol: 'TAPE-USD', t: NOON + Math.floor(i / 300), price: 100, id: `n${i}` }))
    const { client } = await replayed([tradesOf(trades)], ['trades:TAPE-USD'])
    const idOf = (key: string): string => key.split(':').at(-1)!
    const passed = patches(client, 'trades:TAPE-USD').flatMap(({ d }) =>
      Object.entries(d!.last as State).flatMap(([key, trade]) => (trade === null ? [] : [idOf(key)])),
    )
    expect(passed).toEqual(trades.map(trade => trade.id))
    const last = stateOf(client, 'trades:TAPE-USD').last as State
    expect(Object.keys(last).map(idOf).sort()).toEqual(
      trades
        .slice(-100)
        .map(trade => trade.id)
        .sort(),
    )
    expect(Object.values(last)[0]).toEqual({ t: expect.any(Number), price: 100, size: 1, side: 'buy', src: expect.any(String) })
  })

  it('leaves the day after 1,440 minutes, when its minute has passed', async () => {
    const day = 86_400_000
    const at = [0, 59_999, 60_000, day - 60_000, day - 1, day, day + 60_000]
    const csv = tradesOf(at.map((ms, i) => ({ symbol: 'DAY-USD', t: NOON + ms, price: 100 + i })))
    const { client } = await replayed([csv], ['tick:DAY-USD'], { staleAfterMs: day })
    let n: unknown
    const seen = patches(client, 'tick:DAY-USD').map(({ t, d }) => {
      n = (d!.day as State | undefined)?.n ?? n
      return [t! - NOON, n]
    })
    // At NOON + day the first minute falls out with its two trades, a minute later the third trade.
    expect(seen).toEqual([
      [0, 1],
      [60_000, 3],
      [day - 60_000, 4],
      [day, 4],
      [day + 60_000, 4],
    ])
    expect(stateOf(client, 'tick:DAY-USD').day).toMatchObject({ open: 103, low: 103, high: 106 })
  })

  it.each<[what: string, config: object, shown: string]>([
    ['twelve', {}, '0.123456789012'],
    ['as many as the configuration says', { significantDigits: 7 }, '0.1234568'],
  ])('is shown with %s significant digits, and counted and stored with all', async (_, config, shown) => {
    const price = 0.123456789012345
    const channels = ['tick:DIGITS-USD', 'pnl:digits']
    file('digits.csv', `t,type,asset,qty,price\n${NOON - 1},buy,DIGITS,3,0\n`)
    const csv = tradesOf([{ symbol: 'DIGITS-USD', t: NOON, price, size: '0.987654321098765' }])
    const more = { portfolios: [{ id: 'digits', transactions: 'digits.csv' }], ...config }
    const { client } = await replayed([csv], channels, more, async server => {
      const { rows } = await server.json<{ rows: State[] }>('/v1/history/tick:DIGITS-USD')
      expect(rows[0]).toMatchObject({ price, size: 0.987654321098765 })
      const states = await server.json<{ rows: State[] }>('/v1/history/pnl:digits')
      expect(states.rows[0]!.value).toBe(3 * price)
    })
    expect(stateOf(client, 'tick:DIGITS-USD')).toMatchObject({ price: Number(shown), day: { open: price, volume: 0.987654321098765 } })
    expect(stateOf(client, 'pnl:digits').value).toBe(Number((3 * price).toPrecision(shown.length - 2)))
  })
})

describe('a candle', () => {
  it('is there if something was traded, with the last closed one before it, over any gap', async () => {
    const at = [0, 30_000, 60_000, 600_000, 601_000]
    const csv = tradesOf(at.map((ms, i) => ({ symbol: 'GAP-USD', t: NOON + ms, price: 100 + i, size: 2 })))
    const { client } = await replayed([csv], ['candle:1m:GAP-USD', 'candle:5m:GAP-USD', 'candle:1h:GAP-USD', 'candle:1d:GAP-USD'])
    const candle = (open: number, o: number, c: number, n: number) => ({ open_t: NOON + open, o, h: c, l: o, c, v: 2 * n, n })
    expect(stateOf(client, 'candle:1m:GAP-USD')).toEqual({ ...candle(600_000, 103, 104, 2), prev: candle(60_000, 102, 102, 1) })
    expect(stateOf(client, 'candle:5m:GAP-USD')).toEqual({ ...candle(600_000, 103, 104, 2), prev: candle(0, 100, 102, 3) })
    expect(stateOf(client, 'candle:1h:GAP-USD')).toEqual(candle(0, 100, 104, 5))
    expect(stateOf(client, 'candle:1d:GAP-USD')).toEqual({ ...candle(0, 100, 104, 5), open_t: NOON - 12 * 3_600_000 })
  })

  it('of a file is a tick at its last millisecond, and its whole range counts in candles and day', async () => {
    const rows = ['open_time_ms,open,high,low,close,volume_base', `${NOON},100,120,90,110,7`, `${NOON + 60_000},110,111,109,110.5,3`]
    const csv = file('venue_CANDLEUSD_1m.csv', `${rows.join('\n')}\n`)
    const { client } = await replayed([csv], ['tick:CANDLE-USD', 'candle:5m:CANDLE-USD'])
    expect(patches(client, 'tick:CANDLE-USD').map(({ t, d }) => [t! - NOON, d!.t, d!.price])).toEqual([
      [60_000, NOON + 59_999, 110],
      [120_000, NOON + 119_999, 110.5],
    ])
    expect(stateOf(client, 'tick:CANDLE-USD').day).toMatchObject({ open: 100, high: 120, low: 90, volume: 10 })
    expect(stateOf(client, 'candle:5m:CANDLE-USD')).toMatchObject({ open_t: NOON, o: 100, h: 120, l: 90, c: 110.5, v: 10 })
  })
})

describe('a bad line', () => {
  const good: Trade[] = Array.from({ length: 20 }, (_, i) => ({ symbol: 'GOOD-USD', t: NOON + 100 * i, price: 100 + i, id: `g${i}` }))
  const bad: [kind: string, line: string][] = [
    ['price', `GOOD-USD,${NOON + 10},NaN,1,buy,b1`],
    ['price', `GOOD-USD,${NOON + 10},,1,buy,b2`],
    ['price', `GOOD-USD,${NOON + 10},-5,1,buy,b3`],
    ['price', `GOOD-USD,${NOON + 10},0,1,buy,b4`],
    ['price', `GOOD-USD,${NOON + 10},Infinity,1,buy,b5`],
    ['price', `GOOD-USD,${NOON + 10},1e300,1,buy,b6`],
    ['price', `GOOD-USD,${NOON + 10},"1,000",1,buy,b7`],
    ['size', `GOOD-USD,${NOON + 10},5,NaN,buy,b8`],
    ['size', `GOOD-USD,${NOON + 10},5,-1,buy,b9`],
    ['size', `GOOD-USD,${NOON + 10},5,1e300,buy,b10`],
    ['time', `GOOD-USD,not a time,5,1,buy,b11`],
    ['time', `GOOD-USD,${Date.UTC(2008, 11, 31)},5,1,buy,b12`],
    ['time', `GOOD-USD,-1,5,1,buy,b13`],
    ['time', `GOOD-USD,${NOON + 10_000_000},5,1,buy,b14`],
    ['time', `GOOD-USD,${Date.UTC(3000, 0)},5,1,buy,b15`],
    ['duplicate', `GOOD-USD,${NOON},5,1,buy,g0`],
    ['symbol', `???,${NOON + 10},5,1,buy,b16`],
    ['symbol', `,${NOON + 10},5,1,buy,b17`],
    ['unreadable', 'GOOD-USD'],
    ['unreadable', '{"a":1}'],
  ]

  it('is counted by its kind, logged with its number and left out, as if it were not there', async () => {
    const lines = readFileSync(tradesOf(good), 'utf8').trimEnd().split('\n')
    const clean = file('clean.csv', `${lines.join('\n')}\n`)
    // Each bad line stands behind a good one of its own, so that it is judged by itself.
    const mixed = lines.flatMap((line, i) => (i > 0 && bad[i - 1] ? [line, bad[i - 1]![1]] : [line]))
    const dirty = file('dirty.csv', `${mixed.join('\n')}\n`)
    const channels = ['tick:GOOD-USD', 'trades:GOOD-USD', 'candle:1m:GOOD-USD']
    const of = async (path: string, check: (server: ProtocolServer) => Promise<void> = async () => {}) =>
      replayed([path], channels, {}, check)
    const counts: Record<string, number> = {}
    for (const [kind] of bad) counts[kind] = (counts[kind] ?? 0) + 1

    const first = await of(dirty, async server => {
      const { rows } = await server.json<{ rows: State[] }>('/v1/history/tick:GOOD-USD')
      expect(rows.map(({ t, price }) => [t, price])).toEqual(good.map(({ t, price }) => [t, price]))
    })
    expect(feedOf(first.status, dirty)).toMatchObject({ ticks: good.length, late: 0, bad: counts })
    expect(first.logged.filter(line => line.msg === 'left out').map(line => [line.kind, line.where])[0]).toEqual(['price', 3])

    const second = await of(clean)
    expect(feedOf(second.status, clean)).toMatchObject({ ticks: good.length, bad: {} })
    const views = [first, second].map(({ client }) =>
      channels.map(channel => patches(client, channel).map(({ t, d }) => [t, JSON.stringify(d).replaceAll(/[0-9a-f]{12}:/g, '')])),
    )
    expect(views[0]).toEqual(views[1])
  })

  it('is none, if its time is five seconds ahead and not more', async () => {
    const csv = tradesOf([
      { symbol: 'AHEAD-USD', t: NOON, price: 1 },
      { symbol: 'AHEAD-USD', t: NOON + 5_000, price: 2 },
      { symbol: 'AHEAD-USD', t: NOON + 1, price: 3 },
      { symbol: 'AHEAD-USD', t: NOON + 10_001, price: 4 },
      { symbol: 'AHEAD-USD', t: NOON + 2, price: 5 },
      { symbol: 'AHEAD-USD', t: Date.UTC(2009, 0, 1), price: 6 },
    ])
    const { client, status } = await replayed([csv], ['tick:AHEAD-USD'])
    expect(feedOf(status, csv)).toMatchObject({ ticks: 5, late: 3, bad: { time: 1 } })
    expect(stateOf(client, 'tick:AHEAD-USD').price).toBe(2)
  })

  it('of candles is left out alike', async () => {
    const candle = (minute: number, prices: string): string => `${NOON + 60_000 * minute},${prices}`
    const lines = [
      'open_time_ms,open,high,low,close,volume_base',
      candle(0, '100,110,90,105,1'),
      candle(1, '100,99,90,105,1'),
      candle(2, '100,110,101,105,1'),
      candle(3, '100,110,NaN,105,1'),
      candle(4, '100,110,90,105,-1'),
      candle(5, '100,110'),
      candle(6, '100,110,90,106,1'),
    ]
    const csv = file('venue_BADUSD_1m.csv', `${lines.join('\n')}\n`)
    const { client, status } = await replayed([csv], ['candle:1h:BAD-USD'])
    expect(feedOf(status, csv)).toMatchObject({ ticks: 2, bad: { price: 3, size: 1, unreadable: 1 } })
    expect(stateOf(client, 'candle:1h:BAD-USD')).toMatchObject({ n: 2, c: 106, v: 2 })
  })
})

describe('silence', () => {
  const steady = (symbol: string, seconds: readonly number[]): string =>
    tradesOf(seconds.map((s, i) => ({ symbol, t: NOON + 1_000 * s, price: 100 + i })))
  const all = Array.from({ length: 61 }, (_, s) => s)

  it('of a feed for staleAfterMs of the merged event time makes stale what rests on it, until it speaks or ends', async () => {
    const talking = steady('TALK-USD', all)
    const pausing = steady(
      'PAUSE-USD',
      all.filter(s => s < 20 || (s > 40 && s < 50)),
    )
    const fund = { id: 'STILL', weighting: { scheme: 'units', units: { PAUSE: '1', TALK: '1' } } }
    const config = { staleAfterMs: 5_000, funds: [fund] }
    const { client, status } = await replayed([talking, pausing], ['tick:TALK-USD', 'tick:PAUSE-USD', 'fund:STILL'], config)
    const turns = (channel: string): [number, unknown][] =>
      patches(client, channel).flatMap(({ t, d }) => (d!.stale === undefined ? [] : [[t! - NOON, d!.stale] as [number, unknown]]))
    // It spoke last at 19 s and again at 41 s; after 49 s it has ended, and an ended replay is not stale.
    expect(turns('tick:PAUSE-USD')).toEqual([
      [0, false],
      [24_000, true],
      [41_000, false],
    ])
    expect(turns('tick:TALK-USD')).toEqual([[0, false]])
    expect(turns('fund:STILL').slice(-2)).toEqual([
      [24_000, true],
      [41_000, false],
    ])
    expect(feedOf(status, pausing).state).toBe('ended')
  })

  it('of candles is none before two of their lengths have passed', async () => {
    const rows = [0, 1, 2, 4, 8].map(minute => `${NOON + 60_000 * minute},1,1,1,1,1`)
    const csv = file('venue_SPANUSD_1m.csv', `open_time_ms,open,high,low,close,volume_base\n${rows.join('\n')}\n`)
    const { client } = await replayed([csv], ['tick:SPAN-USD'])
    const turns = patches(client, 'tick:SPAN-USD').flatMap(({ t, d }) => (d!.stale === undefined ? [] : [[t! - NOON, d!.stale]]))
    // Minute 3 alone is missing, then 5 to 7: the candle before closed at 5:00 − 1 ms.
    expect(turns).toEqual([
      [60_000, false],
      [420_000, true],
      [540_000, false],
    ])
  })
})

describe('a record of the frames', () => {
  it('holds every patch of every channel, whether or not anybody listens', async () => {
    const trades = Array.from({ length: 20_000 }, (_, i) => ({ symbol: 'REC-USD', t: NOON + 20 * i, price: 100 + (i % 977), id: `r${i}` }))
    const csv = tradesOf(trades)
    const path = join(folder, 'frames.ndjson')
    const server = await ProtocolServer.start(
      { feeds: [`replay:${csv}`], limits: { resumeMs: 0 } },
      ...['--speed', 'max', '--record-frames', path],
    )
    const client = await server.client()
    await client.subscribe(['tick:REC-USD'])
    await client.unsubscribe(['tick:REC-USD'])
    skip(5_000)
    await server.replayed()
    const state = await server.json('/v1/state/tick:REC-USD')
    await server.stop()
    const recorded = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Push)
    const states = new Map<string, unknown>()
    for (const { ch, d } of recorded) states.set(ch!, merged(states.get(ch!) ?? {}, d))
    expect(states.get('tick:REC-USD')).toEqual(state)
    expect(recorded.filter(({ ch }) => ch === 'tick:REC-USD').length).toBe(trades.length)
  })
})

describe('the start', () => {
  const csv = (): string => tradesOf([{ symbol: 'START-USD', t: NOON, price: 1 }])

  it('of a replay waits for as many sockets as were asked for', async () => {
    const server = await ProtocolServer.start({ feeds: [`replay:${csv()}`] }, '--speed', 'max', '--wait-clients', '2')
    const [one, two] = await Promise.all([server.client(), server.client()])
    await one!.subscribe(['tick:START-USD', 'status'])
    expect((await one!.replica('tick:START-USD')).state).toEqual({})
    await one!.until(() => one!.replicas.get('status')!.pushes.length > 1)
    expect(one!.replicas.get('tick:START-USD')!.state).toEqual({})
    await two!.subscribe(['status'])
    await one!.until(() => one!.replicas.get('tick:START-USD')!.state.price === 1)
    await server.stop()
  })

  it('does not wait for the engine: until it is there sockets and states are served, and history is put off', async () => {
    // Nobody listens there.
    const config = { feeds: [], symbols: { STARTUSD: 'START-USD' } }
    const server = await ProtocolServer.start(config, '--clickhouse', `http://127.0.0.1:${await freePort()}`)
    const client = await server.client()
    await client.subscribe(['tick:START-USD'])
    expect((await client.replica('tick:START-USD')).state).toEqual({})
    const { error } = await client.request('history', { channel: 'tick:START-USD', from: 0, to: 1 })
    expect(error).toMatchObject({ code: -32000, data: { code: 'not_ready', retry: true } })
    const response = await server.fetch('/v1/history/tick:START-USD')
    expect([response.status, response.headers.get('content-type')]).toEqual([503, 'application/problem+json'])
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({ status: 503, code: 'not_ready', retry: true })
    expect((await server.fetch('/healthz')).status).toBe(200)
    const ready = await server.fetch('/readyz')
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { ready: false, waiting: { clickhouse: 'starting' }, parts: { clickhouse: { state: 'waiting' }, server: { state: 'ready' } } },
    ])
    expect(Number(ready.headers.get('retry-after'))).toBeGreaterThan(0)
    await server.stop()
  })

  it('warns of an asset that no feed knows', async () => {
    const funds = [{ id: 'LOST', weighting: { scheme: 'units', units: { NOWHERE: '1' } } }]
    const { logged } = await replayed([csv()], ['fund:LOST'], { funds })
    expect(logged.filter(line => line.level === 40 && JSON.stringify(line).includes('NOWHERE')).length).toBe(1)
  })
})

describe('an inception', () => {
  it('is a row of the history at its own time', async () => {
    const csv = tradesOf([0, 1_500].map(ms => ({ symbol: 'BORN-USD', t: NOON + ms, price: 100 })))
    const funds = [{ id: 'BORN', weighting: { scheme: 'fixed', weights: { BORN: 1 } } }]
    await replayed([csv], ['fund:BORN'], { funds }, async server => {
      const { rows } = await server.json<{ rows: State[] }>('/v1/history/fund:BORN')
      expect(rows[0]).toMatchObject({ t: NOON, nav: 100, units: { BORN: '1' } })
    })
  })

  it('comes at the first frame in which every asset has a price, at the initial price', async () => {
    const csv = tradesOf([
      { symbol: 'AA-USD', t: NOON, price: 8 },
      { symbol: 'AA-USD', t: NOON + 1_000, price: 10 },
      { symbol: 'BB-USD', t: NOON + 2_000, price: 20 },
      { symbol: 'AA-USD', t: NOON + 3_000, price: 15 },
    ])
    const funds = [{ id: 'TWO', weighting: { scheme: 'fixed', weights: { AA: 0.5, BB: 0.5 } }, initialPrice: '100', initialShares: '1000' }]
    const { client } = await replayed([csv], ['fund:TWO'], { funds })
    const seen = patches(client, 'fund:TWO')
    expect(seen.filter(({ t, d }) => t! < NOON + 2_000 && d!.nav !== undefined)).toEqual([])
    expect(seen.findLast(({ t }) => t === NOON + 2_000)!.d).toMatchObject({
      nav: 100,
      level: 100,
      units: { AA: '5', BB: '2.5' },
      shares: '1000',
    })
    expect(stateOf(client, 'fund:TWO')).toMatchObject({
      nav: 125,
      aum: 125_000,
      weights: { AA: 0.6, BB: 0.4 },
      target: { AA: 0.5, BB: 0.5 },
    })
  })
})

describe.skipIf(!haveRecordings)(`a recorded pool${haveRecordings ? '' : ' (skipped: no recordings beside the project)'}`, () => {
  it('ends as the published decoding of its events says', async () => {
    const name = 'univ3_eth_usdc_weth_005_20240105'
    const [header, ...lines] = recordedLines(`dex/${name}_events_decoded.csv.gz`)
    const columns = header!.split(',')
    const swaps = lines
      .map(line => Object.fromEntries(line.split(',').map((value, i) => [columns[i]!, value])))
      .filter(event => event.tx_type === 'SWAP')
    const intoPool = (column: string): string =>
      String(swaps.reduce((sum, swap) => sum + (swap[column]!.startsWith('-') ? 0n : BigInt(swap[column]!)), 0n))
    const last = swaps.at(-1)!
    const pools = [
      {
        id: 'USDC-WETH',
        kind: 'uniswap-v3',
        address: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640',
        feePips: 500,
        tickSpacing: 10,
        token0: { symbol: 'USDC', decimals: 6, asset: 'USD' },
        token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
      },
    ]
    const { client } = await replayed([join(recordings, `dex/${name}_rawlogs.ndjson.gz`)], ['pool:USDC-WETH'], { pools })
    const sqrt = Number(last.sqrtPriceX96) / 2 ** 96
    expect(stateOf(client, 'pool:USDC-WETH')).toMatchObject({
      kind: 'uniswap-v3',
      sqrtPriceX96: last.sqrtPriceX96,
      tick: Number(last.current_tick),
      liquidity: last.total_liquidity,
      price: expect.closeTo(1e12 / sqrt ** 2, 6),
      day: { n: swaps.length, in0: intoPool('amount0'), in1: intoPool('amount1') },
      partial: true,
    })
  })
})
