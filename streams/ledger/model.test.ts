import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal, fromNumber, ONE, parseDecimal } from '../decimal.ts'
import { readEntry, shareAsset, writeEntry } from './entry.ts'
import { type Command, custodyAccount, issuedAccount, Ledger, OUTSIDE, SPONSOR } from './ledger.ts'

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

  /** What becomes of the command, in a word. */
  do(command: Command, who: string): string {
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
        fund.units = command.units
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
    }
  }

  private order({ kind, fund: id, amount, nav }: Extract<Command, { nav: unknown }>, who: string): string {
    const fund = this.funds.get(id)
    if (!this.clients.has(who)) return 'unknown_client'
    if (!fund) return 'unknown_fund'
    if (!fund.units) return 'not_ready'
    if (fund.halted) return 'halted'
    const bps = fund[kind]
    if (bps > 0 && nav === undefined) return 'stale_price'
    if (amount % fund.unit !== 0n) return 'not_whole_units'
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
const nav = fc.constantFrom(undefined, 100, 0.1, 1 / 3, 1e-7, 123.456)

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
const step = fc.record({ command, who: client, t: fc.nat({ max: 1000 }) })

/** Most sequences would come to nothing if everything had to be defined by chance. */
const begun: Command[] = [
  ...(['ann', 'bob'] as const).map(name => ({ kind: 'register', client: name }) as const),
  ...(['ann', 'bob'] as const).flatMap(name =>
    ASSETS.map(a => ({ kind: 'deposit', key: `${name}${a}`, client: name, asset: a, amount: 10n * ONE }) as const),
  ),
  { kind: 'define', fund: 'F', terms: { quote: 'USD', creationUnit: ONE / 2n, createFeeBps: 7, redeemFeeBps: 30 } },
  {
    ...{ kind: 'inception', fund: 'F', weights: {}, shares: decimal('3.5') },
    units: new Map([
      ['USD', decimal('0.333333333333333333')],
      ['7', 1n],
    ]),
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
      if (account !== OUTSIDE && !FUNDS.some(id => account === issuedAccount(id)) && amount < 0n)
        expect.fail(`${account} has ${formatDecimal(amount)} ${name}`)
    }
  }
  for (const [name, sum] of sums) if (sum !== 0n) expect.fail(`all ${name} come to ${formatDecimal(sum)}`)
  for (const [id, { units: perShare }] of ledger.funds)
    for (const [name, each] of perShare)
      if (ledger.balance(custodyAccount(id), name) * ONE < each * ledger.shares(id)) expect.fail(`${id} has too little ${name}`)
}

describe('any sequence of commands', () => {
  const steps = fc.tuple(fc.boolean(), fc.array(step, { maxLength: 60, size: 'max' })).map(([start, list]) => {
    const first = begun.map(c => ({ command: c, who: 'system', t: 0 }))
    return start ? [...first, ...list] : list
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
          const word = model.do(c, who)
          seen.set(word, (seen.get(word) ?? 0) + 1)
          if ('refused' in decision) {
            expect(decision.refused).toBe(word)
            continue
          }
          const { entry } = decision
          expect('code' in entry ? entry.code : 'status' in entry ? entry.status : 'written').toBe(word)
          newest = Math.max(newest, t)
          expect(entry).toMatchObject({ seq: ledger.seq + 1, t: newest, who, kind: c.kind })
          ledger.post(entry)
          checkSums(ledger)
          expect(owned(ledger)).toEqual(new Map([...model.owned].filter(([, amount]) => amount !== 0n)))
        }
        expect(ledger.clients).toEqual(model.clients)
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
        ...['written', 'settled', 'name_taken', 'fund_exists', 'unknown_client', 'unknown_fund', 'not_ready', 'halted', 'stale_price'],
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
          if ('refused' in decision) continue
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
