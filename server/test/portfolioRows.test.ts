import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { ProtocolClient, State } from './protocolClient.ts'
import { ADMIN_TOKEN, ProtocolServer } from './protocolKit.ts'

const PASSWORD = 'correct horse battery'
const KEEPER = 'a-token-for-portfolios'
const OTHER = 'a-token-for-deposits'
const digest = (token: string): string => createHash('sha256').update(token).digest('hex')
const CONFIG = {
  portfolios: [{ id: 'open' }, { id: 'anns', owner: 'ann', read: 'public' }],
  tokens: [
    { name: 'keeper', digest: digest(KEEPER), scopes: ['portfolios'] },
    { name: 'other', digest: digest(OTHER), scopes: ['deposits', 'funds', 'audit', 'prices'] },
  ],
  feeds: ['sim:7'],
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const CSV = { 'content-type': 'text/csv' }
const NDJSON = { 'content-type': 'application/x-ndjson' }
const JSON_TYPE = { 'content-type': 'application/json' }

let ids = 0
const buy = (over: object = {}) => ({ t: Date.now() - 60_000, type: 'buy', asset: 'BTC', qty: '1', price: '100', id: `f${++ids}`, ...over })

describe('a portfolio that gets rows at run time', () => {
  let server: ProtocolServer
  let ann: ProtocolClient
  let anns = ''
  const start = async (): Promise<void> => {
    server = await ProtocolServer.start(CONFIG)
  }
  /** The folder of the test cannot be removed while the engine begins. */
  const stop = async (): Promise<void> => {
    const socket = await server.client()
    await socket.subscribe(['status'])
    const status = await socket.replica('status')
    await socket.until(() => (status.state.sink as State | undefined)?.state === 'ready')
    await server.stop()
  }
  beforeAll(async () => {
    await start()
    ann = await server.client()
    anns = (await ann.ask<{ token: string }>('register', { username: 'ann', password: PASSWORD })).token
  })
  afterAll(stop)

  const post = async (portfolio: string, body: string, headers: Record<string, string> = JSON_TYPE): Promise<[number, State]> => {
    const response = await server.fetch(`/v1/portfolios/${portfolio}/transactions`, { method: 'POST', body, headers })
    return [response.status, (await response.json()) as State]
  }
  const list = (...transactions: object[]): string => JSON.stringify({ transactions })
  const entries = async (): Promise<State[]> => {
    const { entries: all } = await server.json<{ entries: State[] }>('/v1/audit?limit=10000', { headers: bearer(ADMIN_TOKEN) })
    return all.filter(entry => entry.kind === 'record')
  }

  it('takes them by websocket and shows them', async () => {
    await ann.subscribe(['pnl:anns'])
    const pnl = await ann.replica('pnl:anns')
    const answer = await ann.ask('record', {
      portfolio: 'anns',
      transactions: [buy({ asset: 'XYZ', fee: '1' }), { type: 'bye' }, buy({ asset: 'XYZ' })],
    })
    expect(answer).toEqual({
      accepted: 2,
      known: 0,
      refused: [{ row: 2, why: 'type: found "bye", expected one of buy, sell, income, gift, transfer, fee, deposit, withdraw' }],
    })
    await ann.until(() => ((pnl.state.assets as State).XYZ as State | undefined)?.qty === 2)
    expect(pnl.state).toMatchObject({ known: { fees: 1, flows: 0 }, unpriced: { XYZ: 'no price yet' } })
    const shown = await server.json<State>('/v1/state/pnl:anns')
    expect((shown.assets as State).XYZ).toMatchObject({ qty: 2, avg: 100.5 })
  })

  it('takes the same rows as CSV, JSON and lines of JSON, each once', async () => {
    const [a, b, c] = [buy(), buy(), buy()]
    expect(
      await post(
        'open',
        `id,t,type,asset,qty,price\n${[a, b].map(r => [r.id, r.t, r.type, r.asset, r.qty, r.price].join(',')).join('\n')}`,
        CSV,
      ),
    ).toEqual([200, { accepted: 2, known: 0, refused: [] }])
    expect(await post('open', [b, c].map(row => JSON.stringify(row)).join('\n'), NDJSON)).toEqual([
      200,
      { accepted: 1, known: 1, refused: [] },
    ])
    const before = await entries()
    expect(await post('open', list(a, b, c))).toEqual([200, { accepted: 0, known: 3, refused: [] }])
    expect(await entries()).toEqual(before)
    expect(before.slice(-2)).toMatchObject([
      { portfolio: 'open', who: 'anybody:', transactions: [{ id: a.id }, { id: b.id }] },
      { portfolio: 'open', transactions: [{ id: c.id, qty: '1', price: '100' }] },
    ])
  })

  it('adds nothing when a request without ids comes again, and tells equal rows of one request apart', async () => {
    const { id, ...row } = buy({ asset: 'DOT' })
    for (const accepted of [2, 0]) expect(await post('open', list(row, row))).toEqual([200, { accepted, known: 2 - accepted, refused: [] }])
  })

  it('knows a row by portfolio and id', async () => {
    const row = buy()
    for (const portfolio of ['open', 'anns'])
      expect(await post(portfolio, list(row), { ...JSON_TYPE, ...bearer(KEEPER) })).toMatchObject([200, { accepted: 1 }])
  })

  it('gives a row without a price the market’s, which is written down; what has none is flagged', async () => {
    const prices = await server.client()
    await prices.subscribe(['tick:BTC-USD'])
    const tick = await prices.replica('tick:BTC-USD')
    await prices.until(() => typeof tick.state.price === 'number')
    const { price, ...priceless } = buy()
    const nowhere = { ...priceless, id: 'nowhere', asset: 'NOWHERE' }
    expect(await post('open', list(priceless, nowhere, { ...priceless, id: 'paid', cost: '50' }))).toMatchObject([200, { accepted: 3 }])
    const [first, second, third] = (await entries()).at(-1)!.transactions as unknown as State[]
    expect(Number(first!.price)).toBeGreaterThan(0)
    expect([second!.price, third!.price, third!.cost]).toEqual([undefined, undefined, '50'])
    const watching = await server.client()
    await watching.subscribe(['pnl:open'])
    const pnl = await watching.replica('pnl:open')
    await watching.until(() => 'NOWHERE' in (pnl.state.unpriced as State))
    expect((pnl.state.unpriced as State).NOWHERE).toMatch(/^no price for the buy of/)
  })

  it.each([
    ['nobody', 'open', {}, 200],
    ['nobody', 'anns', {}, 401],
    ['an operator of the scope', 'anns', bearer(KEEPER), 200],
    ['an operator of other scopes', 'anns', bearer(OTHER), 403],
    ['the admin', 'anns', bearer(ADMIN_TOKEN), 200],
    ['the admin', 'none', bearer(ADMIN_TOKEN), 404],
    ['nobody', 'none', {}, 401],
  ])('lets %s into %s as it should', async (_, portfolio, headers, status) => {
    expect((await post(portfolio, list(buy()), { ...JSON_TYPE, ...headers }))[0]).toBe(status)
  })

  it('lets its owner in, and no other client', async () => {
    expect(await post('anns', list(buy()), { ...JSON_TYPE, ...bearer(anns) })).toMatchObject([200, { accepted: 1 }])
    const bob = await server.client()
    await bob.ask('register', { username: 'bob', password: PASSWORD })
    await expect(bob.ask('record', { portfolio: 'anns', transactions: [buy()] })).rejects.toThrow('not_allowed')
  })

  it.each([
    ['no media type', '', { 'content-type': '' }, 415],
    ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a file without its columns', 'a,b\n1,2', CSV, 400],
    ['no list', '{"transactions":7}', JSON_TYPE, 400],
    ['no JSON', '{', JSON_TYPE, 400],
    ['too many rows', `${'{}\n'.repeat(10_001)}`, NDJSON, 413],
  ])('refuses %s', async (_, body, headers, status) => {
    const before = await entries()
    expect((await post('open', body, headers))[0]).toBe(status)
    expect(await entries()).toEqual(before)
  })

  it('has them after a start, from its first frame on, and knows them', async () => {
    const { assets, known } = await server.json<State>('/v1/state/pnl:anns')
    const { flows, fees } = known as State
    const qty = (of: unknown) =>
      Object.entries(of as State).map(([asset, figures]) => [asset, (figures as State).qty, (figures as State).cost])
    const row = buy()
    await post('anns', list(row), { ...JSON_TYPE, ...bearer(KEEPER) })
    await stop()
    await start()
    const watching = await server.client()
    await watching.subscribe(['pnl:anns'])
    const replica = await watching.replica('pnl:anns')
    await watching.until(() => Object.keys((replica.state.assets as State) ?? {}).length === Object.keys(assets as State).length)
    await watching.until(() => typeof ((replica.state.assets as State).BTC as State).price === 'number')
    const { state } = replica
    expect(qty(state.assets)).toEqual(
      qty(assets).map(([asset, n, cost]) => (asset === 'BTC' ? [asset, Number(n) + 1, Number(cost) + 100] : [asset, n, cost])),
    )
    expect(state.known).toMatchObject({ flows: Number(flows) + 100, fees })
    expect(await post('anns', list(row), { ...JSON_TYPE, ...bearer(KEEPER) })).toMatchObject([200, { accepted: 0, known: 1 }])
  })
})

describe('a server that is killed', () => {
  it('has every row that it has answered for', async () => {
    const options = [
      '--data',
      pathOf('rows'),
      '--config',
      written('rows.json', JSON.stringify({ portfolios: [{ id: 'P' }], feeds: ['sim:7'] })),
    ]
    const sent: string[] = []
    const answered = new Map<string, ReturnType<typeof buy>>()
    for (let run = 0; run < 3; run++) {
      const server = DriftwireProcess.serve(...options)
      const url = await server.url()
      const work = async (): Promise<void> => {
        for (;;) {
          const rows = [buy({ asset: 'XYZ' }), buy({ asset: 'XYZ' })]
          sent.push(...rows.map(row => row.id))
          const response = await fetch(`${url}/v1/portfolios/P/transactions`, {
            method: 'POST',
            headers: JSON_TYPE,
            body: JSON.stringify({ transactions: rows }),
          }).catch(() => undefined)
          if (response?.status !== 200) return
          for (const row of rows) answered.set(row.id, row)
        }
      }
      const working = Promise.all([work(), work(), work(), work()])
      const before = answered.size
      const client = await server.client()
      await client.subscribe(['pnl:P'])
      await client.replica('pnl:P')
      await client.until(() => answered.size > before + 40)
      await server.end('SIGKILL')
      await working
    }
    const server = DriftwireProcess.serve(...options)
    // By HTTP, because a request by websocket has at most 64 KiB, and nobody knows how many rows there are.
    const again = await fetch(`${await server.url()}/v1/portfolios/P/transactions`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ transactions: [...answered.values()] }),
    })
    expect(await again.json()).toEqual({ accepted: 0, known: answered.size, refused: [] })
    const client = await server.client()
    await client.subscribe(['pnl:P'])
    const pnl = await client.replica('pnl:P')
    await client.until(() => 'XYZ' in ((pnl.state.assets as State) ?? {}))
    const { qty } = (pnl.state.assets as State).XYZ as { qty: number }
    expect(qty).toBeGreaterThanOrEqual(answered.size)
    expect(qty).toBeLessThanOrEqual(sent.length)
    await server.ready()
    expect(await server.end('SIGTERM')).toBe(0)
  })
})
