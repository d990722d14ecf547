import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { State } from './protocolClient.ts'
import { file, NOON, ProtocolServer } from './protocolKit.ts'

const recorded = (message: object): string => JSON.stringify({ t: 'recv', conn: 'c', ts: NOON / 1000, data: JSON.stringify(message) })

const config = (): object => {
  const lines = [
    JSON.stringify({ t: 'connect', conn: 'c', ts: NOON / 1000, addr: 'wss://stream.bybit.com/v5/public/spot' }),
    recorded({
      topic: 'orderbook.200.BTCUSDT',
      type: 'snapshot',
      ts: NOON,
      data: {
        s: 'BTCUSDT',
        u: 1,
        b: [
          ['99', '1'],
          ['96', '2'],
        ],
        a: [
          ['101', '3'],
          ['104', '4'],
        ],
      },
    }),
  ]
  const token = (symbol: string, decimals: number): object => ({ symbol, decimals })
  const book = { kind: 'orderbook', symbol: 'BTC-USDT', token0: { symbol: 'USDT', decimals: 6, asset: 'USD' }, token1: token('BTC', 8) }
  return {
    pools: [
      { id: 'BOOK', ...book },
      { id: 'SILENT', ...book, symbol: 'ETH-USDT', token1: token('ETH', 8) },
    ],
    feeds: [`replay:${file('book.ndjson', `${lines.join('\n')}\n`)}`],
  }
}

describe('GET /v1/pools/{id}/depth', () => {
  let server: ProtocolServer
  beforeAll(async () => {
    server = await ProtocolServer.start(config(), '--speed', 'max')
    await server.replayed()
  })
  afterAll(() => server.stop())

  it('tells what can be sold and bought before the price has moved so far, as the state of the pool does', async () => {
    expect(await server.json('/v1/pools/BOOK/depth?within=0.02&within=.05&within=0.02')).toEqual({
      pool: 'BOOK',
      t: NOON,
      price: 100,
      depth: { '0.02': { bid: 99, ask: 300 }, '.05': { bid: 99 + 2 * 96, ask: 700 } },
    })
    const { price, depth } = await server.json<State>('/v1/state/pool:BOOK')
    expect([price, depth]).toEqual([100, { bid2: 99, ask2: 300 }])
  })

  it('leaves out what is not known: beyond the levels that are followed, and of a book that nobody has told of', async () => {
    expect(await server.json('/v1/pools/BOOK/depth?within=0.5')).toEqual({ pool: 'BOOK', t: NOON, price: 100, depth: { '0.5': {} } })
    expect(await server.json('/v1/pools/SILENT/depth?within=0.02')).toEqual({ pool: 'SILENT', t: NOON, depth: { '0.02': {} } })
  })

  const many = (n: number): string => Array.from({ length: n }, (_, i) => `within=0.${i + 1}`).join('&')

  it('takes twenty values', async () => {
    const { depth } = await server.json<{ depth: object }>(`/v1/pools/BOOK/depth?${many(20)}`)
    expect(Object.keys(depth)).toHaveLength(20)
  })

  it.each<[query: string, status: number, code: string]>([
    ['BOOK/depth', 400, 'invalid_params'],
    ['BOOK/depth?within=', 400, 'invalid_params'],
    ...['0', '0.0', '1', '1.5', '-0.1', '5e-2', 'NaN', '0x1', '0.1.2', `0.${'1'.repeat(30)}`].map((value): [string, number, string] => [
      `BOOK/depth?within=0.1&within=${value}`,
      400,
      'invalid_params',
    ]),
    [`BOOK/depth?${many(21)}`, 400, 'invalid_params'],
    ['NONE/depth?within=0.1', 404, 'unknown_channel'],
    ['%20/depth?within=0.1', 404, 'unknown_channel'],
  ])('refuses %s with %i %s', async (query, status, code) => {
    const response = await server.fetch(`/v1/pools/${query}`)
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
    expect(await response.json()).toMatchObject({ status, code, retry: false })
  })
})
