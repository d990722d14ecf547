import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DAY } from '../../../streams/market/candles.ts'
import { collected } from '../../test/collecting.ts'
import { hurriedEnvironment, type SourceAnswer, SourceServer } from '../../test/sourceServer.ts'
import { tvlCollector } from './tvl.ts'

/** 2026-01-10, a quarter to one. */
const NOW = Date.UTC(2026, 0, 10, 0, 45)
const at = (day: number): number => Date.UTC(2026, 0, day) / 1000

/** As DefiLlama answers: the last point is of now. On the 8th 50 ETH came, worth 2,000 each; then the price fell to 1,000, and a token came that was not there. */
const PROTOCOL = {
  name: 'Aave',
  tvl: [
    { date: at(7), totalLiquidityUSD: 200_000 },
    { date: at(8), totalLiquidityUSD: 200_000 },
    { date: at(9), totalLiquidityUSD: 150_000 },
    { date: at(10), totalLiquidityUSD: 160_000 },
    { date: NOW / 1000, totalLiquidityUSD: 999 },
  ],
  tokens: [
    { date: at(7), tokens: { ETH: 100 } },
    { date: at(8), tokens: { ETH: 100 } },
    { date: at(9), tokens: { ETH: 150 } },
    { date: at(10), tokens: { ETH: 150, DAI: 10_000 } },
    { date: NOW / 1000, tokens: { ETH: 1 } },
  ],
  tokensInUsd: [
    { date: at(7), tokens: { ETH: 200_000 } },
    { date: at(8), tokens: { ETH: 200_000 } },
    { date: at(9), tokens: { ETH: 150_000 } },
    { date: at(10), tokens: { ETH: 150_000, DAI: 10_000 } },
    { date: NOW / 1000, tokens: { ETH: 999 } },
  ],
}
const FEES = { totalDataChart: [[at(8), 10], [at(9), 12.5], [at(10), 0.2]] } // biome-ignore format: a row a day
const answers = ({ url }: { url: URL }): SourceAnswer =>
  url.pathname === '/protocol/aave'
    ? { body: PROTOCOL }
    : url.pathname === '/summary/fees/aave-v3'
      ? { body: url.searchParams.get('dataType') === 'dailyFees' ? FEES : { totalDataChart: [[at(9), null]] } }
      : { status: 400, body: { message: 'Protocol not found' } }

let server: SourceServer
beforeAll(async () => {
  server = await SourceServer.start()
})
afterAll(() => server.close())
beforeEach(() => server.begin(answers))

const opened = (protocols: Parameters<typeof tvlCollector>[0]['protocols']) =>
  tvlCollector({ url: server.url, protocols, everyMs: DAY, perMinute: 6_000, environment: hurriedEnvironment(NOW) })

describe('TVL', () => {
  it('has a value for each beginning of a day, and none for the point of now', async () => {
    const { of, facts } = await collected(opened({ AAVE: { protocol: 'aave' } }), NOW)
    expect(of('AAVE', 'tvl')).toEqual({ '2026-01-07': 200_000, '2026-01-08': 200_000, '2026-01-09': 150_000, '2026-01-10': 160_000 })
    expect(facts[0]!.ref).toBe('/protocol/aave')
  })

  it('has flows at constant prices: a fall of a price is none, what came is', async () => {
    const { of } = await collected(opened({ AAVE: { protocol: 'aave' } }), NOW)
    expect(of('AAVE', 'tvlFlow')).toEqual({ '2026-01-07': 0, '2026-01-08': Math.log(150 / 100), '2026-01-09': Math.log(160_000 / 150_000) })
  })

  it('has fees of whole days, and none where the source has none', async () => {
    const { of } = await collected(opened({ AAVE: { protocol: 'aave', fees: 'aave-v3' } }), NOW)
    expect(of('AAVE', 'fees')).toEqual({ '2026-01-08': 10, '2026-01-09': 12.5, '2026-01-10': 0.2 })
    expect(of('AAVE', 'revenue')).toEqual({})
  })

  it('goes on a week before what is stored: sources correct their newest days', async () => {
    const { of } = await collected(opened({ AAVE: { protocol: 'aave' } }), NOW, () => Date.UTC(2026, 0, 16))
    expect(Object.keys(of('AAVE', 'tvl'))).toEqual(['2026-01-09', '2026-01-10'])
  })

  it('of one protocol that fails says so, and of the others is there', async () => {
    const { of, failed } = await collected(opened({ NONE: { protocol: 'none' }, AAVE: { protocol: 'aave' } }), NOW)
    expect(failed).toEqual({ NONE: `defillama at ${new URL(server.url).host}: 400 Protocol not found` })
    expect(Object.keys(of('AAVE', 'tvl')).length).toBe(4)
  })

  it.each<SourceAnswer>([
    'cut',
    'empty',
    'page',
    { status: 429 },
    { status: 202 },
    { status: 422 },
    { body: { tvl: [{ date: '1', totalLiquidityUSD: null }] } },
  ])('gives no false value, whatever the source does instead: %j', async fault => {
    server.begin(() => fault)
    const { facts, failed } = await collected(opened({ AAVE: { protocol: 'aave' } }), NOW)
    expect([facts, Object.keys(failed)]).toEqual([[], ['AAVE']])
  })
})
