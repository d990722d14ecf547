import { describe, expect, it } from 'vitest'
import { Talk } from '../../test/feedKit.ts'
import { itIsAVenue } from '../../test/venueSuite.ts'
import { kraken } from './kraken.ts'

itIsAVenue(kraken, {
  addresses: ['wss://ws.kraken.com', 'wss://ws.kraken.com/v2'],
  messages: [
    [170, [['0.01136500', '2.51146536', '1561939201.587070', 's', 'l', '']], 'trade', 'LTC/XBT'],
    [325, ['43770.20000', '43770.30000', '1633053779.916349', '0.009', '0.316'], 'spread', 'XBT/USD'],
    [1668, { a: ['13.253900', 35, '35.7'], b: ['13.232900', 185, '185.1'] }, 'ticker', 'WAVES/EUR'],
    [468, { as: [['87.7', '3', '1561939258.5']], bs: [['87.6', '35.02', '1561939258.5279']] }, 'book-1000', 'XMR/USD'],
    {
      channel: 'trade',
      type: 'update',
      data: [{ symbol: 'BTC/USD', side: 'buy', price: 100.1, qty: 0.25, trade_id: 123, timestamp: '2026-07-10T00:00:00.123456Z' }],
    },
    { channel: 'ticker', type: 'update', data: [{ symbol: 'BTC/USD', bid: 99.9, ask: 100.1, timestamp: '2026-07-10T00:00:02.123456Z' }] },
  ],
})

const quoted = (talk: Talk) => talk.heard().quotes.map(({ t, price, size }) => [t, price, size])

describe('kraken v1', () => {
  const trades = (...list: string[][]) => [170, list, 'trade', 'XBT/USD']
  const trade = (price: string, volume: string, time: string) => [price, volume, time, 's', 'l', '']
  const book = (...parts: unknown[]) => [1920, ...parts, 'book-2', 'SC/EUR']

  it('makes ids of trades’ values, and numbers those that have the same', () => {
    const talk = new Talk(kraken)
    const [a, b, c] = [
      trade('5.0', '1.00', '1618678142.557535'),
      trade('5.0', '2.00', '1618678142.557535'),
      trade('5.0', '1.00', '1618678142.557536'),
    ]
    talk.says(trades(a, b, a, c))
    talk.says(trades(c, a))
    expect(talk.heard().trades.map(({ id }) => id)).toEqual([
      '1618678142.557535-5.0-1.00',
      '1618678142.557535-5.0-2.00',
      '1618678142.557535-5.0-1.00-1',
      '1618678142.557536-5.0-1.00',
      '1618678142.557536-5.0-1.00-1',
      '1618678142.557535-5.0-1.00-2',
    ])
  })

  it('gives the same trade the same id on another connection', () => {
    const ids = [1, 2].map(() => {
      const talk = new Talk(kraken)
      talk.says(trades(trade('5.0', '1.00', '1618678142.557535')))
      return talk.heard().trades[0]!.id
    })
    expect(ids[0]).toBe(ids[1])
  })

  it('reads both parts of a message before it looks at the top of the book', () => {
    const talk = new Talk(kraken)
    talk.says(
      book({
        as: [['5', '1', '1618678133.1']],
        bs: [
          ['4', '1', '1618678133.2'],
          ['3', '1', '1618678120.0'],
        ],
      }),
    )
    talk.says(
      book(
        { b: [['5', '1', '1618678134.9']] },
        {
          a: [
            ['5', '0', '1618678134.8'],
            ['6', '1', '1618678134.95'],
          ],
          c: '4105471083',
        },
      ),
    )
    expect(quoted(talk)).toEqual([
      [1618678133200, 4, 5],
      [1618678134950, 5, 6],
    ])
  })

  it('drops the levels beyond the depth itself, for the venue does not say when they go', () => {
    const talk = new Talk(kraken)
    talk.says(
      book({
        as: [['9', '1', '1618678133.1']],
        bs: [
          ['4', '1', '1618678133.1'],
          ['3', '1', '1618678133.1'],
        ],
      }),
    )
    talk.says(book({ b: [['5', '1', '1618678134.1']] })) // 3 falls out
    talk.says(
      book({
        b: [
          ['5', '0', '1618678135.1'],
          ['4', '0', '1618678135.1'],
          ['2', '1', '1618678135.1'],
        ],
      }),
    )
    expect(quoted(talk).at(-1)).toEqual([1618678135100, 2, 9])
  })

  it('sends in order: a quote that has an older time than the one before it is still the newer one', () => {
    const talk = new Talk(kraken)
    talk.says(book({ as: [['9', '1', '1618678133.1']], bs: [['4', '1', '1618678133.1']] }))
    talk.says(book({ b: [['5', '1', '1618678120.1', 'r']] }))
    expect(quoted(talk).at(-1)).toEqual([1618678133100, 5, 9])
  })

  it('has neither side in a spread of nothing', () => {
    const talk = new Talk(kraken)
    talk.says([545, ['0.000000000', '0.000000000', '1618678133.1', '0.0', '0.0'], 'spread', 'LINK/ETH'])
    expect(talk.heard()).toMatchObject({ bad: {}, quotes: [{ price: Number.NaN, size: Number.NaN }] })
  })

  it('passes on what it complains of', () => {
    const refused = { event: 'subscriptionStatus', status: 'error', errorMessage: 'Currency pair not supported FOO/BAR' }
    expect(new Talk(kraken).says(refused)).toBe('Currency pair not supported FOO/BAR')
  })
})

describe('kraken v2', () => {
  it('is asked by the names it knows', () => {
    const [socket] = kraken.sockets(['XBT/EUR', 'ETH/XBT', 'XDG/USD', 'SXBT/USD'], new Set())
    expect(JSON.parse(kraken.request(socket!.topics[0]!, 1)).params.symbol).toEqual(['BTC/EUR', 'ETH/BTC', 'DOGE/USD', 'SXBT/USD'])
  })

  const trade = (trade_id: number) => ({
    symbol: 'BTC/USD',
    side: 'buy',
    price: 100.1,
    qty: 0.25,
    trade_id,
    timestamp: '2026-07-10T00:00:00.123456Z',
  })
  const trades = (type: string, ...ids: number[]) => ({ channel: 'trade', type, data: ids.map(trade) })

  it('is asked for books only of those that are shown', () => {
    const [socket] = kraken.sockets(['XBT/EUR', 'ETH/XBT'], new Set(['XBT/EUR']))
    const books = socket!.topics.map(topics => JSON.parse(kraken.request(topics, 1)).params).filter(({ channel }) => channel === 'book')
    expect(books).toEqual([{ channel: 'book', depth: 1_000, symbol: ['BTC/EUR'], snapshot: true }])
    expect(kraken.sockets(['XBT/EUR'], new Set())[0]!.topics.join('')).not.toContain('book')
  })

  it('keeps the book by snapshot and updates', () => {
    const talk = new Talk(kraken, {}, ['BTC-USD'])
    const said = (type: string, bids: object[], asks: object[], timestamp: string) =>
      talk.says({ channel: 'book', type, data: [{ symbol: 'BTC/USD', bids, asks, checksum: 1, timestamp }] })
    const at = (price: number, qty: number) => ({ price, qty })
    said('update', [at(1, 1)], [], '2026-07-10T00:00:00Z') // of a book never seen
    said('snapshot', [at(99, 1), at(98, 2)], [at(101, 3)], '2026-07-10T00:00:01Z')
    expect(talk.writer.drainLevels()).toHaveLength(1)
    said('update', [at(99, 0), at(98, 4)], [at(100, 5)], '2026-07-10T00:00:02Z')
    const [look] = talk.writer.drainLevels()
    expect([look!.t, look!.levels!.bids, look!.levels!.asks]).toEqual([
      Date.UTC(2026, 6, 10, 0, 0, 2),
      [[98, 4]],
      [
        [101, 3],
        [100, 5],
      ],
    ])
    expect(quoted(talk).map(([, bid, ask]) => [bid, ask])).toEqual([
      [99, 101],
      [98, 100],
    ])
  })

  it('counts missing trades by their numbers', () => {
    const talk = new Talk(kraken)
    talk.says(trades('snapshot', 11, 12))
    talk.says(trades('update', 13, 16))
    const { bad, trades: taken } = talk.heard()
    expect(bad).toEqual({ gap: 2 })
    expect(taken.map(({ id, side, t }) => [id, side, t])).toEqual(
      ['11', '12', '13', '16'].map(id => [id, 'buy', Date.UTC(2026, 6, 10, 0, 0, 0, 123)]),
    )
  })

  it('passes on what it complains of', () => {
    expect(new Talk(kraken).says({ method: 'subscribe', success: false, error: 'Currency pair not supported FOO/BAR' })).toBe(
      'Currency pair not supported FOO/BAR',
    )
  })
})
