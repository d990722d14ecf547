import { expect, it } from 'vitest'
import { VENUES } from './index.ts'

it.each([
  'wss://stream.bybit.com/v5/public/option',
  'wss://vstream.binance.com/ws',
  'wss://futures.kraken.com/ws/v1',
  'wss://coinbase.com.example.org',
])('%s is no address of a venue', address => {
  expect(VENUES.filter(({ fingerprint }) => fingerprint.at(new URL(address)))).toEqual([])
})

it('every venue has a name of its own', () => {
  expect(new Set(VENUES.map(({ name }) => name)).size).toBe(VENUES.length)
})
