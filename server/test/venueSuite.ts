import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSymbol } from '../../streams/market/symbols.ts'
import { QUOTE } from '../../streams/market/ticks.ts'
import { VENUES } from '../feeds/venues/index.ts'
import type { SocketPlan, Venue } from '../feeds/venues/venue.ts'
import { Talk } from './feedKit.ts'

/** What a venue's test knows of it. */
export interface VenueSamples {
  readonly addresses: readonly string[]
  /** A message or two of each kind that the venue sends and that says whose it is. */
  readonly messages: readonly unknown[]
}

/** Returns messages with anything in the place of any part. */
const torn = (message: unknown): fc.Arbitrary<unknown> => {
  const junk = fc.oneof(
    fc.constantFrom<unknown>(null, true, -1, 1e300, '', 'x', [], {}, [null], [[]]),
    fc.jsonValue({ maxDepth: 2 }),
    fc.string(),
  )
  if (typeof message !== 'object' || message === null) return fc.oneof({ weight: 8, arbitrary: fc.constant(message) }, junk)
  const parts = Object.entries(message).map(([key, value]) => fc.tuple(fc.constant(key), torn(value)))
  const whole = fc.tuple(...parts).map(entries => (Array.isArray(message) ? entries.map(e => e[1]) : Object.fromEntries(entries)))
  return fc.oneof({ weight: 20, arbitrary: whole }, junk)
}

/** Tests what is asked of every venue. */
export const itIsAVenue = (venue: Venue, { addresses, messages: samples }: VenueSamples): void => {
  describe(venue.name, () => {
    it('opens sockets that name every symbol it is asked for, and few symbols each', () => {
      const symbols = Array.from({ length: 250 }, (_, i) => `COIN${String.fromCharCode(65 + (i % 26), 65 + Math.floor(i / 26))}USDT`)
      const sockets = venue.sockets(symbols, new Set())
      expect(sockets.length).toBeGreaterThan(1)
      for (const { url } of sockets) expect(new URL(url).protocol).toBe('wss:')
      const requests = (socket: SocketPlan): string[] => socket.topics.map((topics, i) => venue.request(topics, i))
      const asked = sockets.map(socket => socket.url + requests(socket).join(''))
      for (const symbol of symbols) expect(asked.filter(text => text.toUpperCase().includes(symbol))).toHaveLength(1)
      for (const socket of sockets) for (const message of requests(socket)) expect(JSON.parse(message)).toBeTypeOf('object')
    })

    it('knows its addresses, and no other venue does', () => {
      for (const address of [...addresses, ...venue.sockets(['BTCUSDT'], new Set()).map(({ url }) => url)])
        expect([address, VENUES.filter(({ fingerprint }) => fingerprint.at(new URL(address)))]).toEqual([address, [venue]])
    })

    it('knows its messages, and no other venue does', () => {
      // Nothing in an order book tells Bybit's markets apart.
      for (const message of samples.filter(m => !JSON.stringify(m).includes('orderbook')))
        expect([message, VENUES.filter(({ fingerprint }) => fingerprint.matches(message))]).toEqual([message, [venue]])
      for (const nonsense of [null, 1, '', [], {}, { data: null }, { topic: 'publicTrade.X', data: [] }])
        expect(venue.fingerprint.matches(nonsense)).toBe(false)
    })

    it('makes ticks of what its market says', () => {
      const talk = new Talk(venue)
      for (const message of samples) expect(talk.says(message)).toBeUndefined()
      const { trades, quotes, bad, messages } = talk.heard()
      expect(bad).toEqual({})
      expect(messages).toBe(samples.length)
      expect(trades.length + quotes.length).toBeGreaterThan(0)
      for (const { source } of [...trades, ...quotes]) expect(source).toBe(venue.name)
      for (const { symbol } of [...trades, ...quotes]) expect(symbol.endsWith('-PERP')).toBe(venue.perpetual !== false)
    })

    it('counts what is no JSON', () => {
      const talk = new Talk(venue)
      for (const text of ['', 'nonsense', '{"stream":', '\0', '[1,2']) talk.says(text)
      expect(talk.heard().bad).toEqual({ unreadable: 5 })
    })

    it('throws nothing and writes no absurd tick, whatever comes in place of its messages', () => {
      fc.assert(
        fc.property(fc.array(fc.oneof(...samples.map(torn)), { maxLength: 12 }), messages => {
          const talk = new Talk(venue)
          for (const message of messages) talk.says(message, Date.UTC(2027, 0, 1))
          for (const { price, size, t, id, type, symbol } of talk.heard().rows) {
            if (type !== QUOTE || !Number.isNaN(price)) expect(price).toBeGreaterThan(0)
            if (type !== QUOTE || !Number.isNaN(size)) expect(size).toBeGreaterThan(0)
            expect(Number.isFinite(t)).toBe(true)
            expect(typeof id).toBe('string')
            expect(id === '').toBe(type === QUOTE)
            expect(symbol).toMatch(/^[A-Za-z0-9.]+-[A-Za-z0-9.]+(-PERP)?$/)
          }
        }),
        { numRuns: 400 },
      )
    })

    it('counts instruments that nobody knows', () => {
      const talk = new Talk(venue)
      const isSymbol = (value: unknown): boolean =>
        typeof value === 'string' && venue.symbols.form.test(value) && readSymbol(value, venue.perpetual) !== undefined
      const renamed = JSON.stringify(samples[0], (_, value) => (isSymbol(value) ? 'NOTHING' : value))
      talk.says(renamed)
      talk.says(renamed)
      expect(talk.heard()).toMatchObject({ bad: { symbol: 2 }, rows: [] })
    })
  })
}
