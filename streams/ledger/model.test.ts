import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal, fromNumber, ONE, parseDecimal } from '../lib/decimal.ts'
import { FIRST_TIME } from '../market/ticks.ts'
import { transaction } from '../test/transactions.ts'
import { custodyAccount, issuedAccount, MARKET, OUTSIDE, SPONSOR, shareAsset } from './accounts.ts'
import { type Command, REFUSALS } from './command.ts'
import { readEntry, writeEntry } from './entryText.ts'
import { Ledger } from './ledger.ts'
import type { Step } from './rebalanceEntry.ts'

/** A fund as the model has it. */
interface ModelFund {
  unit: bigint
  create: number
  redeem: number
  quote: string
  /** Undefined before it has begun. */
  units?: ReadonlyMap<string, bigint>
  atRunTime: boolean
  halted: boolean
  /** What it began with a weight in. */
  first?: readonly string[]
  /** Weights that are meant to be, once a rebalance was closed. */
  members?: readonly string[]
  rebalance?: ModelRebalance
  /** When it began, and of which assets its amounts are converted. */
  since?: number
  converted?: ReadonlySet<string>
}

interface ModelRebalance {
  readonly id: number
  readonly members: readonly string[]
  over: boolean
  readonly trades: ModelTrade[]
}

interface ModelTrade {
  readonly id: string
  readonly sells: boolean
  readonly asset: string
  readonly amount: bigint
  filled: bigint
  /** What each order that was sent has not got yet, and what was kept for all of it. */
  readonly orders: { left: bigint; readonly amount: bigint; readonly hold: bigint }[]
  readonly fills: Set<string>
  over: boolean
}

const E4 = 10_000n

/**
 * The clearing house once more, as one would write it on a blackboard: balances in one map, each command tried on a copy of it
 * that is thrown away where somebody falls below zero.
 */
class Model {
  owned = new Map<string, bigint>()
  readonly clients = new Set(['sponsor'])
  readonly funds = new Map<string, ModelFund>()
  /** Portfolio and id of what was recorded. */
  readonly rows = new Set<string>()
  /** By time and asset: the ratio. */
  readonly events = new Map<string, string>()
  /** Assets of which the accounts are converted. */
  readonly converted = new Set<string>()
  /** Time of the newest entry. */
  private newest = 0
  /** Of each asset and time, as text. */
  readonly supplies = new Map<string, bigint>()

  /** What becomes of the command, in a word. */
  do(command: Command, who: string, t: number): string {
    const word = this.done(command, who, t)
    if (!['nothing', ...REFUSALS].includes(word)) this.newest = Math.max(this.newest, t)
    return word
  }

  private done(command: Command, who: string, t: number): string {
    switch (command.kind) {
      case 'register':
        if (this.clients.has(command.client)) return 'name_taken'
        this.clients.add(command.client)
        return 'written'
      case 'define': {
        const { fund: id, terms, definition } = command
        const known = this.funds.get(id)
        if (known && (known.atRunTime || definition)) return 'fund_exists'
        const { quote, creationUnit: unit, createFeeBps: create, redeemFeeBps: redeem } = terms
        this.funds.set(id, { atRunTime: definition !== undefined, halted: false, ...known, unit, create, redeem, quote })
        return 'written'
      }
      case 'inception': {
        const fund = this.funds.get(command.fund)
        if (!fund) return 'unknown_fund'
        if (fund.units) return 'fund_exists'
        if ([...command.units.values()].some(units => up(units * command.shares, ONE) >= LARGE || units >= LARGE)) return 'amount_too_large'
        fund.units = command.units
        fund.since = Math.max(this.newest, t)
        fund.first = Object.keys(command.weights).filter(name => command.weights[name]! > 0)
        for (const [asset, units] of command.units) this.move('outside', `custody:${command.fund}`, asset, up(units * command.shares, ONE))
        this.move(`issued:${command.fund}`, 'client:sponsor', `share:${command.fund}`, command.shares)
        return 'written'
      }
      case 'halt':
      case 'resume': {
        const fund = this.funds.get(command.fund)
        if (!fund) return 'unknown_fund'
        fund.halted = command.kind === 'halt'
        return 'written'
      }
      case 'deposit':
      case 'withdrawal': {
        const { kind, client, asset, amount } = command
        if (!this.clients.has(client)) return 'unknown_client'
        const account = `client:${client}`
        const [from, to] = kind === 'deposit' ? ['outside', account] : [account, 'outside']
        return this.tried([account], 'insufficient_assets', () => this.move(from!, to!, asset, amount))
      }
      case 'transfer': {
        const { to, asset, amount } = command
        const shares = asset.startsWith('share:')
        if (!this.clients.has(who) || !this.clients.has(to)) return 'unknown_client'
        if (shares && !this.funds.has(asset.slice(6))) return 'unknown_fund'
        // To oneself, too, it has to be there: it goes out before it comes in.
        const code = shares ? 'insufficient_shares' : 'insufficient_assets'
        const out = this.tried([`client:${who}`], code, () => this.move(`client:${who}`, 'on the way', asset, amount))
        if (out === 'settled') this.move('on the way', `client:${to}`, asset, amount)
        return out
      }
      case 'create':
      case 'redeem':
        return this.order(command, who)
      case 'record': {
        const rows = command.transactions.map(({ id }) => `${command.portfolio} ${id}`)
        const fresh = new Set(rows.filter(row => !this.rows.has(row)))
        for (const row of fresh) this.rows.add(row)
        return fresh.size === 0 ? 'nothing' : 'written'
      }
      case 'supplies': {
        let word = 'nothing'
        for (const [asset, supply] of command.supplies) {
          const times = [...this.supplies.keys()].filter(key => key.startsWith(`${asset}@`)).map(key => Number(key.split('@')[1]))
          const inForce = Math.max(...times.filter(at => at <= t))
          if (this.supplies.get(`${asset}@${inForce}`) === supply) continue
          word = 'written'
          this.supplies.set(`${asset}@${t}`, supply)
        }
        return word
      }
      case 'asset': {
        const key = `${command.at} ${command.asset}`
        const known = this.events.get(key)
        if (known) return known === command.ratio ? 'nothing' : 'event_differs'
        this.events.set(key, command.ratio!)
        return 'written'
      }
      case 'conversion':
        return this.convert(command.event)
      case 'rebalance': {
        const fund = this.funds.get(command.fund)
        if (!fund) return 'unknown_fund'
        if (!fund.units || this.shares(command.fund) === 0n) return 'not_ready'
        if (fund.halted) return 'halted'
        const before = fund.rebalance ?? { id: 0, over: true }
        if (!before.over || command.id !== before.id + 1) return 'nothing'
        const trades = command.trades.map(({ side, asset, amount }, i) => ({
          id: `${command.id}-${i + 1}`,
          sells: side === 'sell',
          asset,
          amount,
          filled: 0n,
          over: false,
          orders: [],
          fills: new Set<string>(),
        }))
        const members = Object.keys(command.targets).filter(name => command.targets[name]! > 0)
        fund.rebalance = { id: command.id, over: false, members, trades }
        return 'written'
      }
      case 'trade':
        return this.trade(command)
      case 'rebalanced': {
        const fund = this.funds.get(command.fund)
        if (!fund) return 'unknown_fund'
        const { rebalance } = fund
        if (!rebalance || rebalance.over || rebalance.id !== command.id) return 'nothing'
        if (rebalance.trades.some(({ over }) => !over)) return 'not_ready'
        rebalance.over = true
        fund.members = rebalance.members
        this.derive(command.fund)
        return 'written'
      }
    }
  }

  /** Counts every amount of an asset again that its event has not counted yet. */
  private convert({ t, asset }: { t: number; asset: string }): string {
    const ratio = this.events.get(`${t} ${asset}`)
    if (ratio === undefined) return 'nothing'
    const [before, after] = ratio === '3:1' ? [3n, 1n] : [2n, 1n]
    const fewer = (amount: bigint): bigint => (amount < 0n ? -up(-amount * after, before) : (amount * after) / before)
    const funds = [...this.funds].filter(([, fund]) => fund.units && fund.since! < t && !fund.converted?.has(asset))
    for (const [, { rebalance }] of funds) if (rebalance?.trades.some(trade => trade.asset === asset && !trade.over)) return 'not_ready'
    const custodies = new Set([...this.funds.keys()].map(id => `custody:${id}`))
    const due = new Set(funds.map(([id]) => `custody:${id}`))
    let accounts = false
    for (const [place, amount] of [...this.owned]) {
      const account = place.slice(0, place.lastIndexOf(' '))
      if (place.slice(account.length + 1) !== asset || amount === 0n || account === 'outside') continue
      if (custodies.has(account) ? !due.has(account) : this.converted.has(asset)) continue
      accounts ||= !custodies.has(account)
      this.move(account, 'outside', asset, amount - (custodies.has(account) ? up(amount * after, before) : fewer(amount)))
    }
    if (accounts) this.converted.add(asset)
    for (const [, fund] of funds) {
      fund.converted = new Set([...(fund.converted ?? []), asset])
      fund.units = new Map([...fund.units!].map(([name, units]) => [name, name === asset ? fewer(units) : units]))
    }
    return accounts || funds.length > 0 ? 'written' : 'nothing'
  }

  private trade({ fund: id, trade: name, step }: Extract<Command, { kind: 'trade' }>): string {
    const fund = this.funds.get(id)
    if (!fund) return 'unknown_fund'
    const trade = fund.rebalance?.trades.find(each => each.id === name)
    if (!trade) return 'unknown_order'
    const custody = `custody:${id}`
    if ('fill' in step) {
      const { order, id: fill, amount, price, fee } = step.fill
      if (trade.fills.has(fill)) return 'nothing'
      const sent = trade.orders[Number(order.split('-')[2]) - 1]
      if (!order.startsWith(`${name}-`) || !sent) return 'unknown_order'
      if (fee.asset !== trade.asset && fee.asset !== fund.quote) return 'not_ready'
      const before = new Map(this.owned)
      const moved = this.tried([custody], 'not_ready', () => {
        if (trade.sells) {
          this.move(custody, 'market', trade.asset, amount)
          this.move('market', custody, fund.quote, (amount * price) / ONE)
        } else {
          this.move('market', custody, trade.asset, amount)
          this.move(custody, 'market', fund.quote, up(amount * price, ONE))
        }
        this.move(custody, 'market', fee.asset, fee.amount)
      })
      if (moved !== 'settled') return moved
      if ((trade.sells ? (amount * price) / ONE : up(amount * price, ONE)) >= LARGE) {
        this.owned = before
        return 'amount_too_large'
      }
      trade.fills.add(fill)
      trade.filled += amount
      sent.left -= amount
      if (trade.filled >= trade.amount) trade.over = true
      this.derive(id)
      return 'written'
    }
    if (trade.over) return 'nothing'
    if ('end' in step) {
      if (step.end.status === 'completed' && trade.filled === 0n) return 'not_ready'
      trade.over = true
      return 'written'
    }
    const { id: order, amount, hold } = step.order
    if (order !== `${name}-${trade.orders.length + 1}`) return 'nothing'
    if (fund.halted) return 'halted'
    const asset = trade.sells ? trade.asset : fund.quote
    if ((this.owned.get(`${custody} ${asset}`) ?? 0n) - this.held(fund, asset, trade) < hold) return 'not_ready'
    trade.orders.push({ left: amount, amount, hold })
    return 'written'
  }

  private shares(fund: string): bigint {
    return -(this.owned.get(`issued:${fund} share:${fund}`) ?? 0n)
  }

  /** What the newest orders may still take of the asset, but for those of one trade. */
  private held(fund: ModelFund, asset: string, but?: ModelTrade): bigint {
    let sum = 0n
    for (const trade of fund.rebalance?.trades ?? []) {
      const newest = trade.orders.at(-1)
      if (trade === but || trade.over || !newest || newest.left <= 0n) continue
      if ((trade.sells ? trade.asset : fund.quote) === asset) sum += up(newest.hold * newest.left, newest.amount)
    }
    return sum
  }

  /** What a share stands for, from what there is. */
  private derive(id: string): void {
    const fund = this.funds.get(id)!
    const shares = this.shares(id)
    if (shares === 0n) return
    const units = new Map<string, bigint>()
    for (const name of ASSETS) {
      const each = ((this.owned.get(`custody:${id} ${name}`) ?? 0n) * ONE) / shares
      const member = fund.members?.includes(name) ?? fund.first?.includes(name)
      if (each > 0n || member) units.set(name, each)
    }
    fund.units = units
  }

  private order({ kind, fund: id, amount, nav }: Extract<Command, { nav: unknown }>, who: string): string {
    const fund = this.funds.get(id)
    if (!this.clients.has(who)) return 'unknown_client'
    if (!fund) return 'unknown_fund'
    if (!fund.units) return 'not_ready'
    if (fund.halted) return 'halted'
    const bps = fund[kind]
    if (bps > 0 && nav === undefined) return 'stale_price'
    const legs = [...fund.units.values()].map(units => (kind === 'create' ? up(units * amount, ONE) : (units * amount) / ONE))
    if (bps > 0) legs.push(up(BigInt(bps) * amount * fromNumber(nav!)!, E4 * ONE))
    if (legs.some(leg => leg >= LARGE)) return 'amount_too_large'
    if (amount % fund.unit !== 0n) return 'not_whole_units'
    const before = new Map(this.owned)
    const [client, custody, issued, share] = [`client:${who}`, `custody:${id}`, `issued:${id}`, `share:${id}`]
    const shares = this.tried([client], 'insufficient_shares', () =>
      kind === 'create' ? this.move(issued, client, share, amount) : this.move(client, issued, share, amount),
    )
    if (shares !== 'settled') return shares
    const assets = this.tried([client], 'insufficient_assets', () => {
      for (const [asset, units] of fund.units!)
        if (kind === 'create') this.move(client, custody, asset, up(units * amount, ONE))
        else this.move(custody, client, asset, (units * amount) / ONE)
      if (bps > 0) this.move(client, 'fees', fund.quote, up(BigInt(bps) * amount * fromNumber(nav!)!, E4 * ONE))
    })
    // What an order may still take is nobody's to have.
    const custodyShort =
      kind === 'redeem' &&
      [...fund.units].some(([asset, units]) => {
        const leg = (units * amount) / ONE
        const now = this.owned.get(`${custody} ${asset}`) ?? 0n
        return leg > 0n && now < this.held(fund, asset)
      })
    if (assets === 'settled' && custodyShort) {
      this.owned = before
      return 'not_ready'
    }
    // All or nothing.
    if (assets !== 'settled') kind === 'create' ? this.move(client, issued, share, amount) : this.move(issued, client, share, amount)
    return assets
  }

  private move(from: string, to: string, asset: string, amount: bigint): void {
    for (const [account, change] of [[from, -amount] as const, [to, amount] as const]) {
      const place = `${account} ${asset}`
      this.owned.set(place, (this.owned.get(place) ?? 0n) + change)
    }
  }

  private tried(accounts: readonly string[], code: string, moves: () => void): string {
    const before = new Map(this.owned)
    moves()
    const below = [...this.owned].some(([place, amount]) => amount < 0n && accounts.includes(place.split(' ')[0]!))
    if (below) this.owned = before
    return below ? code : 'settled'
  }
}

/** No posting is so large: 10³⁰. */
const LARGE = 10n ** 48n

const up = (product: bigint, divisor: bigint): bigint => (product + divisor - 1n) / divisor

const CLIENTS = ['ann', 'bob', 'cid', SPONSOR]
const FUNDS = ['F', 'G', 'H']
// One that is a number, which objects put first.
const ASSETS = ['A', 'USD', '7']

const client = fc.constantFrom(...CLIENTS)
const fund = fc.constantFrom('F', 'F', ...FUNDS)
const asset = fc.constantFrom(...ASSETS)
const key = fc.constantFrom('k1', 'k2', 'k 3"')
const decimal = (text: string): bigint => parseDecimal(text)!
const amount = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...['0.5', '1', '1.5', '2', '3', '10'].map(decimal)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...['0.000000000000000001', '0.333333333333333333', '999999999999999999999999999999'].map(decimal)),
  },
  { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 5n * ONE }) },
)
const terms = fc.record({
  quote: fc.constantFrom('USD', '7'),
  creationUnit: fc.constantFrom(...['0.5', '1', '0.000000000000000001'].map(decimal)),
  createFeeBps: fc.constantFrom(0, 0, 1, 250),
  redeemFeeBps: fc.constantFrom(0, 0, 3, 10_000),
})
const units = fc
  .uniqueArray(fc.tuple(asset, fc.oneof(fc.constantFrom(...['1', '0.1', '0.333333333333333333', '0'].map(decimal)), amount)), {
    selector: ([name]) => name,
    minLength: 1,
  })
  .map(list => new Map(list))
const nav = fc.constantFrom(undefined, 100, 0.1, 1 / 3, 1e-7, 123.456, 1e300)

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('register' as const), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('define' as const), fund, terms }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('define' as const), fund, terms, definition: fc.constant({ name: 'x' }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('inception' as const),
      fund,
      units,
      weights: fc.constant({ A: 0.1, '7': 0.9 }),
      shares: amount,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('halt' as const, 'resume' as const), fund }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('deposit' as const), key, client, asset, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('withdrawal' as const), key, client, asset, amount }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constantFrom('create' as const, 'redeem' as const), key, fund, amount, nav }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('transfer' as const), key, to: client, asset: fc.oneof(asset, fund.map(shareAsset)), amount }),
  },
)
const record: fc.Arbitrary<Command> = fc.record({
  kind: fc.constant('record' as const),
  portfolio: fc.constantFrom('P', 'Q'),
  transactions: fc.array(
    fc.constantFrom('1', '2', 'r:3', '4"').map(id => ({ ...transaction('buy BTC 1 10'), id })),
    { maxLength: 3 },
  ),
})

const supplies: fc.Arbitrary<Command> = fc.record({
  kind: fc.constant('supplies' as const),
  supplies: fc
    .uniqueArray(fc.tuple(fc.constantFrom('A', '7', '19', 'constructor'), fc.constantFrom(0n, 1n, decimal('19000000.5'))), {
      selector: ([name]) => name,
    })
    .map(list => new Map(list)),
})

const assetEvent: fc.Arbitrary<Command> = fc.constantFrom(
  { kind: 'asset', at: FIRST_TIME, asset: 'A', event: 'split', ratio: '0.5' } as const,
  { kind: 'asset', at: FIRST_TIME, asset: 'A', event: 'split', ratio: '3:1' } as const,
  { kind: 'asset', at: FIRST_TIME + 500, asset: '7', event: 'redenomination', ratio: '3:1' } as const,
)
const conversion: fc.Arbitrary<Command> = fc.constantFrom(
  { kind: 'conversion', event: { t: FIRST_TIME, asset: 'A', kind: 'split' } } as const,
  { kind: 'conversion', event: { t: FIRST_TIME + 500, asset: '7', kind: 'redenomination' } } as const,
)

const orderId = fc.constantFrom('1-1-1', '1-1-2', '1-2-1', '2-1-1')
const part = fc.oneof(amount, fc.constantFrom(decimal('0.1'), decimal('0.7')))
const tradeStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ order: fc.record({ id: orderId, amount: part, limit: part, hold: part }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      fill: fc.record({
        order: orderId,
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        amount: part,
        price: part,
        fee: fc.record({ asset: fc.constantFrom('USD', 'USD', 'A', '7'), amount: fc.constantFrom(0n, 1n, decimal('0.01')) }),
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      end: fc.record({ status: fc.constantFrom('completed' as const, 'failed' as const, 'cancelled' as const), why: fc.constant('x') }),
    }),
  },
)
const rebalancing: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('rebalance' as const),
      at: fc.nat(),
      fund,
      id: fc.constantFrom(1, 1, 2, 3),
      reason: fc.constant('asset'),
      targets: fc.constantFrom<Record<string, number>[]>({ A: 1 }, { A: 0.5, '7': 0.5 }, {}),
      trades: fc.array(
        fc.record({ side: fc.constantFrom('buy' as const, 'sell' as const), asset, amount: part, price: fc.constantFrom(1, 2.5) }),
        { maxLength: 2 },
      ),
    }),
  },
  {
    weight: 8,
    // Mostly steps that belong to the trade.
    arbitrary: fc
      .record({
        kind: fc.constant('trade' as const),
        at: fc.nat(),
        fund,
        trade: fc.constantFrom('1-1', '1-1', '1-2', '2-1'),
        step: tradeStep,
        own: fc.boolean(),
      })
      .map(({ own, ...rest }) => {
        const { trade, step: s } = rest
        if (!own || 'end' in s) return rest
        const id = `${trade}-1`
        return { ...rest, step: 'order' in s ? { order: { ...s.order, id } } : { fill: { ...s.fill, order: id } } }
      }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rebalanced' as const), fund, at: fc.nat(), id: fc.constantFrom(1, 2) }) },
)
const step = fc.record({
  command: fc.oneof({ weight: 12, arbitrary: command }, { weight: 8, arbitrary: rebalancing }, record, supplies, assetEvent, conversion),
  who: client,
  t: fc.nat({ max: 1000 }).map(ms => FIRST_TIME + ms),
})

/** Most sequences would come to nothing if everything had to be defined by chance. */
const begun: Command[] = [
  ...(['ann', 'bob'] as const).map(name => ({ kind: 'register', client: name }) as const),
  ...(['ann', 'bob'] as const).flatMap(name =>
    ASSETS.map(a => ({ kind: 'deposit', key: `${name}${a}`, client: name, asset: a, amount: 10n * ONE }) as const),
  ),
  { kind: 'define', fund: 'F', terms: { quote: 'USD', creationUnit: ONE / 2n, createFeeBps: 7, redeemFeeBps: 30 } },
  {
    kind: 'inception',
    fund: 'F',
    weights: {},
    shares: decimal('3.5'),
    units: new Map([
      ['USD', decimal('0.333333333333333333')],
      ['7', 1n],
    ]),
  },
]

/** A fund of which somebody else holds shares, too, and whose rebalance has sold something. */
const trading: Command[] = [
  ...begun.slice(0, -1),
  {
    kind: 'inception',
    fund: 'F',
    weights: { A: 1 },
    shares: decimal('3'),
    units: new Map([
      ['A', ONE],
      ['7', ONE],
    ]),
  },
  {
    kind: 'rebalance',
    fund: 'F',
    id: 1,
    at: 5,
    reason: 'asset',
    targets: { '7': 1 },
    trades: [
      { side: 'sell', asset: 'A', amount: 3n * ONE, price: 1 },
      { side: 'buy', asset: '7', amount: 3n * ONE, price: 1 },
    ],
  },
  { kind: 'trade', fund: 'F', trade: '1-1', at: 5, step: { order: { id: '1-1-1', amount: 3n * ONE, limit: ONE, hold: 3n * ONE } } },
  {
    kind: 'trade',
    fund: 'F',
    trade: '1-1',
    at: 5,
    step: { fill: { order: '1-1-1', id: 'z', amount: ONE / 3n, price: ONE, fee: { asset: 'USD', amount: 7n } } },
  },
]

/** Every balance that is not zero, by place. */
const owned = (ledger: Ledger): Map<string, bigint> => {
  const all = new Map<string, bigint>()
  for (const account of ledger.accounts) for (const [name, amount] of ledger.holdings(account)) all.set(`${account} ${name}`, amount)
  return all
}

const checkSums = (ledger: Ledger): void => {
  const sums = new Map<string, bigint>()
  for (const account of ledger.accounts) {
    for (const [name, amount] of ledger.holdings(account)) {
      sums.set(name, (sums.get(name) ?? 0n) + amount)
      if (account !== OUTSIDE && account !== MARKET && !FUNDS.some(id => account === issuedAccount(id)) && amount < 0n)
        expect.fail(`${account} has ${formatDecimal(amount)} ${name}`)
    }
  }
  for (const [name, sum] of sums) if (sum !== 0n) expect.fail(`all ${name} come to ${formatDecimal(sum)}`)
  for (const [id, { units: perShare }] of ledger.funds)
    for (const [name, each] of perShare)
      if (ledger.balance(custodyAccount(id), name) * ONE < each * ledger.shares(id)) expect.fail(`${id} has too little ${name}`)
}

describe('any sequence of commands', () => {
  const steps = fc.tuple(fc.constantFrom([], begun, trading), fc.array(step, { maxLength: 90, size: 'max' })).map(([start, list]) => {
    const first = start.map(c => ({ command: c, who: 'system', t: 0 }))
    return [...first, ...list]
  })

  it('comes to what a naive model says; nothing is made, lost or owed, and each fund has what its shares stand for', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(steps, list => {
        const ledger = new Ledger()
        const model = new Model()
        let newest = 0
        for (const { command: c, who, t } of list) {
          const before = ledger.write()
          const decision = ledger.decide(c, t, who)
          expect(ledger.write()).toBe(before)
          const word = model.do(c, who, t)
          if (c.kind === 'redeem' && word === 'not_ready' && ledger.funds.get(c.fund)?.inception) seen.set('held', 1)
          seen.set(word, (seen.get(word) ?? 0) + 1)
          if (!('entry' in decision)) {
            expect('refused' in decision ? decision.refused : 'nothing').toBe(word)
            continue
          }
          const { entry } = decision
          expect('code' in entry ? entry.code : 'status' in entry && entry.kind !== 'trade' ? entry.status : 'written').toBe(word)
          newest = Math.max(newest, t)
          expect(entry).toMatchObject({ seq: ledger.seq + 1, t: newest, who, kind: c.kind })
          if (entry.kind === 'trade' && entry.fill) seen.set('filled', 1)
          if (c.kind === 'redeem' && word === 'settled' && ledger.funds.get(c.fund)?.rebalance) seen.set('redeemed while it trades', 1)
          ledger.post(entry)
          checkSums(ledger)
          expect(owned(ledger)).toEqual(new Map([...model.owned].filter(([, amount]) => amount !== 0n)))
        }
        expect(ledger.clients).toEqual(model.clients)
        expect(new Map(ledger.supplies.all().map(({ t, asset, supply }) => [`${asset}@${t}`, supply]))).toEqual(model.supplies)
        for (const [id, { units: perShare = new Map(), halted }] of model.funds) {
          expect(ledger.funds.get(id)).toMatchObject({ halted })
          expect(new Map(ledger.funds.get(id)!.units)).toEqual(new Map(perShare))
        }
      }),
      { numRuns: 200 },
    )
    // The sequences reach everything that can become of a command.
    expect([...seen.keys()].toSorted()).toEqual(
      [
        ...[
          'written',
          'nothing',
          'settled',
          'name_taken',
          'fund_exists',
          'unknown_client',
          'unknown_fund',
          'not_ready',
          'halted',
          'stale_price',
          'amount_too_large',
          'unknown_order',
          'event_differs',
        ],
        ...['filled', 'redeemed while it trades', 'held'],
        ...['not_whole_units', 'insufficient_shares', 'insufficient_assets'],
      ].toSorted(),
    )
  })

  it('gives the same state again when its entries are read, from the first or from any state that was kept', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (list, at) => {
        const ledger = new Ledger()
        const texts: string[] = []
        const states = [ledger.write()]
        for (const { command: c, who, t } of list) {
          const decision = ledger.decide(c, t, who)
          if (!('entry' in decision)) continue
          ledger.post(decision.entry)
          texts.push(writeEntry(decision.entry))
          states.push(ledger.write())
        }
        for (const from of [0, at % states.length, states.length - 1]) {
          const again = from === 0 ? new Ledger() : Ledger.read(states[from]!)
          expect(again.write()).toBe(states[from])
          for (const [i, text] of texts.slice(from).entries()) {
            const entry = readEntry(text)
            expect(writeEntry(entry)).toBe(text)
            again.post(entry)
            if (again.write() !== states[from + i + 1]) expect(again.write()).toBe(states[from + i + 1])
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})
