import { describe, expect, it } from 'vitest'
import { readSymbol } from '../../streams/market/symbols.ts'
import { binance, binanceCoinm, binanceUsdm } from '../feeds/venues/binance.ts'
import { bybit, bybitInverse, bybitLinear } from '../feeds/venues/bybit.ts'
import { coinbase } from '../feeds/venues/coinbase.ts'
import { kraken } from '../feeds/venues/kraken.ts'
import type { Venue } from '../feeds/venues/venue.ts'
import { Talk } from './feedKit.ts'
import { haveRecordings, recordedLines } from './recordings.ts'

interface Case {
  readonly case: string
  readonly exchange: string
  readonly local_timestamp: string
  readonly raw: unknown
  readonly expected: readonly Expected[]
}

interface Expected {
  readonly type: string
  readonly symbol: string
  readonly id?: string
  readonly price: number
  readonly amount: number
  readonly side: string
  readonly bidPrice: number
  readonly askPrice: number
  readonly timestamp: string
}

/** By exchange; the published records of `bybit` are of its linear and its inverse market. */
const VENUE: Record<string, Venue> = {
  binance,
  'binance-futures': binanceUsdm,
  'binance-delivery': binanceCoinm,
  coinbase,
  kraken,
  bybit: bybitLinear,
  'bybit-spot': bybit,
}

/** Cases of which we make something else than was published, by `exchange: case`, and why. */
const DIFFERENT: Record<string, string> = {
  'binance-delivery: mappers > map binance delivery messages 9': 'a dated future, which has no name here',
  'kraken: mappers > map kraken v2 messages 1': 'a snapshot of trades is taken: their ids keep them from counting twice',
  'bybit: mappers > map bybit messages 5': 'the API before v5',
  'bybit: mappers > map bybit messages 11': 'the API before v5',
  'bybit: mappers > map bybit messages 13': 'the API before v5',
  'bybit: mappers > map bybit messages 15': 'the API before v5',
  'bybit: mappers > map bybit messages 36': 'the API before v5',
  'bybit: mappers > map bybit messages 42': 'only the size of the best bid changed: no new best bid or ask',
  'bybit: mappers > map bybit messages 52': 'its book began long before: what lies between is missing, and counted',
  'bybit-spot: map bybit spot messages 4': 'the API before v5',
  'bybit-spot: map bybit spot messages 5': 'the API before v5',
  'bybit-spot: map bybit spot messages 9': 'only the size of the best bid changed: no new best bid or ask',
}

/** A message of Bybit's inverse market. */
const INVERSE = /"(s|symbol)":"[A-Z]+USD"/

/** Quotes that were published from other records than `book_ticker`: ours come from books and derivative tickers as well. */
const isQuoteOfBook = ({ type }: Expected): boolean => type === 'book_change' || type === 'derivative_ticker'

const cases: Case[] = haveRecordings ? recordedLines('adapter_golden/tardis_mapper_cases.ndjson.gz').map(text => JSON.parse(text)) : []

describe.skipIf(!haveRecordings).each(Object.entries(VENUE))(
  'published records of %s (skipped where the recordings are not beside the project)',
  (exchange, venue) => {
    const own = cases.filter(c => c.exchange === exchange)
    const talk = new Talk(venue)
    const inverse = new Talk(bybitInverse)

    // A case may rest on the messages before it, so they are said in the file's order, whichever are compared.
    it.each(own.map(c => [c.case, c] as const))('%s', (name, { raw, expected, local_timestamp }) => {
      const different = DIFFERENT[`${exchange}: ${name}`]
      // Bybit's published records of the inverse market have sizes in dollars.
      const isInverse = exchange === 'bybit' && INVERSE.test(JSON.stringify(raw))
      const speaking = isInverse ? inverse : talk
      speaking.says(raw)
      const { trades, quotes } = speaking.heard()
      const published = expected.filter(({ type }) => type === 'trade' || type === 'book_ticker')
      const ours = [
        ...trades.map(({ symbol, id, t, price, size, side }) => ({ symbol, id, t, price, size, side })),
        ...quotes.map(({ symbol, t, price, size }) => ({ symbol, t, bid: price, ask: size })),
      ]
      const theirs = published.map(record => {
        const symbol = readSymbol(record.symbol, isInverse ? 'inverse' : venue.perpetual)
        // A message without a time: theirs is the moment of receipt, ours the newest exchange time of the connection.
        const t = record.timestamp === local_timestamp ? expect.any(Number) : Date.parse(record.timestamp)
        if (record.type === 'book_ticker') return { symbol, t, bid: record.bidPrice, ask: record.askPrice }
        // Kraken's v1 trades have no ids; ours are made of their values.
        return {
          symbol,
          id: record.id ?? expect.stringMatching(/^[\d.]+-[\d.]+-[\d.]+$/),
          t,
          price: record.price,
          size: isInverse ? record.amount / record.price : record.amount,
          side: record.side,
        }
      })
      if (different !== undefined) expect(ours, different).not.toEqual(theirs)
      else expect(expected.some(isQuoteOfBook) ? ours.filter(record => !('bid' in record)) : ours).toEqual(theirs)
    })
  },
)

it.skipIf(!haveRecordings)('names no case as different that is not there', () => {
  const names = new Set(cases.map(c => `${c.exchange}: ${c.case}`))
  expect(Object.keys(DIFFERENT).filter(name => !names.has(name))).toEqual([])
})
