import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN, type Answer, type Body, bearer, engineReady, fund, newestEntry, PASSWORD, send, stateOnce } from './clearingKit.ts'
import type { ProtocolClient } from './protocolClient.ts'
import { ADMIN_TOKEN, ProtocolServer } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

const DEPOSITOR = 'a-token-for-deposits'
const ONE = { id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } }, creationUnit: '10', read: 'public' }
const FEE = { id: 'FEE', weighting: { scheme: 'units', units: { BTC: '0.1' } }, createFeeBps: 25, redeemFeeBps: 10, read: 'public' }
const CONFIG = {
  limits: { bodyBytes: 2_048 },
  tokens: [{ name: 'custodian', digest: createHash('sha256').update(DEPOSITOR).digest('hex'), scopes: ['deposits'] }],
  feeds: ['sim:7'],
}
const basic = (user: string, password = PASSWORD) => ({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` })

overTransports('the clearing house by HTTP', transport => {
  let server: ProtocolServer
  let users = 0

  const post = (path: string, body?: Body, headers?: Record<string, string>) => send(server, 'POST', path, body, headers)
  const get = (path: string, headers?: Record<string, string>) => send(server, 'GET', path, undefined, headers)
  const told = ({ status, body }: Answer): unknown[] => [status, body.code]

  /** Somebody new, with these holdings. */
  const client = async (assets: Record<string, string> = {}): Promise<{ username: string; token: string }> => {
    const username = `${transport}-${++users}`
    const { status, body } = await post('/register', { username, password: PASSWORD })
    expect(status).toBe(200)
    await fund(server, username, assets)
    return { username, token: body.token as string }
  }
  describe('of one fund', () => {
    beforeAll(async () => {
      server = await ProtocolServer.start({ ...CONFIG, funds: [ONE] }, '--transport', transport)
      // It begins with the first frame.
      const state = await stateOnce(server, 'fund:ONE', ({ nav }) => nav !== undefined)
      expect(state.shares).toBeTypeOf('string')
    })
    afterAll(async () => {
      await engineReady(server)
      await server.stop()
    })

    it('serves a new user from the first request to the last, and the books are right at every step', async () => {
      const username = `${transport}-new`
      const registered = await post('/register', { username, password: PASSWORD })
      expect([registered.status, registered.body]).toEqual([200, { token: expect.any(String), expires: expect.any(Number) }])
      expect((await get('/holdings', basic(username))).body).toEqual({ assets: {}, shares: {} })

      for (const [asset, amount] of [
        ['BTC', '5.5'],
        ['ETH', '20.000000000000000001'],
      ] as const) {
        const { status, body } = await post('/v1/admin/deposits', { username, asset, amount, key: `walk-${asset}-${transport}` }, ADMIN)
        expect([status, body]).toEqual([
          200,
          {
            key: `walk-${asset}-${transport}`,
            side: 'deposit',
            username,
            asset,
            amount,
            status: 'settled',
            seq: expect.any(Number),
            t: expect.any(Number),
          },
        ])
      }
      const basket = await get('/v1/funds/ONE/basket')
      const legs = [
        { asset: 'BTC', amount: '5' },
        { asset: 'ETH', amount: '20' },
      ]
      expect([basket.status, basket.body]).toEqual([
        200,
        {
          fund: 'ONE',
          creationUnit: '10',
          t: expect.any(Number),
          halted: false,
          nav: expect.any(Number),
          units: { BTC: '0.5', ETH: '2' },
          create: { legs },
          redeem: { legs },
        },
      ])
      const socket: ProtocolClient = await server.client()
      expect(await socket.ask('quote', { side: 'create', fund: 'ONE', amount: '10' })).toEqual({
        side: 'create',
        fund: 'ONE',
        amount: '10',
        legs,
        nav: expect.any(Number),
        t: expect.any(Number),
        basket: { BTC: '0.5', ETH: '2' },
      })

      const body = { username, password: PASSWORD, etf_name: 'ONE', amount: '10' }
      const created = await post('/create', body, { 'idempotency-key': 'first' })
      expect([created.status, created.headers.get('idempotency-key'), created.body]).toEqual([
        200,
        'first',
        {
          key: 'first',
          side: 'create',
          fund: 'ONE',
          amount: '10',
          status: 'settled',
          legs,
          seq: expect.any(Number),
          t: expect.any(Number),
        },
      ])
      expect((await get('/holdings', basic(username))).body).toEqual({
        assets: { BTC: '0.5', ETH: '0.000000000000000001' },
        shares: { ONE: '10' },
      })
      const redeemed = await post('/redeem', body, { 'idempotency-key': 'second' })
      expect([redeemed.status, redeemed.body]).toMatchObject([200, { key: 'second', side: 'redeem', status: 'settled', legs }])
      expect((await get('/holdings', basic(username))).body).toEqual({ assets: { BTC: '5.5', ETH: '20.000000000000000001' }, shares: {} })
      expect((await get('/v1/orders/first', basic(username))).body).toEqual(created.body)
    })

    describe('takes an order', () => {
      const ways: [way: string, send: (user: { username: string; token: string }, amount: string) => Promise<Answer>][] = [
        ['JSON with the two fields', ({ username }, amount) => post('/create', { username, password: PASSWORD, amount })],
        [
          'JSON, the type with a parameter',
          ({ username }, amount) =>
            post('/create', JSON.stringify({ username, password: PASSWORD, amount }), {
              'content-type': 'application/json; charset=utf-8',
            }),
        ],
        [
          'a form with the two fields',
          ({ username }, amount) => post('/create', new URLSearchParams({ username, password: PASSWORD, etf_name: 'ONE', amount })),
        ],
        ['JSON with Basic', ({ username }, amount) => post('/create', { amount }, basic(username))],
        ['a form with Basic', ({ username }, amount) => post('/create', new URLSearchParams({ amount }), basic(username))],
        ['JSON with Bearer', ({ token }, amount) => post('/create', { amount }, bearer(token))],
        ['a form with Bearer', ({ token }, amount) => post('/create', new URLSearchParams({ amount }), bearer(token))],
      ]
      it.each(ways)('as %s, with a key of the server’s own', async (_, send) => {
        const user = await client({ BTC: '10', ETH: '40' })
        const { status, headers, body } = await send(user, '20')
        expect(status).toBe(200)
        expect(body).toMatchObject({ side: 'create', fund: 'ONE', amount: '20', status: 'settled', key: headers.get('idempotency-key') })
        expect(body.key).toMatch(/^[\x20-\x7e]{1,128}$/)
        expect((await get('/holdings', bearer(user.token))).body).toEqual({ assets: {}, shares: { ONE: '20' } })
      })

      it('once under a key: the same again is the same answer, something else is 422', async () => {
        const { token } = await client({ BTC: '10', ETH: '40' })
        const key = { 'idempotency-key': 'once' }
        const first = await post('/create', { amount: '10' }, { ...bearer(token), ...key })
        for (const amount of ['10', '10.0', '010'])
          expect((await post('/create', { amount }, { ...bearer(token), ...key })).body).toEqual(first.body)
        expect(told(await post('/create', { amount: '20' }, { ...bearer(token), ...key }))).toEqual([422, 'key_reused_differently'])
        expect(told(await post('/redeem', { amount: '10' }, { ...bearer(token), ...key }))).toEqual([422, 'key_reused_differently'])
        expect((await get('/holdings', bearer(token))).body).toEqual({ assets: { BTC: '5', ETH: '20' }, shares: { ONE: '10' } })
        // Another client's keys are its own.
        const other = await client({ BTC: '5', ETH: '20' })
        expect((await post('/create', { amount: '10' }, { ...bearer(other.token), ...key })).status).toBe(200)
      })
    })

    describe('that the books do not allow', () => {
      it('answers 400 with the order as it was written down, and with its key, also where the server has made it', async () => {
        const { username, token } = await client({ BTC: '5', ETH: '19.999999999999999999' })
        const answer = await post('/create', { amount: '10' }, bearer(token))
        expect([...told(answer), answer.headers.get('content-type')]).toEqual([400, 'insufficient_assets', 'application/problem+json'])
        const key = answer.headers.get('idempotency-key')
        expect(answer.body.order).toMatchObject({ key, side: 'create', amount: '10', status: 'rejected', code: 'insufficient_assets' })
        expect(answer.body.order).toMatchObject({ shortfall: { asset: 'ETH', needed: '20', held: '19.999999999999999999' } })
        expect(answer.body.detail).toBe('ETH: found 19.999999999999999999, expected at least 20')
        const later = await get(`/v1/orders/${key}`, bearer(token))
        expect([later.status, later.body]).toEqual([200, answer.body.order])
        // It has used up its key, also where there would be enough by now.
        await fund(server, username, { ETH: '1' })
        const again = await post('/create', { amount: '10' }, { ...bearer(token), 'idempotency-key': key! })
        expect(again.body).toEqual(answer.body)
      })

      it.each<[path: string, amount: string, code: string]>([
        ['/create', '20', 'insufficient_assets'],
        ['/redeem', '10', 'insufficient_shares'],
        ['/create', '5', 'not_whole_units'],
        ['/redeem', '10.000000000000000001', 'not_whole_units'],
      ])('%s %s is 400 %s, and changes nothing', async (path, amount, code) => {
        const { token } = await client({ BTC: '5', ETH: '20' })
        expect(told(await post(path, { amount }, bearer(token)))).toEqual([400, code])
        expect((await get('/holdings', bearer(token))).body).toEqual({ assets: { BTC: '5', ETH: '20' }, shares: {} })
      })

      it('a withdrawal of more than there is, is one of them; of what there is, is done', async () => {
        const { username, token } = await client({ BTC: '1' })
        const withdraw = (amount: string, key: string) => post('/v1/admin/withdrawals', { username, asset: 'BTC', amount, key }, ADMIN)
        const refused = await withdraw('1.000000000000000001', `w1-${username}`)
        expect(told(refused)).toEqual([400, 'insufficient_assets'])
        expect(refused.body.order).toMatchObject({ side: 'withdrawal', status: 'rejected' })
        expect((await withdraw('1', `w2-${username}`)).body).toMatchObject({ side: 'withdrawal', username, status: 'settled' })
        expect((await get('/holdings', bearer(token))).body).toEqual({ assets: {}, shares: {} })
      })
    })

    describe('refuses', () => {
      let user: { username: string; token: string }
      beforeAll(async () => {
        user = await client({ BTC: '50', ETH: '200' })
      })
      const fields = () => ({ username: user.username, password: PASSWORD, amount: '10' })

      it.each<[what: string, send: () => Promise<Answer>, status: number, code: string]>([
        ['a registration without a password', () => post('/register', { username: 'x' }), 400, 'invalid_params'],
        ['a registration without a name', () => post('/register', { password: PASSWORD }), 400, 'invalid_params'],
        ['a registration with a short password', () => post('/register', { username: 'x', password: '1234567' }), 400, 'invalid_params'],
        ['a registration with a bad name', () => post('/register', { username: 'x y', password: PASSWORD }), 400, 'invalid_params'],
        [
          'a registration of something else',
          () => post('/register', { username: 'x', password: PASSWORD, admin: true }),
          400,
          'invalid_params',
        ],
        ['a registration without a body', () => post('/register'), 400, 'parse_error'],
        [
          'a registration that breaks off',
          () => post('/register', '{"username":', { 'content-type': 'application/json' }),
          400,
          'parse_error',
        ],
        ['a registration by a list', () => post('/register', [], {}), 400, 'invalid_params'],
        ['a name that is taken', () => post('/register', { username: user.username, password: PASSWORD }), 409, 'name_taken'],
        ['the name of the admin', () => post('/register', { username: 'admin', password: PASSWORD }), 409, 'name_taken'],
        ['an order without credentials', () => post('/create', { amount: '10' }), 401, 'not_logged_in'],
        ['an order with half of them', () => post('/create', { username: user.username, amount: '10' }), 401, 'bad_credentials'],
        ['an order with a token of nobody', () => post('/create', { amount: '10' }, bearer('guessed')), 401, 'bad_credentials'],
        ['an order by the admin', () => post('/create', { amount: '10' }, ADMIN), 401, 'not_logged_in'],
        ['credentials twice', () => post('/create', fields(), bearer(user.token)), 400, 'invalid_params'],
        ['an order without an amount', () => post('/create', {}, bearer(user.token)), 400, 'invalid_params'],
        ['an order of an unknown fund', () => post('/create', { ...fields(), etf_name: 'NONE' }), 400, 'unknown_fund'],
        ['an order with a bad fund', () => post('/create', { ...fields(), etf_name: '' }), 400, 'invalid_params'],
        ['an order with an unknown member', () => post('/create', { ...fields(), limit: '1' }), 400, 'invalid_params'],
        [
          'a form that says a thing twice',
          () => post('/create', new URLSearchParams('amount=10&amount=20'), bearer(user.token)),
          400,
          'invalid_params',
        ],
        ['a key that is too long', () => post('/create', fields(), { 'idempotency-key': 'x'.repeat(129) }), 400, 'invalid_params'],
        ['a key beyond ASCII', () => post('/create', fields(), { 'idempotency-key': 'na\xefve' }), 400, 'invalid_params'],
        ['a body of another type', () => post('/create', 'amount=10', { 'content-type': 'text/plain' }), 415, 'unsupported_media_type'],
        [
          'a body in parts',
          () => post('/register', 'x', { 'content-type': 'multipart/form-data; boundary=x' }),
          415,
          'unsupported_media_type',
        ],
        ['a body that is too large', () => post('/register', { username: 'x', password: 'x'.repeat(3_000) }), 413, 'too_large'],
        ['holdings of nobody', () => get('/holdings'), 401, 'not_logged_in'],
        ['holdings of the admin', () => get('/holdings', ADMIN), 403, 'not_allowed'],
        ['a password in the query of holdings', () => get(`/holdings?username=${user.username}&password=x`), 400, 'credentials_in_url'],
        ['a token in the query of holdings', () => get('/holdings?token=x', bearer(user.token)), 400, 'credentials_in_url'],
        ['a password in the query of a creation', () => post('/create?password=x', fields()), 400, 'credentials_in_url'],
        ['a password in the query of a registration', () => post('/register?username=x&password=y', {}), 400, 'credentials_in_url'],
        ['an order of another key', () => get('/v1/orders/never', bearer(user.token)), 404, 'unknown_order'],
        ['an order of a bad key', () => get('/v1/orders/%00', bearer(user.token)), 400, 'invalid_params'],
        ['an order of a key that is too long', () => get(`/v1/orders/${'x'.repeat(129)}`, bearer(user.token)), 400, 'invalid_params'],
        ['the orders of nobody', () => get('/v1/orders/never'), 401, 'not_logged_in'],
        ['the basket of no fund', () => get('/v1/funds/NONE/basket'), 404, 'unknown_fund'],
        [
          'a deposit by nobody',
          () => post('/v1/admin/deposits', { username: 'x', asset: 'BTC', amount: '1', key: 'k' }),
          401,
          'not_logged_in',
        ],
        [
          'a deposit by a client',
          () => post('/v1/admin/deposits', { username: user.username, asset: 'BTC', amount: '1', key: 'k' }, bearer(user.token)),
          403,
          'not_allowed',
        ],
        [
          'a deposit to nobody',
          () => post('/v1/admin/deposits', { username: 'nobody', asset: 'BTC', amount: '1', key: 'k' }, ADMIN),
          400,
          'unknown_client',
        ],
        [
          'a deposit of shares',
          () => post('/v1/admin/deposits', { username: user.username, asset: 'share:ONE', amount: '1', key: 'k' }, ADMIN),
          400,
          'invalid_params',
        ],
        [
          'a fund by a client',
          () => post('/v1/admin/funds', { id: 'MINE', weighting: ONE.weighting }, bearer(user.token)),
          403,
          'not_allowed',
        ],
        ['a halt by a client', () => post('/v1/admin/funds/ONE/halt', {}, bearer(user.token)), 403, 'not_allowed'],
        ['a halt of no fund', () => post('/v1/admin/funds/NONE/halt', {}, ADMIN), 404, 'unknown_fund'],
        ['the journal to nobody', () => get('/v1/audit'), 401, 'not_logged_in'],
        ['the journal to a client', () => get('/v1/audit', bearer(user.token)), 403, 'not_allowed'],
        ['the journal to an operator without that scope', () => get('/v1/audit', bearer(DEPOSITOR)), 403, 'not_allowed'],
        ['the journal after nothing', () => get('/v1/audit?after=x', ADMIN), 400, 'invalid_params'],
        ['too much of the journal', () => get('/v1/audit?limit=10001', ADMIN), 400, 'invalid_params'],
        ['a logout without a token', () => post('/v1/logout'), 401, 'not_logged_in'],
      ])('%s, and writes nothing', async (_, send, status, code) => {
        const before = await newestEntry(server)
        const answer = await send()
        expect(told(answer)).toEqual([status, code])
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        expect(answer.body).toEqual({
          type: 'about:blank',
          title: expect.any(String),
          status,
          detail: expect.any(String),
          code,
          retry: false,
        })
        expect(JSON.stringify(answer.body)).not.toContain(PASSWORD)
        expect(await newestEntry(server)).toBe(before)
        expect((await get('/holdings', bearer(user.token))).body).toEqual({ assets: { BTC: '50', ETH: '200' }, shares: {} })
      })

      it('says where it is wrong in the words of the route', async () => {
        const wrong = async (body: object, headers = {}) => (await post('/create', body, { ...bearer(user.token), ...headers })).body.detail
        expect(await wrong({ amount: '10', etf_name: 'a b' })).toMatch(/^body\.etf_name: found "a b", expected /)
        expect(await wrong({ amount: 10 })).toBe('body.amount: found 10, expected string')
        expect(await wrong({ amount: '10' }, { 'idempotency-key': 'x'.repeat(200) })).toMatch(
          /^header\.idempotency-key: found "x+…, expected 1 to 128/,
        )
      })
    })

    it('lets an operator do what the scopes of the token say', async () => {
      const { username, token } = await client()
      const answer = await post('/v1/admin/deposits', { username, asset: 'BTC', amount: '1', key: `op-${username}` }, bearer(DEPOSITOR))
      expect([answer.status, answer.body.status]).toEqual([200, 'settled'])
      expect((await get('/holdings', bearer(token))).body).toEqual({ assets: { BTC: '1' }, shares: {} })
      expect(told(await post('/v1/admin/funds/ONE/halt', {}, bearer(DEPOSITOR)))).toEqual([403, 'not_allowed'])
    })

    it('gives a token for a login, until the logout', async () => {
      const { username } = await client()
      const login = await post('/v1/login', { username, password: PASSWORD })
      expect([login.status, login.body]).toEqual([200, { token: expect.any(String), expires: expect.any(Number) }])
      const header = bearer(login.body.token as string)
      expect((await get('/holdings', header)).status).toBe(200)
      expect((await post('/v1/logout', undefined, header)).status).toBe(200)
      expect(told(await get('/holdings', header))).toEqual([401, 'bad_credentials'])
    })

    it('answers 503 with Retry-After while a fund is halted, and the key stays free', async () => {
      const { token } = await client({ BTC: '5', ETH: '20' })
      const order = () => post('/create', { amount: '10' }, { ...bearer(token), 'idempotency-key': 'halted' })
      expect((await post('/v1/admin/funds/ONE/halt', undefined, ADMIN)).body).toEqual({ fund: 'ONE', halted: true })
      const refused = await order()
      expect([...told(refused), refused.body.retry, refused.headers.get('retry-after'), refused.headers.get('idempotency-key')]).toEqual([
        ...[503, 'halted', true],
        ...['1', 'halted'],
      ])
      expect((await post('/v1/admin/funds/ONE/resume', undefined, ADMIN)).body).toEqual({ fund: 'ONE', halted: false })
      expect((await order()).body).toMatchObject({ status: 'settled', key: 'halted' })
    })
  })

  describe('of two funds', () => {
    beforeAll(async () => {
      server = await ProtocolServer.start({ ...CONFIG, funds: [ONE, FEE] }, '--transport', transport)
      const waiting = await server.client()
      await waiting.subscribe(['fund:FEE'])
      const replica = await waiting.replica('fund:FEE')
      await waiting.until(() => replica.state.nav !== undefined && replica.state.stale !== true)
    })
    afterAll(async () => {
      await engineReady(server)
      await server.stop()
    })

    it('wants the fund named', async () => {
      const { token } = await client({ BTC: '5', ETH: '20' })
      const answer = await post('/create', { amount: '10' }, bearer(token))
      expect([...told(answer), answer.body.detail]).toEqual([
        400,
        'invalid_params',
        'body.etf_name: found nothing, expected one of 2 funds',
      ])
      expect((await post('/create', { amount: '10', etf_name: 'ONE' }, bearer(token))).body).toMatchObject({
        fund: 'ONE',
        status: 'settled',
      })
    })

    it('takes the fee of the one that has one, by its net asset value, as quoted', async () => {
      const { token } = await client({ BTC: '1', USD: '100000' })
      const fee = (nav: number, bps: number): number => (nav * bps) / 10_000
      const created = await post('/create', { amount: '1', etf_name: 'FEE' }, bearer(token))
      expect(created.body).toMatchObject({ status: 'settled', legs: [{ asset: 'BTC', amount: '0.1' }], fee: { asset: 'USD' } })
      const { nav, fee: paid } = created.body as { nav: number; fee: { amount: string } }
      expect(Number(paid.amount)).toBeCloseTo(fee(nav, 25), 9)
      const redeemed = await post('/redeem', { amount: '1', etf_name: 'FEE' }, bearer(token))
      expect(Number((redeemed.body.fee as { amount: string }).amount)).toBeCloseTo(fee(redeemed.body.nav as number, 10), 9)
      const { assets } = (await get('/holdings', bearer(token))).body as { assets: Record<string, string> }
      expect(assets.BTC).toBe('1')
      expect(Number(assets.USD)).toBeCloseTo(100_000 - fee(nav, 25) - fee(redeemed.body.nav as number, 10), 6)
      const { body } = await get('/v1/funds/FEE/basket')
      expect(body).toMatchObject({ create: { fee: { asset: 'USD' } }, redeem: { fee: { asset: 'USD' } } })
    })
  })

  describe('where registration is closed', () => {
    beforeAll(async () => {
      server = await ProtocolServer.start({ ...CONFIG, funds: [ONE], registration: 'closed' }, '--transport', transport)
    })
    afterAll(async () => {
      await engineReady(server)
      await server.stop()
    })

    it('says 403', async () => {
      expect(told(await post('/register', { username: `${transport}-late`, password: PASSWORD }))).toEqual([403, 'not_allowed'])
    })
  })

  describe('for who guesses passwords', () => {
    const HONEST = { 'x-forwarded-for': '198.51.100.1' }
    const GUESSER = { 'x-forwarded-for': '203.0.113.9' }
    beforeAll(async () => {
      server = await ProtocolServer.start({ ...CONFIG, funds: [ONE], registration: 'open' }, '--transport', transport, '--behind-tls')
    })
    afterAll(async () => {
      await engineReady(server)
      await server.stop()
    })

    it('answers 401, then 429 with Retry-After, a thousand times, while others go on undisturbed and no secret gets into the log', async () => {
      const username = `${transport}-honest`
      const { body } = await post('/register', { username, password: PASSWORD }, HONEST)
      const honest = { ...HONEST, ...bearer(body.token as string) }
      await fund(server, username, { BTC: '1000' })
      await fund(server, username, { ETH: '4000' })

      const answers: Answer[] = []
      let guessing = true
      const guess = async (): Promise<void> => {
        while (answers.length < 1_000) {
          const n = answers.length
          const password = `wrong-guess-${n}-${'x'.repeat(8)}`
          // The fields of a body and the header are guessed at alike.
          const send =
            n % 2 === 0
              ? post('/v1/login', { username, password }, GUESSER)
              : get('/holdings', { ...GUESSER, ...basic(username, password) })
          answers.push(await send)
        }
        guessing = false
      }
      const orders: Answer[] = []
      const order = async (): Promise<void> => {
        while (guessing) {
          orders.push(await post('/create', { amount: '10' }, honest))
          orders.push(await post('/redeem', { amount: '10' }, honest))
        }
      }
      await Promise.all([guess(), order()])

      expect(answers.slice(0, 5).map(told)).toEqual(Array(5).fill([401, 'bad_credentials']))
      expect(told(answers[5]!)).toEqual([429, 'rate_limited'])
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]))
      for (const { status, headers, body: problem } of answers) {
        expect(headers.get('retry-after')).toEqual(status === 429 ? expect.stringMatching(/^[1-9]\d?$/) : null)
        expect(problem.retry).toBe(status === 429)
      }
      expect(orders.length).toBeGreaterThan(10)
      expect(orders.map(({ status }) => status)).toEqual(orders.map(() => 200))
      // Also who has no token yet is let in from another address, and the right password is no way past the wait.
      expect((await post('/v1/login', { username, password: PASSWORD }, HONEST)).status).toBe(200)

      const log = JSON.stringify(server.logged)
      for (const secret of [PASSWORD, 'wrong-guess', body.token as string, ADMIN_TOKEN]) expect(log).not.toContain(secret)
    })
  })
})
