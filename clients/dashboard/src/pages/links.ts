import { parseChannel } from '../../../../streams/wire/channels.ts'

/** Returns the page that shows what a channel is about; undefined if none does. */
export const pageOf = (channel: string): string | undefined => {
  const name = parseChannel(channel)
  const id = encodeURIComponent(name?.id ?? '')
  switch (name?.kind) {
    case 'fund':
    case 'rebalances':
      return `/funds/${id}`
    case 'pnl':
      return `/portfolios/${id}`
    case 'pool':
      return `/pools/${id}`
    case 'tick':
    case 'trades':
    case 'candle':
      return `/market/${id}`
    case 'metrics':
    case 'score':
      return `/analytics/${id}`
    case 'models':
      return '/models'
    case 'orders':
    case 'holdings':
      return '/orders'
    case 'alerts':
    case 'allalerts':
      return '/alerts'
    case 'status':
      return '/system'
    default:
      return undefined
  }
}
