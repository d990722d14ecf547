import fc from 'fast-check'
import { expect, it } from 'vitest'
import { depthOf, highestBid, lowestAsk } from '../../../streams/market/levels.ts'
import { poolSpec, token } from '../../../streams/test/chain.ts'
import { feedContext } from '../../test/feedKit.ts'
import { simFeed } from './sim.ts'
import { simLevels } from './simBook.ts'

it('a simulated book lies around its price, is never crossed, and has more the farther one goes, as far as it is known', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.double({ min: 1e-5, max: 1e-3, noNaN: true }), (price, halfSpread) => {
      const levels = simLevels(price, halfSpread)
      const [bid, ask] = [highestBid(levels), lowestAsk(levels)]
      expect([(bid + ask) / 2 / price, (ask - bid) / 2 / price / halfSpread]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 6)])
      const [near, far, beyond] = [0.01, 0.1, 0.11].map(fraction => depthOf(levels, fraction))
      expect(near!.bid > 0 && near!.bid < far!.bid && near!.ask > 0 && near!.ask < far!.ask).toBe(true)
      expect(beyond).toEqual({ bid: Number.NaN, ask: Number.NaN })
    }),
  )
})

it('the simulated market shows the books that pools show, ten times a second, and no others', async () => {
  const stop = new AbortController()
  const context = feedContext({ feed: 4, signal: stop.signal })
  let now = Date.UTC(2026, 0, 1)
  const tokens = { token0: token('USD', 2), token1: token('BTC', 8) }
  const pools = ['BTC-USD', 'BTC-USD', 'NONE-USD'].map((symbol, i) =>
    poolSpec({ id: `${i}`, kind: 'orderbook', address: '', symbol, ...tokens }),
  )
  const feed = simFeed({ id: 'sim', seed: 1, quote: 'USD', funds: [], pools, portfolios: [], now: () => now })
  const looks: [symbol: string, t: number][] = []
  for await (const input of feed.open(context)) {
    if (input.kind === 'levels') looks.push([context.symbols.at(input.symbol), input.t - Date.UTC(2026, 0, 1)])
    if (looks.length === 3) break
    now += 50
  }
  stop.abort()
  expect(looks).toEqual([100, 200, 300].map(t => ['BTC-USD', t]))
})
