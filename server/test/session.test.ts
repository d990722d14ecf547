import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN, bearer, newUser, PASSWORD, send } from './clearingKit.ts'
import type { State } from './protocolClient.ts'
import { ProtocolServer } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

const INVITATION = 'come in, we are open to you'
const SCOPED = 'a-token-of-the-custodian'
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Both transports keep their clients in one journal, so each has a client of its own. */
const configOf = (ann: string) => ({
  registration: 'invite',
  invites: [digest(`${INVITATION} ${ann}`)],
  tokens: [{ name: 'custodian', digest: digest(SCOPED), scopes: ['deposits'] }],
  funds: [
    { id: 'SHOWN', weighting: { scheme: 'units', units: { BTC: '1' } }, read: 'public' },
    { id: 'OWN', weighting: { scheme: 'units', units: { BTC: '1' } }, read: [ann] },
    { id: 'HIDDEN', weighting: { scheme: 'units', units: { BTC: '1' } } },
  ],
  portfolios: [{ id: 'P', owner: ann }],
  pools: [{ id: 'POOL', kind: 'uniswap-v2', address: '0x00000000000000000000000000000000000000aa' }],
  feeds: ['sim:3'],
})

/** Beyond loopback, behind a proxy that speaks TLS: the tests play the proxy. */
const PROXIED = ['--host', '0.0.0.0', '--behind-tls']

overTransports('a server that is not on loopback', transport => {
  const ann = `ann-${transport}`
  let server: ProtocolServer
  beforeAll(async () => {
    server = await ProtocolServer.start(configOf(ann), ...PROXIED, '--transport', transport)
  })
  afterAll(() => server.stop())

  const session = (headers: Record<string, string> = {}) => server.json<State>('/v1/session', { headers })

  it('says to everybody what can be seen and how to come in, and no more', async () => {
    expect(await session()).toEqual({
      server: { name: 'driftwire', version: expect.stringMatching(/^\d+\.\d+\.\d+/), quote: 'USD' },
      now: expect.any(Number),
      registration: 'invite',
      who: { as: 'nobody' },
      reads: { funds: 1, portfolios: 0, pools: 1, symbols: expect.any(Number) },
    })
    expect(JSON.stringify(await session())).not.toMatch(/OWN|HIDDEN|ann|custodian/)
    expect(Object.keys(await server.json('/v1/funds'))).toEqual(['SHOWN'])
  })

  it('takes in the invited client, who then sees what is theirs, by HTTP and by socket', async () => {
    const body = { username: ann, password: PASSWORD }
    expect(await send(server, 'POST', '/register', body)).toMatchObject({ status: 403, body: { code: 'not_allowed' } })
    const name = `https://127.0.0.1:${server.port}`
    const socket = await server.client({ headers: { origin: name } })
    expect(await socket.ask('session')).toMatchObject({ who: { as: 'nobody' } })
    const { token } = await socket.ask<{ token: string }>('register', { ...body, invite: `${INVITATION} ${ann}` })
    const mine = { who: { as: 'client', name: ann, expires: expect.any(Number) }, reads: { funds: 2, portfolios: 1, pools: 1 } }
    expect(await socket.ask('session')).toMatchObject(mine)
    expect(await session(bearer(token))).toMatchObject(mine)
    expect(await socket.subscribe(['fund:OWN', 'pnl:P', 'fund:HIDDEN'])).toMatchObject({
      'fund:OWN': { seq: expect.any(Number) },
      'pnl:P': { seq: expect.any(Number) },
      'fund:HIDDEN': { error: { code: 'not_allowed' } },
    })
    const again = await server.client()
    await again.ask('auth', { token })
    expect(await again.ask('session')).toMatchObject(mine)
    await send(server, 'POST', '/v1/logout', undefined, bearer(token))
    expect(await again.ask('session')).toMatchObject({ who: { as: 'nobody' }, reads: { funds: 1, portfolios: 0 } })
  })

  it('knows operators by their tokens, and refuses what is nobody’s', async () => {
    expect(await session(ADMIN)).toMatchObject({
      who: { as: 'operator', name: 'admin', scopes: expect.arrayContaining(['deposits', 'audit']) },
      reads: { funds: 3, portfolios: 1, pools: 1 },
    })
    expect(await session(bearer(SCOPED))).toMatchObject({
      who: { as: 'operator', name: 'custodian', scopes: ['deposits'] },
      reads: { funds: 1 },
    })
    expect(await send(server, 'GET', '/v1/session', undefined, bearer('nonsense'))).toMatchObject({
      status: 401,
      body: { code: 'bad_credentials' },
    })
  })

  it('lets no page of another site open a socket', async () => {
    await expect(server.client({ headers: { origin: 'https://elsewhere.example' } })).rejects.toThrow()
  })
})

describe('a server on loopback', () => {
  it('shows all that nobody is named for, and lets everybody register', async () => {
    const server = await ProtocolServer.startForTest({ ...configOf('ann'), registration: undefined, invites: undefined })
    expect(await server.json('/v1/session')).toMatchObject({
      registration: 'open',
      reads: { funds: 2, portfolios: 1, pools: 1, symbols: expect.any(Number) },
    })
    await newUser(server, 'bob')
    await server.stop()
  })
})
