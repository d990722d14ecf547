import { describe, expect, it } from 'vitest'
import { SCOPES } from '../../streams/wire/scopes.ts'
import { digestOf } from './digest.ts'
import { operators } from './operators.ts'

const CUSTODIAN = { name: 'custodian', digest: digestOf('custodian-token').toUpperCase(), scopes: ['deposits'] } as const
const AUDITOR = { name: 'auditor', digest: digestOf('auditor-token'), scopes: ['audit'] } as const

describe('operators', () => {
  const who = operators('admin-token', [CUSTODIAN, AUDITOR])

  it.each([
    ['admin-token', { user: '', admin: true, scopes: [...SCOPES], operator: 'admin', token: digestOf('admin-token') }],
    ['custodian-token', { user: '', admin: false, scopes: ['deposits'], operator: 'custodian', token: digestOf('custodian-token') }],
    ['auditor-token', { user: '', admin: false, scopes: ['audit'], operator: 'auditor', token: AUDITOR.digest }],
    ['', undefined],
    ['admin-toke', undefined],
    ['constructor', undefined],
    [AUDITOR.digest, undefined],
  ])('are known by their token: %s', (token, identity) => {
    expect(who(digestOf(token))).toEqual(identity)
  })

  it('never share a token', () => {
    expect(() => operators('admin-token', [AUDITOR, { ...AUDITOR, name: 'other' }])).toThrow(
      'tokens.1.digest: found that of "auditor", expected one of its own',
    )
    expect(() => operators('auditor-token', [AUDITOR])).toThrow('found that of "admin"')
  })
})
