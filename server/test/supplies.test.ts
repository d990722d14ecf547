import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEngine } from '../storage/engine/engine.ts'
import type { State } from './protocolClient.ts'
import { ADMIN_TOKEN, file, folder, NOON, ProtocolServer } from './protocolKit.ts'

const digest = (token: string): string => createHash('sha256').update(token).digest('hex')
const FUNDS = 'a-token-for-funds'
const OTHER = 'a-token-for-all-else'
const TRADES = ['BTC-USD,60', 'ETH-USD,40'].map((row, i) => `${row},${NOON},1,b${i}`)
const weighting = { scheme: 'market-cap', count: 2, cap: 0.75 }
const fund = (id: string, more: object = {}) => ({
  id,
  weighting,
  targets: 'live',
  rebalance: { mode: 'propose', assetThreshold: 0.1 },
  ...more,
})
const config = () => ({
  assets: { BTC: { supply: '1' }, ETH: { supply: '1' } },
  funds: [fund('LIVE'), fund('FROZEN', { targets: 'frozen' })],
  feeds: [`replay:${file('trades.csv', ['symbol,price,exch_ts_ms,size,trade_id', ...TRADES].join('\n'))}`],
  tokens: [
    { name: 'manager', digest: digest(FUNDS), scopes: ['funds'] },
    { name: 'other', digest: digest(OTHER), scopes: ['deposits', 'audit', 'portfolios', 'prices'] },
  ],
})

describe('supplies that are told at run time', () => {
  let server: ProtocolServer
  const start = async (): Promise<void> => {
    server = await ProtocolServer.start(config())
    const socket = await server.client()
    await socket.subscribe(['status'])
    const status = await socket.replica('status')
    await socket.until(() => Object.values((status.state.feeds ?? {}) as Record<string, State>).every(({ state }) => state === 'ended'))
    await socket.close()
  }
  beforeAll(start)
  afterAll(() => server.stop())

  const post = async (body: unknown, token: string | undefined = ADMIN_TOKEN, type = 'application/json'): Promise<[number, State]> => {
    const headers = { 'content-type': type, ...(token !== '' && { authorization: `Bearer ${token}` }) }
    const response = await server.fetch('/v1/admin/supplies', {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return [response.status, (await response.json()) as State]
  }
  const state = (id: string): Promise<State> => server.json(`/v1/state/fund:${id}`)
  const entries = async (): Promise<State[]> => {
    const { entries: all } = await server.json<{ entries: State[] }>('/v1/audit', { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    return all.filter(({ kind }) => kind === 'supplies')
  }

  it.each<[what: string, body: unknown, status: number, code: string, detail: string]>([
    ['nothing', '', 400, 'parse_error', 'the body is not JSON'],
    ['a list', '[]', 400, 'invalid_params', 'body: expected an object'],
    ['no supplies', {}, 400, 'invalid_params', 'body.supplies: found nothing'],
    ['more than supplies', { supplies: {}, at: 1 }, 400, 'invalid_params', 'body: found "at"'],
    [
      'no time',
      { supplies: {}, t: 'soon' },
      400,
      'invalid_params',
      'body.t: found "soon", expected ms since the epoch or an ISO 8601 time',
    ],
    ['supplies in a list', { supplies: ['1'] }, 400, 'invalid_params', 'body.supplies: found an array'],
    ['no name', { supplies: { 'B C': '1' } }, 400, 'invalid_params', 'found "B C", expected a name of letters'],
    ['shares', { supplies: { 'share:LIVE': '1' } }, 400, 'invalid_params', 'found "share:LIVE", expected a name of letters'],
    ...[['-1'], ['-0'], ['+1'], ['1e3'], ['1,000'], ['NaN'], [''], ['.5'], ['0.0000000000000000001'], [`1${'0'.repeat(30)}`]].map(
      ([text]) =>
        [
          ...[`the decimal "${text}"`, { supplies: { BTC: text } }, 400, 'invalid_params'],
          `body.supplies.BTC: found "${text}", expected a decimal string`,
        ] as [string, unknown, number, string, string],
    ),
    ...[5, null, true, {}].map(
      value =>
        [
          `the value ${JSON.stringify(value)}`,
          { supplies: { ETH: '7', BTC: value } },
          400,
          'invalid_params',
          'body.supplies.BTC: found',
        ] as [...[string, unknown, number, string, string]],
    ),
    [
      ...['too many', { supplies: Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`A${i}`, '1'])) }, 400, 'invalid_params'],
      'expected at most 10000 assets',
    ] as [string, unknown, number, string, string],
  ])('are refused where they are %s, all of them', async (_, body, status, code, detail) => {
    const [found, problem] = await post(body)
    expect([found, problem]).toEqual([status, expect.objectContaining({ code, retry: false, detail: expect.stringContaining(detail) })])
    expect(await entries()).toEqual([])
  })

  it('are the word of operators who may speak of funds, and of nobody else', async () => {
    const body = { supplies: { DOGE: '1' } }
    expect(await post(body, '')).toMatchObject([401, { code: 'not_logged_in' }])
    expect(await post(body, OTHER)).toMatchObject([403, { code: 'not_allowed' }])
    expect(await post(body, ADMIN_TOKEN, 'text/csv')).toMatchObject([415, { code: 'unsupported_media_type' }])
    expect(await entries()).toEqual([])
    expect(await post(body, FUNDS)).toEqual([200, { accepted: 1, known: 0 }])
    expect(await entries()).toMatchObject([{ who: 'operator:manager', supplies: { DOGE: '1' } }])
  })

  it('show in live targets at once, ask for a rebalance past the threshold, and are one entry, once', async () => {
    expect(await state('LIVE')).toMatchObject({ target: { BTC: 0.6, ETH: 0.4 }, rebalance: { needed: false } })
    const socket = await server.client()
    await socket.subscribe(['fund:LIVE'])
    const live = await socket.replica('fund:LIVE')
    const before = (await entries()).length
    expect(await post({ supplies: { BTC: '2.000', ETH: '1', DOGE: '1' } })).toEqual([200, { accepted: 2, known: 1 }])
    await socket.until(() => (live.state.rebalance as State).needed === true)
    expect(live.state).toMatchObject({ target: { BTC: 0.75, ETH: 0.25 }, weights: { BTC: 0.6 }, rebalance: { reason: 'asset' } })
    expect(await state('FROZEN')).toMatchObject({ target: { BTC: 0.6, ETH: 0.4 }, rebalance: { needed: false } })
    expect(await post({ supplies: { BTC: '2', ETH: '1.0' } })).toEqual([200, { accepted: 0, known: 2 }])
    expect(await post({ supplies: {} })).toEqual([200, { accepted: 0, known: 0 }])
    expect((await entries()).slice(before)).toMatchObject([{ who: 'admin', supplies: { BTC: '2', ETH: '1' } }])
  })

  it('hold after a start, and are known', async () => {
    await server.stop()
    await start()
    expect(await state('LIVE')).toMatchObject({ target: { BTC: 0.75, ETH: 0.25 }, rebalance: { needed: true, reason: 'asset' } })
    expect(await post({ supplies: { BTC: '2', ETH: '1', DOGE: '1' } })).toEqual([200, { accepted: 0, known: 3 }])
    expect(await post({ supplies: { BTC: '1' } })).toEqual([200, { accepted: 1, known: 0 }])
    expect(await state('LIVE')).toMatchObject({ target: { BTC: 0.6, ETH: 0.4 }, rebalance: { needed: false } })
  })

  it('stand in the store, before those of the configuration', async () => {
    await post({ supplies: { ETH: '3.5' } })
    await server.stop()
    await start()
    const socket = await server.client()
    await socket.subscribe(['status'])
    const status = await socket.replica('status')
    await socket.until(() => (status.state.sink as State | undefined)?.state === 'ready')
    await server.stop()
    const engine = await openEngine({ source: { dataDir: join(folder, 'data', 'clickhouse') }, log: pino({ level: 'silent' }) })
    try {
      const query = `SELECT ticker, toString(supply) AS supply FROM ${engine.database}.configured_assets FINAL ORDER BY ticker`
      const rows = await (await engine.client.query({ query, format: 'JSONEachRow' })).json()
      expect(rows).toEqual([
        { ticker: 'BTC', supply: '1' },
        { ticker: 'DOGE', supply: '1' },
        { ticker: 'ETH', supply: '3.5' },
      ])
    } finally {
      await engine.close()
    }
  })
})
