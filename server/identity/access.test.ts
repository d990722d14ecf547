import { describe, expect, it } from 'vitest'
import { CHANNELS, type ChannelKind, KINDS, kindOf } from '../../streams/wire/channels.ts'
import { ANONYMOUS, access, authorize, channelFor, mayRead, ownerOf, type Principal, type Readers } from './access.ts'

const ann: Principal = { user: 'ann', admin: false }
const bob: Principal = { user: 'bob', admin: false }
const admin: Principal = { user: '', admin: true, operator: 'admin' }
const operator: Principal = { user: '', admin: false, operator: 'desk', scopes: ['deposits', 'portfolios'] }
const everybody = { ANONYMOUS, ann, bob, operator, admin }

const can = access(
  new Map<string, Readers>([
    ['fund:OPEN', 'public'],
    ['fund:ANNS', ['ann']],
    ['pnl:anns', ['ann']],
  ]),
  new Map<string, Readers>([
    ['anns', ['ann']],
    ['open', 'public'],
  ]),
)

/** The names of those who may. */
const those = (may: (who: Principal) => boolean): string[] =>
  Object.entries(everybody)
    .filter(([, who]) => may(who))
    .map(([name]) => name)

const ALL = ['ANONYMOUS', 'ann', 'bob', 'operator', 'admin']

describe('who reads a channel', () => {
  it.each([
    ['tick:BTC-USD', ALL],
    ['trades:BTC-USD', ALL],
    ['candle:1m:BTC-USD', ALL],
    ['pool:any', ALL],
    ['status', ALL],
    ['fund:OPEN', ALL],
    ['rebalances:OPEN', ALL],
    ['fund:ANNS', ['ann', 'admin']],
    ['rebalances:ANNS', ['ann', 'admin']],
    ['pnl:anns', ['ann', 'admin']],
    ['fund:NOT-LISTED', ['admin']],
    ['rebalances:NOT-LISTED', ['admin']],
    ['pnl:not-listed', ['admin']],
    ['orders', ['ann', 'bob']],
    ['holdings', ['ann', 'bob']],
    // Nobody subscribes another's channel, not even by its full name.
    ['orders@ann', []],
    ['', []],
  ])('%s', (channel, readers) => {
    expect(those(who => can(who, { read: channel }))).toEqual(readers)
  })

  it('is the admin alone if its kind names no reader', () => {
    const kind: ChannelKind = { id: 'name', past: false }
    expect(those(who => mayRead(who, kind))).toEqual(['admin'])
    // Not even a list of readers opens it.
    expect(those(who => mayRead(who, kind, 'public'))).toEqual(['admin'])
    expect(those(who => mayRead(who, { ...kind, readers: 'anybody' } as unknown as ChannelKind, 'public'))).toEqual(['admin'])
  })

  it('is nobody if the table does not have its kind', () => {
    expect(Object.hasOwn(CHANNELS, 'nothing')).toBe(false)
    expect(those(who => access(new Map([['nothing:BTC', 'public']]))(who, { read: 'nothing:BTC' }))).toEqual([])
  })
})

it('of the private kinds each client has a channel of its own', () => {
  for (const kind of KINDS) {
    const own = kindOf(kind).readers === 'own'
    expect(channelFor(ann, kind)).toBe(own ? `${kind}@ann` : kind)
    expect(channelFor(ANONYMOUS, kind)).toBe(kind)
    expect(ownerOf(`${kind}@ann`)).toBe(own ? 'ann' : undefined)
    expect(ownerOf(kind)).toBeUndefined()
  }
})

it('a method that names no caller is the admin’s', () => {
  expect(those(who => can(who, { act: 'all' }))).toEqual(ALL)
  expect(those(who => can(who, { act: 'client' }))).toEqual(['ann', 'bob'])
  expect(those(who => can(who, { act: undefined }))).toEqual(['admin'])
})

it('rows go into a portfolio by its recorders and by operators of portfolios', () => {
  expect(those(who => can(who, { record: 'anns' }))).toEqual(['ann', 'operator', 'admin'])
  expect(those(who => can(who, { record: 'open' }))).toEqual(ALL)
  expect(those(who => can(who, { record: 'other' }))).toEqual(['operator', 'admin'])
})

it('an operator does what its scopes say', () => {
  expect(those(who => can(who, { operate: 'deposits' }))).toEqual(['operator', 'admin'])
  expect(those(who => can(who, { operate: 'audit' }))).toEqual(['admin'])
})

it('a refusal says whether a login may help', () => {
  const code = (who: Principal): unknown => {
    try {
      authorize(can, who, { read: 'fund:ANNS' })
      return undefined
    } catch (error) {
      return (error as { code?: unknown }).code
    }
  }
  expect([ANONYMOUS, ann, bob, operator].map(code)).toEqual(['not_logged_in', undefined, 'not_allowed', 'not_allowed'])
})
