import { describe, expect, it } from 'vitest'
import { channelsOf } from '../../../streams/wire/channels.ts'
import { ANONYMOUS, type Readers } from '../../identity/access.ts'
import { ChannelDirectory } from './channelDirectory.ts'

const catalogue = (openEnded = false) => {
  const directory = new ChannelDirectory({
    openEnded,
    readers: new Map<string, Readers>([
      ['pnl:secret', ['ann']],
      ['pnl:main', 'public'],
    ]),
    byDefault: 'public',
    recorders: new Map(),
  })
  directory.addSymbol('BTC-USD')
  directory.addSymbol('DOGE-USD')
  directory.add('fund', 'TOP10')
  directory.add('pnl', 'main')
  directory.add('pnl', 'secret')
  return directory
}

describe('the catalogue', () => {
  it.each([
    ['tick:BTC-USD', true],
    ['candle:1h:BTC-USD', true],
    ['candle:2h:BTC-USD', false],
    ['tick:DOGE-USD', true],
    ['tick:ETH-USD', false],
    ['fund:TOP10', true],
    ['fund:NOPE', false],
    ['status', true],
    ['orders:1', false],
    ['tick', false],
    ['', false],
  ])('knows whether %s is there', (channel, there) => {
    expect(catalogue().has(channel)).toBe(there)
  })

  it('expects any symbol from a feed that does not say which it has', () => {
    expect(catalogue(true).has('tick:ETH-USD')).toBe(true)
    expect(catalogue(true).has('tick:ETH')).toBe(false)
  })

  const ofSymbols = ['BTC-USD', 'DOGE-USD'].flatMap(channelsOf)

  it.each([
    ['*', [...ofSymbols, 'alerts', 'models', 'fund:TOP10', 'pnl:main', 'rebalances:TOP10', 'status']],
    ['fund:*', ['fund:TOP10']],
    ['*:BTC-*', channelsOf('BTC-USD')],
    ['t*-USD', ['tick:BTC-USD', 'tick:DOGE-USD', 'trades:BTC-USD', 'trades:DOGE-USD']],
    ['status', ['status']],
    ['stat*us*', ['status']],
    ['statu*us', []],
    ['pnl:secret', []],
  ])('lists what is like %s and may be read', (like, names) => {
    expect(catalogue().list(ANONYMOUS, like)).toEqual([...names].sort())
  })
})
