import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sqrtRatioAtTick } from '../../streams/pools/uniswapV3/tickMath.ts'
import { ADMIN, bearer, newUser, send, type User } from './clearingKit.ts'
import { scaled } from './kills.ts'
import type { State } from './protocolClient.ts'
import { NOON, ProtocolServer } from './protocolKit.ts'
import { closeOf, HOURS, SWAPS, smallWorld } from './smallWorld.ts'

let server: ProtocolServer
let ann: User
let bob: User
beforeAll(async () => {
  server = await ProtocolServer.start(smallWorld(), '--speed', 'max')
  await server.replayed()
  ann = await newUser(server, 'ann', { A: '1000', B: '1000', C: '1000', D: '1000', USD: '1000' })
  bob = await newUser(server, 'bob')
})
afterAll(() => server.stop())

const status = async (path: string, token?: string): Promise<unknown[]> => {
  const response = await server.fetch(path, token === undefined ? {} : { headers: bearer(token) })
  const { code } = (await response.json()) as { code?: string }
  return [response.status, code]
}

describe('pools', () => {
  it('show their liquidity by ticks', async () => {
    const { ticks, ...now } = await server.json<State & { ticks: State[] }>('/v1/pools/V3/ticks')
    expect(now).toEqual({
      pool: 'V3',
      t: expect.any(Number),
      price: ((await server.json<State>('/v1/state/pool:V3')).price as number) && expect.any(Number),
      tick: SWAPS - 1,
      sqrtPriceX96: String(sqrtRatioAtTick(SWAPS - 1)),
      liquidity: String(10n ** 9n),
      partial: false,
    })
    expect(ticks.map(({ tick, liquidity }) => [tick, liquidity])).toEqual([
      [-600, String(10n ** 9n)],
      [600, '0'],
    ])
    expect(await server.json('/v1/pools/V3/ticks?limit=1')).toMatchObject({ ticks: [{ tick: -600 }], next: 600 })
  })

  const quote = (pool: string, body: object): Promise<unknown[]> =>
    send(server, 'POST', `/v1/pools/${pool}/quote`, body).then(({ status, body: { code, detail, ...rest } }) =>
      status === 200 ? [status, rest] : [status, code, detail],
    )

  it('say what a swap would do, by the token of the amount', async () => {
    const [, given] = await quote('V3', { token: 'WETH', amountIn: '1000' })
    expect(given).toMatchObject({
      pool: 'V3',
      in: 1,
      amountIn: '1000',
      fee: '3',
      feeToken: 1,
      ticksCrossed: 0,
      block: 1 + ((SWAPS + 1) >> 2),
      tokens: [
        { symbol: 'USDC', decimals: 3 },
        { symbol: 'WETH', decimals: 3 },
      ],
    })
    const { amountOut } = given as { amountOut: string }
    expect(await quote('V3', { token: 0, amountOut })).toEqual([200, expect.objectContaining({ in: 1, amountOut })])
  })

  it.each([
    ['a pool that there is not', 'NONE', { token: 0, amountIn: '1' }, [404, 'unknown_channel']],
    ['an order book', 'BOOK', { token: 0, amountIn: '1' }, [404, 'not_found', /expected a pool of a contract$/]],
    ['more than the pool takes', 'V3', { token: 0, amountIn: '9'.repeat(30) }, [400, 'insufficient_liquidity']],
    ['more than the pool holds', 'V3', { token: 1, amountOut: '9'.repeat(30) }, [400, 'insufficient_liquidity']],
    ['so little that it buys nothing', 'V3', { token: 0, amountIn: '1' }, [400, 'invalid_params', /^body\.amountIn: /]],
    ['another token', 'V3', { token: 'BTC', amountIn: '1' }, [400, 'invalid_params', /^body\.token: found "BTC"/]],
    ['no amount', 'V3', { token: 0 }, [400, 'invalid_params', /^body: expected either/]],
    ['two amounts', 'V3', { token: 0, amountIn: '1', amountOut: '1' }, [400, 'invalid_params', /^body: expected either/]],
    ['an amount in whole tokens', 'V3', { token: 0, amountIn: '0.5' }, [400, 'invalid_params', /^body\.amountIn: /]],
  ] as const)('refuse a quote for %s', async (_, pool, body, [status, code, detail = /./]) => {
    expect(await quote(pool, body)).toEqual([status, code, expect.stringMatching(detail)])
  })

  it('show the levels of order books, best first', async () => {
    expect(await server.json('/v1/pools/BOOK/book?levels=2')).toEqual({
      pool: 'BOOK',
      t: NOON,
      stale: false,
      bids: [
        [999, 1],
        [998, 2],
      ],
      asks: [
        [1001, 1],
        [1002, 2],
      ],
      more: { bids: 38, asks: 38 },
      reach: expect.any(Object),
    })
  })

  it('show what was swapped, newest first, page by page', async () => {
    await expect.poll(async () => (await server.json<{ swaps: State[] }>('/v1/pools/V3/swaps')).swaps.length).toBe(SWAPS)
    const { swaps, next } = await server.json<{ swaps: State[]; next?: string }>('/v1/pools/V3/swaps')
    expect(next).toBeUndefined()
    expect(swaps.map(({ amount0, amount1, side, price }) => [amount0, amount1, side, price])).toEqual(
      Array.from({ length: SWAPS }, (_, n) => {
        const i = SWAPS - 1 - n
        return i % 2 ? [String(-1000 - i), '2000', 'sell', (1000 + i) / 2000] : [String(1000 + i), '-2000', 'buy', (1000 + i) / 2000]
      }),
    )
    expect(swaps.every(({ worth }) => typeof worth === 'number')).toBe(true)
    const paged: State[] = []
    for (let cursor = ''; ; ) {
      const page = await server.json<{ swaps: State[]; next?: string }>(`/v1/pools/V3/swaps?limit=4${cursor && `&cursor=${cursor}`}`)
      paged.push(...page.swaps)
      if (page.next === undefined) break
      cursor = page.next
    }
    expect(paged).toEqual(swaps)
  })

  it.each([
    ['V3/book', 404, 'not_found'],
    ['BOOK/ticks', 404, 'not_found'],
    ['BOOK/swaps', 404, 'not_found'],
    ['UNHEARD/book', 503, 'not_ready'],
    ['NONE/ticks', 404, 'unknown_channel'],
    ['V3/ticks?from=x', 400, 'invalid_params'],
    ['V3/ticks?limit=0', 400, 'invalid_params'],
    ['V3/swaps?limit=1001', 400, 'invalid_params'],
    ['V3/swaps?cursor=abc', 400, 'invalid_params'],
    ['BOOK/book?levels=5001', 400, 'invalid_params'],
  ])('refuse %s with %i %s', async (path, code, error) => expect(await status(`/v1/pools/${path}`)).toEqual([code, error]))
})

describe('portfolios', () => {
  it('show their open lots to their readers alone', async () => {
    const price = closeOf(0, HOURS - 1)
    const lots = { A: { qty: '2.5', price, cost: '255', lots: [expect.objectContaining({ qty: '1.5', cost: '135' }), expect.anything()] } }
    expect(await server.json('/v1/portfolios/OPEN/lots')).toMatchObject({ portfolio: 'OPEN', quote: 'USD', method: 'fifo', assets: lots })
    expect(await server.json('/v1/portfolios/MINE/lots', { headers: bearer(ann.token) })).toMatchObject({ assets: lots })
    expect(await server.json('/v1/portfolios/MINE/lots', { headers: ADMIN })).toMatchObject({ assets: lots })
    expect(await status('/v1/portfolios/MINE/lots')).toEqual([401, 'not_logged_in'])
    expect(await status('/v1/portfolios/MINE/lots', bob.token)).toEqual([403, 'not_allowed'])
    expect(await status('/v1/portfolios/NONE/lots', ann.token)).toEqual([404, 'unknown_channel'])
  })

  it('show them by pages, and of one asset', async () => {
    const first = await server.json<State>('/v1/portfolios/OPEN/lots?limit=1&asset=A')
    const second = await server.json<State>(`/v1/portfolios/OPEN/lots?limit=1&asset=A&cursor=${first.next as string}`)
    const of = (page: State): unknown => ((page.assets as State).A as State).lots
    expect([of(first), of(second)]).toMatchObject([[{ qty: '1.5' }], [{ qty: '1', cost: '120', price: '120' }]])
    expect(second.next).toBeUndefined()
    expect(await status('/v1/portfolios/OPEN/lots?asset=%20')).toEqual([400, 'invalid_params'])
  })
})

describe('funds', () => {
  it('show their rebalances, newest first, with trades and costs as the journal has them', async () => {
    const { entries } = await server.json<{ entries: State[] }>('/v1/audit?limit=10000', { headers: ADMIN })
    const closed = entries.filter(({ kind, fund }) => kind === 'rebalanced' && fund === 'F')
    expect(closed.length).toBeGreaterThan(2)
    const path = '/v1/funds/F/rebalances'
    await expect.poll(async () => (await server.json<{ rebalances: State[] }>(path)).rebalances.length).toBe(closed.length)
    const { rebalances } = await server.json<{ rebalances: State[] }>(path)
    expect(rebalances.map(({ id, ended, status: how }) => [id, ended, how])).toEqual(
      closed.map(({ id, at, outcome }) => [id, at, outcome]).reverse(),
    )
    for (const { id, fees, turnover, trades } of rebalances) {
      const fills = entries.flatMap(({ kind, trade, fill }) =>
        kind === 'trade' && fill !== undefined && (trade as string).startsWith(`${id}-`) ? [fill as State] : [],
      )
      const paid = fills.reduce((sum, { fee }) => sum + scaled((fee as State).amount as string), 0n)
      expect(scaled(fees as string), String(id)).toBe(paid)
      const worth = fills.reduce((sum, { amount, price }) => sum + Number(amount) * Number(price), 0)
      expect(Number(turnover)).toBeCloseTo(worth, 6)
      const filled = Object.values(trades as State).reduce((sum: bigint, trade) => sum + scaled((trade as State).filled as string), 0n)
      expect(filled).toBe(fills.reduce((sum, { amount }) => sum + scaled(amount as string), 0n))
    }
    const last = await server.json<State>('/v1/state/rebalances:F')
    expect(rebalances[0]).toMatchObject({ id: last.id, reason: last.reason, ended: last.ended, since: last.since })
    const paged: unknown[] = []
    for (let before = ''; ; ) {
      const page = await server.json<{ rebalances: State[]; next?: number }>(`${path}?limit=2${before}`)
      paged.push(...page.rebalances)
      if (page.next === undefined) break
      before = `&before=${page.next}`
    }
    expect(paged).toEqual(rebalances)
  })

  it('show them to their readers alone', async () => {
    expect(await status('/v1/funds/SECRET/rebalances')).toEqual([401, 'not_logged_in'])
    expect(await status('/v1/funds/SECRET/rebalances', bob.token)).toEqual([403, 'not_allowed'])
    expect(await status('/v1/funds/SECRET/rebalances', ann.token)).toEqual([200, undefined])
    expect(await status('/v1/funds/NONE/rebalances')).toEqual([404, 'unknown_channel'])
    expect(await status('/v1/funds/F/rebalances?limit=101')).toEqual([400, 'invalid_params'])
  })
})

describe('orders', () => {
  it('are all that a client ever placed, oldest first, page by page, and nobody else’s', async () => {
    const placed: unknown[] = []
    for (let i = 0; i < 7; i++)
      placed.push(
        await ann.socket.ask(
          i % 3 ? 'create' : 'transfer',
          i % 3 ? { fund: 'F', amount: '1', key: `k${i}` } : { to: 'bob', asset: 'A', amount: '1', key: `k${i}` },
        ),
      )
    await expect(ann.socket.ask('redeem', { fund: 'F', amount: '5000', key: 'too much' })).rejects.toMatchObject({})
    const list = async (query: string, token = ann.token) =>
      server.json<{ orders: State[]; next?: number }>(`/v1/orders${query}`, { headers: bearer(token) })
    const { orders, next } = await list('')
    expect(next).toBeUndefined()
    expect(orders.slice(0, 7)).toEqual(placed)
    expect(orders.slice(7)).toMatchObject([{ key: 'too much', status: 'rejected', code: 'insufficient_shares' }])
    const paged: State[] = []
    for (let after = 0; ; ) {
      const page = await list(`?limit=3&after=${after}`)
      paged.push(...page.orders)
      if (page.next === undefined) break
      after = page.next
    }
    expect(paged).toEqual(orders)
    expect(await list('', bob.token)).toEqual({ orders: [] })
    expect(await status('/v1/orders')).toEqual([401, 'not_logged_in'])
    expect(await status('/v1/orders?limit=1001', ann.token)).toEqual([400, 'invalid_params'])
  })
})
