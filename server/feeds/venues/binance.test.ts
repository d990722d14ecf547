import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Talk } from '../../test/feedKit.ts'
import { itIsAVenue } from '../../test/venueSuite.ts'
import { binance, binanceUsdm } from './binance.ts'

itIsAVenue(binance, {
  addresses: ['wss://stream.binance.com:9443/stream?streams=btcusdt@trade', 'wss://data-stream.binance.vision/ws'],
  messages: [
    {
      stream: 'bnbbtc@trade',
      data: { e: 'trade', E: 2, s: 'BNBBTC', t: 40756030, p: '0.00426990', q: '33.8', T: 1554076800940, m: false, M: true },
    },
    { stream: 'btcusdt@bookTicker', data: { u: 1127645101, s: 'BTCUSDT', b: '8010.0', B: '0.14', a: '8012.15', A: '0.03' } },
  ],
})

itIsAVenue(binanceUsdm, {
  addresses: ['wss://fstream.binance.com/stream', 'wss://fstream.binance.com/public/stream'],
  messages: [
    {
      stream: 'btcusdt@trade',
      data: { e: 'trade', E: 2, T: 1574381164086, s: 'BTCUSDT', t: 10934580, p: '7627.60', q: '0.044', X: 'MARKET', m: true },
    },
    {
      stream: 'btcusdt@bookTicker',
      data: { e: 'bookTicker', u: 1, s: 'BTCUSDT', b: '33134.42', B: '0.1', a: '33139.39', A: '0.3', T: 1, E: 1612137603571 },
    },
  ],
})

const T = Date.UTC(2024, 7, 8)

const trade = (t: number, more: object = {}) => ({
  stream: 'btcusdt@trade',
  data: { e: 'trade', s: 'BTCUSDT', t, T, p: '100', q: '1', m: false, ...more },
})
const quote = (b: string, a: string, more: object = {}) => ({ stream: 'btcusdt@bookTicker', data: { u: 1, s: 'BTCUSDT', b, a, ...more } })

describe('binance', () => {
  it('takes "the buyer is the maker" as a sale by the taker', () => {
    const talk = new Talk(binance)
    talk.says(trade(1, { m: true }))
    talk.says(trade(2, { m: false }))
    expect(talk.heard().trades.map(({ side }) => side)).toEqual(['sell', 'buy'])
  })

  it('counts missing trades of each symbol by their numbers', () => {
    const talk = new Talk(binance)
    for (const t of [5, 6, 9]) talk.says(trade(t))
    for (const t of [100, 101]) talk.says(trade(t, { s: 'ETHUSDT' }))
    talk.says(trade(8)) // late, counted as missing before
    expect(talk.heard().bad).toEqual({ gap: 2 })
  })

  it('counts the number of a trade that it cannot take, so that it is missed once only', () => {
    const talk = new Talk(binance)
    for (const message of [trade(5), trade(6, { p: 'free' }), trade(7)]) talk.says(message)
    expect(talk.heard().bad).toEqual({ price: 1 })
  })

  it('leaves out fills by the insurance fund, which have no market price, without missing them', () => {
    const talk = new Talk(binanceUsdm)
    for (const [t, X] of [
      [5, 'MARKET'],
      [6, 'INSURANCE_FUND'],
      [7, 'ADL'],
      [8, 'MARKET'],
    ] as const)
      talk.says(trade(t, { X }))
    const { trades, bad } = talk.heard()
    expect(trades.map(({ id }) => id)).toEqual(['5', '8'])
    expect(bad).toEqual({})
  })

  it('quotes at the newest time of the connection where a book ticker has none, and only what changed', () => {
    const talk = new Talk(binance)
    talk.says({ stream: 'btcusdt@depth@100ms', data: { e: 'depthUpdate', E: T + 5, s: 'BTCUSDT', b: [], a: [] } })
    talk.says(quote('99', '101'))
    talk.says(quote('99', '101'))
    talk.says(trade(1, { T: T + 50 }))
    talk.says(quote('99', '100'))
    expect(talk.heard().quotes.map(({ t, price, size }) => [t, price, size])).toEqual([
      [T + 5, 99, 101],
      [T + 50, 99, 100],
    ])
  })

  it('writes a quote again that was left out, once it can be taken', () => {
    const talk = new Talk(binanceUsdm)
    const at = (E: number) => quote('99', '101', { e: 'bookTicker', E })
    talk.says(at(T + 60_000), T)
    talk.says(at(T), T)
    expect(talk.heard()).toMatchObject({ bad: { time: 1 }, quotes: [{ t: T }] })
  })

  const sum = (a: number, f: number, l: number) => ({
    stream: 'x@aggTrade',
    data: { e: 'aggTrade', s: 'BTCUSDT', a, f, l, T, p: '100', q: `${l - f + 1}`, m: false },
  })

  it('reads sums of trades if the trades themselves do not come, and counts what is missing between them', () => {
    const talk = new Talk(binance)
    for (const message of [sum(7, 1, 3), sum(8, 4, 4), sum(9, 8, 9)]) talk.says(message)
    const { trades, bad } = talk.heard()
    expect(trades.map(({ id, size }) => [id, size])).toEqual([
      ['a7', 3],
      ['a8', 1],
      ['a9', 2],
    ])
    expect(bad).toEqual({ gap: 3 })
  })

  it('never takes a trade twice, by itself and in a sum, whichever comes first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 }), fc.array(fc.nat(20)), (sizes, order) => {
        const messages: { at: number; message: object }[] = []
        let next = 1
        for (const [i, size] of sizes.entries()) {
          // A sum comes before, among or behind its trades.
          messages.push({ at: next - 0.5 + ((order[i] ?? 0) % (size + 1)), message: sum(i, next, next + size - 1) })
          for (let t = next; t < next + size; t++) messages.push({ at: t, message: trade(t) })
          next += size
        }
        const talk = new Talk(binance)
        for (const { message } of messages.sort((a, b) => a.at - b.at)) talk.says(message)
        const { trades, bad } = talk.heard()
        expect(trades.reduce((volume, { size }) => volume + size, 0)).toBe(next - 1)
        expect(bad).toEqual({})
      }),
    )
  })

  it('passes on what it complains of', () => {
    const talk = new Talk(binance)
    expect(talk.says({ error: { code: 2, msg: 'Invalid request' }, id: 1 })).toBe('Invalid request')
    expect(talk.says({ result: null, id: 1 })).toBeUndefined()
  })
})
