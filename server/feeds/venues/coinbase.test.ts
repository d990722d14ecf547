import { describe, expect, it } from 'vitest'
import { Talk } from '../../test/feedKit.ts'
import { itIsAVenue } from '../../test/venueSuite.ts'
import { coinbase } from './coinbase.ts'

itIsAVenue(coinbase, {
  addresses: ['wss://advanced-trade-ws.coinbase.com', 'wss://ws-feed.pro.coinbase.com', 'wss://ws-feed.exchange.coinbase.com'],
  messages: [
    { type: 'match', trade_id: 1, side: 'buy', size: '0.9', price: '4.978', product_id: 'ETC-GBP', time: '2019-08-01T00:00:03.816Z' },
    { type: 'ticker', product_id: 'BTC-USD', best_bid: '4094.99', best_ask: '4095', time: '2019-04-01T00:00:04.54Z' },
    { type: 'l2update', product_id: 'BTC-EUR', changes: [['sell', '9202.54', '0.432']], time: '2019-08-01T00:00:03.818Z' },
    { type: 'snapshot', product_id: 'BTC-EUR', bids: [['9202.54', '0.432']], asks: [['9203', '1']] },
    {
      channel: 'market_trades',
      timestamp: '2026-08-09T21:05:48.22Z',
      sequence_num: 0,
      events: [
        {
          type: 'update',
          trades: [{ product_id: 'BTC-USD', trade_id: '7', price: '65083.67', size: '0.002', time: '2026-08-09T21:05:42Z', side: 'SELL' }],
        },
      ],
    },
    {
      channel: 'l2_data',
      timestamp: '2026-08-09T21:05:48.22Z',
      sequence_num: 1,
      events: [{ type: 'snapshot', product_id: 'BTC-USD', updates: [{ side: 'bid', price_level: '65083.66', new_quantity: '0.2' }] }],
    },
    {
      channel: 'ticker',
      timestamp: '2026-08-09T21:05:48.22Z',
      sequence_num: 2,
      events: [{ type: 'snapshot', tickers: [{ product_id: 'BTC-USD', best_bid: '65083.66', best_ask: '65083.67' }] }],
    },
  ],
})

const timestamp = '2026-08-09T21:05:48.5Z'

const trade = (id: number) => ({
  product_id: 'BTC-USD',
  trade_id: `${id}`,
  price: '100',
  size: '1',
  time: `2026-08-09T21:05:4${id}Z`,
  side: 'SELL',
})
const trades = (sequence_num: number, type: string, ids: number[]) => ({
  channel: 'market_trades',
  timestamp,
  sequence_num,
  events: [{ type, trades: ids.map(trade) }],
})
const level = (side: string, price: number, size: number) => ({ side, price_level: `${price}`, new_quantity: `${size}` })
const book = (sequence_num: number, type: string, ...updates: object[]) => ({
  channel: 'l2_data',
  timestamp,
  sequence_num,
  events: [{ type, product_id: 'BTC-USD', updates }],
})
const ticker = (sequence_num: number, best_bid: string, best_ask: string) => ({
  channel: 'ticker',
  timestamp,
  sequence_num,
  events: [{ type: 'update', tickers: [{ product_id: 'BTC-USD', best_bid, best_ask }] }],
})

describe('coinbase advanced trade', () => {
  it('turns the trades of a message round, for it sends the newest first', () => {
    const talk = new Talk(coinbase)
    talk.says(trades(0, 'snapshot', [4, 3, 2]))
    talk.says(trades(1, 'update', [6, 5]))
    const heard = talk.heard()
    expect(heard.trades.map(({ id }) => id)).toEqual(['2', '3', '4', '5', '6'])
    expect(heard.bad).toEqual({})
  })

  it('gives the side of the maker: the taker’s is the other', () => {
    const talk = new Talk(coinbase)
    talk.says(trades(0, 'update', [1]))
    expect(talk.heard().trades.map(({ side }) => side)).toEqual(['buy'])
  })

  it('counts missing messages of the connection, and believes no book that has a hole', () => {
    const talk = new Talk(coinbase)
    talk.says(book(0, 'snapshot', level('bid', 99, 1), level('offer', 101, 1)))
    talk.says(book(1, 'update', level('bid', 100, 1)))
    expect(talk.decoder.lost).toBe(false)
    talk.says(book(5, 'update', level('offer', 100.5, 1)))
    expect(talk.decoder.lost).toBe(true)
    talk.says(ticker(6, '98', '98.5'))
    const { quotes, bad } = talk.heard()
    expect(bad).toEqual({ gap: 3 })
    expect(quotes.map(({ price, size }) => [price, size])).toEqual([
      [99, 101],
      [100, 101],
      [Number.NaN, Number.NaN],
      [98, 98.5],
    ])
  })

  it('prefers the book to the ticker, which comes with trades only', () => {
    const talk = new Talk(coinbase)
    talk.says(ticker(0, '98', '102'))
    talk.says(book(1, 'snapshot', level('bid', 99, 1), level('offer', 101, 1)))
    talk.says(ticker(2, '98', '102'))
    talk.says(book(3, 'update', level('bid', 99, 0)))
    talk.says(book(4, 'update', level('bid', 97, 2)))
    expect(talk.heard().quotes.map(({ price, size }) => [price, size])).toEqual([
      [98, 102],
      [99, 101],
      [Number.NaN, 101],
      [97, 101],
    ])
  })

  it('loses nothing for good where it has no book: a gap is counted and the connection stays', () => {
    const talk = new Talk(coinbase)
    talk.says(ticker(0, '98', '102'))
    talk.says(ticker(9, '99', '102'))
    expect(talk.decoder.lost).toBe(false)
    expect(talk.heard().bad).toEqual({ gap: 8 })
  })
})

describe('coinbase, the feed before', () => {
  const match = (trade_id: number, side: string, type = 'match') => ({
    type,
    trade_id,
    side,
    size: '1',
    price: '5',
    product_id: 'ETC-GBP',
    time: timestamp,
  })

  it('gives the side of the maker: the taker’s is the other', () => {
    const talk = new Talk(coinbase)
    talk.says(match(1, 'buy', 'last_match'))
    talk.says(match(2, 'sell'))
    expect(talk.heard().trades.map(({ side }) => side)).toEqual(['sell', 'buy'])
  })

  it('numbers the trades of a product one by one', () => {
    const talk = new Talk(coinbase)
    for (const id of [1, 2, 5]) talk.says(match(id, 'buy'))
    expect(talk.heard().bad).toEqual({ gap: 2 })
  })

  it('keeps the book of snapshot and changes', () => {
    const talk = new Talk(coinbase)
    talk.says({ type: 'l2update', product_id: 'ETC-GBP', time: timestamp, changes: [['buy', '1', '1']] }) // of a book never seen
    talk.says(
      {
        type: 'snapshot',
        product_id: 'ETC-GBP',
        bids: [
          ['5', '1'],
          ['4', '0.-1'],
        ],
        asks: [
          ['6', '1'],
          ['7', '1'],
        ],
      },
      Date.parse(timestamp),
    )
    talk.says({
      type: 'l2update',
      product_id: 'ETC-GBP',
      time: timestamp,
      changes: [
        ['sell', '6', '0'],
        ['buy', '5.5', '2'],
      ],
    })
    expect(talk.heard().quotes.map(({ price, size }) => [price, size])).toEqual([
      [5, 6],
      [5.5, 7],
    ])
  })

  it('is asked for books only of those that are shown', () => {
    const asked = (books: string[]) =>
      coinbase
        .sockets(['BTC-USD', 'ETH-USD'], new Set(books))[0]!
        .topics.map(topics => JSON.parse(coinbase.request(topics, 1)))
        .filter(({ channel }) => channel === 'level2')
    expect(asked(['ETH-USD'])).toEqual([{ type: 'subscribe', product_ids: ['ETH-USD'], channel: 'level2' }])
    expect(asked([])).toEqual([])
  })

  it('passes on what it complains of', () => {
    expect(new Talk(coinbase).says({ type: 'error', message: 'Failed to subscribe', reason: 'FOO is not valid' })).toBe(
      'Failed to subscribe FOO is not valid',
    )
  })
})
