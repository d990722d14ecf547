import type { z } from 'zod'
import type { METHODS, Method } from '../../../streams/wire/requests.ts'
import type { Parameter } from './route.ts'

/** Values of parameters as the demo has them, by what stands before them in the path, or by their own name. */
const PARAMETERS: Readonly<Record<string, string>> = {
  'funds/id': 'TOP10',
  'portfolios/id': 'main',
  'pools/id': 'USD-WETH',
  channel: 'fund:TOP10',
  symbol: 'BTC-USD',
  like: 'fund:*',
  field: 'nav',
  fields: 'nav,inav.mid',
}

/** Returns the example of a parameter; nothing if there is none. */
export const exampleOf = ({ name }: Parameter, path: string): { readonly example?: string } => {
  const before = new RegExp(`(\\w+)/:${name}`).exec(path)?.[1]
  const example = PARAMETERS[`${before}/${name}`] ?? PARAMETERS[name]
  return example === undefined ? {} : { example }
}

const NOON = Date.UTC(2024, 7, 8, 12)

/** Parameters of each method, as the demo could be asked. */
export const REQUESTS: { readonly [M in Method]: z.input<(typeof METHODS)[M]> } = {
  subscribe: { channels: ['fund:*'], fields: ['nav', 'premium'], when: { field: 'nav', change: 0.0001 }, maxRate: 5 },
  unsubscribe: { channels: ['fund:*'] },
  channels: { like: 'fund:*' },
  history: { channel: 'fund:TOP10', from: NOON, to: NOON + 3_600_000, step: 60_000, fields: ['nav', 'inav.mid'], columns: true },
  register: { username: 'ann', password: 'correct horse battery' },
  login: { username: 'ann', password: 'correct horse battery' },
  logout: {},
  create: { fund: 'TOP10', amount: '100', key: 'order-1' },
  redeem: { fund: 'TOP10', amount: '100', key: 'order-2' },
  transfer: { to: 'bob', fund: 'TOP10', amount: '2.5', key: 'order-3' },
  quote: { side: 'create', fund: 'TOP10', amount: '100' },
  order: { key: 'order-1' },
  holdings: {},
  record: { portfolio: 'main', transactions: [{ t: NOON, type: 'buy', asset: 'BTC', qty: '0.1', price: '61000', id: 'row-1' }] },
  auth: { token: 'a-token' },
  explain: { channel: 'fund:TOP10', field: 'nav' },
  session: {},
  ping: {},
}
