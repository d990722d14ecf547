import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN, bearer, engineReady, newestEntry, newUser, PASSWORD, send } from './clearingKit.ts'
import type { ProtocolClient } from './protocolClient.ts'
import { ProtocolServer } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

const CONFIG = {
  funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } }, creationUnit: '10' }],
  feeds: [],
  // A table of requests comes faster than a client's.
  limits: { requestsPerSecond: 100_000 },
}

/** What is no amount. */
const AMOUNTS: [what: string, amount: unknown][] = [
  ['a number', 10],
  ['a fraction as a number', 0.1],
  ['nothing', null],
  ['a truth', true],
  ['a list', ['10']],
  ['an object', { $gt: '0' }],
  ['negative', '-10'],
  ['negative nothing', '-0'],
  ['zero', '0'],
  ['zero with places', '0.000'],
  ['of 19 places', '10.0000000000000000001'],
  ['less than the least', '0.0000000000000000001'],
  ['with an exponent', '1e3'],
  ['with a capital exponent', '1E3'],
  ['with a plus', '+10'],
  ['of 31 digits', `1${'0'.repeat(30)}`],
  ['of 100 digits', '9'.repeat(100)],
  ['of a million digits', '9'.repeat(60_000)],
  ['empty', ''],
  ['a blank', ' '],
  ['with a blank before', ' 10'],
  ['with a line behind', '10\n'],
  ['with a comma', '1,000'],
  ['with a low line', '1_000'],
  ['without whole places', '.5'],
  ['without places behind the point', '10.'],
  ['with two points', '1.0.0'],
  ['hexadecimal', '0x10'],
  ['of other digits', '１０'],
  ['not a number', 'NaN'],
  ['infinite', 'Infinity'],
  ['with a nul', '10\0'],
  ['a statement', '1; DROP TABLE entries'],
]

/** What is no name of anything. */
const NAMES: [what: string, name: unknown][] = [
  ['empty', ''],
  ['a number', 7],
  ['nothing', null],
  ['a list', ['ONE']],
  ['of 65 characters', 'x'.repeat(65)],
  ['of 60,000 characters', 'x'.repeat(60_000)],
  ['a statement', "x'; DROP TABLE entries; --"],
  ['a script', '<script>alert(1)</script>'],
  ['with a nul', 'ONE\0'],
  ['with a line behind', 'ONE\n'],
  ['half a surrogate pair', 'ONE\ud800'],
  ['an account of the books', 'client:ann'],
  ['shares', 'share:ONE'],
  ['a path', '../ONE'],
  ['a prototype', '__proto__'],
  ['of other letters', 'ОNE'],
]

const KEYS: [what: string, key: unknown][] = [
  ['empty', ''],
  ['a number', 7],
  ['nothing', null],
  ['of 129 characters', 'x'.repeat(129)],
  ['with a nul', 'k\0'],
  ['with a line behind', 'k\n'],
  ['beyond ASCII', 'ключ'],
  ['half a surrogate pair', 'k\ud800'],
]

overTransports('what cannot be', transport => {
  let server: ProtocolServer
  let socket: ProtocolClient
  let token: string
  const name = `${transport}-bad`
  const START = { assets: { BTC: '50', ETH: '200' }, shares: { ONE: '20' } }

  beforeAll(async () => {
    server = await ProtocolServer.start(CONFIG, '--transport', transport)
    const user = await newUser(server, name, { BTC: '60', ETH: '240' })
    socket = user.socket
    token = user.token
    await socket.ask('create', { fund: 'ONE', amount: '20', key: 'begin' })
    expect(await socket.ask('holdings')).toEqual(START)
  })
  afterAll(async () => {
    await engineReady(server)
    await server.stop()
  })

  /** Status and code. */
  const post = async (path: string, body: object, headers = bearer(token)): Promise<unknown[]> => {
    const answer = await send(server, 'POST', path, body, headers)
    return [answer.status, answer.body.code]
  }
  const ask = async (method: string, params: object): Promise<unknown> => (await socket.request(method, params)).error?.data.code
  /** Nothing of it has happened. */
  const nothingHappened = async (work: () => Promise<void>): Promise<void> => {
    const before = await newestEntry(server)
    await work()
    expect(await newestEntry(server)).toBe(before)
    expect(await socket.ask('holdings')).toEqual(START)
  }

  it.each(AMOUNTS)('as an amount that is %s is refused on every way', async (_, amount) => {
    await nothingHappened(async () => {
      for (const method of ['create', 'redeem']) expect(await ask(method, { fund: 'ONE', amount, key: 'k' }), method).toBe('invalid_params')
      expect(await ask('transfer', { to: name, asset: 'BTC', amount, key: 'k' })).toBe('invalid_params')
      expect(await ask('quote', { side: 'create', fund: 'ONE', amount })).toBe('invalid_params')
      for (const path of ['/create', '/redeem']) expect(await post(path, { amount }), path).toEqual([400, 'invalid_params'])
      for (const path of ['/v1/admin/deposits', '/v1/admin/withdrawals'])
        expect(await post(path, { username: name, asset: 'BTC', amount, key: 'k' }, ADMIN), path).toEqual([400, 'invalid_params'])
    })
  })

  it.each(NAMES)('as a name that is %s is refused on every way', async (_, bad) => {
    await nothingHappened(async () => {
      const order = { amount: '10', key: 'k' }
      for (const method of ['create', 'redeem']) expect(await ask(method, { fund: bad, ...order }), method).toBe('invalid_params')
      expect(await ask('quote', { side: 'create', fund: bad, amount: '10' })).toBe('invalid_params')
      expect(await ask('transfer', { to: bad, asset: 'BTC', ...order })).toBe('invalid_params')
      expect(await ask('transfer', { to: name, asset: bad, ...order })).toBe('invalid_params')
      expect(await ask('transfer', { to: name, fund: bad, ...order })).toBe('invalid_params')
      expect(await ask('register', { username: bad, password: PASSWORD })).toBe('invalid_params')
      expect(await post('/create', { etf_name: bad, amount: '10' })).toEqual([400, 'invalid_params'])
      expect(await post('/register', { username: bad, password: PASSWORD })).toEqual([400, 'invalid_params'])
      for (const member of ['username', 'asset'])
        expect(await post('/v1/admin/deposits', { username: name, asset: 'BTC', ...order, [member]: bad }, ADMIN)).toEqual([
          400,
          'invalid_params',
        ])
      expect(await post('/v1/admin/funds', { id: bad, weighting: { scheme: 'units', units: { BTC: '1' } } }, ADMIN)).toEqual([
        400,
        'invalid_params',
      ])
    })
  })

  it.each(KEYS)('as a key that is %s is refused on every way', async (_, key) => {
    await nothingHappened(async () => {
      for (const method of ['create', 'redeem'])
        expect(await ask(method, { fund: 'ONE', amount: '10', key }), method).toBe('invalid_params')
      expect(await ask('transfer', { to: name, asset: 'BTC', amount: '1', key })).toBe('invalid_params')
      expect(await ask('order', { key })).toBe('invalid_params')
      expect(await post('/v1/admin/deposits', { username: name, asset: 'BTC', amount: '1', key }, ADMIN)).toEqual([400, 'invalid_params'])
    })
  })

  it.each<[what: string, password: unknown]>([
    ['too short', '1234567'],
    ['empty', ''],
    ['of 1,025 bytes', 'x'.repeat(1_025)],
    ['of 1,025 bytes in fewer characters', `${'é'.repeat(512)}x`],
    ['half a surrogate pair', 'password\ud800'],
    ['a number', 1_234_567_890],
    ['nothing', null],
    ['an object', { $ne: 'x' }],
  ])('as a password that is %s is refused, and is not told again', async (_, password) => {
    await nothingHappened(async () => {
      const { error } = await socket.request('register', { username: `${name}-new`, password })
      expect(error).toMatchObject({ code: -32602, data: { code: 'invalid_params', retry: false } })
      expect(error!.message).not.toContain('1234567')
      expect(await post('/register', { username: `${name}-new`, password }, {})).toEqual([400, 'invalid_params'])
    })
  })

  it.each<[what: string, method: string, params: object, code: string]>([
    ['a fund that there is not', 'create', { fund: 'NONE', amount: '10', key: 'k' }, 'unknown_fund'],
    ['a fund called like what every object has', 'redeem', { fund: 'constructor', amount: '10', key: 'k' }, 'unknown_fund'],
    ['a quote of a fund that there is not', 'quote', { side: 'create', fund: 'hasOwnProperty', amount: '10' }, 'unknown_fund'],
    ['a quote of parts of units', 'quote', { side: 'create', fund: 'ONE', amount: '5' }, 'not_whole_units'],
    ['a quote of neither side', 'quote', { side: 'transfer', fund: 'ONE', amount: '10' }, 'invalid_params'],
    ['a transfer to nobody', 'transfer', { to: 'nobody', asset: 'BTC', amount: '1', key: 'k' }, 'unknown_client'],
    ['a transfer of shares that there are not', 'transfer', { to: 'sponsor', fund: 'NONE', amount: '1', key: 'k' }, 'unknown_fund'],
    ['an order with an unknown member', 'create', { fund: 'ONE', amount: '10', key: 'k', limit: '1' }, 'invalid_params'],
    ['an order for somebody else', 'create', { fund: 'ONE', amount: '10', key: 'k', username: 'ann' }, 'invalid_params'],
    ['an order without a key', 'create', { fund: 'ONE', amount: '10' }, 'invalid_params'],
    ['an order by place', 'create', ['ONE', '10', 'k'], 'invalid_params'],
    ['holdings of somebody else', 'holdings', { username: 'ann' }, 'invalid_params'],
    ['an order of another', 'order', { key: `${name}-BTC` }, 'unknown_order'],
    ['the system’s name', 'register', { username: 'system', password: PASSWORD }, 'name_taken'],
    ['the sponsor’s name', 'register', { username: 'sponsor', password: PASSWORD }, 'name_taken'],
    ['the sponsor’s login', 'login', { username: 'sponsor', password: PASSWORD }, 'bad_credentials'],
  ])('as %s is refused', async (_, method, params, code) => {
    await nothingHappened(async () => {
      const other = await server.client()
      await other.ask('auth', { token })
      expect((await other.request(method, params)).error?.data.code).toBe(code)
    })
  })

  it.each<[what: string, transferred: object]>([
    ['two things', { asset: 'BTC', fund: 'ONE' }],
    ['nothing', {}],
  ])('as a transfer of %s is refused', async (_, transferred) => {
    expect(await ask('transfer', { to: name, amount: '1', key: 'k', ...transferred })).toBe('invalid_params')
  })

  it('as JSON with a NaN in it is no JSON', async () => {
    await nothingHappened(async () => {
      const { error } = await socket.exchange('{"jsonrpc":"2.0","id":1,"method":"create","params":{"fund":"ONE","amount":NaN,"key":"k"}}')
      expect(error?.data.code).toBe('parse_error')
    })
  })

  describe('but only looks so', () => {
    it.each<[what: string, key: string]>([
      ['a statement', "x'); DROP TABLE entries; --"],
      ['a script', '<script>alert("1")</script>'],
      ['of 128 characters', '~'.repeat(128)],
      ['a blank', ' '],
      ['a prototype', '__proto__'],
      ['a path', '../../etc/passwd?x=1&y=%00#z'],
    ])('is a key like any other, though it is %s', async (_, key) => {
      const done = await socket.ask<{ key: string }>('transfer', { to: name, asset: 'BTC', amount: '1', key })
      expect(done).toMatchObject({ key, status: 'settled' })
      expect(await socket.ask('order', { key })).toEqual(done)
      const found = await server.json(`/v1/orders/${encodeURIComponent(key)}`, { headers: { authorization: `Bearer ${token}` } })
      expect(found).toEqual(done)
      const reader = await server.client()
      await reader.ask('auth', { token })
      await reader.subscribe(['orders'], { checksum: true })
      const { state, checksums } = await reader.replica('orders').then(async replica => {
        await reader.until(() => replica.checksums > 0)
        return replica
      })
      expect(Object.entries(state).find(([own]) => own === key)?.[1]).toEqual(done)
      expect(checksums).toBeGreaterThan(0)
      expect(await socket.ask('holdings')).toEqual(START)
      await reader.close()
      // The legs of an order are a list, which changes as a whole.
      reader.faults.splice(0, reader.faults.length, ...reader.faults.filter(fault => !/\.legs is an array$/.test(fault)))
    })

    it.each<[what: string, password: string, not: string]>([
      ['a statement', "' OR 1=1; --", "' OR 1=2; --"],
      ['a script', '<script>1</script>', '<script>2</script>'],
      ['with a nul', 'before\0behind', 'before\0beside'],
      ['of 1,024 bytes', 'x'.repeat(1_024), 'x'.repeat(1_023)],
      ['of other letters', 'пароль пароль', 'пароль паролъ'],
      ['of a pair of surrogates', 'password 😀', 'password 😁'],
      ['with colons', 'pass:word:word', 'pass:word'],
    ])('is a password like any other, though it is %s', async (what, password, not) => {
      const username = `${name}-${what.replace(/\W/g, '')}`
      await (await server.client()).ask('register', { username, password })
      const basic = (secret: string) => ({ headers: { authorization: `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}` } })
      expect((await server.fetch('/holdings', basic(not))).status).toBe(401)
      expect((await server.fetch('/holdings', basic(password))).status).toBe(200)
    })
  })
})
