import { describe, expect, it } from 'vitest'
import { channelsOf, hasPast, KINDS, parseChannel } from './channels.ts'

describe('a channel’s name', () => {
  it.each([
    ['tick:BTC-USD', { kind: 'tick', id: 'BTC-USD' }],
    ['trades:BTC-USDT-PERP', { kind: 'trades', id: 'BTC-USDT-PERP' }],
    ['candle:1m:BTC-USD', { kind: 'candle', interval: '1m', id: 'BTC-USD' }],
    ['pnl:main', { kind: 'pnl', id: 'main' }],
    ['fund:TOP10', { kind: 'fund', id: 'TOP10' }],
    ['pool:USDC-WETH-005', { kind: 'pool', id: 'USDC-WETH-005' }],
    ['rebalances:TOP10', { kind: 'rebalances', id: 'TOP10' }],
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
    'score:BTC',
    'constructor',
    '__proto__',
    'toString:x',
  ])('%j is none', name => {
    expect(parseChannel(name)).toBeUndefined()
  })
})

it('only what is stored has a past', () => {
  const named = ['tick:A-B', 'trades:A-B', 'candle:1m:A-B', 'pnl:x', 'fund:x', 'pool:x', 'rebalances:x', 'orders', 'holdings', 'status']
  expect(named.map(name => parseChannel(name)?.kind)).toEqual(KINDS)
  expect(named.filter(hasPast)).toEqual(['tick:A-B', 'candle:1m:A-B', 'pnl:x', 'fund:x', 'pool:x'])
  expect(hasPast('score:x')).toBe(false)
})

it('a symbol has its price, its tape and its candles', () => {
  expect(channelsOf('A-B')).toEqual(['tick:A-B', 'trades:A-B', 'candle:1m:A-B', 'candle:5m:A-B', 'candle:1h:A-B', 'candle:1d:A-B'])
})
