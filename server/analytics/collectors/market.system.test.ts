import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DAY } from '../../../streams/market/candles.ts'
import { CoinGecko } from '../../coingecko/coingecko.ts'
import { planOf } from '../../coingecko/plan.ts'
import { CoinGeckoServer, type Fault } from '../../test/coingeckoServer.ts'
import { collected } from '../../test/collecting.ts'
import { hurriedEnvironment } from '../../test/sourceServer.ts'
import { marketCollector } from './market.ts'

const NOW = Date.UTC(2026, 0, 10, 3)
const TODAY = Date.UTC(2026, 0, 10)
const KEY = 'CG-a-secret'

let server: CoinGeckoServer
beforeAll(async () => {
  server = await CoinGeckoServer.start(() => NOW)
})
afterAll(() => server.close())
beforeEach(() => {
  server.asked.length = 0
  server.faults = []
  server.silent = ''
})

const opened = (coins: Record<string, string>) => {
  const supplies: Record<string, number> = {}
  const gecko = new CoinGecko({
    ...{ plan: planOf(KEY, {}), baseUrl: server.url, environment: hurriedEnvironment(NOW) },
    ...{ signal: new AbortController().signal, onWait: () => {} },
  })
  const onSupplies = async (found: ReadonlyMap<string, number>): Promise<void> => {
    Object.assign(supplies, Object.fromEntries(found))
  }
  return { collector: marketCollector({ gecko, coins, everyMs: DAY, onSupplies }), supplies }
}
const known = () => TODAY - DAY

describe('the market', () => {
  it('gives price and market cap of the beginning of each day, and the volume of the day before', async () => {
    const { of, failed } = await collected(opened({ BTC: 'bitcoin' }).collector, NOW, known)
    const points = server.points('bitcoin', 9, true).filter(([t]) => t % DAY === 0)
    const expected = (factor: number, shift: number) =>
      Object.fromEntries(points.map(([t, price]) => [new Date(t - shift).toISOString().slice(0, 10), price * factor]))
    expect(failed).toEqual({})
    expect(of('BTC', 'price')).toEqual(expected(1, 0))
    expect(of('BTC', 'marketCap')).toEqual(expected(2 ** 20, 0))
    expect(of('BTC', 'volume')).toEqual(expected(2 ** 10, DAY))
    expect(Object.keys(of('BTC', 'price')).at(-1)).toBe('2026-01-10')
    expect(Object.keys(of('BTC', 'volume')).at(-1)).toBe('2026-01-09')
  })

  it('gives the supplies of today to funds as well, and none that it does not know', async () => {
    const { collector, supplies } = opened({ BTC: 'bitcoin', XRP: 'ripple', OLD: 'gone' })
    const { of, failed } = await collected(collector, NOW, known)
    expect(supplies).toEqual({ BTC: 19_876_543 })
    expect([of('BTC', 'supply'), of('XRP', 'supply'), of('XRP', 'dilutedMarketCap')]).toEqual([
      { '2026-01-10': 19_876_543 },
      {},
      { '2026-01-10': 6e9 },
    ])
    expect(failed.OLD).toMatch(/404 coin not found/)
    expect(Object.keys(failed)).toEqual(['OLD'])
  })

  it('asks for a year at most: no free plan gives more', async () => {
    await collected(opened({ BTC: 'bitcoin' }).collector, NOW)
    const days = Number(new URL(server.asked.at(-1)!.url, server.url).searchParams.get('days'))
    expect(days).toBe(365)
  })

  it.each<Fault>(['cut', 'page', 'other', { status: 429 }, { status: 422 }, { status: 401, body: { error: `the key ${KEY} is wrong` } }])(
    'gives no false value and no key, whatever it does instead: %j',
    async fault => {
      server.faults = Array(60).fill(fault)
      const { facts, failed } = await collected(opened({ BTC: 'bitcoin' }).collector, NOW)
      expect([facts, Object.keys(failed)]).toEqual([[], ['BTC']])
      expect(failed.BTC).not.toContain(KEY)
    },
  )
})
