import { NAME } from '../lib/interner.ts'
import { INTERVALS, type Interval } from '../market/candles.ts'
import { isSymbol } from '../market/symbols.ts'

export const CHANNEL_KINDS = ['tick', 'trades', 'candle', 'pnl', 'fund', 'pool', 'rebalances', 'orders', 'holdings', 'status'] as const
export type ChannelKind = (typeof CHANNEL_KINDS)[number]

export type ChannelName =
  | { readonly kind: 'tick' | 'trades'; readonly id: string }
  | { readonly kind: 'candle'; readonly interval: Interval; readonly id: string }
  | { readonly kind: 'pnl' | 'fund' | 'pool' | 'rebalances'; readonly id: string }
  | { readonly kind: 'orders' | 'holdings' | 'status'; readonly id: '' }

/** Reads `tick:BTC-USD`, `candle:1m:BTC-USD`, `fund:TOP10`, `status`; undefined where no channel can be called so. */
export const parseChannel = (name: string): ChannelName | undefined => {
  const [kind, ...rest] = name.split(':')
  switch (kind) {
    case 'tick':
    case 'trades':
      return rest.length === 1 && isSymbol(rest[0]!) ? { kind, id: rest[0]! } : undefined
    case 'candle': {
      const [interval, id] = rest
      const known = interval !== undefined && Object.hasOwn(INTERVALS, interval)
      return rest.length === 2 && known && isSymbol(id!) ? { kind, interval: interval as Interval, id: id! } : undefined
    }
    case 'pnl':
    case 'fund':
    case 'pool':
    case 'rebalances':
      return rest.length === 1 && NAME.test(rest[0]!) ? { kind, id: rest[0]! } : undefined
    case 'orders':
    case 'holdings':
    case 'status':
      return rest.length === 0 ? { kind, id: '' } : undefined
    default:
      return undefined
  }
}
