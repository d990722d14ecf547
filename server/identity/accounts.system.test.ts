import * as argon2 from '@node-rs/argon2'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { SCOPES } from '../../streams/wire/scopes.ts'
import { Accounts, type InviteStore, type Registration, type UserStore } from './accounts.ts'
import type { StoredToken } from './credentialStore.ts'
import { digestOf } from './digest.ts'
import { Operators } from './operators.ts'
import { Passwords } from './passwords.ts'
import { SlowDown } from './slowDown.ts'
import { type Ended, type TokenStore, Tokens } from './tokens.ts'

// The real one, and counted.
vi.mock('@node-rs/argon2', async original => {
  const real = await original<typeof argon2>()
  return { ...real, hash: vi.fn(real.hash), verify: vi.fn(real.verify) }
})

const NOON = Date.UTC(2026, 0, 1, 12)
const DAY = 86_400_000
const HERE = '192.0.2.1'
const THERE = '198.51.100.7'
const PASSWORD = 'correct horse'

beforeEach(() => {
  vi.useFakeTimers({ now: NOON })
  vi.clearAllMocks()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Takes as long as a disk: what comes together is decided in the order in which it came. */
class Users implements UserStore {
  readonly hashes = new Map<string, string>()
  asked = 0

  async hashOf(user: string): Promise<string | undefined> {
    this.asked += 1
    return this.hashes.get(user)
  }

  async register(user: string, hash: string): Promise<boolean> {
    if (this.hashes.has(user)) return false
    this.hashes.set(user, hash)
    return true
  }
}

class Invites implements InviteStore {
  readonly used = new Set<string>()

  async use(digest: string): Promise<boolean> {
    if (this.used.has(digest)) return false
    this.used.add(digest)
    return true
  }

  async usedOf(digests: readonly string[]): Promise<string[]> {
    return digests.filter(digest => this.used.has(digest))
  }

  async giveBack(digest: string): Promise<void> {
    this.used.delete(digest)
  }
}

class TokenRows implements TokenStore {
  readonly rows = new Map<string, StoredToken>()

  async load(): Promise<StoredToken[]> {
    return [...this.rows.values()]
  }

  async put(token: StoredToken): Promise<void> {
    this.rows.set(token.digest, token)
  }

  async remove(digests: readonly string[]): Promise<void> {
    for (const digest of digests) this.rows.delete(digest)
  }
}

const setUp = async (registration: Registration = { mode: 'open' }) => {
  const users = new Users()
  const rows = new TokenRows()
  const tokens = await Tokens.open(rows, DAY, pino({ enabled: false }))
  const passwords = new Passwords()
  const custodian = { name: 'custodian', digest: digestOf('custodian-token'), scopes: ['deposits'] } as const
  const accounts = new Accounts({
    users,
    tokens,
    passwords,
    slowDown: new SlowDown(),
    registration,
    operators: await Operators.open('admin-token', [custodian], { use: async () => true, usedOf: async () => [] }),
  })
  return { accounts, users, tokens, rows, passwords }
}

const refusalOf = (work: Promise<unknown>): Promise<ProtocolError> =>
  work.then(
    () => expect.unreachable('it was not refused'),
    error => {
      expect(error).toBeInstanceOf(ProtocolError)
      return error
    },
  )

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    error => error.code ?? error,
  )

describe('who registers', () => {
  it('is in at once, and can log in from then on', async () => {
    const { accounts, users, rows } = await setUp()
    const { token, expires } = await accounts.register('ann', PASSWORD, HERE)
    expect(expires).toBe(NOON + DAY)
    expect(accounts.authenticate(token)).toEqual({ user: 'ann', admin: false, scopes: [], token: digestOf(token), expires })
    const again = await accounts.login('ann', PASSWORD, THERE)
    expect(again.token).not.toBe(token)
    expect(accounts.authenticate(again.token)?.user).toBe('ann')
    expect(await accounts.check('ann', PASSWORD, HERE)).toEqual({ user: 'ann', admin: false, scopes: [] })
    const stored = JSON.stringify([[...users.hashes], [...rows.rows]])
    for (const secret of [PASSWORD, token, again.token]) expect(stored).not.toContain(secret)
    expect(users.hashes.get('ann')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })

  it.each(['admin', 'system', 'sponsor'])('is never %s', async name => {
    const { accounts } = await setUp()
    expect(await codeOf(accounts.register(name, PASSWORD, HERE))).toBe('name_taken')
    expect(argon2.hash).not.toHaveBeenCalled()
  })

  it('learns that a name is taken before a hash is paid for', async () => {
    const { accounts } = await setUp()
    await accounts.register('ann', PASSWORD, HERE)
    expect(await codeOf(accounts.register('ann', 'another one', THERE))).toBe('name_taken')
    expect(argon2.hash).toHaveBeenCalledTimes(1)
    expect(await codeOf(accounts.login('ann', PASSWORD, HERE))).toBe('done')
  })

  it('is one of several who want the same name at the same moment', async () => {
    const { accounts, tokens } = await setUp()
    const passwords = ['first one', 'second one', 'third one', 'fourth one']
    const ends = await Promise.all(passwords.map(password => codeOf(accounts.register('ann', password, HERE))))
    expect(ends.toSorted()).toEqual(['done', 'name_taken', 'name_taken', 'name_taken'])
    expect(tokens.living).toBe(1)
    expect(await codeOf(accounts.login('ann', passwords[ends.indexOf('done')]!, HERE))).toBe('done')
  })

  it.each([
    ['a name that is none', 'ann b', PASSWORD, /^username: found 5 characters/],
    ['no name', '', PASSWORD, /^username: found 0 characters/],
    ['a short password', 'ann', 'hunter2', /^password: found 7 bytes of UTF-8, expected 8 to 1024$/],
    ['a long password', 'ann', 'hunter2'.repeat(200), /^password: found 1400 bytes/],
    ['half a surrogate pair', 'ann', 'hunter2\ud83d', /^password: found half a surrogate pair/],
  ])('with %s is refused with where and what, but not the password', async (_, username, password, text) => {
    const { accounts, users } = await setUp()
    const refusal = await refusalOf(accounts.register(username, password, HERE))
    expect(refusal).toMatchObject({ code: 'invalid_params', message: expect.stringMatching(text) })
    expect(`${refusal.stack}${JSON.stringify(refusal)}`).not.toContain('hunter2')
    expect(argon2.hash).not.toHaveBeenCalled()
    expect(users.hashes.size).toBe(0)
    expect(accounts.refused).toEqual({ invalid_params: 1 })
  })

  it('is nobody where registration is closed, and learns nothing about names', async () => {
    const { accounts, users } = await setUp({ mode: 'closed' })
    users.hashes.set('ann', 'a hash')
    for (const name of ['ann', 'bob', 'admin', 'no name']) expect(await codeOf(accounts.register(name, PASSWORD, HERE))).toBe('not_allowed')
    expect(users.asked).toBe(0)
    expect(argon2.hash).not.toHaveBeenCalled()
  })

  describe('by invitation', () => {
    const invited = async () => {
      const invites = new Invites()
      const digests = new Set(['code one', 'code two'].map(digestOf))
      return { invites, ...(await setUp({ mode: 'invite', digests, invites })) }
    }

    it('needs one of the list, each of which is good once', async () => {
      const { accounts } = await invited()
      expect(await codeOf(accounts.register('ann', PASSWORD, HERE))).toBe('not_allowed')
      expect(await codeOf(accounts.register('ann', PASSWORD, HERE, 'code three'))).toBe('not_allowed')
      expect(await codeOf(accounts.register('ann', PASSWORD, HERE, digestOf('code one')))).toBe('not_allowed')
      expect(argon2.hash).not.toHaveBeenCalled()
      expect(await codeOf(accounts.register('ann', PASSWORD, HERE, 'code one'))).toBe('done')
      expect(await codeOf(accounts.register('bob', PASSWORD, HERE, 'code one'))).toBe('not_allowed')
      expect(await codeOf(accounts.register('bob', PASSWORD, HERE, 'code two'))).toBe('done')
    })

    it('is good for one of several who come with it together', async () => {
      const { accounts, users } = await invited()
      const ends = await Promise.all(['ann', 'bob', 'cid'].map(name => codeOf(accounts.register(name, PASSWORD, HERE, 'code one'))))
      expect(ends.toSorted()).toEqual(['done', 'not_allowed', 'not_allowed'])
      expect(users.hashes.size).toBe(1)
    })

    it('keeps the invitation where the name is gone, found early or late', async () => {
      const { accounts, invites } = await invited()
      const both = ['code one', 'code two'].map(code => codeOf(accounts.register('ann', PASSWORD, HERE, code)))
      expect((await Promise.all(both)).toSorted()).toEqual(['done', 'name_taken'])
      expect(invites.used.size).toBe(1)
      const left = ['code one', 'code two'].find(code => !invites.used.has(digestOf(code)))
      expect(await codeOf(accounts.register('ann', PASSWORD, HERE, left))).toBe('name_taken')
      expect(await codeOf(accounts.register('bob', PASSWORD, HERE, left))).toBe('done')
    })

    it('may not be guessed any faster than a password', async () => {
      const { accounts } = await invited()
      const ends: string[] = []
      for (let i = 0; i < 20; i++) ends.push(await codeOf(accounts.register('ann', PASSWORD, HERE, `code ${i}`)))
      expect(ends.slice(0, 5)).toEqual(Array(5).fill('not_allowed'))
      expect(ends.slice(5)).toEqual(Array(15).fill('rate_limited'))
      expect(await codeOf(accounts.register('ann', PASSWORD, THERE, 'code one'))).toBe('done')
    })
  })
})

describe('who logs in', () => {
  it('with a wrong name or a wrong password is answered the same, and costs the same', async () => {
    const { accounts } = await setUp()
    await accounts.register('ann', PASSWORD, HERE)
    const attempts = [
      () => accounts.login('ann', 'incorrect', HERE),
      () => accounts.login('bob', 'incorrect', THERE),
      () => accounts.check('ann', 'incorrect', HERE),
      () => accounts.check('bob', 'incorrect', THERE),
      () => accounts.login('sponsor', 'incorrect', HERE),
      () => accounts.login('no name', 'incorrect', THERE),
    ]
    const seen: unknown[] = []
    for (const attempt of attempts) {
      const before = vi.mocked(argon2.verify).mock.calls.length
      const { code, message, retryAfter } = await refusalOf(attempt())
      seen.push({ code, message, retryAfter, hashes: vi.mocked(argon2.verify).mock.calls.length - before })
    }
    const same = { code: 'bad_credentials', message: 'the name or the password is wrong', retryAfter: undefined, hashes: 1 }
    expect(seen).toEqual(attempts.map(() => same))
    expect(accounts.figures).toMatchObject({ failures: 6, refused: { bad_credentials: 6 } })
  })

  it.each([
    ['too short', 'short'],
    ['too long', 'x'.repeat(1025)],
    ['empty', ''],
    ['no Unicode', `${PASSWORD}\ud83d`],
  ])('with a password that is %s is simply wrong, at no cost, and counted as a guess', async (_, password) => {
    const { accounts } = await setUp()
    await accounts.register('ann', PASSWORD, HERE)
    for (const name of ['ann', 'bob']) expect(await codeOf(accounts.login(name, password, HERE))).toBe('bad_credentials')
    expect(argon2.verify).not.toHaveBeenCalled()
    expect(accounts.figures).toMatchObject({ failures: 2 })
  })

  it('is not taken for one whose password has U+FFFD where this one has half a surrogate pair', async () => {
    const { accounts } = await setUp()
    await accounts.register('ann', 'password\ufffd', HERE)
    expect(await codeOf(accounts.login('ann', 'password\ud83d', HERE))).toBe('bad_credentials')
    expect(await codeOf(accounts.login('ann', 'password\ufffd', HERE))).toBe('done')
  })
})

describe('a thousand wrong passwords from one address', () => {
  it('at once are five or six hashes, and another address logs in meanwhile', async () => {
    const { accounts, passwords } = await setUp()
    await accounts.register('ann', PASSWORD, THERE)
    const flood = Array.from({ length: 1000 }, (_, i) => codeOf(accounts.login('ann', `guess number ${i}`, HERE)))
    // Every place is taken by the flood before the honest one comes.
    for (let i = 0; i < 100; i++) await Promise.resolve()
    expect(passwords).toMatchObject({ running: 2, waiting: 64 })
    const issued = await accounts.login('ann', PASSWORD, THERE)
    expect(accounts.authenticate(issued.token)?.user).toBe('ann')
    // Behind the two that ran already and one that was next, not behind the 64.
    expect(vi.mocked(argon2.verify).mock.calls.findIndex(([, password]) => password === PASSWORD)).toBe(3)
    const counts: Record<string, number> = {}
    for (const code of await Promise.all(flood)) counts[code] = (counts[code] ?? 0) + 1
    const { bad_credentials: wrong = 0, rate_limited: slowed = 0, too_much: tooMuch = 0 } = counts
    expect(wrong + slowed + tooMuch).toBe(1000)
    // Two run at once: the sixth may have begun before the fifth had failed.
    expect([5, 6]).toContain(wrong)
    expect(tooMuch).toBeGreaterThan(900)
    expect(argon2.verify).toHaveBeenCalledTimes(wrong + 1)
    expect(accounts.figures).toMatchObject({
      hashes: { running: 0, waiting: 0, refused: tooMuch },
      failures: wrong,
      slowed,
      networks: 1,
      refused: counts,
    })
  })

  it('one after another are five hashes, and the same user is not locked out elsewhere', async () => {
    const { accounts } = await setUp()
    await accounts.register('ann', PASSWORD, THERE)
    const codes: string[] = []
    for (let i = 0; i < 1000; i++) codes.push(await codeOf(accounts.login('ann', `guess number ${i}`, HERE)))
    expect(codes).toEqual([...Array(5).fill('bad_credentials'), ...Array(995).fill('rate_limited')])
    expect(argon2.verify).toHaveBeenCalledTimes(5)
    expect(await codeOf(accounts.login('ann', PASSWORD, THERE))).toBe('done')
  })

  it('from all over one /64 are guesses of one', async () => {
    const { accounts } = await setUp()
    const codes: string[] = []
    for (let i = 0; i < 10; i++) codes.push(await codeOf(accounts.login('ann', 'incorrect', `2001:db8::${i}:${i}`)))
    expect(codes.filter(code => code === 'bad_credentials')).toHaveLength(5)
    expect(await codeOf(accounts.login('ann', 'incorrect', '2001:db8:0:1::1'))).toBe('bad_credentials')
  })
})

describe('who has guessed too often', () => {
  it('is refused even with the right password, learns how long, and is free again once it was right', async () => {
    const { accounts } = await setUp()
    await accounts.register('ann', PASSWORD, HERE)
    for (let i = 0; i < 5; i++) await codeOf(accounts.login('ann', 'incorrect', HERE))
    expect(await refusalOf(accounts.login('ann', PASSWORD, HERE))).toMatchObject({ code: 'rate_limited', retryAfter: 1 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(await codeOf(accounts.login('ann', 'incorrect', HERE))).toBe('bad_credentials')
    expect(await refusalOf(accounts.check('ann', PASSWORD, HERE))).toMatchObject({ code: 'rate_limited', retryAfter: 2 })
    await vi.advanceTimersByTimeAsync(2000)
    expect(await codeOf(accounts.login('ann', PASSWORD, HERE))).toBe('done')
    expect(await codeOf(accounts.login('ann', 'incorrect', HERE))).toBe('bad_credentials')
    expect(await codeOf(accounts.login('ann', PASSWORD, HERE))).toBe('done')
  })

  it('may not use many requests at once to get more than one attempt out of a wait', async () => {
    const { accounts } = await setUp()
    for (let i = 0; i < 5; i++) await codeOf(accounts.login('ann', 'incorrect', HERE))
    await vi.advanceTimersByTimeAsync(1000)
    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(accounts.login('ann', 'incorrect', HERE))))
    expect(codes.toSorted()).toEqual(['bad_credentials', ...Array(19).fill('rate_limited')])
  })

  it('may still register where that is open, which says nothing of passwords', async () => {
    const { accounts } = await setUp()
    for (let i = 0; i < 5; i++) await codeOf(accounts.login('ann', 'incorrect', HERE))
    expect(await codeOf(accounts.register('bob', PASSWORD, HERE))).toBe('done')
    expect(await codeOf(accounts.login('bob', PASSWORD, HERE))).toBe('rate_limited')
  })
})

it('many right passwords from one address at once are all served', async () => {
  const { accounts } = await setUp()
  await accounts.register('ann', PASSWORD, HERE)
  const codes = await Promise.all(Array.from({ length: 30 }, () => codeOf(accounts.check('ann', PASSWORD, HERE))))
  expect(codes).toEqual(Array(30).fill('done'))
})

describe('a token', () => {
  it('is of a login, an operator, the admin or nobody', async () => {
    const { accounts } = await setUp()
    expect(accounts.authenticate('admin-token')).toMatchObject({ user: '', admin: true, scopes: [...SCOPES], operator: 'admin' })
    expect(accounts.authenticate('custodian-token')).toMatchObject({ user: '', admin: false, scopes: ['deposits'], operator: 'custodian' })
    for (const token of ['', 'guessed', digestOf('admin-token')]) expect(accounts.authenticate(token)).toBeUndefined()
    expect(accounts.figures).toMatchObject({ unknownTokens: 3 })
  })

  it('ends with a logout, which is reported and can be said twice, but ends no operator’s', async () => {
    const { accounts, tokens } = await setUp()
    const ended: Ended[] = []
    tokens.ended$.subscribe(end => ended.push(end))
    const { token } = await accounts.register('ann', PASSWORD, HERE)
    const other = await accounts.login('ann', PASSWORD, HERE)
    const who = accounts.authenticate(token)!
    await accounts.logout(token)
    await accounts.logout(token)
    await accounts.logout('admin-token')
    expect(accounts.authenticate(token)).toBeUndefined()
    expect(accounts.authenticate(other.token)?.user).toBe('ann')
    expect(accounts.authenticate('admin-token')?.admin).toBe(true)
    expect(ended).toEqual([{ digest: who.token, user: 'ann', why: 'revoked' }])
    expect(accounts.figures).toMatchObject({ tokens: 1, tokensEnded: { expired: 0, revoked: 1, displaced: 0 } })
  })

  it('ends after a day', async () => {
    const { accounts } = await setUp()
    const { token } = await accounts.register('ann', PASSWORD, HERE)
    await vi.advanceTimersByTimeAsync(DAY - 1)
    expect(accounts.authenticate(token)?.user).toBe('ann')
    await vi.advanceTimersByTimeAsync(1)
    expect(accounts.authenticate(token)).toBeUndefined()
    expect(accounts.figures).toMatchObject({ tokens: 0, tokensEnded: { expired: 1 } })
  })
})
