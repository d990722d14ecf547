import { describe, expect, it } from 'vitest'
import { DAY } from './market/candles.ts'
import type { FeedInfo } from './market/feedHealth.ts'
import type { Levels } from './market/levels.ts'
import { TickWriter } from './market/tickWriter.ts'
import type { ChainLog } from './pools/chainLog.ts'
import { logAt, poolSpec, sync, token } from './test/chain.ts'
import { Driven, fundSpec, NOON } from './test/drive.ts'
import { transaction } from './test/transactions.ts'

const feeds = (...ids: string[]): FeedInfo[] => ids.map(id => ({ id, live: false }))

const prices = (p: Driven, ...ids: string[]): (number | undefined)[] => ids.map(id => p.pipeline.view.pools.get(id)?.figures.price)

const sent = (p: Driven, ...logs: ChainLog[]): void => {
  p.send({ kind: 'chain', feed: 0, logs, messages: logs.length, bad: { unreadable: 2 } })
  p.clock(NOON)
}

describe('logs of a chain', () => {
  const here = { ...logAt(1, 1, sync(6n, 2n)), address: '' }
  const pool = poolSpec({ token0: { symbol: 'A', decimals: 0, asset: 'A' }, token1: { symbol: 'B', decimals: 0, asset: 'B' } })
  const other = { ...pool, id: 'Q', address: '0x00000000000000000000000000000000000000bb' }

  it('go to the pool of their address', () => {
    const p = new Driven({ pools: [pool, other] })
    sent(p, { ...here, address: other.address }, { ...here, address: '0x00000000000000000000000000000000000000cc' })
    expect(prices(p, 'P', 'Q')).toEqual([Number.NaN, 3])
    expect(p.pipeline.view.feeds[0]).toMatchObject({ messages: 2, ticks: 1, bad: { unreadable: 2 } })
  })

  it('without an address go to the only pool there is, and to none of several', () => {
    const alone = new Driven({ pools: [pool] })
    sent(alone, here)
    expect(prices(alone, 'P')).toEqual([3])
    const several = new Driven({ pools: [pool, other] })
    sent(several, here)
    expect(prices(several, 'P', 'Q')).toEqual([Number.NaN, Number.NaN])
  })

  it('open a frame as ticks do: time does not pass them by', () => {
    const p = new Driven({ pools: [pool] })
    p.clock(NOON - 20)
    sent(p, { ...here, t: NOON - 5 })
    expect(p.frames.map(f => f.t)).toEqual([NOON - 20, NOON])
  })
})

describe('levels of an order book', () => {
  const [token0, token1] = [token('USD', 2), token('BTC', 8)]
  const shown = poolSpec({ id: 'B', kind: 'orderbook', address: '', symbol: 'BTC-USD', token0, token1 })
  const at = (price: number): Levels => ({ bids: [[price - 1, 2]], asks: [[price + 1, 3]], reach: { bid: 0.1, ask: 0.1 } })
  const tell = (p: Driven, t: number, levels: Levels | undefined, feed = 0, source = 0, symbol = 'BTC-USD') => {
    p.send({ kind: 'levels', feed, symbol: p.symbols.index(symbol), source, t, levels })
    p.clock(t)
  }
  const state = (p: Driven) => p.state('pool:B')

  it('reach the pools that show their symbol, in the frame of their time, and no others', () => {
    const p = new Driven({ pools: [shown, { ...shown, id: 'C' }, { ...shown, id: 'D', symbol: 'ETH-USD' }] })
    p.watch('pool:B', 'pool:C', 'pool:D')
    tell(p, NOON, at(100))
    expect(p.frames.at(-1)!.t).toBe(NOON)
    const known = {
      price: 100,
      depth: { bid2: 198, ask2: 300 },
      reserves: { 0: '19800', 1: '300000000' },
      tvl: 498,
      t: NOON,
      partial: false,
    }
    expect([state(p), p.state('pool:C')]).toEqual([expect.objectContaining(known), expect.objectContaining(known)])
    expect(p.state('pool:D')).toMatchObject({ partial: true })
    expect(p.state('pool:D')).not.toHaveProperty('price')
  })

  it('that are lost leave nothing but the word that they are', () => {
    const p = new Driven({ pools: [shown] })
    p.watch('pool:B')
    tell(p, NOON, at(100))
    tell(p, NOON + 200, undefined)
    expect(state(p)).toMatchObject({ partial: true, t: NOON + 200 })
    for (const unknown of ['price', 'tvl', 'depth']) expect(state(p)).not.toHaveProperty(unknown)
    tell(p, NOON + 400, at(50))
    expect(state(p)).toMatchObject({ partial: false, price: 50 })
  })

  it('that reach less far than a book is shown give depth as far as they go, and no sum of all', () => {
    const p = new Driven({ pools: [shown] })
    p.watch('pool:B')
    tell(p, NOON, { ...at(100), reach: { bid: 0.03, ask: 0.015 } })
    expect(state(p)).toMatchObject({ partial: true, price: 100, depth: { bid2: 198 } })
    expect(state(p).depth).not.toHaveProperty('ask2')
    expect(state(p)).not.toHaveProperty('tvl')
  })

  it('make the pool stale when their feed falls silent, whatever others say, and fresh again', () => {
    const p = new Driven({ pools: [shown], feeds: feeds('a', 'b') })
    p.watch('pool:B')
    tell(p, NOON, at(100))
    p.trades(1, { symbol: 'ETH-USD', t: NOON + 9_000, price: 1 })
    p.clock(NOON + 9_980)
    expect(state(p)).toMatchObject({ stale: false })
    p.clock(NOON + 10_000)
    expect(state(p)).toMatchObject({ stale: true, price: 100 })
    tell(p, NOON + 11_000, at(101))
    expect(state(p)).toMatchObject({ stale: false, price: 101 })
  })

  it.each([
    ['feeds', 1, 0],
    ['sources of a feed', 0, 1],
  ])('of two %s are not mixed: the first is followed until it knows nothing', (_, feed, source) => {
    const p = new Driven({ pools: [shown], feeds: feeds('a', 'b') })
    p.watch('pool:B')
    tell(p, NOON, at(100))
    tell(p, NOON + 200, at(90), feed, source)
    tell(p, NOON + 400, undefined, feed, source)
    expect(state(p)).toMatchObject({ price: 100 })
    tell(p, NOON + 600, undefined)
    expect(state(p)).toMatchObject({ partial: true })
    tell(p, NOON + 800, at(90), feed, source)
    tell(p, NOON + 1_000, at(100))
    expect(state(p)).toMatchObject({ price: 90 })
  })

  it('of another feed are followed when the first one is silent', () => {
    const p = new Driven({ pools: [shown], feeds: feeds('a', 'b') })
    p.watch('pool:B')
    tell(p, NOON, at(100))
    p.clock(NOON + 10_000)
    expect(state(p)).toMatchObject({ stale: true })
    tell(p, NOON + 10_020, at(90), 1)
    expect(state(p)).toMatchObject({ stale: false, price: 90 })
  })
})

describe('a message without any tick', () => {
  it('says that its feed is alive, if it is market data', () => {
    const p = new Driven({ feeds: feeds('a', 'b') })
    p.watch('tick:BTC-USD')
    p.trades(0, { symbol: 'BTC-USD', t: NOON, price: 1 })
    p.clock(NOON)
    p.clock(NOON + 9_000)
    const writer = new TickWriter(0)
    writer.message(Number.NaN)
    writer.unchanged()
    p.send(writer.drain()!)
    writer.message(Number.NaN) // no market data: the answer to a ping, or what was rejected
    writer.reject('price')
    p.clock(NOON + 18_960)
    p.send(writer.drain()!)
    p.clock(NOON + 18_980)
    expect(p.state('tick:BTC-USD')).toMatchObject({ stale: false })
    p.clock(NOON + 19_000)
    expect(p.state('tick:BTC-USD')).toMatchObject({ stale: true })
  })
})

describe('the clock of a feed', () => {
  it.each([
    [true, 'the moment of receipt, whatever the exchange’s clock says', NOON + 10_000],
    [false, 'the event', NOON + 13_000],
  ])('is, live %s, that of %s', (live, _, silentAt) => {
    const p = new Driven({ feeds: [{ id: 'a', live }, ...feeds('b')] })
    p.clock(NOON)
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 3_000, price: 1 })
    expect(p.pipeline.view.feeds[0]?.silentAt).toBe(silentAt)
  })
})

describe('what the view hands on', () => {
  it('has each batch once, in the order it came, with the frame it fell in', () => {
    const p = new Driven()
    const ids: string[][] = []
    for (const [i, ends] of [true, false, true, true].entries()) {
      p.trades(0, { symbol: 'BTC-USD', t: NOON + 1, price: 1, id: `${i}` })
      if (ends) p.clock(NOON + 20 * (i + 1))
    }
    for (const { rows } of p.frames) ids.push(rows.ticks.flatMap(({ columns, from, to }) => columns.id.slice(from, to)))
    expect(ids).toEqual([['0'], ['1', '2'], ['3']])
  })

  it('has ended when all of its replays have, and never where one is live', () => {
    const ended = (...live: boolean[]): boolean => {
      const p = new Driven({ feeds: live.map((each, i) => ({ id: `${i}`, live: each })) })
      live.forEach((_, feed) => {
        expect(p.pipeline.view.ended).toBe(false)
        p.send({ kind: 'feed', feed, state: 'ended' })
      })
      return p.pipeline.view.ended
    }
    expect([ended(false), ended(false, false), ended(false, true), ended()]).toEqual([true, true, false, false])
  })
})

describe('time alone', () => {
  it('does at its own moment what falls due in a gap, one frame each', () => {
    const p = new Driven({
      feeds: feeds('a', 'b'),
      funds: [fundSpec({ weighting: { scheme: 'equal', assets: ['BTC', 'ETH'], cap: 1 }, inceptionTimeoutMs: 45_000 })],
      portfolios: [
        {
          id: 'P',
          quote: 'USD',
          method: 'fifo',
          feesInCost: true,
          transactions: [transaction('deposit USD 5', NOON + 30_010), transaction('deposit USD 6', NOON + DAY / 2 + 1)],
        },
      ],
      storeMs: 20_000,
    })
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 })
    p.clock(NOON + 20)
    const frames = p.frames.length
    p.clock(NOON + DAY / 2 + 30_000)
    const gap = p.frames.slice(frames).map(f => f.t - NOON)
    expect(gap).toEqual([...new Set(gap)].sort((a, b) => a - b))
    // Silence, the next storeMs, a row, the fund's time-out, midnight, the row behind it.
    for (const due of [10_020, 20_000, 30_020, 45_020, DAY / 2, DAY / 2 + 20]) expect(gap).toContain(due)
    expect(p.frames.find(f => f.proposals.length > 0)?.t).toBe(NOON + 45_020)
    // Beside those, the minutes of the day and the rows that followed a change.
    for (const t of gap) expect(t % 20).toBe(0)
    expect(gap.length).toBeLessThan(DAY / 2 / 60_000 + 12)
  })

  it('does nothing where nothing is known', () => {
    const p = new Driven()
    p.clock(NOON)
    p.clock(NOON + DAY)
    expect(p.frames.map(f => f.t)).toEqual([NOON, NOON + DAY])
  })

  it('does not go back', () => {
    const p = new Driven()
    p.clock(NOON)
    p.clock(NOON - 20)
    expect(p.frames.map(f => f.t)).toEqual([NOON])
  })
})
