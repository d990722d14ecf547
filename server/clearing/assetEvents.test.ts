import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FundSpec } from '../../streams/fund/spec.ts'
import { clientAccount, custodyAccount } from '../../streams/ledger/accounts.ts'
import { factOf } from '../../streams/ledger/assetEntry.ts'
import type { Command } from '../../streams/ledger/command.ts'
import { Ledger } from '../../streams/ledger/ledger.ts'
import { formatDecimal, parseDecimal } from '../../streams/lib/decimal.ts'
import { type AssetEvent, assetEvent, byTime, factorOf } from '../../streams/market/assetEvent.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolioSpec.ts'
import { Driven, fundSpec, NOON, type Trade } from '../../streams/test/drive.ts'
import { transaction } from '../../streams/test/transactions.ts'
import { fundHoldings } from './commitEvents.ts'

const n = (text: string): bigint => parseDecimal(text)!

interface FundState {
  nav: number
  level: number
  aum: number
  stale: boolean
  units: Record<string, string>
  prices: Record<string, number>
  priceT?: Record<string, number>
  weights: Record<string, number>
  target: Record<string, number>
  blocked?: Record<string, string>
  rebalance: { needed: boolean; reason?: string }
}
interface PnlState {
  value: number
  cost: number
  total: number
  realised: number
  drawdown: { abs: number; rel: number }
  twr: number
  assets: Record<string, { qty: number; price: number; value: number; cost: number; avg: number }>
}

/** A pipeline and a ledger that answers what its frames ask for at once, as a replay does. */
class World {
  readonly driven: Driven
  readonly ledger: Ledger
  private readonly known: AssetEvent[] = []
  private taken = 0

  constructor(funds: readonly FundSpec[], portfolios: readonly PortfolioSpec[] = [], ledger = new Ledger()) {
    this.ledger = ledger
    this.driven = new Driven({ funds, portfolios })
    const terms = { quote: 'USD', creationUnit: n('1'), createFeeBps: 0, redeemFeeBps: 0 }
    for (const { id } of funds) if (!ledger.funds.has(id)) this.do({ kind: 'define', fund: id, terms })
    const events = ledger.events.map(({ seq, event }) => ({ seq, event }))
    if (events.length > 0) this.driven.send({ kind: 'ledger', funds: [], events })
    this.driven.watch(...funds.map(({ id }) => `fund:${id}`), ...portfolios.map(({ id }) => `pnl:${id}`))
    this.driven.send({ kind: 'ledger', funds: funds.flatMap(({ id }) => fundHoldings(ledger, id, true) ?? []) })
  }

  do(command: Command, t = this.driven.pipeline.view.t): void {
    const decision = this.ledger.decide(command, t, 'system')
    if (!('entry' in decision)) return
    const { entry } = decision
    this.ledger.post(entry)
    const funds = entry.kind === 'conversion' ? entry.funds : 'fund' in entry ? [entry.fund] : []
    const holdings = funds.flatMap(fund => fundHoldings(this.ledger, fund) ?? [])
    const events = entry.kind === 'asset' ? [{ seq: entry.seq, event: this.ledger.events.at(-1)!.event }] : []
    if (holdings.length + events.length > 0) this.driven?.send({ kind: 'ledger', funds: holdings, events })
  }

  enter(...events: AssetEvent[]): this {
    this.known.push(...events)
    for (const event of events) this.do(factOf(event))
    this.settle()
    return this
  }

  /** Trades and the frames that they end. */
  play(trades: readonly Trade[]): this {
    for (const trade of trades) {
      const frame = Math.ceil(trade.t / 20) * 20
      if (this.driven.pipeline.view.t > 0) this.driven.clock(Math.max(frame - 20, this.driven.pipeline.view.t))
      this.settle()
      this.driven.trades(0, trade)
      this.driven.clock(frame)
      this.settle()
    }
    return this
  }

  clock(t: number): this {
    this.driven.clock(t)
    this.settle()
    return this
  }

  fund(id = 'F'): FundState {
    return this.driven.state<FundState>(`fund:${id}`)
  }

  pnl(id = 'P'): PnlState {
    return this.driven.state<PnlState>(`pnl:${id}`)
  }

  /** What the frames so far have asked for. */
  private settle(): void {
    for (; this.taken < this.driven.frames.length; this.taken++) {
      const { t, proposals, events } = this.driven.frames[this.taken]!
      for (const { fund, units, weights, shares, t: at } of proposals) this.do({ kind: 'inception', fund, at, units, weights, shares }, t)
      for (const event of events) this.do({ kind: 'conversion', event }, t)
    }
  }
}

const portfolio = (...rows: ReturnType<typeof transaction>[]): PortfolioSpec =>
  ({ id: 'P', name: 'P', quote: 'USD', method: 'fifo', feesInCost: true, transactions: rows }) as PortfolioSpec
const fixed = (weights: Record<string, number>, more: Partial<FundSpec> = {}): FundSpec =>
  fundSpec({ weighting: { scheme: 'fixed', weights: new Map(Object.entries(weights)), cap: 1 }, ...more })
const buy = (t: number, asset: string, qty: string, price: string) => ({ ...transaction(`buy ${asset} ${qty} ${price}`), t })
const trade = (t: number, asset: string, price: number): Trade => ({ symbol: `${asset}-USD`, t, price })

const report = (name: string, file: string): string | undefined => {
  const path = fileURLToPath(new URL(`../../../shared/cases/reports/${name}/${file}`, import.meta.url))
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
const tradesOf = (csv: string): Trade[] =>
  csv
    .trim()
    .split('\n')
    .slice(1)
    .map(line => line.split(','))
    .map(([symbol, price, t, size]) => ({ symbol: symbol!, price: Number(price), t: Number(t), size: Number(size) }))

describe('an asset that is redenominated while a fund and a portfolio hold it', () => {
  const csv = report('r19-reverse-split', 't.csv')

  it.skipIf(csv === undefined)('leaves net asset value, level and profit where they were (the recording stands beside the project)', () => {
    const trades = tradesOf(csv!)
    const world = new World([fixed({ AAA: 0.5, BBB: 0.5 })], [portfolio(buy(trades[0]!.t, 'AAA', '10', '90'))])
    // Two old units become one new one.
    world.enter(assetEvent(1714521700000, 'AAA', 'split', '0.5', ''))
    for (const one of trades) {
      world.play([one])
      if (world.fund().nav === undefined) continue
      expect(world.fund()).toMatchObject({ nav: 100, level: 100, weights: { AAA: 0.5, BBB: 0.5 }, rebalance: { needed: false } })
      expect(world.pnl()).toMatchObject({ value: 900, cost: 900, total: 0, realised: 0, twr: 0, drawdown: { abs: 0, rel: 0 } })
    }
    expect(world.fund().units.AAA).toBe('0.277777777777777777')
    expect(world.pnl().assets.AAA).toEqual({ qty: 5, price: 180, avg: 180, value: 900, cost: 900, unrealised: 0, realised: 0 })
    expect(world.driven.agrees()).toBe(true)
  })

  it.each([
    ['BTT 1:1000', assetEvent(NOON, 'BTT', 'redenomination', '1000', ''), 'BTT', '2000', 0.002],
    ['LEND to AAVE, 100:1, by a ratio', assetEvent(NOON, 'LEND', 'rename', '0.01', 'AAVE'), 'AAVE', '0.02', 200],
    ['LEND to AAVE, 100:1, by both sides', assetEvent(NOON, 'LEND', 'redenomination', '100:1', 'AAVE'), 'AAVE', '0.02', 200],
    ['a new name alone', assetEvent(NOON, 'XRB', 'rename', '', 'NANO'), 'NANO', '2', 2],
  ])('goes on under what it has become before its first new price: %s', (_, event, now, qty, price) => {
    const { asset } = event
    const world = new World([fixed({ [asset]: 0.5, BTC: 0.5 })], [portfolio(buy(NOON - 50_000, asset, '2', '2'))])
    world.enter(event).play([trade(NOON - 50_000, asset, 2), trade(NOON - 50_000, 'BTC', 100)])
    expect(world.fund()).toMatchObject({ nav: 100, units: { [asset]: '25', BTC: '0.5' } })
    world.clock(NOON - 20)
    expect(world.pnl().assets[asset]).toMatchObject({ qty: 2, price: 2 })
    world.clock(NOON)
    expect(world.fund()).toMatchObject({
      nav: 100,
      level: 100,
      prices: { [now]: price },
      target: { [now]: 0.5 },
      rebalance: { needed: false },
    })
    expect(world.fund().units[now]).toBe(formatDecimal((n(qty) * 25n) / 2n))
    expect(world.pnl()).toMatchObject({ value: 4, total: 0, drawdown: { abs: 0 } })
    expect(world.pnl().assets[now]).toMatchObject({ qty: Number(qty), price, cost: 4 })
    if (now !== asset) expect(world.fund().units[asset]).toBeUndefined()
    world.play([trade(NOON + 100, now, price * 2)])
    expect(world.fund()).toMatchObject({ nav: 150, level: 150 })
    expect(world.pnl()).toMatchObject({ value: 8, total: 4 })
    expect(world.driven.agrees()).toBe(true)
  })

  it('is converted in the journal, exactly and so that the amounts of each asset add up to zero', () => {
    const world = new World([fixed({ A: 0.5, B: 0.5 })])
    for (const client of ['ann', 'bob']) world.do({ kind: 'register', client })
    world.do({ kind: 'deposit', key: '1', client: 'ann', asset: 'A', amount: n('10.000000000000000001') })
    world.enter(assetEvent(NOON, 'A', 'split', '3:1', ''))
    world.play([trade(NOON - 1_000, 'A', 3), trade(NOON - 1_000, 'B', 5)])
    expect(world.ledger.balance(clientAccount('ann'), 'A')).toBe(n('10.000000000000000001'))
    const before = world.ledger.balance(custodyAccount('F'), 'A')
    world.clock(NOON)
    // A client's amount is rounded down: nobody gets more than there is. Custody is rounded up: it has what the shares stand for.
    expect(world.ledger.balance(clientAccount('ann'), 'A')).toBe(n('3.333333333333333333'))
    expect(world.ledger.balance(custodyAccount('F'), 'A')).toBe((before + 2n) / 3n)
    expect(sums(world.ledger)).toEqual({})
    const seq = world.ledger.seq
    world.clock(NOON + 60_000)
    expect(world.ledger.seq).toBe(seq)
    expect(Ledger.read(world.ledger.write()).write()).toBe(world.ledger.write())
  })

  it('is not converted of what a fund was given when it began after the event, or of what was deposited since', () => {
    const world = new World([fixed({ A: 0.5, B: 0.5 })])
    world.do({ kind: 'register', client: 'ann' })
    world.enter(assetEvent(NOON - 1_000_000, 'A', 'split', '1000', ''))
    world.play([trade(NOON, 'A', 1), trade(NOON, 'B', 1)])
    world.do({ kind: 'deposit', key: '1', client: 'ann', asset: 'A', amount: n('7') })
    const since = new Map([[clientAccount('ann'), n('7')]])
    world.do({ kind: 'conversion', event: { t: NOON - 1_000_000, asset: 'A', kind: 'split' }, since })
    expect(world.fund()).toMatchObject({ nav: 100, units: { A: '50' } })
    expect(world.ledger.balance(clientAccount('ann'), 'A')).toBe(n('7'))
  })
})

/** Sums of all accounts that are not zero. */
const sums = (ledger: Ledger): Record<string, string> => {
  const all = new Map<string, bigint>()
  for (const account of ledger.accounts)
    for (const [asset, amount] of ledger.holdings(account)) all.set(asset, (all.get(asset) ?? 0n) + amount)
  return Object.fromEntries([...all].flatMap(([asset, sum]) => (sum === 0n ? [] : [[asset, formatDecimal(sum)]])))
}

describe('whatever happens to assets', () => {
  const ASSETS = ['A', 'B', 'C'] as const
  const ratio = fc.constantFrom('2', '0.5', '10', '1000', '0.01', '4:1', '1')
  const happening = fc.oneof(
    fc.record({ asset: fc.constantFrom(...ASSETS), kind: fc.constantFrom('split', 'redenomination'), ratio, to: fc.constant('') }),
    fc.record({ asset: fc.constantFrom('A', 'B'), kind: fc.constant('rename'), ratio, to: fc.constantFrom('A2', 'B2') }),
  )
  const events = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 60 }), happening), {
      maxLength: 4,
      selector: ([s, { asset, kind }]) => `${s} ${asset} ${kind}`,
    })
    .map(list => list.map(([s, { asset, kind, ratio: text, to }]) => assetEvent(NOON + s * 1_000, asset, kind, text, to)))
    // Each name goes over once: of two that become one nobody can say later which was which.
    .filter(list => {
      const renames = list.filter(({ asset, to }) => asset !== to)
      return (
        new Set(renames.map(({ to }) => to)).size === renames.length && new Set(renames.map(({ asset }) => asset)).size === renames.length
      )
    })

  /** Prices that do not move but for the events: what a share is worth stays the same. */
  const priceOf = (asset: string, t: number, list: readonly AssetEvent[]): [string, number] => {
    let [name, price] = [asset, { A: 2, B: 5, C: 7 }[asset]!]
    for (const event of [...list].sort(byTime)) {
      if (event.t > t || event.asset !== name) continue
      name = event.to
      price /= factorOf(event.ratio)
    }
    return [name, price]
  }
  const ticks = (list: readonly AssetEvent[], times: readonly number[]): Trade[] =>
    times.flatMap(s => ASSETS.map(asset => trade(NOON + s * 1_000, ...priceOf(asset, NOON + s * 1_000, list))))
  const start = [0, ...[10, 20, 30, 40, 50, 61]]

  const world = (list: readonly AssetEvent[], enterAt: (event: AssetEvent) => number): World => {
    const made = new World([fixed({ A: 0.5, B: 0.25, C: 0.25 })], [portfolio(buy(NOON, 'A', '3', '1'), buy(NOON, 'C', '2', '7'))])
    const left = [...list]
    for (const s of start) {
      for (const event of left.filter(one => enterAt(one) <= s)) {
        made.enter(event)
        left.splice(left.indexOf(event), 1)
      }
      made.play(ticks(list, [s]))
    }
    return made.enter(...left).clock(NOON + 70_000)
  }

  it('neither net asset value nor level, total or weights jump, and the books balance', () => {
    fc.assert(
      fc.property(events, list => {
        const made = world(list, () => 0)
        const { nav, level, weights } = made.fund()
        expect([nav, level]).toEqual([expect.closeTo(100, 8), expect.closeTo(100, 8)])
        expect(Object.values(weights).reduce((a, b) => a + b)).toBeCloseTo(1, 9)
        const [name, price] = priceOf('A', NOON + 61_000, list)
        expect(made.pnl().assets[name]).toMatchObject({ price: expect.closeTo(price, 9) })
        expect(made.pnl()).toMatchObject({ realised: 0, drawdown: { abs: expect.closeTo(0, 8) } })
        expect(sums(made.ledger)).toEqual({})
        expect(made.driven.agrees()).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('it comes to the same whether it is entered before or after', () => {
    fc.assert(
      fc.property(events, fc.array(fc.nat({ max: 61 }), { minLength: 4, maxLength: 4 }), (list, late) => {
        const early = world(list, () => 0)
        const other = world(list, event => late[list.indexOf(event)]!)
        expect(rounded(other.fund())).toEqual(rounded(early.fund()))
        expect(rounded(other.pnl().assets)).toEqual(rounded(early.pnl().assets))
        expect(sums(other.ledger)).toEqual({})
      }),
      { numRuns: 60 },
    )
  })

  it('a start, on a new recording or on the same, shows the same', () => {
    fc.assert(
      fc.property(events, list => {
        const first = world(list, () => 0)
        const again = new World([fixed({ A: 0.5, B: 0.25, C: 0.25 })], [], Ledger.read(first.ledger.write()))
        const seq = again.ledger.seq
        for (const s of start) {
          again.play(ticks(list, [s]))
          expect(again.fund().nav).toBeCloseTo(100, 8)
          expect(again.fund().level).toBeCloseTo(100, 8)
        }
        expect(rounded(again.fund())).toEqual(rounded(first.fund()))
        expect(again.ledger.seq).toBe(seq)
      }),
      { numRuns: 40 },
    )
  })
})

/** Figures to nine digits, owned amounts, too: each event rounds at 18 places. Without what the path through time leaves. */
const rounded = (state: object): unknown =>
  JSON.parse(JSON.stringify(state, (key, value) => (key === 'inav' || key === 'stale' ? undefined : nine(value))))
const nine = (value: unknown): unknown => {
  const figure = typeof value === 'number' || (typeof value === 'string' && /^[\d.]+$/.test(value)) ? Number(value) : undefined
  return figure === undefined ? value : Number(figure.toPrecision(9))
}
