import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN, bearer, engineReady, newUser, send, stateOnce, type User } from './clearingKit.ts'
import { redisPath } from './kit/redisServer.ts'
import { ProtocolClient, type State } from './protocolClient.ts'
import { NOON, ProtocolServer } from './protocolKit.ts'

const CONFIG = {
  funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } }, creationUnit: '10' }],
  portfolios: [],
  feeds: ['sim:7'],
}
const order = (key: string) => ({ fund: 'ONE', amount: '10', key })
const codeOf = async (client: ProtocolClient, method: string, params: object): Promise<string | undefined> =>
  (await client.request(method, params)).error?.data.code

// Without redis-server there is nothing between a gateway and its core.
describe.skipIf(redisPath === undefined)('two gateways in front of one core', () => {
  let left: ProtocolServer
  let right: ProtocolServer
  beforeAll(async () => {
    left = await ProtocolServer.startNodes(CONFIG)
    right = await left.beside()
    await stateOnce(left, 'fund:ONE', ({ nav }) => nav !== undefined)
    await engineReady(left)
  })
  afterAll(async () => {
    await right.stop()
    await left.stop()
  })

  let users = 0
  const user = (): Promise<User> => newUser(left, `user-${++users}`, { BTC: '100', ETH: '400' })
  const at = async (server: ProtocolServer, { token }: User): Promise<ProtocolClient> => {
    const client = await server.client()
    await client.ask('auth', { token })
    return client
  }

  it('show at one what a client orders at the other, in its private channels and in the fund', async () => {
    const ann = await user()
    // Orders have legs, in a list, which this client holds against a server.
    const there = await ProtocolClient.connect(`ws://127.0.0.1:${right.port}/ws`)
    await there.ask('auth', { token: ann.token })
    await there.subscribe(['orders', 'holdings'], { checksum: true })
    const [orders, holdings] = [await there.replica('orders'), await there.replica('holdings')]
    const done = await ann.socket.ask<{ seq: number }>('create', order('first'))
    await there.until(() => (holdings.state.shares as State | undefined)?.ONE === '10' && 'first' in orders.state)
    expect((orders.state.first as State).seq).toBe(done.seq)
    expect(await there.ask('order', { key: 'first' })).toEqual(done)
    expect(await there.ask('create', order('first'))).toEqual(done)
    expect(await codeOf(await right.client(), 'holdings', {})).toBe('not_logged_in')
    await there.close()
  })

  it('number each channel alike', async () => {
    const [a, b] = [await left.client(), await right.client()]
    await Promise.all([a.subscribe(['fund:ONE']), b.subscribe(['fund:ONE'])])
    const [one, other] = [await a.replica('fund:ONE'), await b.replica('fund:ONE')]
    await a.until(() => one.seq >= other.seq)
    const { seq } = one
    await b.until(() => other.seq >= seq)
    const pushOf = ({ pushes }: typeof one) => pushes.find(push => push.seq === seq && push.d !== undefined)?.d
    expect(one.epoch).toBe(other.epoch)
    expect(pushOf(one) === undefined || pushOf(other) === undefined || JSON.stringify(pushOf(one)) === JSON.stringify(pushOf(other))).toBe(
      true,
    )
  })

  it('keep the promise of unknown_order: an older connection’s order comes too late, at either gateway', async () => {
    const bob = await user()
    const asking = await at(right, bob)
    for (const key of ['lost', 'mine', 'newer']) expect(await codeOf(asking, 'order', { key })).toBe('unknown_order')
    expect(await codeOf(bob.socket, 'create', order('lost'))).toBe('unknown_order')
    expect(await asking.ask('create', order('mine'))).toMatchObject({ status: 'settled' })
    const newer = await at(left, bob)
    expect(await newer.ask('create', order('newer'))).toMatchObject({ status: 'settled' })
    expect((await left.fetch('/v1/orders/by-http', { headers: bearer(bob.token) })).status).toBe(404)
    expect(await codeOf(asking, 'create', order('by-http'))).toBe('unknown_order')
    const created = await send(
      right,
      'POST',
      '/create',
      { etf_name: 'ONE', amount: '10' },
      { ...bearer(bob.token), 'idempotency-key': 'by-http' },
    )
    expect(created.status).toBe(200)
  })

  it('forget a token that ends at the other', async () => {
    const eve = await user()
    await eve.socket.subscribe(['holdings'])
    await eve.socket.replica('holdings')
    const there = await at(right, eve)
    expect((await send(right, 'POST', '/v1/logout', undefined, bearer(eve.token))).status).toBe(200)
    for (const client of [eve.socket, there]) {
      for (let i = 0; (await codeOf(client, 'holdings', {})) !== 'not_logged_in'; i++) {
        expect(i).toBeLessThan(50)
        await delay(20)
      }
      expect((await client.ask<State>('session')).who).toEqual({ as: 'nobody' })
    }
  })

  it('answer as the one that a token says whatever is asked behind it, without waiting for the answer', async () => {
    const kim = await user()
    const client = await right.client()
    const [auth, subscribed, held] = await Promise.all([
      client.ask('auth', { token: kim.token }),
      client.subscribe(['holdings']),
      client.ask('holdings'),
    ])
    expect(auth).toMatchObject({ user: kim.name })
    expect(subscribed.holdings).toHaveProperty('epoch')
    expect(held).toEqual({ assets: { BTC: '100', ETH: '400' }, shares: {} })
  })

  it('take large bodies and give large answers, whole', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) =>
      JSON.stringify({ symbol: 'Q-USD', open_t: NOON + 60_000 * i, span: 60_000, o: 1, h: 2, l: 1, c: 2, v: i + 1, id: `q${i}` }),
    )
    const body = rows.join('\n')
    expect(body.length).toBeGreaterThan(2_000_000)
    const imported = await send(left, 'POST', '/v1/admin/candles', body, { ...ADMIN, 'content-type': 'application/x-ndjson' })
    expect(imported).toMatchObject({ status: 200, body: { accepted: 20_000 } })
    const sql = (text: string) => right.fetch('/v1/admin/sql?format=csv', { method: 'POST', headers: ADMIN, body: text })
    const text = await (await sql("SELECT number, repeat('x', 30) FROM numbers(100000)")).text()
    const lines = text.trimEnd().split('\n')
    expect([lines.length, lines.at(-1)]).toEqual([100_001, `99999,"${'x'.repeat(30)}"`])
    const long = await send(right, 'POST', '/v1/allocate', 'x'.repeat(11 * 1024 * 1024), { 'content-type': 'application/json' })
    expect([long.status, long.body.code]).toEqual([413, 'too_large'])
  })

  it('refuse commands while nothing is heard of the core, serve states and say that they are stale, and go on afterwards', async () => {
    const max = await user()
    await max.socket.subscribe(['fund:ONE'])
    const shown = await max.socket.replica('fund:ONE')
    const { redis } = left.between!
    redis.pause()
    try {
      const from = performance.now()
      const { error } = await max.socket.request('create', order('paused'))
      expect(error).toMatchObject({ data: { code: 'not_ready', retry: true } })
      expect(performance.now() - from).toBeLessThan(5_000)
      await delay(2_600)
      expect(max.socket.stale).toEqual(['fund:ONE'])
      const again = performance.now()
      expect(await codeOf(max.socket, 'holdings', {})).toBe('not_ready')
      expect(performance.now() - again).toBeLessThan(500)
      const joined = await left.client()
      await joined.subscribe(['fund:ONE'])
      expect((await joined.replica('fund:ONE')).state.units).toEqual(shown.state.units)
      const { body } = await send(left, 'GET', '/readyz')
      expect(body.parts).toMatchObject({ core: { state: 'degraded', why: expect.stringMatching(/nothing heard for \d+ s/) } })
    } finally {
      redis.resume()
    }
    const { seq } = shown
    await max.socket.until(() => shown.seq > seq)
    for (let i = 0; (await max.socket.request('create', order('paused'))).error !== undefined; i++) {
      expect(i).toBeLessThan(30)
      await delay(100)
    }
    expect(await max.socket.ask('holdings')).toMatchObject({ shares: { ONE: '10' } })
    expect(max.socket.stale).toEqual([])
  })

  it('are not reached by others while the core believes that it is on loopback, where everything is open', async () => {
    const fault = '--host: found a gateway that others can reach beside a core on loopback'
    await expect(left.beside('--host', '0.0.0.0', '--behind-tls', '--drain-ms', '0')).rejects.toThrow(fault)
  })

  it('let their clients go one by one when they stop, after /readyz has said so for as long as they drain', async () => {
    const third = await left.beside('--drain-ms', '400')
    const clients = await Promise.all(Array.from({ length: 5 }, () => third.client()))
    const stopped = third.stop()
    await delay(100)
    const { status, body } = await send(third, 'GET', '/readyz')
    expect([status, body.waiting]).toEqual([503, { server: 'stopping' }])
    expect(await clients[0]!.ask('ping')).toEqual(expect.any(Number))
    await stopped
    for (const { bye, closed } of clients) {
      expect(bye).toEqual({ reason: 'the test is over', reconnectInMs: 0 })
      expect((await closed).code).toBe(1001)
    }
  })
})
