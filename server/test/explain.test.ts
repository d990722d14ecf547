import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Explained } from '../../streams/explain/explanation.ts'
import { evaluated } from '../../streams/explain/test/formula.ts'
import { eachLeaf } from '../../streams/wire/statePath.ts'
import { ADMIN } from './clearingKit.ts'
import type { ProtocolClient, State } from './protocolClient.ts'
import { file, NOON, ProtocolServer, tradesFile } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

type Explanation = Explained & { readonly field: string; readonly channel: string }

const TRADES = Array.from({ length: 400 }, (_, i) => ({
  symbol: i % 2 ? 'BTC-USD' : 'FUND-USD',
  t: NOON + 250 * i,
  price: 100 + (i % 17),
  size: 1 + (i % 3),
  id: `x${i}`,
}))

const config = () => ({
  funds: [
    { id: 'F', weighting: { scheme: 'units', units: { BTC: '2' } }, market: 'FUND-USD', createFeeBps: 5 },
    { id: 'SECRET', weighting: { scheme: 'units', units: { BTC: '1' } }, read: [] },
  ],
  portfolios: [{ id: 'P', transactions: 'p.csv' }],
  feeds: [`replay:${tradesFile('explain.csv', TRADES)}`],
})

overTransports('an explanation', transport => {
  let server: ProtocolServer
  let client: ProtocolClient
  beforeAll(async () => {
    file('p.csv', `t,type,asset,qty,price\n${NOON - 1},buy,BTC,2,90\n${NOON + 20_000},sell,BTC,0.5,100\n`)
    server = await ProtocolServer.start(config(), '--speed', 'max', '--transport', transport)
    client = await server.client()
    await server.replayed()
  })
  afterAll(() => server.stop())

  it('is given of every figure of the states, whether anybody follows them or not, the same by both ways', async () => {
    for (const channel of ['fund:F', 'pnl:P', 'tick:BTC-USD', 'candle:1m:BTC-USD']) {
      const state = await server.json<State>(`/v1/state/${channel}`)
      const fields: [string, number][] = []
      eachLeaf(state as never, (path, value) => typeof value === 'number' && fields.push([path, value]))
      expect(fields.length).toBeGreaterThan(5)
      for (const [field, value] of fields) {
        const found = await server.json<Explanation>(`/v1/explain/${channel}?field=${field}`)
        expect(found, field).toMatchObject({ channel, field })
        expect(Number(found.value), field).toBeCloseTo(value, 8)
        expect(evaluated(found.formula!, found.inputs!), field).toBeCloseTo(value, 8)
        expect(await client.ask('explain', { channel, field })).toEqual(found)
      }
    }
  })

  it('ends at the trades', async () => {
    const { inputs } = await client.ask<Explanation>('explain', { channel: 'fund:F', field: 'premium' })
    const [market, nav] = inputs!
    expect(market!.inputs).toMatchObject([
      { name: 'trade', t: TRADES.at(-2)!.t, source: expect.stringMatching(/^tick:FUND-USD, a trade of /) },
    ])
    expect(JSON.stringify(nav)).toMatch(/"source":"tick:BTC-USD, a trade of /)
  })

  const problem = async (path: string, headers: Record<string, string> = {}): Promise<unknown[]> => {
    const response = await server.fetch(`/v1/explain/${path}`, { headers })
    return [response.status, ((await response.json()) as State).code]
  }

  it.each([
    ['fund:F?field=navv', 404, 'not_found'],
    ['fund:F?field=stale', 404, 'not_found'],
    ['fund:F', 400, 'invalid_params'],
    ['fund:NONE?field=nav', 404, 'unknown_channel'],
    ['status?field=rates', 400, 'invalid_params'],
    ['fund:SECRET?field=nav', 401, 'not_logged_in'],
  ])('of %s is refused with %i %s', async (path, status, code) => expect(await problem(path)).toEqual([status, code]))

  it('of what one may not read is given to nobody else', async () => {
    expect((await client.request('explain', { channel: 'fund:SECRET', field: 'nav' })).error?.data.code).toBe('not_logged_in')
    expect(await problem('fund:SECRET?field=nav', ADMIN)).toEqual([200, undefined])
  })
})
