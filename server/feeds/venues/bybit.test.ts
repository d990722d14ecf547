import { describe, expect, it } from 'vitest'
import { Talk } from '../../test/feedKit.ts'
import { itIsAVenue } from '../../test/venueSuite.ts'
import { bybit, bybitLinear } from './bybit.ts'

itIsAVenue(bybit, {
  addresses: ['wss://stream.bybit.com/v5/public/spot'],
  messages: [
    {
      topic: 'publicTrade.ETHUSDT',
      type: 'snapshot',
      ts: 1786310821917,
      data: [{ i: '228', T: 1786310821917, p: '1923.28', v: '0.045', S: 'Sell', s: 'ETHUSDT', BT: false }],
    },
    { topic: 'tickers.BTCUSDT', ts: 1, type: 'snapshot', data: { symbol: 'BTCUSDT', lastPrice: '65140.5', usdIndexPrice: '65091.4' } },
  ],
})

itIsAVenue(bybitLinear, {
  addresses: ['wss://stream.bybit.com/v5/public/linear'],
  messages: [
    {
      topic: 'publicTrade.BTCUSDT',
      type: 'snapshot',
      ts: 1,
      data: [{ T: 1786310819680, s: 'BTCUSDT', S: 'Sell', v: '0.004', p: '65114.20', L: 'MinusTick', i: 'a9188a0a' }],
    },
    {
      topic: 'tickers.BTCUSDT',
      type: 'snapshot',
      ts: 1786310819680,
      data: { symbol: 'BTCUSDT', bid1Price: '65114.20', ask1Price: '65114.30' },
    },
    {
      topic: 'orderbook.1.BTCUSDT',
      type: 'snapshot',
      ts: 1680673820717,
      data: { s: 'BTCUSDT', b: [['28552.00', '0.047']], a: [['28552.10', '25.4']], u: 7, seq: 5 },
    },
  ],
})

const ts = Date.UTC(2026, 7, 9)

type Levels = [price: string, size: string][]
const book = (type: string, u: number, b: Levels, a: Levels) => ({
  topic: 'orderbook.50.BTCUSDT',
  type,
  ts,
  data: { s: 'BTCUSDT', b, a, u, seq: 1 },
})
const ticker = (type: string, data: object) => ({ topic: 'tickers.BTCUSDT', type, ts, data: { symbol: 'BTCUSDT', ...data } })
const quoted = (talk: Talk) => talk.heard().quotes.map(({ price, size }) => [price, size])

describe('bybit', () => {
  it('keeps the top of the book by snapshot and deltas', () => {
    const talk = new Talk(bybit)
    talk.says(book('delta', 6, [['1', '1']], [])) // of a book never seen
    talk.says(
      book(
        'snapshot',
        7,
        [
          ['99', '1'],
          ['98', '1'],
        ],
        [['101', '1']],
      ),
    )
    talk.says(book('delta', 8, [['99', '2']], []))
    talk.says(book('delta', 9, [['99', '0']], [['100', '1']]))
    expect(quoted(talk)).toEqual([
      [99, 101],
      [98, 100],
    ])
  })

  it('believes no book after a missing delta until a whole one comes, and asks for a new connection', () => {
    const talk = new Talk(bybit)
    talk.says(book('snapshot', 7, [['99', '1']], [['101', '1']]))
    talk.says(book('delta', 10, [['100', '1']], []))
    talk.says(book('delta', 11, [['100.5', '1']], []))
    expect(talk.decoder.lost).toBe(true)
    const before = talk.heard()
    expect(before.bad).toEqual({ gap: 2 })
    expect(before.quotes.map(({ price, size }) => [price, size])).toEqual([
      [99, 101],
      [Number.NaN, Number.NaN],
    ])
    talk.says(book('snapshot', 1, [['97', '1']], [['98', '1']])) // the service began again
    talk.says(book('delta', 2, [['97.5', '1']], []))
    expect(quoted(talk)).toEqual([
      [97, 98],
      [97.5, 98],
    ])
  })

  it('is asked for all levels only of the books that are shown', () => {
    const [socket] = bybit.sockets(['BTCUSDT', 'ETHUSDT'], new Set(['ETHUSDT']))
    expect(socket!.topics.flatMap(topics => JSON.parse(bybit.request(topics, 1)).args)).toEqual([
      'publicTrade.BTCUSDT',
      'orderbook.1.BTCUSDT',
      'publicTrade.ETHUSDT',
      'orderbook.1000.ETHUSDT',
    ])
  })

  it('tells how a book stands only where it is shown, and that it is lost', () => {
    const [shown, other] = [new Talk(bybit, {}, ['BTC-USDT']), new Talk(bybit, {}, ['ETH-USDT'])]
    for (const talk of [shown, other]) talk.says(book('snapshot', 7, [['99', '1']], [['101', '2']]))
    const levels = { bids: [[99, 1]], asks: [[101, 2]], reach: { bid: 0.1, ask: 0.1 } }
    expect(shown.writer.drainLevels()).toMatchObject([{ t: ts, levels }])
    for (const talk of [shown, other]) talk.says(book('delta', 10, [], []))
    expect(shown.writer.drainLevels()).toMatchObject([{ t: ts, levels: undefined }])
    expect(other.writer.drainLevels(true)).toEqual([])
  })

  it('puts together a ticker of which only what changed is sent', () => {
    const talk = new Talk(bybitLinear)
    talk.says(ticker('delta', { bid1Price: '97' })) // the ask is not known yet
    talk.says(ticker('snapshot', { bid1Price: '99', ask1Price: '101' }))
    talk.says(ticker('delta', { ask1Price: '100' }))
    talk.says(ticker('delta', { lastPrice: '100' }))
    talk.says(ticker('delta', { bid1Price: '99.5' }))
    expect(quoted(talk)).toEqual([
      [99, 101],
      [99, 100],
      [99.5, 100],
    ])
  })

  it('counts a ticker whose sides cross, believes neither, and goes on from what it said', () => {
    const talk = new Talk(bybitLinear)
    talk.says(ticker('snapshot', { bid1Price: '99', ask1Price: '101' }))
    talk.says(ticker('delta', { bid1Price: '102' }))
    talk.says(ticker('delta', { ask1Price: '103' }))
    const { bad, quotes } = talk.heard()
    expect(bad).toEqual({ quote: 1 })
    expect(quotes.map(({ price, size }) => [price, size])).toEqual([
      [99, 101],
      [Number.NaN, Number.NaN],
      [102, 103],
    ])
  })

  it('has no name for a dated future', () => {
    const talk = new Talk(bybitLinear)
    talk.says({ topic: 'publicTrade.BTC-26SEP25', data: [{ T: ts, s: 'BTC-26SEP25', S: 'Buy', v: '1', p: '5', i: 'a' }] })
    expect(talk.heard()).toMatchObject({ bad: { symbol: 1 }, rows: [] })
  })

  it('passes on what it complains of', () => {
    expect(new Talk(bybit).says({ success: false, ret_msg: 'error:handler not found', op: 'subscribe' })).toBe('error:handler not found')
    expect(new Talk(bybit).says({ success: true, ret_msg: 'pong', op: 'ping' })).toBeUndefined()
  })
})
