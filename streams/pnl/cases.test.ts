import { describe, expect, it } from 'vitest'
import { cases, haveCases, worked } from '../../server/test/cases.ts'
import { formatDecimal, mulDown, parseDecimal, toNumber } from '../lib/decimal.ts'
import { transaction } from '../test/transactions.ts'
import { type Disposal, Lots, METHODS, type Method } from './lots.ts'
import { Positions } from './positions.ts'

/** Worked examples of the field, each from where its `source` says; the figures are theirs, the books ours. */

const near = (found: number, wanted: string, tolerance = 1e-9): void =>
  expect(Math.abs(found - Number(wanted)), `${found} for ${wanted}`).toBeLessThanOrEqual(tolerance)

interface Books {
  positions: Positions
  /** What each row that took lots realised, and what it took. */
  disposals: { gain: number; price: bigint; taken: Disposal }[]
}

const booked = (rows: readonly string[], method: Method, feesInCost = true): Books => {
  const positions = new Positions({ quote: 'USD', method, feesInCost, tracksCash: rows.some(text => text.split(' ')[1] === 'USD') })
  const disposals: Books['disposals'] = []
  for (const text of rows) {
    const tx = transaction(text)
    const before = positions.realised
    const taken = positions.apply(tx, undefined)
    if (taken) disposals.push({ gain: toNumber(positions.realised - before), price: tx.price ?? 0n, taken })
  }
  return { positions, disposals }
}

const gains = (books: Books): number[] => books.disposals.map(({ gain }) => gain)
const average = ({ positions }: Books): number => {
  const { qty, cost } = positions.byAsset.get('BTC')!.lots
  return toNumber(cost) / toNumber(qty)
}
/** Realised and unrealised less expenses, at a price. */
const total = ({ positions: p }: Books, price: string): number => {
  const { qty, cost } = p.byAsset.get('BTC')!.lots
  return toNumber(p.realised + p.income - p.expenses - cost) + toNumber(qty) * Number(price)
}

type Pair = [string, string]
type Triple = [string, string, string]

/** "-1000" sells, "1000" buys. */
const filled = (qty: string): string => (qty.startsWith('-') ? `sell BTC ${qty.slice(1)}` : `buy BTC ${qty}`)

interface Activities {
  activities: [day: string, side: string, qty: string, price: string, fee?: string][]
  price: string
}
const activities = ({ activities }: Activities): string[] =>
  activities.map(([, side, qty, price, fee = 'fee 0']) => `${side} BTC ${qty} ${price} ${fee.split(' ')[1]}`)

const applied: Record<string, (id: string) => void> = {
  'pnl-fifo-rotki-spend8'(id) {
    const { input, expected } = worked<{ lots: Pair[]; spend: string }, { cost: string; remaining: Pair[] }>(id)
    const lots = new Lots('fifo')
    input.lots.forEach(([qty, price], t) => {
      const unit = parseDecimal(price)!
      lots.add({ t, qty: parseDecimal(qty)!, cost: mulDown(parseDecimal(qty)!, unit), unit })
    })
    expect(formatDecimal(lots.dispose(parseDecimal(input.spend)!).cost)).toBe(expected.cost)
    const left = lots.dispose(lots.qty).lots.map(lot => [formatDecimal(lot.qty), formatDecimal(lot.unit)])
    expect(left).toEqual(expected.remaining)
  },
  'pnl-fifo-rotki-1buy-2sells'(id) {
    const { input, expected } = worked<{ lots: Pair[]; spends: string[] }, { costs: string[] }>(id)
    const books = booked([`buy BTC ${input.lots[0]!.join(' ')}`, ...input.spends.map(qty => `sell BTC ${qty} 1`)], 'fifo')
    expect(books.disposals.map(({ taken }) => formatDecimal(taken.cost))).toEqual(expected.costs)
  },
  'pnl-fees-rotki'(id) {
    type Trade = [side: string, qty: string, money: string, fee: string]
    const { input, expected } = worked<{ trades: Trade[] }, { fifo_fees_separate: Pair; acb_fees_in_cost_basis: Pair }>(id)
    /** Theirs say what the trade was worth, ours what it cost or brought in all, which takes the fee in. */
    const rows = input.trades.map(([side, qty, money, charged]) => {
      const worth = Number(money.split(' ')[1])
      const fee = Number(charged.split(' ')[1])
      return `${side} BTC ${qty} - ${fee} ${side === 'buy' ? worth + fee : worth - fee}`
    })
    const apart = booked(rows, 'fifo', false)
    expect(gains(apart)).toEqual(expected.fifo_fees_separate.map(Number))
    expect(toNumber(apart.positions.expenses)).toBe(10 * rows.length)
    expect(gains(booked(rows, 'average'))).toEqual(expected.acb_fees_in_cost_basis.map(Number))
  },
  'pnl-lots-5buys-sell3'(id) {
    const { input, expected } = worked<{ buys_1_unit_each_at: string[]; sell: Pair }, Record<string, string>>(id)
    const rows = [...input.buys_1_unit_each_at.map(price => `buy BTC 1 ${price}`), `sell BTC ${input.sell.join(' ')}`]
    for (const [method, gain] of Object.entries(expected))
      expect(gains(booked(rows, method.toLowerCase() as Method))).toEqual([Number(gain)])
  },
  'pnl-lots-recap'(id) {
    const { input, expected } = worked<{ buys: Pair[]; sell: Pair }, Record<string, string>>(id)
    const rows = [...input.buys.map(([qty, paid]) => `buy BTC ${qty} - - ${paid.split(' ')[1]}`), `sell BTC ${input.sell.join(' ')}`]
    for (const [method, gain] of Object.entries(expected))
      expect(gains(booked(rows, method.toLowerCase() as Method))).toEqual([Number(gain)])
  },
  'pnl-lean-scale-in-out'(id) {
    const { input, expected } = worked<{ fills: Pair[]; fee_per_order: string }, Record<string, string[] | string>>(id)
    const rows = input.fills.map(([qty, price]) => `${filled(qty)} ${price} ${input.fee_per_order}`)
    for (const method of ['FIFO', 'LIFO']) {
      const { disposals } = booked(rows, method.toLowerCase() as Method, false)
      const lots = disposals.flatMap(({ taken, price }) => taken.lots.map(lot => toNumber(mulDown(lot.qty, price) - lot.cost)))
      expect(lots).toEqual((expected[method] as string[]).map(Number))
    }
    for (const method of METHODS) {
      const { positions } = booked(rows, method, false)
      expect(formatDecimal(positions.realised)).toBe(expected.FlatToFlat_total)
      expect(formatDecimal(positions.fees)).toBe(expected.fees)
    }
  },
  'pnl-net-position-tt-btcusdt'(id) {
    interface Expected {
      realised_after: string[]
      avg_open_after_2: string
      avg_open_after_4: string
    }
    const { input, expected, tolerance } = worked<{ fills: Triple[]; taker_fee_rate: string }, Expected>(id)
    const rate = parseDecimal(input.taker_fee_rate)!
    const rows = input.fills.map(([side, qty, price]) => {
      const worth = mulDown(parseDecimal(qty)!, parseDecimal(price)!)
      return `${side} BTC ${qty} ${price} ${formatDecimal(mulDown(worth, rate))}`
    })
    const after = rows.map((_, i) => booked(rows.slice(0, i + 1), 'average', false))
    after.forEach(({ positions: p }, i) => {
      near(toNumber(p.realised - p.expenses), expected.realised_after[i]!, tolerance)
    })
    near(average(after[1]!), expected.avg_open_after_2, tolerance)
    near(average(after[3]!), expected.avg_open_after_4, tolerance)
  },
  'pnl-base-currency-commission'(id) {
    const { input, expected } = worked<{ buy_qty: string; commission_in_base: string }, { position_qty: string }>(id)
    const { positions } = booked([`buy BTC ${input.buy_qty} 100`, `fee BTC ${input.commission_in_base} 100`], 'average')
    expect(formatDecimal(positions.byAsset.get('BTC')!.lots.qty)).toBe(expected.position_qty)
  },
  'pnl-ghostfolio-buy-buy'(id) {
    const { input, expected } = worked<Activities, { gross: string; net: string }>(id)
    const books = booked(activities(input), 'average', false)
    near(total(books, input.price), expected.net)
    near(total(books, input.price) + toNumber(books.positions.fees), expected.gross)
  },
  'pnl-ghostfolio-partial-sell'(id) {
    const { input, expected } = worked<Activities & { total_fees: string }, { gross: string; net: string }>(id)
    const books = booked(activities(input), 'average', false)
    near(total(books, input.price), expected.gross)
    near(total(books, input.price) - Number(input.total_fees), expected.net)
  },
  'pnl-hummingbot-vs-hold'(id) {
    interface Input {
      fills: Triple[]
      current_balances: { base: string; quote: string }
      current_price: string
    }
    const { input, expected } = worked<Input, { trade_pnl: string }>(id)
    // What was there before the fills is taken in at the price of now: against just holding it.
    const rows = input.fills.map(([side, qty, price]) => `${side} BTC ${qty} ${price}`)
    const moved = booked(['deposit BTC 1000 0', 'deposit USD 1000000', ...rows], 'fifo').positions
    const before = (asset: string, now: string, deposited: string): string =>
      formatDecimal(parseDecimal(now)! + parseDecimal(deposited)! - moved.byAsset.get(asset)!.lots.qty)
    const base = before('BTC', input.current_balances.base, '1000')
    const quote = before('USD', input.current_balances.quote, '1000000')
    for (const method of METHODS) {
      const books = booked([`deposit BTC ${base} ${input.current_price}`, `deposit USD ${quote}`, ...rows], method)
      near(total(books, input.current_price), expected.trade_pnl)
    }
  },
  'pnl-average-definitions-differ'(id) {
    const { input, expected, tolerance } = worked<{ fills: Triple[] }, { moving_average: string }>(id)
    const rows = input.fills.map(([side, qty, price]) => `${side} BTC ${qty} ${price}`)
    near(average(booked(rows, 'average')), expected.moving_average, tolerance)
  },
}

/** Cases of the same area that say nothing of these books, and why. */
const elsewhere: Record<string, string> = {
  'pnl-netting-reopen-snapshot': 'sells short, which a portfolio of what is owned cannot: it flags what is oversold',
  'pnl-hummingbot-derivative': 'sells short, as above',
  'pnl-drawdown-abs-vs-relative': 'speaks of the path of the total: portfolio.test.ts has it',
  'pnl-drawdown-lean': 'speaks of the path of the total: portfolio.test.ts has it',
  'pnl-cagr': 'a yearly rate of growth, which no channel shows',
}

describe.skipIf(!haveCases)('the worked example (they stand beside the project; skipped where they do not)', () => {
  it.each(Object.entries(applied))('%s', (id, check) => check(id))

  it('is applied, or it is said why not', () => {
    const known = cases.filter(c => c.area === 'pnl').map(c => c.id)
    expect([...Object.keys(applied), ...Object.keys(elsewhere)].sort()).toEqual(known.sort())
  })
})
