import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProtocolClient, State, Subscribed } from './protocolClient.ts'
import { ADMIN_TOKEN, atOnce, file, ProtocolServer, skip } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

const LISTED = 'https://pages.example.org'

const CONFIG = {
  // Six channels a symbol: enough to run into the limit of a socket.
  symbols: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`A${i}USD`, `A${i}-USD`])),
  funds: [
    { id: 'OPEN', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } } },
    { id: 'CLOSED', weighting: { scheme: 'units', units: { BTC: '1' } }, read: ['ann'] },
  ],
  portfolios: [
    { id: 'open', transactions: 'requests.csv' },
    { id: 'closed', transactions: 'requests.csv', read: [] },
  ],
  origins: [LISTED],
  feeds: ['sim:7'],
}

overTransports('a request', transport => {
  let server: ProtocolServer
  let client: ProtocolClient

  beforeAll(async () => {
    file('requests.csv', 't,type,asset,qty,price\n2024-01-01,buy,BTC,2,40000\n')
    server = await ProtocolServer.start(CONFIG, '--transport', transport)
    client = await server.client()
  })
  afterAll(() => server.stop())

  const names = async (like?: string): Promise<string[]> => client.ask<string[]>('channels', like === undefined ? undefined : { like })

  describe('as JSON-RPC', () => {
    it.each([1, 0, -1.5, 'an id', '', null])('is answered under its id, %j', async id => {
      const reply = await client.exchange(JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' }))
      expect(reply).toEqual({ jsonrpc: '2.0', id, result: expect.any(Number) })
    })

    it('without an id is a notification and is not answered, whether it is right or wrong', async () => {
      client.send('{"jsonrpc":"2.0","method":"ping"}')
      client.send('{"jsonrpc":"2.0","method":"no such method"}')
      client.send('{"jsonrpc":"2.0","method":"subscribe","params":{"channels":7}}')
      expect(await client.exchange('{"jsonrpc":"2.0","id":"the next","method":"ping"}')).toMatchObject({ id: 'the next' })
    })

    it('may leave out parameters that are optional', async () => {
      expect(await client.ask('ping', {})).toBeTypeOf('number')
      expect(await client.ask('channels')).toEqual(await client.ask('channels', {}))
    })

    it('for the time gets the time of the server', async () => {
      const before = Date.now()
      const t = await client.ask<number>('ping')
      expect(Number.isInteger(t)).toBe(true)
      expect(t).toBeGreaterThanOrEqual(before)
      expect(t).toBeLessThanOrEqual(Date.now())
    })

    const call = (method: unknown, params?: unknown, more: object = {}): string =>
      JSON.stringify({ jsonrpc: '2.0', id: 7, method, params, ...more })

    it.each<[what: string, frame: string | Buffer, rpc: number, code: string, retry: boolean, id: number | null]>([
      ['no JSON', 'subscribe please', -32700, 'parse_error', false, null],
      ['an empty frame', '', -32700, 'parse_error', false, null],
      ['JSON that breaks off', '{"jsonrpc":"2.0","id":7,"method":"ping"', -32700, 'parse_error', false, null],
      ['an array', `[${call('ping')}]`, -32600, 'invalid_request', false, null],
      ['an empty array', '[]', -32600, 'invalid_request', false, null],
      ['a number', '7', -32600, 'invalid_request', false, null],
      ['null', 'null', -32600, 'invalid_request', false, null],
      ['a binary frame', Buffer.from(call('ping')), -32600, 'invalid_request', false, null],
      ['JSON-RPC 1.0', call('ping', undefined, { jsonrpc: '1.0' }), -32600, 'invalid_request', false, null],
      ['no JSON-RPC', '{"id":7,"method":"ping"}', -32600, 'invalid_request', false, null],
      ['no method', '{"jsonrpc":"2.0","id":7}', -32600, 'invalid_request', false, null],
      ['a method that is a number', call(7), -32600, 'invalid_request', false, null],
      ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, 'invalid_request', false, null],
      ['a method that there is not', call('drop_tables'), -32601, 'unknown_method', false, 7],
      ['a method of every object', call('toString'), -32601, 'unknown_method', false, 7],
      ['parameters by place', call('ping', [1]), -32602, 'invalid_params', false, 7],
      ['a parameter that there is not', call('ping', { x: 1 }), -32602, 'invalid_params', false, 7],
      ['no parameters although some are needed', call('subscribe'), -32602, 'invalid_params', false, 7],
      ['channels that are no list', call('subscribe', { channels: 'status' }), -32602, 'invalid_params', false, 7],
      ['no channels', call('subscribe', { channels: [] }), -32602, 'invalid_params', false, 7],
      ['a channel that is a number', call('subscribe', { channels: [7] }), -32602, 'invalid_params', false, 7],
      ['a rate of nothing', call('subscribe', { channels: ['status'], maxRate: 0 }), -32602, 'invalid_params', false, 7],
      ['a past before all times', call('subscribe', { channels: ['status'], from: -1 }), -32602, 'invalid_params', false, 7],
      ['a history without an end', call('history', { channel: 'tick:BTC-USD', from: 0 }), -32602, 'invalid_params', false, 7],
      [
        'a history of half milliseconds',
        call('history', { channel: 'tick:BTC-USD', from: 0.5, to: 1 }),
        -32602,
        'invalid_params',
        false,
        7,
      ],
      [
        'a history with a step of nothing',
        call('history', { channel: 'tick:BTC-USD', from: 0, to: 1, step: 0 }),
        -32602,
        'invalid_params',
        false,
        7,
      ],
      ['a history of what has none', call('history', { channel: 'status', from: 0, to: 1 }), -32602, 'invalid_params', false, 7],
      ['a history of no channel', call('history', { channel: 'tick', from: 0, to: 1 }), -32000, 'unknown_channel', false, 7],
      ['a token that nobody was given', call('auth', { token: 'guessed' }), -32000, 'bad_credentials', false, 7],
    ])('that is %s is refused and counted, and the socket lives', async (_, frame, rpc, code, retry, id) => {
      const before = await refused(code)
      const reply = await client.exchange(frame)
      expect(reply).toEqual({ jsonrpc: '2.0', id, error: { code: rpc, message: expect.any(String), data: { code, retry } } })
      expect(await refused(code)).toBe(before + 1)
      expect(await client.ask('ping')).toBeTypeOf('number')
    })

    it('says where it is wrong, what was found and what was expected', async () => {
      const { error } = await client.request('subscribe', { channels: ['status'], maxRate: 'fast' })
      expect(error?.message).toBe('params.maxRate: found "fast", expected number')
    })

    const refused = async (code: string): Promise<number> => {
      const metrics = await (await server.fetch('/metrics')).text()
      return Number(new RegExp(`^driftwire_clients_refused_total\\{code="${code}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0)
    }
  })

  describe('for channels', () => {
    it('lists what can be had: every name is taken', async () => {
      const all = await names()
      expect(all).toEqual(
        expect.arrayContaining(['status', 'tick:BTC-USD', 'trades:BTC-USD', 'candle:1d:BTC-USD', 'fund:OPEN', 'pnl:open']),
      )
      expect(new Set(all).size).toBe(all.length)
      const some = all.filter((_, i) => i % 2 === 0)
      const taken = await client.subscribe(some)
      expect(Object.keys(taken).sort()).toEqual([...some].sort())
      expect(Object.values(taken).filter(said => said.error)).toEqual([])
      await client.unsubscribe(some)
    })

    it.each([
      ['fund:*', ['fund:OPEN']],
      ['status', ['status']],
      ['candle:*:BTC-USD', ['candle:1d:BTC-USD', 'candle:1h:BTC-USD', 'candle:1m:BTC-USD', 'candle:5m:BTC-USD']],
      ['nothing:*', []],
      ['', []],
    ])('like %j', async (like, list) => {
      expect((await names(like)).sort()).toEqual(list)
    })
  })

  describe('to subscribe', () => {
    it('is answered for each channel by itself', async () => {
      const said = await client.subscribe(['fund:OPEN', 'fund:NONE', 'tick:BTC-USD', 'tick', 'candle:2h:BTC-USD', 'fund:OPEN'])
      const good = { epoch: expect.stringMatching(/./), seq: expect.any(Number) }
      const bad = { error: { code: 'unknown_channel', message: expect.any(String), retry: false } }
      expect(said).toEqual({ 'fund:OPEN': good, 'fund:NONE': bad, 'tick:BTC-USD': good, tick: bad, 'candle:2h:BTC-USD': bad })
      await client.unsubscribe(['fund:OPEN', 'tick:BTC-USD'])
    })

    it('is answered before the first push', async () => {
      const other = await server.client()
      await other.subscribe(['tick:BTC-USD', 'tick:ETH-USD', 'fund:OPEN'])
      await other.replica('fund:OPEN')
      expect(other.order.filter(what => what !== 'hb')[0]).toBe('reply')
    })

    it('a channel once more brings a new snapshot and no second stream', async () => {
      await client.subscribe(['tick:ETH-USD'])
      await client.replica('tick:ETH-USD')
      await client.subscribe(['tick:ETH-USD'])
      const replica = await client.replica('tick:ETH-USD')
      expect(replica.pushes[0]!.snap).toBeDefined()
      await client.until(() => replica.pushes.length > 3)
      await client.unsubscribe(['tick:ETH-USD'])
    })

    it('no longer ends the pushes, and asking for it twice does no harm', async () => {
      await client.subscribe(['tick:BTC-USD', 'tick:ETH-USD'])
      await client.replica('tick:ETH-USD')
      // What comes after the reply is a fault of the client's book-keeping.
      await client.unsubscribe(['tick:ETH-USD', 'tick:NONE-USD', 'no channel at all'])
      await client.unsubscribe(['tick:ETH-USD'])
      const btc = await client.replica('tick:BTC-USD')
      const seen = btc.pushes.length
      await client.until(() => btc.pushes.length > seen + 3)
      await client.unsubscribe(['tick:BTC-USD'])
    })

    it.each<[asked: number, rate: number]>([
      [1, 1],
      [1.9, 1],
      [2, 2],
      [4.99, 2],
      [5, 5],
      [24, 10],
      [25, 25],
      [49, 25],
      [50, 50],
      [1e9, 50],
    ])('at most %s times a second is cut down to %s', async (maxRate, rate) => {
      const said = await client.subscribe(['status'], { maxRate })
      expect(said.status).toEqual({ epoch: expect.any(String), seq: expect.any(Number), rate })
      await client.unsubscribe(['status'])
    })
  })

  describe('for what not everybody reads', () => {
    const PRIVATE = ['fund:CLOSED', 'pnl:closed']
    const admin = { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }

    it('is refused to who is not logged in, on every way', async () => {
      const said = await client.subscribe(PRIVATE)
      for (const channel of PRIVATE) {
        expect(said[channel]?.error).toMatchObject({ code: 'not_logged_in', retry: false })
        const { error } = await client.request('history', { channel, from: 0, to: 1 })
        expect(error?.data).toEqual({ code: 'not_logged_in', retry: false })
        expect((await server.fetch(`/v1/state/${channel}`)).status).toBe(401)
        expect((await server.fetch(`/v1/history/${channel}`)).status).toBe(401)
        expect(await names()).not.toContain(channel)
      }
      expect(await server.json('/v1/funds')).not.toHaveProperty('CLOSED')
      expect(await server.json('/v1/portfolios')).not.toHaveProperty('closed')
    })

    it('is granted to the admin, and only on the socket that has the token', async () => {
      const other = await server.client()
      await other.ask('auth', { token: ADMIN_TOKEN })
      expect(Object.values(await other.subscribe(PRIVATE)).map(said => said.error)).toEqual([undefined, undefined])
      expect((await other.replica('pnl:closed')).state).toMatchObject({ quote: 'USD', assets: { BTC: { qty: 2 } } })
      expect(await other.ask<string[]>('channels')).toEqual(expect.arrayContaining(PRIVATE))
      expect(Object.keys(await server.json('/v1/funds', admin))).toEqual(['CLOSED', 'OPEN'])
      expect(await server.json('/v1/state/pnl:closed', admin)).toMatchObject({ assets: { BTC: { qty: 2 } } })
      expect((await client.subscribe(PRIVATE))['pnl:closed']?.error?.code).toBe('not_logged_in')
    })

    it('is refused with a wrong token, and that is what the error says', async () => {
      const wrong = { headers: { authorization: 'Bearer guessed' } }
      const response = await server.fetch('/v1/funds', wrong)
      expect([response.status, ((await response.json()) as State).code]).toEqual([401, 'bad_credentials'])
    })
  })

  describe('in too great number or size', () => {
    it('for more than a thousand channels gets a thousand', async () => {
      const other = await server.client()
      const all = (await names('*:A*-USD')).slice(0, 1_100)
      expect(all.length).toBe(1_100)
      const first = await other.subscribe(all.slice(0, 990))
      const then = await other.subscribe(all.slice(980))
      const said: Subscribed[] = [...Object.values(first), ...Object.values(then)]
      expect(said.filter(s => s.error === undefined).length).toBe(990 + 20)
      expect(new Set(said.flatMap(s => s.error?.code ?? []))).toEqual(new Set(['too_much']))
      await other.unsubscribe(all.slice(0, 1))
      expect((await other.subscribe(all.slice(-1)))[all.at(-1)!]?.error).toBeUndefined()
    })

    it('of 64 KiB is read, and one byte more is answered and not read', async () => {
      const frame = (bytes: number): string => '{"jsonrpc":"2.0","id":1,"method":"ping"}'.padEnd(bytes)
      expect(await client.exchange(frame(65_536))).toMatchObject({ id: 1, result: expect.any(Number) })
      expect((await client.exchange(frame(65_537))).error).toMatchObject({ code: -32600, data: { code: 'too_large', retry: false } })
      // Bytes count, not characters.
      expect((await client.exchange(`{"jsonrpc":"2.0","id":1,"method":"${'é'.repeat(40_000)}"}`)).error?.data.code).toBe('too_large')
      expect(await client.ask('ping')).toBeTypeOf('number')
    })

    it('beyond a hundred in a second is put off, and the socket lives', async () => {
      const other = await server.client()
      const replies = await atOnce(() => Promise.all(Array.from({ length: 200 }, () => other.request('ping'))))
      expect(replies.filter(r => r.error === undefined).length).toBe(100)
      expect(replies.find(r => r.error)?.error).toMatchObject({ code: -32000, data: { code: 'rate_limited', retry: true } })
      skip(2_000)
      expect((await other.request('ping')).error).toBeUndefined()
    })

    it('beyond all measure ends the socket with 4029', async () => {
      const other = await server.client()
      for (let i = 0; i < 2_000; i++) other.send('{"jsonrpc":"2.0","id":1,"method":"ping"}')
      expect((await other.closed).code).toBe(4029)
      expect(await client.ask('ping')).toBeTypeOf('number')
    })
  })

  describe('to open a socket', () => {
    it.each<[who: string, origin: string | undefined]>([
      ['without an origin', undefined],
      ['from an own page', 'own'],
      ['from a listed origin', LISTED],
    ])('%s is taken', async (_, origin) => {
      const own = `http://127.0.0.1:${server.port}`
      const other = await server.client(origin === undefined ? {} : { origin: origin === 'own' ? own : origin })
      expect(await other.ask('ping')).toBeTypeOf('number')
    })

    it.each(['https://evil.example.org', 'http://127.0.0.1:1', 'null', `${LISTED}.evil.example`, 'not an origin'])(
      'from %s is refused',
      async origin => {
        await expect(server.client({ origin })).rejects.toThrow('403')
      },
    )
  })
})
