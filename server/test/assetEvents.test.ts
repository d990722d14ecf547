import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { State } from './protocolClient.ts'
import { ADMIN_TOKEN, file, ProtocolServer } from './protocolKit.ts'
import { haveReports, reportFile } from './reports.ts'

const why = haveReports ? '' : ' (skipped: no cases of reports beside the project)'
const EVENT = { t: 1714521700000, asset: 'AAA', kind: 'split', ratio: '0.5' }

const replayed = async (server: ProtocolServer): Promise<void> => {
  const socket = await server.client()
  await socket.subscribe(['status'])
  const status = await socket.replica('status')
  await socket.until(() => Object.values((status.state.feeds ?? {}) as Record<string, State>).every(({ state }) => state === 'ended'))
  await socket.close()
}
const post = async (server: ProtocolServer, path: string, body: string, type: string): Promise<[status: number, answer: State]> => {
  const headers = { 'content-type': type, authorization: `Bearer ${ADMIN_TOKEN}` }
  const response = await server.fetch(path, { method: 'POST', headers, body })
  return [response.status, (await response.json()) as State]
}
const state = (server: ProtocolServer, channel: string): Promise<State> => server.json(`/v1/state/${channel}`)

describe.skipIf(!haveReports)(`an asset of which two old units become one new one${why}`, () => {
  let server: ProtocolServer
  const start = async (): Promise<void> => {
    server = await ProtocolServer.start(
      {
        events: file('events.csv', 't,asset,kind,ratio,to\n2024-05-01T00:01:40Z,AAA,split,0.5,\n') && 'events.csv',
        funds: [{ id: 'F', weighting: { scheme: 'fixed', weights: { AAA: 0.5, BBB: 0.5 } }, rebalance: { assetThreshold: 0.005 } }],
        portfolios: [{ id: 'P', transactions: file('p.csv', 't,type,asset,qty,price\n1714521600000,buy,AAA,10,90\n') && 'p.csv' }],
        feeds: [`replay:${reportFile('r19-reverse-split', 't.csv')}`],
      },
      '--speed',
      'max',
    )
    await replayed(server)
  }
  beforeAll(start)
  afterAll(() => server.stop())

  const shown = async (): Promise<unknown> => {
    expect(await state(server, 'fund:F')).toMatchObject({
      nav: 100,
      level: 100,
      weights: { AAA: 0.5, BBB: 0.5 },
      rebalance: { needed: false },
    })
    expect(await state(server, 'pnl:P')).toMatchObject({
      value: 900,
      total: 0,
      realised: 0,
      twr: 0,
      drawdown: { abs: 0, rel: 0 },
      assets: { AAA: { qty: 5, price: 180, avg: 180, cost: 900 } },
    })
    const tick = await state(server, 'tick:AAA-USD')
    expect(tick).toMatchObject({ price: 180, day: { open: 180, high: 180, low: 180, n: 200, volume: 150, notional: 27_000, vwap: 180 } })
    for (const interval of ['1m', '1h', '1d'])
      expect(await state(server, `candle:${interval}:AAA-USD`)).toMatchObject({ o: 180, h: 180, l: 180, c: 180 })
    const states = ['fund:F', 'pnl:P', 'tick:AAA-USD', 'candle:1m:AAA-USD', 'candle:1h:AAA-USD', 'candle:1d:AAA-USD']
    return Promise.all(states.map(channel => state(server, channel)))
  }

  it('neither net asset value, level and profit jump, nor do the day and candles mix two scales; a start shows the same', async () => {
    const before = await shown()
    await server.stop()
    await start()
    expect(await shown()).toEqual(before)
  })

  it('is one entry and one conversion, whose amounts add up to zero', async () => {
    const { entries } = await server.json<{ entries: State[] }>('/v1/audit', { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    const concerning = entries.filter(({ kind }) => kind === 'asset' || kind === 'conversion')
    expect(concerning).toMatchObject([
      { kind: 'asset', who: 'system', at: EVENT.t, asset: 'AAA', event: 'split', ratio: '0.5' },
      { kind: 'conversion', who: 'system', event: concerning[0]!.seq, funds: ['F'], accounts: false },
    ])
    const postings = concerning[1]!.postings as unknown as [account: string, asset: string, amount: string, after: string][]
    expect(postings).toEqual([
      ['custody:F', 'AAA', '-2777.777777777777775', '2777.777777777777775'],
      ['outside', 'AAA', '2777.777777777777775', '-2777.777777777777775'],
    ])
  })

  it('is known when it is said again, and refused if it is said otherwise, row by row', async () => {
    const becomes = { t: EVENT.t, asset: 'OLD', kind: 'rename', to: 'AAA' }
    const rows = [
      EVENT,
      { ...EVENT, ratio: '2' },
      { ...EVENT, asset: 'CCC' },
      { ...EVENT, kind: 'merger' },
      7,
      { ...EVENT, asset: 'USD' },
      becomes,
    ]
    expect(await post(server, '/v1/admin/events', JSON.stringify({ events: rows }), 'application/json')).toEqual([
      200,
      {
        accepted: 1,
        known: 1,
        refused: [
          { row: 2, why: expect.stringMatching(/^found a ratio or name that contradicts a known event, expected each event once/) },
          { row: 4, why: 'kind: found "merger", expected one of redenomination, split, rename, delisting' },
          { row: 5, why: 'expected an object' },
          { row: 6, why: 'found "USD", the currency that everything is counted in, expected another asset' },
          { row: 7, why: expect.stringMatching(/and a later t to change what another makes$/) },
        ],
      },
    ])
    const csv = 't,asset,kind,ratio,to\n1714521700000,AAA,split,1:0.5,\n1714521700000,DDD,rename,,\n2024-05-01,DDD,rename,100:1,EEE\n'
    expect(await post(server, '/v1/admin/events', csv, 'text/csv')).toMatchObject([
      200,
      { accepted: 1, known: 1, refused: [{ row: 3, why: expect.stringContaining('to: found nothing, expected a name') }] },
    ])
    expect(await post(server, '/v1/admin/events', 'asset,kind\n', 'text/csv')).toMatchObject([400, { code: 'invalid_params' }])
    expect(await post(server, '/v1/admin/events', '{}', 'text/plain')).toMatchObject([415, {}])
    const anonymous = await server.fetch('/v1/admin/events', { method: 'POST', headers: { 'content-type': 'text/csv' }, body: csv })
    expect(anonymous.status).toBe(401)
  })
})

describe.skipIf(!haveReports)(`a member of a fund whose market has been silent for two days${why}`, () => {
  let server: ProtocolServer
  beforeAll(async () => {
    server = await ProtocolServer.start(
      {
        staleAfterMs: 300_000,
        funds: ['propose', 'execute'].map(mode => ({
          id: mode,
          weighting: { scheme: 'fixed', weights: { AAA: 0.5, BBB: 0.5 } },
          rebalance: { mode, assetThreshold: 0.005 },
        })),
        feeds: [`replay:${reportFile('r18-delisted-member', 't.csv')}`],
      },
      '--speed',
      'max',
    )
    await replayed(server)
  })
  afterAll(() => server.stop())

  it('makes the fund stale and asks for another composition; nothing is proposed or traded at its last price, whose time is shown', async () => {
    const last = 1714525080001
    for (const fund of ['propose', 'execute'])
      expect(await state(server, `fund:${fund}`)).toMatchObject({
        stale: true,
        blocked: { BBB: 'no market' },
        priceT: { BBB: last },
        rebalance: { needed: true, reason: 'delisted' },
      })
    expect(await state(server, 'rebalances:propose')).toEqual({ mode: 'propose', thresholds: { asset: 0.005 } })
    const { entries } = await server.json<{ entries: State[] }>('/v1/audit', { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    const opened = entries.filter(({ kind }) => kind === 'rebalance') as unknown as { at: number }[]
    for (const { at } of opened) expect(at - last).toBeLessThanOrEqual(86_400_000)
  })
})
