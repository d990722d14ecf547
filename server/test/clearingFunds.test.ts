import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN, engineReady, newUser, PASSWORD, send, stateOnce } from './clearingKit.ts'
import type { ProtocolClient, State } from './protocolClient.ts'
import { ADMIN_TOKEN, ProtocolServer } from './protocolKit.ts'

const CONFIG = { funds: [{ id: 'CONFIGURED', weighting: { scheme: 'units', units: { A: '1' } } }], feeds: [] }
const units = (of: Record<string, string>, more: object = {}) => ({ weighting: { scheme: 'units', units: of }, ...more })

const WHOLE = { id: 'WHOLE', ...units({ A: '2', B: '1', C: '3' }) }
const PARTS = {
  id: 'PARTS',
  ...units({ A: '0.5', B: '0.333333333333333333', C: '1.000000000000000001' }, { creationUnit: '0.1', name: 'Parts' }),
}
const EMPTY = { id: 'EMPTY', ...units({ A: '1' }, { initialShares: '0' }) }

let server: ProtocolServer
beforeAll(async () => {
  server = await ProtocolServer.start(CONFIG)
})
afterAll(async () => {
  await engineReady(server)
  await server.stop()
})

const post = async (path: string, body?: object, headers = ADMIN): Promise<{ status: number; body: State }> => {
  const answer = await send(server, 'POST', path, body, headers)
  return { status: answer.status, body: answer.body }
}
const codeOf = async (answer: ReturnType<typeof post>): Promise<unknown[]> => {
  const { status, body } = await answer
  return [status, body.code]
}
/** The fund's state once it has begun, as the admin sees it. */
const begun = (id: string, holds: (state: State) => boolean = state => state.shares !== undefined): Promise<State> =>
  stateOnce(server, `fund:${id}`, holds, ADMIN_TOKEN)
const holdings = (socket: ProtocolClient): Promise<{ assets: State; shares: State }> => socket.ask('holdings')

describe('a fund that is defined while the server runs', () => {
  it('is there at once, in the channels, the states and the routes', async () => {
    const watching = await server.client()
    expect((await watching.subscribe(['fund:WHOLE']))['fund:WHOLE']?.error?.code).toBe('unknown_channel')
    for (const fund of [WHOLE, PARTS, EMPTY]) expect(await post('/v1/admin/funds', fund)).toEqual({ status: 200, body: { id: fund.id } })
    expect(await watching.ask('channels', { like: 'fund:*' })).toEqual(['CONFIGURED', 'EMPTY', 'PARTS', 'WHOLE'].map(id => `fund:${id}`))
    expect((await begun('WHOLE')).units).toEqual({ A: '2', B: '1', C: '3' })
    expect(await begun('PARTS')).toMatchObject({
      shares: '10000',
      units: { A: '0.5', B: '0.333333333333333333', C: '1.000000000000000001' },
    })
    expect(Object.keys(await server.json('/v1/funds')).sort()).toEqual(['CONFIGURED', 'EMPTY', 'PARTS', 'WHOLE'])
    expect(await server.json('/v1/funds/WHOLE/basket')).toMatchObject({ units: WHOLE.weighting.units, create: { legs: { length: 3 } } })
  })

  it('is created and redeemed: two of A, one of B, three of C a share', async () => {
    const { socket } = await newUser(server, 'whole', { A: '20', B: '10', C: '30' })
    const legs = [
      { asset: 'A', amount: '20' },
      { asset: 'B', amount: '10' },
      { asset: 'C', amount: '30' },
    ]
    expect(await socket.ask('create', { fund: 'WHOLE', amount: '10', key: 'c' })).toMatchObject({ status: 'settled', legs })
    expect(await holdings(socket)).toEqual({ assets: {}, shares: { WHOLE: '10' } })
    expect((await begun('WHOLE', ({ shares }) => shares === '10010')).shares).toBe('10010')
    expect(await socket.ask('redeem', { fund: 'WHOLE', amount: '10', key: 'r' })).toMatchObject({ status: 'settled', legs })
    expect(await holdings(socket)).toEqual({ assets: { A: '20', B: '10', C: '30' }, shares: {} })
  })

  it('of fractions takes a little more than it gives, and never less', async () => {
    const { socket } = await newUser(server, 'parts', { A: '0.05', B: '0.033333333333333334', C: '0.100000000000000001' })
    const created = await socket.ask<{ legs: unknown }>('create', { fund: 'PARTS', amount: '0.1', key: 'c' })
    expect(created.legs).toEqual([
      { asset: 'A', amount: '0.05' },
      { asset: 'B', amount: '0.033333333333333334' },
      { asset: 'C', amount: '0.100000000000000001' },
    ])
    const redeemed = await socket.ask<{ legs: unknown }>('redeem', { fund: 'PARTS', amount: '0.1', key: 'r' })
    expect(redeemed.legs).toEqual([
      { asset: 'A', amount: '0.05' },
      { asset: 'B', amount: '0.033333333333333333' },
      { asset: 'C', amount: '0.1' },
    ])
    expect(await holdings(socket)).toEqual({ assets: { A: '0.05', B: '0.033333333333333333', C: '0.1' }, shares: {} })
    expect((await socket.request('create', { fund: 'PARTS', amount: '0.05', key: 'half' })).error?.data.code).toBe('not_whole_units')
  })

  it('without a first share can be created', async () => {
    const { socket } = await newUser(server, 'first', { A: '3' })
    await begun('EMPTY')
    expect(await socket.ask('create', { fund: 'EMPTY', amount: '3', key: 'c' })).toMatchObject({ status: 'settled' })
    expect((await begun('EMPTY', ({ shares }) => shares === '3')).units).toEqual({ A: '1' })
  })

  it.each<[what: string, body: object, status: number, code: string]>([
    ['one that there is', WHOLE, 409, 'fund_exists'],
    ['one of that name with other contents', { ...WHOLE, ...units({ A: '9' }) }, 409, 'fund_exists'],
    ['one of the configuration', { id: 'CONFIGURED', ...units({ A: '1' }) }, 409, 'fund_exists'],
    ['one without a weighting', { id: 'BAD' }, 400, 'invalid_params'],
    ['one of nothing', { id: 'BAD', ...units({}) }, 400, 'invalid_params'],
    ['one of zero of an asset', { id: 'BAD', ...units({ A: '0' }) }, 400, 'invalid_params'],
    ['one of less than nothing', { id: 'BAD', ...units({ A: '-1' }) }, 400, 'invalid_params'],
    ['one of a number', { id: 'BAD', weighting: { scheme: 'units', units: { A: 1 } } }, 400, 'invalid_params'],
    ['one of 19 places', { id: 'BAD', ...units({ A: '0.0000000000000000001' }) }, 400, 'invalid_params'],
    ['one of an asset that is no name', { id: 'BAD', ...units({ 'share:WHOLE': '1' }) }, 400, 'invalid_params'],
    [
      'one with weights that do not add up',
      { id: 'BAD', weighting: { scheme: 'fixed', weights: { A: 0.5, B: 0.4 } } },
      400,
      'invalid_params',
    ],
    ['one with a cap that cannot hold', { id: 'BAD', weighting: { scheme: 'equal', assets: ['A', 'B'], cap: 0.4 } }, 400, 'invalid_params'],
    ['one with a unit of nothing', { id: 'BAD', ...units({ A: '1' }, { creationUnit: '0' }) }, 400, 'invalid_params'],
    ['one with a fee of more than all', { id: 'BAD', ...units({ A: '1' }, { createFeeBps: 10_001 }) }, 400, 'invalid_params'],
    ['one with an unknown member', { id: 'BAD', ...units({ A: '1' }), owner: 'me' }, 400, 'invalid_params'],
  ])('is not %s', async (_, body, status, code) => {
    expect(await codeOf(post('/v1/admin/funds', body))).toEqual([status, code])
    expect((await server.fetch('/v1/state/fund:BAD')).status).toBe(404)
  })

  it('halts and goes on, by the admin alone', async () => {
    const { socket, token } = await newUser(server, 'halting', { A: '2', B: '1', C: '3' })
    expect(await codeOf(post('/v1/admin/funds/WHOLE/halt', undefined, { authorization: `Bearer ${token}` }))).toEqual([403, 'not_allowed'])
    expect(await codeOf(post('/v1/admin/funds/WHOLE/halt', undefined, {}))).toEqual([401, 'not_logged_in'])
    expect(await post('/v1/admin/funds/WHOLE/halt')).toEqual({ status: 200, body: { fund: 'WHOLE', halted: true } })
    await begun('WHOLE', ({ halted }) => halted === true)
    const order = { fund: 'WHOLE', amount: '1', key: 'c' }
    expect((await socket.request('create', order)).error?.data).toEqual({ code: 'halted', retry: true })
    expect(await post('/v1/admin/funds/WHOLE/resume')).toEqual({ status: 200, body: { fund: 'WHOLE', halted: false } })
    expect(await socket.ask('create', order)).toMatchObject({ status: 'settled' })
  })

  it('is a client’s to define only where the configuration says so', async () => {
    const { token } = await newUser(server, 'founder', { A: '4' })
    const bearer = { authorization: `Bearer ${token}` }
    const fund = { id: 'FOUNDED', ...units({ A: '2' }) }
    expect(await codeOf(post('/v1/admin/funds', fund, bearer))).toEqual([403, 'not_allowed'])
    await server.stop()
    server = await ProtocolServer.start({ ...CONFIG, fundsBy: 'clients' })
    expect(await codeOf(post('/v1/admin/funds', fund, {}))).toEqual([401, 'not_logged_in'])
    expect(await post('/v1/admin/funds', fund, bearer)).toEqual({ status: 200, body: { id: 'FOUNDED' } })
    await begun('FOUNDED')
    const socket = await server.client()
    await socket.ask('auth', { token })
    expect(await socket.ask('create', { fund: 'FOUNDED', amount: '2', key: 'c' })).toMatchObject({ status: 'settled' })
    expect(await codeOf(post('/v1/admin/funds/FOUNDED/halt', undefined, bearer))).toEqual([403, 'not_allowed'])
  })

  describe('after a new start', () => {
    beforeAll(async () => {
      await post('/v1/admin/funds/PARTS/halt')
      await server.stop()
      server = await ProtocolServer.start(CONFIG)
    })

    it('has what it had: units, shares, whether it is halted', async () => {
      expect(await begun('WHOLE')).toMatchObject({ shares: '10001', units: { A: '2', B: '1', C: '3' } })
      expect(await begun('PARTS', ({ halted }) => halted === true)).toMatchObject({ shares: '10000', units: PARTS.weighting.units })
      expect(await begun('EMPTY')).toMatchObject({ shares: '3', units: { A: '1' } })
      expect(await begun('FOUNDED')).toMatchObject({ shares: '10002', units: { A: '2' } })
    })

    it('is created and redeemed as before, by who owned it before', async () => {
      const socket = await server.client()
      await socket.ask('login', { username: 'first', password: PASSWORD })
      expect(await holdings(socket)).toEqual({ assets: {}, shares: { EMPTY: '3' } })
      expect(await socket.ask('redeem', { fund: 'EMPTY', amount: '1', key: 'r' })).toMatchObject({ status: 'settled' })
      expect(await holdings(socket)).toEqual({ assets: { A: '1' }, shares: { EMPTY: '2' } })
      // A key stays used.
      expect((await socket.request('create', { fund: 'EMPTY', amount: '1', key: 'c' })).error?.data.code).toBe('key_reused_differently')
      expect(await codeOf(post('/v1/admin/funds', WHOLE))).toEqual([409, 'fund_exists'])
      expect(await post('/v1/admin/funds/PARTS/resume')).toEqual({ status: 200, body: { fund: 'PARTS', halted: false } })
    })

    it('is read by those who read it before', async () => {
      expect(Object.keys(await server.json('/v1/funds')).sort()).toEqual(['CONFIGURED', 'EMPTY', 'FOUNDED', 'PARTS', 'WHOLE'])
    })

    it('is read by the client who defined it and the admin alone if others can reach the server', async () => {
      await engineReady(server)
      await server.stop()
      server = await ProtocolServer.start(CONFIG, '--host', '0.0.0.0', '--behind-tls')
      const readBy = async (username: string): Promise<string[]> => {
        const socket = await server.client()
        await socket.ask('login', { username, password: PASSWORD })
        return socket.ask('channels', { like: 'fund:*' })
      }
      expect(await readBy('founder')).toEqual(['fund:FOUNDED'])
      expect(await readBy('first')).toEqual([])
      expect(Object.keys(await server.json('/v1/funds', { headers: ADMIN })).sort()).toContain('FOUNDED')
    })
  })
})
