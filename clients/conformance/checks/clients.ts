import type { Check, Subject } from '../check.ts'
import type { Conversation } from '../conversation.ts'
import { must, Skipped, same } from '../mismatch.ts'

const loggedIn = async ({ open, client }: Subject): Promise<{ line: Conversation; username: string; token: string }> => {
  const [line, { username, password }] = await Promise.all([open(), client()])
  const { token } = await line.ask<{ token: string }>('login', { username, password })
  return { line, username, token }
}

/** Returns a fund that takes orders, and its creation unit. */
const aFund = async ({ http }: Subject): Promise<{ fund: string; unit: string }> => {
  const funds = Object.keys(((await http('/v1/funds')).json ?? {}) as object)
  for (const fund of funds) {
    const { status, json } = await http(`/v1/funds/${fund}/basket`)
    if (status === 200) return { fund, unit: (json as { creationUnit: string }).creationUnit }
  }
  throw new Skipped('there is no fund that has begun')
}

/** Logins, orders and transfers. */
export const CLIENTS: readonly Check[] = [
  {
    name: 'login gives a token, by which another socket speaks for the client, until logout ends it',
    over: 'websocket',
    async run(subject) {
      const { line, username, token } = await loggedIn(subject)
      same('holdings', await line.ask('holdings'), { assets: {}, shares: {} })
      const other = await subject.open()
      const { user, admin } = await other.ask<{ user: string; admin: boolean }>('auth', { token })
      same('auth', [user, admin], [username, false])
      await line.ask('logout', { token })
      await line.refused('holdings', {}, 'not_logged_in')
      await (await subject.open()).refused('auth', { token }, 'bad_credentials')
    },
  },
  {
    name: 'a wrong password and a wrong token are bad_credentials',
    over: 'websocket',
    async run({ open, client }) {
      const [line, { username }] = await Promise.all([open(), client()])
      await line.refused('login', { username, password: 'this is not the password' }, 'bad_credentials')
      await line.refused('auth', { token: 'this is no token' }, 'bad_credentials')
    },
  },
  {
    name: 'what needs a login is refused without one',
    over: 'websocket',
    async run({ open }) {
      const line = await open()
      for (const [method, params] of [
        ['holdings', {}],
        ['order', { key: 'k' }],
        ['create', { fund: 'F', amount: '1', key: 'k' }],
        ['transfer', { to: 'x', asset: 'A', amount: '1', key: 'k' }],
      ] as const)
        await line.refused(method, params, 'not_logged_in')
    },
  },
  {
    name: 'a key that no order has is unknown_order',
    over: 'websocket',
    run: async subject => void (await (await loggedIn(subject)).line.refused('order', { key: 'never used' }, 'unknown_order')),
  },
  {
    name: 'an order that the ledger refuses is answered as an error with the order, gives the same answer again, and uses up its key',
    over: 'websocket',
    async run(subject) {
      const [{ line }, { fund, unit }] = await Promise.all([loggedIn(subject), aFund(subject)])
      const order = { fund, amount: unit, key: 'conformance 1' }
      const first = await line.refused('create', order, 'insufficient_assets')
      same('data.order.status', first.data.order?.status, 'rejected')
      same('the same order again: data.order', (await line.refused('create', order, 'insufficient_assets')).data.order, first.data.order)
      same('order', await line.ask('order', { key: order.key }), first.data.order)
      await line.refused('redeem', order, 'key_reused_differently')
    },
  },
  {
    name: 'an amount is a decimal string above zero, and an order a whole multiple of the creation unit of a fund that exists',
    over: 'websocket',
    async run(subject) {
      const [{ line }, { fund, unit }] = await Promise.all([loggedIn(subject), aFund(subject)])
      for (const amount of [100, '-1', '0', '1e3', ' 1', '1.0000000000000000001'])
        await line.refused('create', { fund, amount, key: 'k' }, 'invalid_params')
      if (unit !== '0.000000000000000001')
        await line.refused('create', { fund, amount: '0.000000000000000001', key: 'a part' }, 'not_whole_units')
      await line.refused('create', { fund: 'no-such-fund', amount: unit, key: 'none' }, 'unknown_fund')
    },
  },
  {
    name: 'orders and holdings are pushed to the client whose they are',
    over: 'websocket',
    async run(subject) {
      const [{ line }, { fund, unit }] = await Promise.all([loggedIn(subject), aFund(subject)])
      await line.subscribe(['orders', 'holdings'])
      const orders = await line.follows('orders')
      await line.follows('holdings')
      await line.request('create', { fund, amount: unit, key: 'pushed' })
      await line.until(() => Object.hasOwn(orders.state, 'pushed'), 'the order in the channel "orders"')
    },
  },
  {
    name: 'quote says what an order would take, and changes nothing',
    over: 'websocket',
    async run(subject) {
      const [line, { fund, unit }] = await Promise.all([subject.open(), aFund(subject)])
      const quote = await line.ask<{ legs: { asset: string; amount: string }[]; amount: string; t: number }>('quote', {
        side: 'create',
        fund,
        amount: unit,
      })
      must(
        quote.legs.length > 0 && quote.legs.every(({ amount }) => /^\d+(\.\d+)?$/.test(amount)),
        'legs',
        quote.legs,
        'amounts as decimal strings',
      )
      same('amount', quote.amount, unit)
    },
  },
]
