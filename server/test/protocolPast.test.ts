import { beforeAll, expect, it } from 'vitest'
import type { ProtocolClient, Push, Replica, State } from './protocolClient.ts'
import { file, NOON, ProtocolServer, tradesFile } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

/** Ten minutes of a symbol: two trades a second, of which no two are alike. */
const TRADES = Array.from({ length: 1_200 }, (_, i) => ({
  symbol: 'PAST-USD',
  t: NOON + 250 + 500 * i,
  price: 100 + ((i * 37) % 1_201) / 8,
  size: 1 + (i % 7) / 4,
  side: i % 3 === 0 ? 'sell' : 'buy',
  id: `past-${i}`,
}))
const SECOND = 1_000
const MINUTE = 60_000
const QTY = 3
const UNITS = 2

let replay = ''
beforeAll(() => {
  file('past.csv', `t,type,asset,qty,price\n${NOON + 100},buy,PAST,${QTY},50\n`)
  replay = `replay:${tradesFile('past-trades.csv', TRADES)}`
})

const upTo = (t: number, from = 0): typeof TRADES => TRADES.filter(trade => trade.t >= from && trade.t <= t)
const priceAt = (t: number): number => upTo(t).at(-1)!.price

const candleOf = (open_t: number, last = open_t + MINUTE - 1): State | undefined => {
  const trades = upTo(last, open_t)
  const prices = trades.map(trade => trade.price)
  if (trades.length === 0) return undefined
  const v = trades.reduce((sum, trade) => sum + trade.size, 0)
  return { open_t, o: prices[0]!, h: Math.max(...prices), l: Math.min(...prices), c: prices.at(-1)!, v, n: trades.length }
}

/** Ends of the seconds that a price changed in, `from ≤ t < to`. */
const seconds = (from: number, to: number): number[] =>
  [...new Set(TRADES.map(trade => Math.ceil(trade.t / SECOND) * SECOND))].filter(t => t >= from && t < to)

/** The first frame, in which the fund has its inception. */
const BORN = Math.ceil(TRADES[0]!.t / 20) * 20

/** Each channel with a past: what its rows must be, and its state at any time. */
const CHANNELS: Record<string, { rows: (from: number, to: number) => State[]; row: (row: State) => State; at: (t: number) => State }> = {
  'tick:PAST-USD': {
    rows: (from, to) => upTo(to - 1, from).map(({ t, price, size, side, id }) => ({ t, price, size, side, id })),
    row: ({ t, price, size, side, id }) => ({ t: t!, price: price!, size: size!, side: side!, id: String(id).split(':').at(-1)! }),
    at: t => {
      const { price, size, side, t: traded } = upTo(t).at(-1)!
      return { price, size, side, t: traded, day: { n: upTo(t).length } }
    },
  },
  'candle:1m:PAST-USD': {
    rows: (from, to) => {
      const running = Math.floor(TRADES.findLast(trade => trade.t <= to)!.t / MINUTE) * MINUTE
      return Array.from({ length: 10 }, (_, k) => NOON + k * MINUTE)
        .filter(open_t => open_t >= from && open_t < running)
        .map(open_t => candleOf(open_t)!)
    },
    row: row => row,
    at: t => {
      const open_t = Math.floor(upTo(t).at(-1)!.t / MINUTE) * MINUTE
      const prev = candleOf(open_t - MINUTE)
      return { ...candleOf(open_t, t), ...(prev && { prev }) }
    },
  },
  'pnl:past': {
    rows: (from, to) => seconds(from, to).map(t => ({ t, value: QTY * priceAt(t), unrealised: QTY * (priceAt(t) - 50), method: 'fifo' })),
    row: ({ t, value, unrealised, method }) => ({ t: t!, value: value!, unrealised: unrealised!, method: method! }),
    at: t => ({ value: QTY * priceAt(t), unrealised: QTY * (priceAt(t) - 50), assets: { PAST: { qty: QTY, price: priceAt(t) } } }),
  },
  'fund:PAST': {
    rows: (from, to) =>
      [...[BORN].filter(t => t >= from && t < to), ...seconds(from, to)].map(t => ({
        t,
        nav: UNITS * priceAt(t),
        units: { PAST: String(UNITS) },
        shares: '10000',
      })),
    row: ({ t, nav, units, shares }) => ({ t: t!, nav: nav!, units: units!, shares: shares! }),
    at: t => ({ nav: UNITS * priceAt(t), aum: 10_000 * UNITS * priceAt(t), prices: { PAST: priceAt(t) } }),
  },
}
const NAMES = Object.keys(CHANNELS)

/** The rows are those before the snapshot, and from there on every state is as of its time. */
const prove = (channel: string, { rows, pushes, state }: Replica, from: number): void => {
  const expected = CHANNELS[channel]!
  const [snapshot, ...patches] = pushes as [Push, ...Push[]]
  expect(snapshot.snap, channel).toMatchObject(expected.at(snapshot.t!))
  expect(rows.map(expected.row), channel).toEqual(expected.rows(from, snapshot.t!))
  const changed = TRADES.filter(trade => trade.t > snapshot.t!).length
  expect(
    patches.reduce((sum, { merged = 1 }) => sum + merged, 0),
    channel,
  ).toBe(changed)
  expect(state, channel).toMatchObject(expected.at(Number.MAX_SAFE_INTEGER))
}

overTransports('the past, then the present', transport => {
  // The second transport replays the same content into the same store: it has all the rows from before, the future's too.
  it('come without a gap and without a double, whenever one asks and from whenever', async () => {
    const server = await ProtocolServer.startForTest(
      {
        portfolios: [{ id: 'past', transactions: 'past.csv' }],
        funds: [{ id: 'PAST', weighting: { scheme: 'units', units: { PAST: String(UNITS) } } }],
        feeds: [replay],
      },
      ...['--transport', transport, '--speed', '200', '--wait-clients', '1'],
    )
    const first = await server.client()
    await first.subscribe(['tick:PAST-USD'], { from: 0 })
    const tick = await first.replica('tick:PAST-USD')
    const asked: { client: ProtocolClient; from: number }[] = []
    for (const [after, from, more] of [
      [1_000, 0, {}],
      [90_500, NOON, { checksum: true }],
      [200_000, NOON + 100_250, {}],
      [333_333, NOON + 1, { maxRate: 5, checksum: true }],
      [480_000, NOON + 480_000 + 1, {}],
      [570_000, 0, {}],
    ] as const) {
      await first.until(() => tick.t >= NOON + after)
      const client = await server.client()
      await client.subscribe(NAMES, { from, ...more })
      asked.push({ client, from })
    }
    await server.replayed()
    const last = Math.ceil(TRADES.at(-1)!.t / 20) * 20
    for (const { client, from } of asked) {
      await client.until(() => NAMES.every(channel => client.replicas.get(channel)!.t === last))
      for (const channel of NAMES) prove(channel, client.replicas.get(channel)!, from)
    }
    // Enough rows for several pages, of which the last says so.
    const pages = asked
      .at(-1)!
      .client.pushes.filter(push => push.ch === 'tick:PAST-USD' && push.rows)
      .map(push => push.more)
    expect(pages).toEqual([true, false])
    await server.stop()
  })
})
