import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN, engineReady, fund, newUser, PASSWORD, send, type User } from './clearingKit.ts'
import { merged, type ProtocolClient, type Push, type Replica, type State } from './protocolClient.ts'
import { ADMIN_TOKEN, ProtocolServer } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

const CONFIG = {
  funds: [
    { id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } }, creationUnit: '10' },
    { id: 'CLOSED', weighting: { scheme: 'units', units: { BTC: '1' } }, read: ['nobody-else'] },
  ],
  feeds: ['sim:7'],
}
const PRIVATE = ['orders', 'holdings']

interface Order {
  readonly key: string
  readonly side: string
  readonly status: string
  readonly code?: string
  readonly seq: number
  readonly [member: string]: unknown
}
interface Issued {
  readonly token: string
  readonly expires: number
}
overTransports('the clearing house by websocket', transport => {
  let server: ProtocolServer
  let names = 0
  const clients: ProtocolClient[] = []

  beforeAll(async () => {
    server = await ProtocolServer.start(CONFIG, '--transport', transport)
    const socket = await connected()
    await socket.subscribe(['fund:ONE'])
    const fund = await socket.replica('fund:ONE')
    await socket.until(() => fund.state.nav !== undefined)
  })
  afterAll(async () => {
    // The legs of an order are a list, which changes as a whole; everything else that is strange stays a fault.
    for (const { faults } of clients)
      faults.splice(0, faults.length, ...faults.filter(fault => !/^orders at \d+: (snap|d)\.[^.]+\.legs is an array$/.test(fault)))
    await engineReady(server)
    await server.stop()
  })

  const connected = async (): Promise<ProtocolClient> => {
    const socket = await server.client()
    clients.push(socket)
    return socket
  }
  /** Somebody new on a socket of its own, with these holdings. */
  const user = async (assets: Record<string, string> = {}): Promise<User> => {
    const user = await newUser(server, `${transport}-${++names}`, assets)
    clients.push(user.socket)
    return user
  }
  const post = (path: string): Promise<unknown> => send(server, 'POST', path, undefined, ADMIN)
  const codeOf = async (socket: ProtocolClient, method: string, params?: object): Promise<unknown> =>
    (await socket.request(method, params)).error?.data.code
  /** What is followed of the private channels, when their snapshots have come. */
  const follow = async (socket: ProtocolClient, more: object = {}): Promise<{ orders: Replica; holdings: Replica }> => {
    await socket.subscribe(PRIVATE, more)
    return { orders: await socket.replica('orders'), holdings: await socket.replica('holdings') }
  }
  const basketOf = (shares: number) => ({ BTC: String(shares / 2), ETH: String(shares * 2) })
  /** Pushes of private channels. */
  const own = (socket: ProtocolClient): Push[] => socket.pushes.filter(({ ch }) => PRIVATE.includes(ch ?? ''))

  describe('serves a new user', () => {
    it('from the first request to the last, each step answered and pushed, every state proved', async () => {
      const socket = await connected()
      const name = `${transport}-walk`
      expect(await socket.ask('register', { username: name, password: PASSWORD })).toEqual({
        token: expect.any(String),
        expires: expect.any(Number),
      })
      const { orders, holdings } = await follow(socket, { checksum: true })
      expect([holdings.state, orders.state]).toEqual([{ assets: {}, shares: {} }, {}])

      await fund(server, name, { BTC: '5.5' })
      await fund(server, name, { ETH: '20' })
      await socket.until(() => (holdings.state.assets as State).ETH === '20')
      const legs = [
        { asset: 'BTC', amount: '5' },
        { asset: 'ETH', amount: '20' },
      ]
      expect(await socket.ask('quote', { side: 'create', fund: 'ONE', amount: '10' })).toMatchObject({
        legs,
        basket: { BTC: '0.5', ETH: '2' },
      })
      const order = { fund: 'ONE', amount: '10', key: 'c' }
      const created = await socket.ask<Order>('create', order)
      expect(created).toEqual({ ...order, side: 'create', status: 'settled', legs, seq: expect.any(Number), t: expect.any(Number) })
      await socket.until(() => (holdings.state.shares as State).ONE === '10' && orders.state.c !== undefined)
      expect(holdings.state).toEqual({ assets: { BTC: '0.5' }, shares: { ONE: '10' } })
      expect(orders.state).toEqual({ c: created })
      expect(await socket.ask('holdings')).toEqual(holdings.state)

      const other = await user()
      const given = await socket.ask<Order>('transfer', { to: other.name, fund: 'ONE', amount: '2.5', key: 't' })
      expect(given).toMatchObject({ side: 'transfer', to: other.name, fund: 'ONE', amount: '2.5', status: 'settled' })
      expect(await other.socket.ask('holdings')).toEqual({ assets: {}, shares: { ONE: '2.5' } })
      expect(await codeOf(socket, 'redeem', { ...order, key: 'too much' })).toBe('insufficient_shares')
      await other.socket.ask('transfer', { to: name, fund: 'ONE', amount: '2.5', key: 'back' })
      const redeemed = await socket.ask<Order>('redeem', { ...order, key: 'r' })
      expect(redeemed).toMatchObject({ side: 'redeem', status: 'settled', legs })
      await socket.until(() => orders.state.r !== undefined && (holdings.state.shares as State).ONE === undefined)
      expect(holdings.state).toEqual({ assets: { BTC: '5.5', ETH: '20' }, shares: {} })
      expect(Object.keys(orders.state).sort()).toEqual(['c', 'r', 't', 'too much'])
      expect(orders.state['too much']).toMatchObject({ status: 'rejected', code: 'insufficient_shares' })
      expect(orders.checksums).toBeGreaterThan(0)
      expect(holdings.checksums).toBeGreaterThan(0)
    })

    it('by login or by token as well, on as many sockets as it likes', async () => {
      const { name, token } = await user({ BTC: '1' })
      const [byLogin, byToken] = [await connected(), await connected()]
      const issued = await byLogin.ask<Issued>('login', { username: name, password: PASSWORD })
      expect(issued).toEqual({ token: expect.any(String), expires: expect.any(Number) })
      expect(issued.token).not.toBe(token)
      expect(await byToken.ask('auth', { token })).toMatchObject({ token, user: name, admin: false })
      const mirrors = await Promise.all([byLogin, byToken].map(socket => follow(socket)))
      await fund(server, name, { BTC: '1' })
      await Promise.all([byLogin, byToken].map((socket, i) => socket.until(() => (mirrors[i]!.holdings.state.assets as State).BTC === '2')))
    })

    it('with merged pushes where it asked for few, and the newest state is the right one', async () => {
      const { name, socket } = await user({ BTC: '1' })
      expect((await socket.subscribe(PRIVATE, { maxRate: 1, checksum: true })).holdings).toMatchObject({ rate: 1 })
      const holdings = await socket.replica('holdings')
      for (let i = 0; i < 5; i++) await fund(server, name, { BTC: '1' })
      await socket.until(() => (holdings.state.assets as State).BTC === '6')
      expect(holdings.pushes.length).toBeLessThan(5)
      expect(holdings.checksums).toBeGreaterThan(0)
    })

    it('with what it missed while its connection was lost, each patch as it was', async () => {
      const { name, token, socket } = await user({ BTC: '10', ETH: '40' })
      await follow(socket)
      await socket.ask('create', { fund: 'ONE', amount: '10', key: 'before' })
      await socket.until(() => socket.replicas.get('orders')!.state.before !== undefined)
      await socket.close()
      await fund(server, name, { BTC: '7' })
      const other = await connected()
      await other.ask('auth', { token })
      await other.ask('create', { fund: 'ONE', amount: '10', key: 'meanwhile' })
      // Each channel on a socket of its own: patches of several that were missed come one channel after the other.
      for (const channel of PRIVATE) {
        const again = await connected()
        await again.ask('auth', { token })
        again.takeOver(socket)
        const { epoch, seq, state } = again.replicas.get(channel)!
        const said = await again.subscribe([channel], { resume: { [channel]: { epoch, seq } }, checksum: true })
        expect(said[channel]).toMatchObject({ epoch, recovered: true })
        const replica = again.replicas.get(channel)!
        await again.until(() => replica.seq === said[channel]!.seq)
        expect(own(again).every(push => push.snap === undefined)).toBe(true)
        expect(replica.state).not.toEqual(state)
        expect(replica.state).toEqual(await server.json(`/v1/state/${channel}`, { headers: { authorization: `Bearer ${token}` } }))
        // Of another start there is nothing to go on from.
        const foreign = await again.subscribe([channel], { resume: { [channel]: { epoch: 'another', seq } } })
        expect(foreign[channel]!.recovered).toBe(false)
        expect((await again.replica(channel)).pushes[0]!.snap).toEqual(replica.state)
      }
    })
  })

  describe('keeps one client’s own from another', () => {
    it('pushes nobody else’s orders and holdings, but what they bring to oneself', async () => {
      const ann = await user({ BTC: '10', ETH: '40' })
      const bob = await user()
      await follow(ann.socket)
      const { orders, holdings } = await follow(bob.socket)
      const before = own(bob.socket).length
      await ann.socket.ask('create', { fund: 'ONE', amount: '10', key: 'hers' })
      await fund(server, ann.name, { BTC: '1' })
      await ann.socket.ask('transfer', { to: bob.name, fund: 'ONE', amount: '1', key: 'given' })
      await bob.socket.until(() => (holdings.state.shares as State).ONE === '1')
      // The one push is of what he got.
      expect(own(bob.socket).length).toBe(before + 1)
      expect(holdings.state).toEqual({ assets: {}, shares: { ONE: '1' } })
      expect(orders.state).toEqual({})
      expect(await codeOf(bob.socket, 'order', { key: 'hers' })).toBe('unknown_order')
      expect((await server.fetch('/v1/orders/given', { headers: { authorization: `Bearer ${bob.token}` } })).status).toBe(404)
      expect((await bob.socket.ask<Order>('transfer', { to: ann.name, fund: 'ONE', amount: '1', key: 'hers' })).status).toBe('settled')
    })

    it.each<[channel: string]>([['orders@SOMEBODY'], ['holdings@SOMEBODY'], ['orders:SOMEBODY'], ['holdings:']])(
      'has no channel %s',
      async channel => {
        const ann = await user()
        const bob = await user()
        const name = channel.replace('SOMEBODY', ann.name)
        expect((await bob.socket.subscribe([name]))[name]?.error?.code).toBe('unknown_channel')
        expect((await server.fetch(`/v1/state/${name}`, { headers: { authorization: `Bearer ${bob.token}` } })).status).toBe(404)
      },
    )

    it('wants a login for all of it, and says so', async () => {
      const socket = await connected()
      const said = await socket.subscribe(PRIVATE)
      for (const channel of PRIVATE) {
        expect(said[channel]?.error).toMatchObject({ code: 'not_logged_in', retry: false })
        expect((await server.fetch(`/v1/state/${channel}`)).status).toBe(401)
      }
      expect(await socket.ask('channels', { like: 'o*' })).toEqual([])
      const order = { fund: 'ONE', amount: '10', key: 'k' }
      for (const [method, params] of [
        ['create', order],
        ['redeem', order],
        ['transfer', { to: 'x', asset: 'BTC', amount: '1', key: 'k' }],
        ['order', { key: 'k' }],
        ['holdings', {}],
      ] as const)
        expect(await codeOf(socket, method, params), method).toBe('not_logged_in')
      // An operator has logged in, but owns nothing.
      await socket.ask('auth', { token: ADMIN_TOKEN })
      expect((await socket.subscribe(PRIVATE)).orders?.error?.code).toBe('not_allowed')
      expect(await codeOf(socket, 'create', order)).toBe('not_allowed')
    })

    it('shows its own to who asks for the state by HTTP', async () => {
      const { token, socket } = await user({ BTC: '3' })
      const headers = { authorization: `Bearer ${token}` }
      expect(await server.json('/v1/state/holdings', { headers })).toEqual(await socket.ask('holdings'))
      expect(await server.json('/v1/state/orders', { headers })).toEqual({})
      expect((await server.fetch('/v1/history/orders', { headers })).status).toBe(404)
    })

    it('quotes a fund only to who may read it', async () => {
      const { token, socket } = await user()
      const quote = { side: 'create', fund: 'CLOSED', amount: '1' }
      expect(await codeOf(await connected(), 'quote', quote)).toBe('not_logged_in')
      expect(await codeOf(socket, 'quote', quote)).toBe('not_allowed')
      expect((await server.fetch('/v1/funds/CLOSED/basket')).status).toBe(401)
      expect((await server.fetch('/v1/funds/CLOSED/basket', { headers: { authorization: `Bearer ${token}` } })).status).toBe(403)
      expect((await server.fetch('/v1/funds/CLOSED/basket', { headers: ADMIN })).status).toBe(200)
    })

    it('no longer pushes the first one’s when the socket speaks for somebody else', async () => {
      const ann = await user({ BTC: '1' })
      const bob = await user({ BTC: '2' })
      const witness = await connected()
      await witness.ask('auth', { token: ann.token })
      const seen = await follow(witness)
      for (const change of [
        () => ann.socket.ask('auth', { token: bob.token }),
        () => ann.socket.ask('login', { username: bob.name, password: PASSWORD }),
        () => ann.socket.ask('auth', { token: ADMIN_TOKEN }),
      ]) {
        await ann.socket.ask('auth', { token: ann.token })
        await follow(ann.socket)
        await change()
        const before = own(ann.socket).length
        const had = (seen.holdings.state.assets as State).BTC
        await fund(server, ann.name, { BTC: '1' })
        await witness.until(() => (seen.holdings.state.assets as State).BTC !== had)
        await ann.socket.ask('ping')
        expect(own(ann.socket).length).toBe(before)
      }
      await ann.socket.ask('auth', { token: bob.token })
      expect((await follow(ann.socket)).holdings.state).toEqual({ assets: { BTC: '2' }, shares: {} })
    })

    it('ends with a logout: the token, every socket that was bound to it, and nothing of the client’s other logins', async () => {
      const { name, token, socket } = await user({ BTC: '1' })
      const [second, other] = [await connected(), await connected()]
      await second.ask('auth', { token })
      const { token: another } = await other.ask<Issued>('login', { username: name, password: PASSWORD })
      const seen = await follow(other)
      for (const each of [socket, second]) await follow(each)
      expect(await socket.ask('logout', { token })).toEqual({})
      const before = [socket, second].map(each => own(each).length)
      for (const each of [socket, second]) {
        expect(await codeOf(each, 'holdings')).toBe('not_logged_in')
        expect(await codeOf(each, 'create', { fund: 'ONE', amount: '10', key: 'k' })).toBe('not_logged_in')
        expect((await each.subscribe(['holdings'])).holdings?.error?.code).toBe('not_logged_in')
      }
      await fund(server, name, { BTC: '1' })
      await other.until(() => (seen.holdings.state.assets as State).BTC === '2')
      await Promise.all([socket, second].map(each => each.ask('ping')))
      expect([socket, second].map(each => own(each).length)).toEqual(before)
      expect(await codeOf(socket, 'auth', { token })).toBe('bad_credentials')
      expect((await server.fetch('/holdings', { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
      // By HTTP it is the same.
      await server.fetch('/v1/logout', { method: 'POST', headers: { authorization: `Bearer ${another}` } })
      expect(await codeOf(other, 'holdings')).toBe('not_logged_in')
    })

    it('without a token a logout frees the socket alone', async () => {
      const { token, socket } = await user()
      expect(await socket.ask('logout')).toEqual({})
      expect(await codeOf(socket, 'holdings')).toBe('not_logged_in')
      await socket.ask('auth', { token })
      expect(await socket.ask('holdings')).toEqual({ assets: {}, shares: {} })
    })
  })

  describe('shows a fund', () => {
    /** The state of `fund:ONE` as of its first push behind the newest reply. */
    const afterReply = async (socket: ProtocolClient): Promise<State> => {
      const reply = socket.order.lastIndexOf('reply')
      const before = socket.order.slice(0, reply).filter(what => what === 'fund:ONE').length
      const fund = socket.replicas.get('fund:ONE')!
      await socket.until(() => fund.pushes.length > before)
      return fund.pushes.slice(0, before + 1).reduce((state, { snap, d }) => (snap ?? merged(state, d)) as State, {} as State)
    }

    it('with the shares of an order in the very next frame, and worth as much', async () => {
      const { socket } = await user(basketOf(40))
      await socket.subscribe(['fund:ONE'])
      const { state } = await socket.replica('fund:ONE')
      let shares = Number(state.shares)
      for (const [method, amount] of [
        ['create', 10],
        ['create', 30],
        ['redeem', 20],
        ['redeem', 20],
      ] as const) {
        await socket.ask(method, { fund: 'ONE', amount: String(amount), key: `${method} ${++names}` })
        const after = await afterReply(socket)
        shares += method === 'create' ? amount : -amount
        expect(after.shares).toBe(String(shares))
        expect(after.units).toEqual({ BTC: '0.5', ETH: '2' })
        expect((after.aum as number) / (after.nav as number) / shares).toBeCloseTo(1, 9)
      }
    })

    it('as halted from the next frame on, and takes no order until it goes on', async () => {
      const { socket } = await user(basketOf(10))
      await socket.subscribe(['fund:ONE'])
      const fund = await socket.replica('fund:ONE')
      const create = () => socket.request('create', { fund: 'ONE', amount: '10', key: 'halted' })
      await post('/v1/admin/funds/ONE/halt')
      await socket.until(() => fund.state.halted === true)
      expect((await create()).error).toMatchObject({ code: -32000, data: { code: 'halted', retry: true } })
      expect(await codeOf(socket, 'quote', { side: 'create', fund: 'ONE', amount: '10' })).toBe('halted')
      await post('/v1/admin/funds/ONE/resume')
      await socket.until(() => fund.state.halted !== true)
      // What may be tried again has not used up its key.
      expect((await create()).result).toMatchObject({ status: 'settled', key: 'halted' })
    })
  })

  describe('tells of an order', () => {
    it('that the books do not allow as an error with the order, which stays so for ever', async () => {
      const { name, token, socket } = await user({ BTC: '4', ETH: '20' })
      const params = { fund: 'ONE', amount: '10', key: 'poor' }
      const { error } = await socket.request('create', params)
      const order = (error!.data as { order?: Order }).order
      expect(error).toMatchObject({ code: -32000, data: { code: 'insufficient_assets', retry: false } })
      expect(order).toMatchObject({ ...params, side: 'create', status: 'rejected', code: 'insufficient_assets' })
      expect(await socket.ask('order', { key: 'poor' })).toEqual(order)
      await fund(server, name, { BTC: '1' })
      expect((await socket.request('create', params)).error).toEqual(error)
      expect(await codeOf(socket, 'create', { ...params, amount: '20' })).toBe('key_reused_differently')
      expect(await codeOf(socket, 'redeem', params)).toBe('key_reused_differently')
      const elsewhere = await server.json('/v1/orders/poor', { headers: { authorization: `Bearer ${token}` } })
      expect(elsewhere).toEqual(order)
      expect(await socket.ask('holdings')).toEqual({ assets: { BTC: '5', ETH: '20' }, shares: {} })
    })

    it('with the same answer however often it is sent, on whichever connection, also at once', async () => {
      const { token, socket } = await user(basketOf(10))
      const other = await connected()
      await other.ask('auth', { token })
      const params = { fund: 'ONE', amount: '10', key: 'again' }
      const answers = await Promise.all([socket, other, socket, other].map(each => each.ask<Order>('create', params)))
      expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
      expect(await other.ask('create', { ...params, amount: '10.000' })).toEqual(answers[0])
      expect(await socket.ask('holdings')).toEqual({ assets: {}, shares: { ONE: '10' } })
    })

    it('that it never saw as unknown, and then an older connection’s comes too late, but not that of who asked or a newer one', async () => {
      const { token, socket: older } = await user(basketOf(30))
      const asking = await connected()
      await asking.ask('auth', { token })
      const order = (key: string) => ({ fund: 'ONE', amount: '10', key })
      for (const key of ['lost', 'mine', 'newer']) {
        const { error } = await asking.request('order', { key })
        expect(error).toMatchObject({ code: -32000, data: { code: 'unknown_order', retry: false } })
      }
      expect(await codeOf(older, 'create', order('lost'))).toBe('unknown_order')
      expect(await asking.ask('holdings')).toEqual({ assets: { BTC: '15', ETH: '60' }, shares: {} })
      expect(await asking.ask('create', order('mine'))).toMatchObject({ status: 'settled' })
      const newer = await connected()
      await newer.ask('auth', { token })
      expect(await newer.ask('create', order('newer'))).toMatchObject({ status: 'settled' })
      // Now that it is there, the older one learns of it like any other.
      expect(await older.ask('create', order('newer'))).toEqual(await asking.ask('order', { key: 'newer' }))
      // A question by HTTP does the same.
      const headers = { authorization: `Bearer ${token}` }
      expect((await server.fetch('/v1/orders/by-http', { headers })).status).toBe(404)
      expect(await codeOf(older, 'create', order('by-http'))).toBe('unknown_order')
      const created = await server.fetch('/create', {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': 'by-http' },
        body: JSON.stringify({ etf_name: 'ONE', amount: '10' }),
      })
      expect(created.status).toBe(200)
    })
  })
})
