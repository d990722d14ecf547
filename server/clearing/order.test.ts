import { describe, expect, it } from 'vitest'
import type { Entry } from '../../streams/ledger/entry.ts'
import { readEntry, writeEntry } from '../../streams/ledger/entryText.ts'
import { orderOf, orderText } from './order.ts'

const at = { seq: 7, t: 1_723_161_254_000, who: 'ann', postings: [] }
const created = {
  ...at,
  kind: 'create',
  key: 'a "key" \\ of mine',
  fund: 'F',
  amount: 10n ** 18n,
  status: 'settled',
  legs: [
    { asset: 'A', amount: 5n * 10n ** 17n },
    { asset: 'B', amount: 1n },
  ],
} as const satisfies Entry
const fee = { fee: { asset: 'USD', amount: 10n ** 16n }, nav: 1e-7 }

describe('an entry is given as the order that it was', () => {
  it.each<[string, Entry, object]>([
    [
      'a creation',
      created,
      {
        key: created.key,
        side: 'create',
        fund: 'F',
        amount: '1',
        status: 'settled',
        legs: [leg('A', '0.5'), leg('B', '0.000000000000000001')],
      },
    ],
    ['with a fee', { ...created, ...fee }, { status: 'settled', fee: leg('USD', '0.01'), nav: 1e-7 }],
    [
      'rejected',
      { ...created, kind: 'redeem', status: 'rejected', code: 'insufficient_shares' },
      { side: 'redeem', code: 'insufficient_shares' },
    ],
    ['without any leg', { ...created, legs: [] }, { legs: [] }],
    [
      'a transfer',
      { ...at, kind: 'transfer', key: 'k', to: 'bob', asset: 'A', amount: 1n, status: 'settled' },
      { side: 'transfer', to: 'bob', asset: 'A', legs: [leg('A', '0.000000000000000001')] },
    ],
    [
      'a transfer of shares',
      {
        ...at,
        kind: 'transfer',
        key: 'k',
        to: 'bob',
        asset: 'share:F',
        amount: 10n ** 18n,
        status: 'rejected',
        code: 'insufficient_shares',
      },
      { side: 'transfer', to: 'bob', fund: 'F', amount: '1', status: 'rejected', code: 'insufficient_shares', legs: [] },
    ],
    [
      'a deposit',
      { ...at, kind: 'deposit', key: 'k', client: 'bob', asset: 'A', amount: 10n ** 18n, status: 'settled' },
      { key: 'k', side: 'deposit', username: 'bob', asset: 'A', amount: '1', status: 'settled' },
    ],
    ['a registration', { ...at, kind: 'register', client: 'ann' }, { kind: 'register' }],
  ])('%s', (_, entry, members) => {
    const order = orderOf(entry)
    expect(order).toMatchObject({ ...members, seq: 7, t: at.t })
    expect(orderText(entry)).toBe(JSON.stringify(order))
    expect(orderText(readEntry(writeEntry(entry)))).toBe(orderText(entry))
  })
})

function leg(asset: string, amount: string): { asset: string; amount: string } {
  return { asset, amount }
}
