import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import { WebSocket as Socket } from 'ws'
import { bearer, fund, PASSWORD, send } from './clearingKit.ts'
import { ProtocolClient, type State } from './protocolClient.ts'
import { ProtocolServer } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

const PROXIED = ['--behind-tls']
const CONFIG = {
  feeds: ['sim:7'],
  registration: 'open',
  funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '1' } }, read: 'public' }],
  limits: {
    sockets: 40,
    channelsPerSocket: 30,
    requestsPerSecond: 60,
    requestBytes: 4_096,
    bodyBytes: 8_192,
    perAddress: { sockets: 10, channels: 60, connectsPerSecond: 15, requestsPerSecond: 90, commandsPerSecond: 8, bytesPerSecond: 30_000 },
    perUser: { sockets: 5, channels: 40, requestsPerSecond: 45, commandsPerSecond: 4, bytesPerSecond: 12_000 },
  },
}

overTransports('a limit', transport => {
  let server: ProtocolServer
  let hosts = 0
  /** An address that nobody has come from: the tests play the proxy. */
  const newAddress = (): string => `198.51.100.${++hosts}`
  beforeAll(async () => {
    server = await ProtocolServer.start(CONFIG, ...PROXIED, '--transport', transport)
  })
  afterAll(() => server.stop())

  const from = (address: string) => ({ 'x-forwarded-for': address })
  /** A socket from an address; rejects with the status of a refusal. It ends with the test. */
  const open = async (address: string): Promise<ProtocolClient> => {
    const client = await ProtocolClient.connect(`ws://127.0.0.1:${server.port}/ws`, { headers: from(address) })
    onTestFinished(() => client.close())
    return client
  }
  /** The answer to a handshake: its status, and what a refusal says. */
  const handshake = (address: string): Promise<{ status: number; socket?: WebSocket; body?: State; after?: string | undefined }> =>
    new Promise((resolve, reject) => {
      const socket = new Socket(`ws://127.0.0.1:${server.port}/ws`, { headers: from(address) })
      onTestFinished(() => socket.terminate())
      socket.on('open', () => resolve({ status: 101, socket }))
      socket.on('error', reject)
      socket.on('unexpected-response', (_, answer) => {
        let text = ''
        answer.on('data', data => {
          text += data
        })
        answer.on('end', () =>
          resolve({ status: answer.statusCode!, body: JSON.parse(text) as State, after: answer.headers['retry-after'] }),
        )
      })
    })
  const all = <T>(n: number, work: (i: number) => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: n }, (_, i) => work(i)))
  /** Codes of the answers to many requests at once, on one socket or on several. */
  const codes = async (n: number, ask: (i: number) => Promise<unknown>): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {}
    const settled = await Promise.allSettled(Array.from({ length: n }, (_, i) => ask(i)))
    for (const one of settled) {
      const code = one.status === 'fulfilled' ? 'fine' : (/^\w+: (\w+):/.exec((one.reason as Error).message)?.[1] ?? String(one.reason))
      counts[code] = (counts[code] ?? 0) + 1
    }
    return counts
  }
  const refusedNow = async (): Promise<State> =>
    (await server.json<State>('/v1/state/status', { headers: from(newAddress()) })).limits as State
  let users = 0
  const newUser = async (address: string, assets: Record<string, string> = {}): Promise<{ token: string; username: string }> => {
    const username = `${transport}-limited-${++users}`
    const { status, body } = await send(server, 'POST', '/register', { username, password: PASSWORD }, from(address))
    expect(status).toBe(200)
    await fund(server, username, assets)
    return { username, token: body.token as string }
  }
  const orders = (token: string, address: string, n: number) =>
    all(n, i =>
      send(server, 'POST', '/create', { etf_name: 'ONE', amount: '1' }, { ...from(address), ...bearer(token), 'idempotency-key': `${i}` }),
    )

  /** Each limit: how it is hit, and that its answer came, to what was too much and to nothing else. */
  const LIMITS: readonly (readonly [name: string, hit: (address: string) => Promise<void>])[] = [
    [
      'of sockets of an address: 429 too_much',
      async address => {
        const came = await all(12, () => handshake(address))
        expect(came.map(({ status }) => status).sort()).toEqual([...Array(10).fill(101), 429, 429])
        expect(came.find(({ status }) => status === 429)).toMatchObject({ body: { code: 'too_much', retry: true }, after: '1' })
        came.find(({ socket }) => socket)!.socket!.terminate()
        await expect.poll(async () => (await handshake(address)).status, { interval: 300 }).toBe(101)
      },
    ],
    [
      'of connects of an address: 429 rate_limited',
      async address => {
        const came: Awaited<ReturnType<typeof handshake>>[] = []
        for (let i = 0; i < 40; i++) {
          const one = await handshake(address)
          one.socket?.terminate()
          came.push(one)
        }
        expect(came.filter(({ body }) => body?.code === 'rate_limited').length).toBeGreaterThan(0)
        expect(came.filter(({ status }) => status === 101).length).toBeGreaterThanOrEqual(15)
      },
    ],
    [
      'of channels of a socket: too_much for each beyond it',
      async address => {
        const client = await open(address)
        const names = (await client.ask<string[]>('channels', { like: 'tick:*' })).slice(0, 30)
        const more = (await client.ask<string[]>('channels', { like: 'candle:*' })).slice(0, 5)
        const reply = await client.ask<Record<string, State>>('subscribe', { channels: [...names, ...more] })
        expect(Object.values(reply).filter(({ error }) => (error as State | undefined)?.code === 'too_much').length).toBe(5)
      },
    ],
    [
      'of channels of an address, over its sockets: too_much',
      async address => {
        const clients = await all(3, () => open(address))
        const names = (await clients[0]!.ask<string[]>('channels', { like: 'candle:*' })).slice(0, 25)
        const replies = []
        for (const client of clients) replies.push(await client.ask<Record<string, State>>('subscribe', { channels: names }))
        const refused = replies.map(
          reply => Object.values(reply).filter(({ error }) => (error as State | undefined)?.code === 'too_much').length,
        )
        expect(refused).toEqual([0, 0, 15])
        await clients[0]!.ask('unsubscribe', { channels: names })
        const again = await clients[2]!.ask<Record<string, State>>('subscribe', { channels: names })
        expect(Object.values(again).filter(({ error }) => error !== undefined)).toEqual([])
      },
    ],
    [
      'of channels of a user, over addresses: too_much',
      async address => {
        const { token } = await newUser(address)
        const clients = await all(2, () => open(newAddress()))
        for (const client of clients) await client.ask('auth', { token })
        const names = (await clients[0]!.ask<string[]>('channels', { like: 'candle:*' })).slice(0, 25)
        const replies = []
        for (const client of clients) replies.push(await client.ask<Record<string, State>>('subscribe', { channels: names }))
        expect(replies.map(reply => Object.values(reply).filter(({ error }) => error !== undefined).length)).toEqual([0, 10])
      },
    ],
    [
      'of sockets of a user: too_much, and the socket stays nobody’s',
      async address => {
        const { token } = await newUser(address)
        const clients = await all(6, () => open(newAddress()))
        expect(await codes(6, i => clients[i]!.ask('auth', { token }))).toEqual({ fine: 5, too_much: 1 })
        const facts = await all(6, i => clients[i]!.ask<State>('session'))
        expect(facts.filter(({ who }) => (who as State).as === 'nobody').length).toBe(1)
        await clients[facts.findIndex(({ who }) => (who as State).as === 'client')]!.ask('logout')
        expect(await codes(1, () => clients[facts.findIndex(({ who }) => (who as State).as === 'nobody')]!.ask('auth', { token }))).toEqual(
          { fine: 1 },
        )
      },
    ],
    [
      'of requests of a socket: rate_limited',
      async address => {
        const client = await open(address)
        const came = await codes(75, () => client.ask('ping'))
        expect(came.rate_limited).toBeGreaterThan(0)
        expect(came.fine).toBeGreaterThanOrEqual(60)
      },
    ],
    [
      'of requests of an address, over its sockets and HTTP: rate_limited, 429 with Retry-After',
      async address => {
        const clients = await all(3, () => open(address))
        const asked = codes(165, i => clients[i % 3]!.ask('ping'))
        const byHttp = await all(40, () => send(server, 'GET', '/v1/session', undefined, from(address)))
        const came = await asked
        expect(came.rate_limited).toBeGreaterThan(0)
        expect((came.fine ?? 0) + byHttp.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(90)
        const { body, headers } = byHttp.find(({ status }) => status === 429)!
        expect([body.code, headers.get('retry-after')]).toEqual(['rate_limited', '1'])
        // Probes are answered nevertheless.
        expect((await server.fetch('/readyz', { headers: from(address) })).status).not.toBe(429)
      },
    ],
    [
      'of requests of a user, over addresses: rate_limited',
      async address => {
        const { token } = await newUser(address)
        const clients = await all(2, () => open(newAddress()))
        for (const client of clients) await client.ask('auth', { token })
        const came = await codes(90, i => clients[i % 2]!.ask('ping'))
        expect(came.rate_limited).toBeGreaterThan(0)
        expect(came.fine).toBeGreaterThanOrEqual(40)
      },
    ],
    [
      'of bytes of a request: too_large, 413',
      async address => {
        const client = await open(address)
        // It is not read, so nobody knows its id.
        const reply = await client.exchange(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'auth', params: { token: 'x'.repeat(5_000) } }))
        expect(reply).toMatchObject({ id: null, error: { data: { code: 'too_large' } } })
        const { status, body } = await send(server, 'POST', '/v1/login', { username: 'a', password: 'x'.repeat(9_000) }, from(address))
        expect([status, body.code]).toEqual([413, 'too_large'])
      },
    ],
    [
      'of bytes a second of an address: rate_limited',
      async address => {
        const client = await open(address)
        const came = await codes(14, () => client.ask('auth', { token: 'x'.repeat(3_900) }))
        expect(came.rate_limited).toBeGreaterThan(0)
        expect(came.bad_credentials).toBeGreaterThanOrEqual(7)
      },
    ],
    [
      'of orders of a user: rate_limited, and what was refused was not done',
      async address => {
        const { token } = await newUser(address, { BTC: '100' })
        const came = await orders(token, newAddress(), 7)
        const done = came.filter(({ status }) => status === 200).length
        expect(done).toBeGreaterThanOrEqual(4)
        expect(came.filter(({ body }) => body.code === 'rate_limited').length).toBe(7 - done)
        expect(done).toBeLessThan(7)
        const { body } = await send(server, 'GET', '/holdings', undefined, { ...from(newAddress()), ...bearer(token) })
        expect((body.shares as State).ONE).toBe(String(done))
      },
    ],
    [
      'of orders of an address, over its users: rate_limited',
      async address => {
        const tokens: string[] = []
        for (let i = 0; i < 3; i++) tokens.push((await newUser(newAddress(), { BTC: '100' })).token)
        const came = (await all(3, i => orders(tokens[i]!, address, 4))).flat()
        expect(came.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(8)
        expect(came.filter(({ body }) => body.code === 'rate_limited').length).toBeGreaterThan(0)
      },
    ],
    [
      'of sockets of all together: 503 too_much',
      async () => {
        const came = []
        for (let i = 0; i < 6; i++) came.push(...(await all(8, () => handshake(`203.0.113.${i}`))))
        expect(came.filter(({ status }) => status === 101).length).toBeLessThanOrEqual(40)
        expect(came.filter(({ status }) => status === 503)[0]).toMatchObject({ body: { code: 'too_much', retry: true }, after: '1' })
        // HTTP is another matter.
        expect((await send(server, 'GET', '/v1/session', undefined, from(newAddress()))).status).toBe(200)
      },
    ],
  ]

  it.each(LIMITS)('%s, and others are left alone', async (_, hit) => {
    const bystander = await open(newAddress())
    await bystander.subscribe(['tick:BTC-USD'])
    const others = newAddress()
    await hit(newAddress())
    // Who came before goes on, and who comes from elsewhere is taken in.
    expect(await bystander.ask('ping')).toBeTypeOf('number')
    expect((await send(server, 'GET', '/v1/session', undefined, from(others))).status).toBe(200)
  })

  it('that was hit is counted', async () => {
    const { address, user } = (await refusedNow()) as { address: Record<string, number>; user: Record<string, number> }
    for (const kind of ['sockets', 'channels', 'connectsPerSecond', 'requestsPerSecond', 'commandsPerSecond', 'bytesPerSecond'])
      expect(address[kind], `address ${kind}`).toBeGreaterThan(0)
    for (const kind of ['sockets', 'channels', 'requestsPerSecond', 'commandsPerSecond'])
      expect(user[kind], `user ${kind}`).toBeGreaterThan(0)
  })
})

describe('a server on loopback', () => {
  it('limits no address and no user unless it is configured to', async () => {
    const server = await ProtocolServer.startForTest({ feeds: ['sim:7'] })
    const clients = await Promise.all(Array.from({ length: 300 }, () => server.client()))
    expect(await Promise.all(clients.map(client => client.ask('ping')))).toHaveLength(300)
    await server.stop()
  })
})
