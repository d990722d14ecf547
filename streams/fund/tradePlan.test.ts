import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveCases, worked } from '../../server/test/cases.ts'
import { fromNumber, ONE, parseDecimal, toNumber } from '../lib/decimal.ts'
import { type PlannedTrade, type PlanRules, planTrades } from './tradePlan.ts'

type Amounts = ReadonlyMap<string, bigint>
type Measures = ReadonlyMap<string, number>

const amounts = (list: Record<string, string>): Amounts =>
  new Map(Object.entries(list).map(([asset, text]) => [asset, parseDecimal(text)!]))
const measures = (list: Record<string, number>): Measures => new Map(Object.entries(list))
const rules = (some: Partial<PlanRules> = {}): PlanRules => ({ feeBps: 0, minTrade: 0n, lots: new Map(), ...some })

/** Trades as they are read: `sell 2 BTC`. */
const told = (trades: readonly PlannedTrade[]): string[] => trades.map(({ side, asset, amount }) => `${side} ${toNumber(amount)} ${asset}`)

/** How a venue takes its fee: out of what is spent, or on top of it. */
type Charged = 'within' | 'on top'

/** A positive quotient, rounded up. */
const up = (a: bigint, b: bigint): bigint => (a + b - 1n) / b

/**
 * What the fund has after the trades at their prices, in order; its cash must never run out. As in the ledger, what comes in is rounded down and
 * what is spent up, at 18 places: one place more of cash may be what the least trade takes.
 */
const applied = (custody: Amounts, trades: readonly PlannedTrade[], feeBps: number, charged: Charged): Map<string, bigint> => {
  const after = new Map(custody)
  const add = (asset: string, amount: bigint): void => {
    after.set(asset, (after.get(asset) ?? 0n) + amount)
    if (after.get(asset)! < 0n) throw new Error(`${asset} runs out`)
  }
  const full = 10_000n * ONE
  const fee = fromNumber(feeBps)!
  for (const { side, asset, amount, price } of trades) {
    const value = amount * fromNumber(price)!
    add(asset, side === 'buy' ? amount : -amount)
    if (side === 'sell') add('USD', (value * (full - fee)) / full / ONE)
    else if (charged === 'within') add('USD', -up(value * full, (full - fee) * ONE))
    else add('USD', -up(value * (full + fee), full * ONE))
  }
  return after
}

const worth = (custody: Amounts, prices: Measures): number =>
  [...custody].reduce((sum, [asset, amount]) => sum + toNumber(amount) * (prices.get(asset) ?? 1), 0)

const price = fc.oneof(fc.double({ min: 1e-6, max: 1e5, noNaN: true }), fc.constantFrom(0.5, 1, 10, 100))
const member = fc.record({
  amount: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e4, noNaN: true }), fc.integer({ min: 1, max: 100 })),
  price,
  size: fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 1, noNaN: true })),
  lot: fc.constantFrom('0', '0.000001', '0.01', '1', '10'),
})
const scene = fc
  .record({
    members: fc.array(member, { minLength: 1, maxLength: 8 }),
    cash: fc.double({ min: 0, max: 1e4, noNaN: true }),
    cashSize: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.5, noNaN: true })),
    feeBps: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 }), fc.double({ min: 0, max: 100, noNaN: true })),
    least: fc.double({ min: 1e-5, max: 10, noNaN: true }),
    most: fc.option(fc.double({ min: 20, max: 1e7, noNaN: true })),
  })
  .map(({ members, cash, cashSize, feeBps, least, most }) => {
    const sizes = members.reduce((sum, m) => sum + m.size, cashSize) || 1
    const named = members.map((m, i) => [`A${i}`, m] as const)
    const lots = new Map<string, bigint>(named.filter(([, m]) => m.lot !== '0').map(([asset, m]) => [asset, parseDecimal(m.lot)!]))
    return {
      custody: new Map<string, bigint>([
        ...named.map(([asset, m]) => [asset, fromNumber(m.amount)!] as const),
        ['USD', fromNumber(cash)!] as const,
      ]),
      prices: new Map<string, number>(named.map(([asset, m]) => [asset, m.price])),
      targets: new Map<string, number>([
        ...named.map(([asset, m]) => [asset, m.size / sizes] as const),
        ['USD', cashSize / sizes] as const,
      ]),
      rules: rules({ feeBps, lots, minTrade: fromNumber(least)!, ...(most !== null && { maxTrade: fromNumber(most)! }) }),
    }
  })

describe('a plan', () => {
  it('never spends more than there is, whether the fee comes out of what is spent or on top', () => {
    fc.assert(
      fc.property(scene, fc.constantFrom<Charged>('within', 'on top'), ({ custody, prices, targets, rules }, charged) => {
        const trades = planTrades(custody, prices, targets, 'USD', rules)
        applied(custody, trades, rules.feeBps, charged)
        const firstBuy = trades.findIndex(trade => trade.side === 'buy')
        expect(firstBuy < 0 || trades.slice(firstBuy).every(trade => trade.side === 'buy')).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('ends at the targets of what is left, but for lots and what is too small to trade', () => {
    fc.assert(
      fc.property(scene, ({ custody, prices, targets, rules: { maxTrade: _, ...rest } }) => {
        const after = applied(custody, planTrades(custody, prices, targets, 'USD', rest), rest.feeBps, 'within')
        const value = worth(after, prices)
        // One step of each asset, and what was left out: this much of the cash may be missing or left over.
        const step = (asset: string): number => toNumber(rest.lots.get(asset) ?? 1n) * prices.get(asset)! + toNumber(rest.minTrade)
        const slack = [...prices.keys()].reduce((sum, asset) => sum + step(asset), 0)
        for (const [asset, p] of prices) {
          const off = toNumber(after.get(asset) ?? 0n) * p - targets.get(asset)! * value
          expect(Math.abs(off), asset).toBeLessThanOrEqual(slack * 1.1 + value * 1e-9)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('carried out leaves nothing to plan', () => {
    fc.assert(
      fc.property(scene, ({ custody, prices, targets, rules }) => {
        const trades = planTrades(custody, prices, targets, 'USD', rules)
        // Of what needs more slices than there may be, a rest is left.
        fc.pre(trades.length < 1_000)
        const after = applied(custody, trades, rules.feeBps, 'within')
        expect(told(planTrades(after, prices, targets, 'USD', rules))).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  it('trades whole lots, nothing below the least, nothing above the most but a single lot', () => {
    fc.assert(
      fc.property(scene, ({ custody, prices, targets, rules }) => {
        const sums = new Map<string, number>()
        for (const { side, asset, amount, price } of planTrades(custody, prices, targets, 'USD', rules)) {
          const lot = rules.lots.get(asset) ?? 1n
          const tooLarge = rules.maxTrade !== undefined && amount > lot && amount * fromNumber(price)! > rules.maxTrade * ONE
          // Thousands of slices: an expectation each would take its time.
          if (amount <= 0n || amount % lot !== 0n || price !== prices.get(asset) || tooLarge) throw new Error(`${side} ${amount} ${asset}`)
          sums.set(`${side} ${asset}`, (sums.get(`${side} ${asset}`) ?? 0) + toNumber(amount) * price)
        }
        for (const sum of sums.values()) expect(sum).toBeGreaterThanOrEqual(toNumber(rules.minTrade) * (1 - 1e-12))
      }),
      { numRuns: 500 },
    )
  })

  it.each<[says: string, custody: Record<string, string>, targets: Record<string, number>, some: Partial<PlanRules>, wanted: string[]]>([
    ['sells what is above and buys what is below', { BTC: '3', ETH: '10' }, { BTC: 0.5, ETH: 0.5 }, {}, ['sell 1 BTC', 'buy 10 ETH']],
    ['sells what has no target any more', { BTC: '3', ETH: '10' }, { BTC: 1 }, {}, ['sell 10 ETH', 'buy 1 BTC']],
    ['buys what was never held', { BTC: '2' }, { BTC: 0.5, SOL: 0.5 }, {}, ['sell 1 BTC', 'buy 100 SOL']],
    ['sets cash aside where it has a target', { BTC: '2' }, { BTC: 0.5, USD: 0.5 }, {}, ['sell 1 BTC']],
    ['spends cash that has none', { BTC: '1', USD: '100' }, { BTC: 1 }, {}, ['buy 1 BTC']],
    // 98 left: 2 of 200 is the fee of selling one and buying what 99 pay for.
    ['grosses purchases up by the fee', { USD: '100' }, { BTC: 1 }, { feeBps: 200 }, ['buy 0.98 BTC']],
    ['trades the largest first', { BTC: '4' }, { ETH: 0.25, SOL: 0.75 }, {}, ['sell 4 BTC', 'buy 300 SOL', 'buy 10 ETH']],
    ['goes by name among equals', { BTC: '4' }, { SOL: 0.5, ETH: 0.5 }, {}, ['sell 4 BTC', 'buy 20 ETH', 'buy 200 SOL']],
    ['rounds down to lots', { USD: '157' }, { BTC: 1 }, { lots: amounts({ BTC: '0.5' }) }, ['buy 1.5 BTC']],
    ['leaves out what is too small', { BTC: '1.04', ETH: '9.6' }, { BTC: 0.5, ETH: 0.5 }, { minTrade: parseDecimal('4.01')! }, []],
    [
      'keeps what is just large enough',
      { BTC: '1.04', ETH: '9.6' },
      { BTC: 0.5, ETH: 0.5 },
      { minTrade: parseDecimal('4')! },
      ['sell 0.04 BTC', 'buy 0.4 ETH'],
    ],
    [
      'slices what is too large, the rest last',
      { BTC: '2.5' },
      { USD: 1 },
      { maxTrade: parseDecimal('120')! },
      ['sell 1.2 BTC', 'sell 1.2 BTC', 'sell 0.1 BTC'],
    ],
    [
      'slices no lot',
      { BTC: '2' },
      { USD: 1 },
      { maxTrade: parseDecimal('30')!, lots: amounts({ BTC: '1' }) },
      ['sell 1 BTC', 'sell 1 BTC'],
    ],
    ['is empty for what is in its place', { BTC: '1', ETH: '10' }, { BTC: 0.5, ETH: 0.5 }, {}, []],
    ['is empty where what is wanted has no price', { BTC: '3' }, { BTC: 0.5, NEW: 0.5 }, {}, []],
    ['is empty where what is held has no price', { BTC: '3', OLD: '1' }, { BTC: 0.5, ETH: 0.5 }, {}, []],
    ['needs no price of what is neither', { BTC: '3', OLD: '0' }, { BTC: 0.5, USD: 0.5, NEW: 0 }, {}, ['sell 1.5 BTC']],
  ])('%s', (_, custody, targets, some, wanted) => {
    const prices = measures({ BTC: 100, ETH: 10, SOL: 1 })
    const rounded = planTrades(amounts(custody), prices, measures(targets), 'USD', rules(some)).map(trade => ({
      ...trade,
      amount: (trade.amount / 10n ** 6n) * 10n ** 6n,
    }))
    expect(told(rounded)).toEqual(wanted)
  })

  it.each<[cash: string, wanted: string[]]>([
    // What a sale of 10 A and a purchase of 0.470449 B leave if the purchase is rounded up, and if it is not.
    ['0.000010309278350515', []],
    ['0.000010309278350516', ['buy 0.000020000000000001 C']],
  ])('spends %s, which is the least trade or just less than that', (cash, wanted) => {
    const trades = planTrades(
      amounts({ A: '1', B: '0.470449', USD: cash }),
      measures({ A: 0.5, B: 10, C: 0.5 }),
      measures({ B: 0.90909, C: 0.09091 }),
      'USD',
      rules({ feeBps: 300, minTrade: parseDecimal('0.00001')!, lots: amounts({ A: '10', B: '0.000001' }) }),
    )
    expect(told(trades)).toEqual(wanted)
  })

  it('is bounded however small the slices, and what is beyond is left', () => {
    const trades = planTrades(amounts({ BTC: '100' }), measures({ BTC: 100 }), measures({ USD: 1 }), 'USD', rules({ maxTrade: ONE }))
    expect(trades).toHaveLength(1_000)
    expect(toNumber(trades.reduce((sum, trade) => sum + trade.amount, 0n))).toBe(10)
  })
})

describe.skipIf(!haveCases)('the worked example (they stand beside the project; skipped where they do not)', () => {
  it('index-rebalance-buy-gross-up: what is spent is grossed up, what arrives is what was missing', () => {
    interface Input {
      current_unit: string
      target_unit: string
      fee: string
      max_trade_size: string
    }
    interface Expected {
      total_to_buy: string
      first_slice: string
      unit_after_whole_buy: string
    }
    const { input, expected } = worked<Input, Expected>('index-rebalance-buy-gross-up')
    // At a price of one, a fund of nothing but this asset; it has just the cash that the purchase takes.
    const custody = (cash: bigint): Amounts => new Map([...amounts({ C: input.current_unit }), ['USD', cash]])
    const cash = parseDecimal(expected.total_to_buy.slice(0, 20))! + 1n
    const only = rules({ feeBps: Number(input.fee) * 10_000 })
    const bought = (cash: bigint, some: PlanRules): bigint[] =>
      planTrades(custody(cash), measures({ C: 1 }), measures({ C: 1 }), 'USD', some).map(trade => trade.amount)
    const missing = parseDecimal(expected.unit_after_whole_buy)! - parseDecimal(input.current_unit)!
    expect(bought(cash, only)).toEqual([missing])
    expect(bought(cash - 2n, only)[0]! < missing).toBe(true)
    expect(missing).toBe(parseDecimal(input.target_unit)! - parseDecimal(input.current_unit)!)
    // Each slice's cost is rounded up.
    const sliced = bought(cash + 1n, { ...only, maxTrade: parseDecimal(input.max_trade_size)! })
    expect(sliced[0]).toBe(parseDecimal(expected.first_slice))
    expect(sliced.reduce((sum, amount) => sum + amount, 0n)).toBe(missing)
  })
})
