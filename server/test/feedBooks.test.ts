import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import type { Input } from '../../streams/input.ts'
import { readSymbol, symbolMap } from '../../streams/market/symbols.ts'
import { levelsSymbol, type PoolSpec } from '../../streams/pools/spec.ts'
import { poolSpec, token } from '../../streams/test/chain.ts'
import { Driven } from '../../streams/test/drive.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { CONNECTION_TIMEOUTS } from '../feeds/live/connection.ts'
import { live } from '../feeds/live/live.ts'
import { merged } from '../feeds/replay/merge.ts'
import { replay } from '../feeds/replay/replay.ts'
import { bybit } from '../feeds/venues/bybit.ts'
import { collected, feedContext } from './feedKit.ts'
import { haveRecordings, recordedLines } from './recordings.ts'
import { VirtualEnvironment } from './virtualEnvironment.ts'

const folder = mkdtempSync(join(tmpdir(), 'books-'))
const T = Date.UTC(2026, 7, 9)
afterAll(() => rmSync(folder, { recursive: true }))

/** An order book whose quote currency is the one that its depth is given in. */
const bookPool = (symbol: string, quote: string): PoolSpec => {
  const base = symbol.split('-')[0]!
  return poolSpec({ id: symbol, kind: 'orderbook', address: '', quote, symbol, token0: token(quote, 8), token1: token(base, 8) })
}

/** Replays a recording with these order books as pools; `each` sees every input before the pipeline does. */
const replayed = async (lines: readonly string[], pools: readonly PoolSpec[], each: (input: Input, driven: Driven) => void = () => {}) => {
  const file = join(folder, 'recording.ndjson')
  writeFileSync(file, `${lines.join('\n')}\n`)
  const spec = `replay:${file}`
  const driven = new Driven({ pools, feeds: [{ id: spec, live: false }] })
  const { symbols, sources } = driven
  const context = { ...feedContext({ books: pools.flatMap(pool => levelsSymbol(pool) ?? []) }), symbols, sources }
  const feed = await replay({ spec, base: folder, map: symbolMap({}), environment: systemEnvironment })
  const inputs: Input[] = []
  for await (const input of merged([{ feed: 0, batches: feed.open(context) }], 20)) {
    inputs.push(input)
    each(input, driven)
    driven.send(input)
  }
  return { driven, inputs, ...collected(inputs, context) }
}

type Sides = Record<'bids' | 'asks', Map<number, number>>

/** Reads off the messages of a file what stood at each price, in the plainest way. */
const countedBooks = (lines: readonly string[]): Record<string, Sides> => {
  const books: Record<string, Sides> = {}
  const at = (symbol: string): Sides => {
    books[symbol] ??= { bids: new Map(), asks: new Map() }
    return books[symbol]
  }
  const set = (side: Map<number, number>, price: string, size: string): void => {
    if (Number(size) === 0) side.delete(Number(price))
    else side.set(Number(price), Number(size))
  }
  for (const text of lines) {
    const { t, data } = JSON.parse(text)
    if (t !== 'recv') continue
    const message = JSON.parse(data)
    if (message.channel === 'l2_data') {
      for (const { product_id, updates } of message.events)
        for (const { side, price_level, new_quantity } of updates)
          set(at(product_id)[side === 'bid' ? 'bids' : 'asks'], price_level, new_quantity)
    } else if (Array.isArray(message) && message.at(-2) === 'book-1000') {
      const { bids, asks } = at(readSymbol(message.at(-1))!)
      for (const part of message.slice(1, -2)) {
        for (const [price, size] of part.bs ?? part.b ?? []) set(bids, price, size)
        for (const [price, size] of part.as ?? part.a ?? []) set(asks, price, size)
      }
    }
  }
  return books
}

/** `unit`: the price of a base token; NaN where it is not traded, and the middle tells it. */
const countedDepth = ({ bids, asks }: Sides, fraction: number, unit: number): { bid: number; ask: number } => {
  const middle = (Math.max(...bids.keys()) + Math.min(...asks.keys())) / 2
  let bid = 0
  let ask = 0
  for (const [price, size] of bids) if (price >= middle * (1 - fraction)) bid += price * size
  for (const [price, size] of asks) if (price <= middle * (1 + fraction)) ask += size * (Number.isNaN(unit) ? middle : unit)
  return { bid, ask }
}

describe.skipIf(!haveRecordings)(
  'the order book of a recording as a pool (skipped where the recordings are not beside the project)',
  () => {
    // Coinbase tells all of a book, Kraken a thousand levels a side, which is all of these.
    it.each([
      ['COINBASE', 'ETH-USD', 'USD', 0.4],
      ['COINBASE', 'ETH-USD', 'USD', 1],
      ['KRAKEN', 'XMR-USD', 'USD', 0.5],
      ['KRAKEN', 'ETH-CHF', 'CHF', 1],
    ])('of %s has in %s the depth that its raw messages add up to (%s), after a part of them (%d)', async (venue, symbol, quote, part) => {
      const all = recordedLines(`ws/cryptofeed_${venue}.ndjson.gz`)
      const lines = all.slice(0, Math.round(all.length * part))
      const { driven, bad } = await replayed(lines, [bookPool(symbol, quote)])
      const pool = driven.pipeline.view.pools.get(symbol)!
      const sides = countedBooks(lines)[symbol]!
      for (const fraction of [0.005, 0.02, 0.05]) {
        const { bid, ask } = pool.depth(fraction)
        const counted = countedDepth(sides, fraction, driven.pipeline.view.market.instrument(symbol).price)
        expect([bid / counted.bid, ask / counted.ask]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)])
      }
      expect([pool.depth(0.2), pool.figures.partial, bad]).toEqual([{ bid: Number.NaN, ask: Number.NaN }, false, {}])
      expect([pool.figures.depthBid2, pool.figures.depthAsk2]).toEqual(Object.values(pool.depth(0.02)))
      expect(pool.figures.price).toBeCloseTo((Math.max(...sides.bids.keys()) + Math.min(...sides.asks.keys())) / 2, 9)
    })

    it('tells of Bybit’s two hundred levels a side no depth that lies beyond them', async () => {
      const lines = recordedLines('ws/cryptofeed_BYBIT.ndjson.gz')
      const { driven } = await replayed(lines, [bookPool('BTC-USDT', 'USDT')])
      const pool = driven.pipeline.view.pools.get('BTC-USDT')!
      const near = pool.depth(0.0005)
      expect(near.bid > 0 && near.ask > 0).toBe(true)
      expect(pool.depth(0.02)).toEqual({ bid: Number.NaN, ask: Number.NaN })
      expect([pool.figures.partial, pool.figures.price > 60_000, pool.figures.tvl]).toEqual([true, true, Number.NaN])
    })

    it('is looked at about ten times a second, the same every time, and changes nothing of the ticks', async () => {
      const lines = recordedLines('ws/cryptofeed_KRAKEN.ndjson.gz')
      const [without, shown] = [await replayed(lines, []), await replayed(lines, [bookPool('XMR-USD', 'USD')])]
      expect(shown.rows).toEqual(without.rows)
      expect(without.inputs.filter(({ kind }) => kind === 'levels')).toEqual([])
      const looks = shown.inputs.filter(input => input.kind === 'levels')
      const seconds = (looks.at(-1)!.t - looks[0]!.t) / 1000
      expect(looks.length).toBeGreaterThan(seconds)
      expect(looks.length).toBeLessThan(20 * seconds)
      const again = await replayed(lines, [bookPool('XMR-USD', 'USD')])
      expect(again.inputs.filter(({ kind }) => kind === 'levels')).toEqual(looks)
    })
  },
)

describe('the order book of a live feed', () => {
  it('is asked for where it is shown, comes as it stands, and is gone with its connection', async () => {
    const venue = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(venue, 'listening')
    const stop = new AbortController()
    const environment = new VirtualEnvironment(T)
    const context = feedContext({ signal: stop.signal, books: ['BTC-USDT'] })
    const mirrors = { 'wss://stream.bybit.com': `ws://127.0.0.1:${(venue.address() as AddressInfo).port}` }
    const feed = live({
      id: 'f',
      wanted: [{ venue: bybit, symbols: ['BTCUSDT'] }],
      symbols: ['BTC-USDT'],
      mirrors,
      timeouts: CONNECTION_TIMEOUTS,
      environment,
    })
    const message = (type: string, u: number, size: string): string => {
      const data = { s: 'BTCUSDT', b: [['99', size]], a: [['101', '1']], u }
      return JSON.stringify({ topic: 'orderbook.1000.BTCUSDT', type, ts: T + 200 * u, data })
    }
    const asked: string[] = []
    venue.on('connection', socket => {
      socket.on('message', data => {
        asked.push(...JSON.parse(String(data)).args)
        if (asked.length > 2) return
        socket.send(message('snapshot', 1, '1'))
        socket.send(message('delta', 2, '2'))
        socket.send(message('delta', 3, '3'), () => socket.close())
      })
    })
    const looks: (number | undefined)[] = []
    try {
      for await (const input of feed.open(context)) {
        if (input.kind === 'feed' && input.state === 'down') void environment.pass(60_000)
        if (input.kind !== 'levels') continue
        looks.push(input.levels?.bids[0]?.[1])
        if (input.levels === undefined) break
      }
    } finally {
      stop.abort()
      venue.close()
      for (const socket of venue.clients) socket.terminate()
    }
    expect(asked.slice(0, 2)).toEqual(['publicTrade.BTCUSDT', 'orderbook.1000.BTCUSDT'])
    expect(looks.slice(-2)).toEqual([3, undefined])
  })
})

type Side = [price: string, size: string][]
const said = (ts: number, topic: string, message: object): string =>
  JSON.stringify({ t: 'recv', conn: 'c', ts: ts / 1000, data: JSON.stringify({ topic, ts, ...message }) })
const book = (type: string, t: number, u: number, b: Side, a: Side): string =>
  said(t, 'orderbook.200.BTCUSDT', { type, data: { s: 'BTCUSDT', b, a, u } })
const trade = (t: number): string =>
  said(t, 'publicTrade.ETHUSDT', { type: 'snapshot', data: [{ i: String(t), T: t, p: '2000', v: '1', S: 'Buy', s: 'ETHUSDT' }] })
const CONNECT = JSON.stringify({ t: 'connect', conn: 'c', ts: T / 1000, addr: 'wss://stream.bybit.com/v5/public/spot' })

describe('an order book as a pool', () => {
  const whole: [Side, Side] = [
    [
      ['99', '1'],
      ['98', '2'],
    ],
    [['101', '3']],
  ]
  /** What the pool shows at the end of each frame in which it changed. */
  const shownBy = async (lines: readonly string[], id = 'BTC-USDT') => {
    const shown: unknown[] = []
    await replayed([CONNECT, ...lines], [bookPool('BTC-USDT', 'USDT')], (input, { pipeline: { view } }) => {
      if (input.kind !== 'clock') return
      const pool = view.pools.get(id)!
      pool.evaluate(input.t)
      const { price, partial } = pool.figures
      const { bid, ask } = pool.depth(0.02)
      const now = [input.t - T, price, bid, ask, partial]
      if (JSON.stringify(now.slice(1)) !== JSON.stringify((shown.at(-1) as unknown[] | undefined)?.slice(1))) shown.push(now)
    })
    return shown
  }
  const UNKNOWN = [Number.NaN, Number.NaN, Number.NaN, true]

  it('is unknown from a gap in its numbers on, until it is whole again', async () => {
    const shown = await shownBy([
      book('snapshot', T + 20, 7, ...whole),
      book('delta', T + 240, 8, [['98', '5']], []),
      book('delta', T + 260, 10, [['98', '7']], []),
      trade(T + 800),
      book('delta', T + 820, 11, [['98', '9']], []),
      book('snapshot', T + 1_000, 1, [['98', '1']], [['102', '1']]),
    ])
    expect(shown).toEqual([
      [20, 100, 99 + 2 * 98, 300, false],
      [240, 100, 99 + 5 * 98, 300, false],
      [260, ...UNKNOWN],
      [1_000, 100, 98, 100, false],
    ])
  })

  it('is unknown from another connection on, until that has sent it whole', async () => {
    const again = CONNECT.replace(String(T / 1000), String((T + 500) / 1000))
    const shown = await shownBy([
      book('snapshot', T + 20, 7, ...whole),
      again,
      trade(T + 520),
      book('delta', T + 540, 8, [['98', '5']], []),
      trade(T + 740),
    ])
    expect(shown).toEqual([
      [20, 100, 99 + 2 * 98, 300, false],
      [520, ...UNKNOWN],
    ])
  })

  it('shows at last also what changed right after a look', async () => {
    const shown = await shownBy([
      book('snapshot', T + 20, 7, ...whole),
      book('delta', T + 40, 8, [['98', '5']], []),
      book('delta', T + 60, 9, [['98', '6']], []),
      trade(T + 200),
      book('delta', T + 220, 10, [['98', '7']], []),
    ])
    expect(shown).toEqual([
      [20, 100, 99 + 2 * 98, 300, false],
      [200, 100, 99 + 6 * 98, 300, false],
      [220, 100, 99 + 7 * 98, 300, false],
    ])
  })
})
