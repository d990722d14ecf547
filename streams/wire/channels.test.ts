import { describe, expect, it } from 'vitest'
import { channelsOf, hasPast, KINDS, kindOf, parseChannel } from './channels.ts'

describe('a channel’s name', () => {
  it.each([
    ['tick:BTC-USD', { kind: 'tick', id: 'BTC-USD' }],
    ['trades:BTC-USDT-PERP', { kind: 'trades', id: 'BTC-USDT-PERP' }],
    ['candle:1m:BTC-USD', { kind: 'candle', interval: '1m', id: 'BTC-USD' }],
    ['pnl:main', { kind: 'pnl', id: 'main' }],
    ['fund:TOP10', { kind: 'fund', id: 'TOP10' }],
    ['pool:USDC-WETH-005', { kind: 'pool', id: 'USDC-WETH-005' }],
    ['rebalances:TOP10', { kind: 'rebalances', id: 'TOP10' }],
    ['metrics:ETH', { kind: 'metrics', id: 'ETH' }],
    ['score:BTC', { kind: 'score', id: 'BTC' }],
    ['models', { kind: 'models', id: '' }],
    ['orders', { kind: 'orders', id: '' }],
    ['holdings', { kind: 'holdings', id: '' }],
    ['status', { kind: 'status', id: '' }],
  ])('%s is read', (name, read) => {
    expect(parseChannel(name)).toEqual(read)
  })

  it.each([
    '',
    ':',
    'tick',
    'tick:',
    'tick:BTC',
    'tick:BTC-USD:x',
    'candle:BTC-USD',
    'candle:2h:BTC-USD',
    'candle:constructor:BTC-USD',
    'candle:1m:BTC',
    'candle:1m:BTC-USD:x',
    'fund:',
    'fund: ',
    'fund:a:b',
    'status:',
    'status:x',
    'orders@ann',
    'scores:BTC',
    'constructor',
    '__proto__',
    'toString:x',
  ])('%j is none', name => {
    expect(parseChannel(name)).toBeUndefined()
  })
})

const FORMS = { none: '', name: ':x', symbol: ':A-B', 'interval+symbol': ':1m:A-B' }

it.each(KINDS)('%s is the kind of its channels, which have a past if the table says so', kind => {
  const channel = `${kind}${FORMS[kindOf(kind).id]}`
  expect(parseChannel(channel)?.kind).toBe(kind)
  expect(hasPast(channel)).toBe(kindOf(kind).past)
})

it('what is no channel has no past', () => {
  expect(hasPast('nothing:x')).toBe(false)
})

it('a symbol has the channels of every kind that is named after one', () => {
  const channels = channelsOf('A-B')
  for (const channel of ['tick:A-B', 'trades:A-B', 'candle:1m:A-B', 'candle:5m:A-B', 'candle:1h:A-B', 'candle:1d:A-B'])
    expect(channels).toContain(channel)
  expect(new Set(channels.map(name => parseChannel(name)!.kind))).toEqual(new Set(KINDS.filter(kind => /symbol/.test(kindOf(kind).id))))
})
