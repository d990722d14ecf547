import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SCOPES } from '../../streams/wire/scopes.ts'
import { digestOf } from './digest.ts'
import { Operators, type OperatorToken, type RevocationStore } from './operators.ts'

const CUSTODIAN = { name: 'custodian', digest: digestOf('custodian-token').toUpperCase(), scopes: ['deposits'] } as const
const AUDITOR = { name: 'auditor', digest: digestOf('auditor-token'), scopes: ['audit'] } as const
const DAY = 86_400_000

/** What a start keeps for the next. */
const storeOf = (marked: Set<string> = new Set()): RevocationStore & { readonly marked: Set<string> } => ({
  marked,
  use: async digest => marked.add(digest),
  usedOf: async digests => digests.filter(digest => marked.has(digest)),
})

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const open = (tokens: readonly OperatorToken[], store: RevocationStore = storeOf(), admin = 'admin-token') =>
  Operators.open(admin, tokens, store)

describe('operators', () => {
  it.each([
    ['admin-token', { user: '', admin: true, scopes: [...SCOPES], operator: 'admin', token: digestOf('admin-token') }],
    ['custodian-token', { user: '', admin: false, scopes: ['deposits'], operator: 'custodian', token: digestOf('custodian-token') }],
    ['auditor-token', { user: '', admin: false, scopes: ['audit'], operator: 'auditor', token: AUDITOR.digest }],
    ['', undefined],
    ['admin-toke', undefined],
    ['constructor', undefined],
    [AUDITOR.digest, undefined],
  ])('are known by their token: %s', async (token, identity) => {
    expect((await open([CUSTODIAN, AUDITOR])).find(digestOf(token), Date.now())).toEqual(identity)
  })

  it('never share a token or a name', async () => {
    await expect(open([AUDITOR, { ...AUDITOR, name: 'other' }])).rejects.toThrow(
      'tokens.1.digest: found that of "auditor", expected one of its own',
    )
    await expect(open([AUDITOR], storeOf(), 'auditor-token')).rejects.toThrow('found that of "admin"')
    await expect(open([AUDITOR, { ...CUSTODIAN, name: 'auditor' }])).rejects.toThrow('tokens.1.name: found "auditor" again')
    await expect(open([{ ...AUDITOR, name: 'admin' }])).rejects.toThrow('tokens.0.name: found "admin" again')
  })

  it('are nobody once their token has expired, and that is announced at that moment', async () => {
    const operators = await open([{ ...AUDITOR, expires: Date.now() + 40 * DAY }, CUSTODIAN])
    const ended: string[] = []
    operators.ended$.subscribe(({ digest }) => ended.push(digest))
    vi.advanceTimersByTime(40 * DAY - 1)
    expect([operators.find(AUDITOR.digest, Date.now())?.operator, ended]).toEqual(['auditor', []])
    vi.advanceTimersByTime(1)
    expect([operators.find(AUDITOR.digest, Date.now()), ended]).toEqual([undefined, [AUDITOR.digest]])
    expect(operators.list(Date.now())).toEqual([
      { name: 'auditor', scopes: ['audit'], expires: Date.now(), state: 'expired' },
      { name: 'custodian', scopes: ['deposits'], state: 'good' },
    ])
    operators.close()
  })

  it('are nobody once their token is revoked, at once, after every start, and whatever it is called then', async () => {
    const store = storeOf()
    const operators = await open([AUDITOR, CUSTODIAN], store)
    const ended: string[] = []
    operators.ended$.subscribe(({ digest }) => ended.push(digest))
    await operators.revoke('auditor')
    await operators.revoke('auditor')
    expect([operators.find(AUDITOR.digest, Date.now()), ended]).toEqual([undefined, [AUDITOR.digest]])
    const again = await open([{ ...AUDITOR, name: 'renamed' }, CUSTODIAN], store)
    expect(again.find(AUDITOR.digest, Date.now())).toBeUndefined()
    expect(again.list(Date.now()).map(({ name, state }) => [name, state])).toEqual([
      ['renamed', 'revoked'],
      ['custodian', 'good'],
    ])
    // What is kept does not say which token it is.
    expect([...store.marked].some(mark => mark === AUDITOR.digest)).toBe(false)
  })

  it('stay good under a name that nobody has, and the admin always', async () => {
    const operators = await open([AUDITOR])
    await expect(operators.revoke('nobody')).rejects.toThrow('there is no token "nobody"')
    await expect(operators.revoke('admin')).rejects.toThrow('there is no token "admin"')
    expect(operators.find(digestOf('admin-token'), Date.now())?.admin).toBe(true)
  })

  it('are nobody at once even if the disk does not take it', async () => {
    const operators = await open([AUDITOR], { ...storeOf(), use: () => Promise.reject(new Error('the disk is full')) })
    await expect(operators.revoke('auditor')).rejects.toThrow('the disk is full')
    expect(operators.find(AUDITOR.digest, Date.now())).toBeUndefined()
  })
})
