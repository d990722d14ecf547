import { beforeEach, describe, expect, it } from 'vitest'
import { formatDecimal, ONE, parseDecimal } from '../lib/decimal.ts'
import { custodyAccount, MARKET } from './accounts.ts'
import type { Command, Decision } from './command.ts'
import { targetsOf } from './decideRebalance.ts'
import type { Entry } from './entry.ts'
import { readEntry, writeEntry } from './entryText.ts'
import { Ledger } from './ledger.ts'
import type { Step } from './rebalanceEntry.ts'
import { held } from './rebalanceState.ts'

const n = (text: string): bigint => parseDecimal(text)!

let ledger: Ledger
const decide = (command: Command): Decision => ledger.decide(command, 5, 'system')
/** The entry, posted as it is read again. */
const done = (command: Command): Entry => {
  const decision = decide(command)
  if (!('entry' in decision)) throw new Error(JSON.stringify(decision))
  const entry = readEntry(writeEntry(decision.entry))
  ledger.post(entry)
  return entry
}
const step = (trade: string, what: Step): Command => ({ kind: 'trade', fund: 'F', trade, at: 7, step: what })
const send = (trade: string, number: number, amount: string, hold: string, limit = '10'): Command =>
  step(trade, { order: { id: `${trade}-${number}`, amount: n(amount), limit: n(limit), hold: n(hold) } })
const fill = (order: string, id: string, amount: string, price: string, fee = '0', asset = 'USD'): Command =>
  step(order.slice(0, order.lastIndexOf('-')), { fill: { order, id, amount: n(amount), price: n(price), fee: { asset, amount: n(fee) } } })
const end = (trade: string, status: 'completed' | 'failed' | 'cancelled' = 'cancelled'): Command =>
  step(trade, { end: { status, why: 'x' } })
const open = (id = 1): Command => ({
  kind: 'rebalance',
  fund: 'F',
  id,
  at: 6,
  reason: 'asset',
  targets: { A: 0.5, B: 0.5 },
  trades: [
    { side: 'sell', asset: 'A', amount: n('40'), price: 10 },
    { side: 'buy', asset: 'B', amount: n('20'), price: 20 },
  ],
})
const custody = (asset: string): string => formatDecimal(ledger.balance(custodyAccount('F'), asset))
const units = (): Record<string, string> =>
  Object.fromEntries([...ledger.funds.get('F')!.units].map(([asset, each]) => [asset, formatDecimal(each)]))
const trades = () => ledger.funds.get('F')!.rebalance!.trades

/** Three shares of 40 A each. */
beforeEach(() => {
  ledger = new Ledger()
  done({ kind: 'define', fund: 'F', terms: { quote: 'USD', creationUnit: ONE, createFeeBps: 0, redeemFeeBps: 0 } })
  done({ kind: 'inception', fund: 'F', units: new Map([['A', n('40')]]), weights: { A: 1 }, shares: n('3') })
  done(open())
})

describe('a fill', () => {
  it('moves the asset against the quote asset, and the fee, leg by leg; what a share is follows custody', () => {
    done(send('1-1', 1, '40', '40'))
    const entry = done(fill('1-1-1', 'v1', '10', '9.99', '0.05'))
    expect(entry).toMatchObject({ kind: 'trade', at: 7, status: 'partially_filled', fill: { id: 'v1', amount: n('10') } })
    const moved = entry.postings.map(({ account, asset, amount }) => `${account} ${formatDecimal(amount)} ${asset}`)
    expect(moved).toEqual([
      ...[`${MARKET} -99.9 USD`, 'custody:F 99.9 USD', 'custody:F -10 A', `${MARKET} 10 A`],
      ...['custody:F -0.05 USD', `${MARKET} 0.05 USD`],
    ])
    expect(units()).toEqual({ A: '36.666666666666666666', USD: '33.283333333333333333' })
    expect(trades()[0]).toMatchObject({ filled: n('10'), value: n('99.9'), fee: n('0.05'), order: { filled: n('10') } })
  })

  it('is rounded against the fund', () => {
    done(send('1-1', 1, '40', '40'))
    done(fill('1-1-1', 'v1', '0.000000000000000001', '1.5'))
    expect(custody('USD')).toBe('0.000000000000000001')
    done(send('1-2', 1, '1', '0'))
    done(fill('1-2-1', 'v1', '0.000000000000000001', '0.5'))
    expect([custody('USD'), custody('B')]).toEqual(['0', '0.000000000000000001'])
  })

  it.each<[string, Command, Decision]>([
    ['that is known', fill('1-1-1', 'v1', '1', '1'), { nothing: true }],
    ['that is known, and says something else', fill('1-1-1', 'v1', '39', '1'), { nothing: true }],
    ['of an order that was not sent', fill('1-1-2', 'v2', '1', '1'), { refused: 'unknown_order' }],
    ['of a trade that there is not', fill('1-3-1', 'v2', '1', '1'), { refused: 'unknown_order' }],
    ['of a rebalance that there is not', fill('2-1-1', 'v2', '1', '1'), { refused: 'unknown_order' }],
    ['of more than is in custody', fill('1-1-1', 'v2', '120', '1'), { refused: 'not_ready' }],
    ['whose fee is more than there is', fill('1-1-1', 'v2', '1', '1', '3.000000000000000001'), { refused: 'not_ready' }],
    ['whose fee has no value in the quote asset', fill('1-1-1', 'v2', '1', '1', '0.1', 'B'), { refused: 'not_ready' }],
  ])('%s does nothing', (_, command, decision) => {
    done(send('1-1', 1, '40', '40'))
    done(fill('1-1-1', 'v1', '2', '1'))
    const before = ledger.write()
    expect(decide(command)).toEqual(decision)
    expect(ledger.write()).toBe(before)
  })

  it('that comes late counts, of a trade that is over and of a rebalance that is closed, and changes neither’s end', () => {
    done(send('1-1', 1, '40', '40'))
    for (const trade of ['1-1', '1-2']) done(end(trade))
    expect(done(fill('1-1-1', 'v1', '1', '10'))).toMatchObject({ status: 'cancelled' })
    done({ kind: 'rebalanced', fund: 'F', id: 1, at: 8 })
    expect(done(fill('1-1-1', 'v2', '1', '10'))).toMatchObject({ status: 'cancelled' })
    expect([custody('A'), custody('USD')]).toEqual(['118', '20'])
    expect(ledger.funds.get('F')!.rebalance!.ended).toEqual({ t: 8, outcome: 'partial' })
    expect(units()).toMatchObject({ A: '39.333333333333333333', B: '0' })
  })
})

describe('an order', () => {
  it.each<[string, () => void, Command, Decision]>([
    ['is not written down twice', () => done(send('1-1', 1, '40', '40')), send('1-1', 1, '40', '40'), { nothing: true }],
    ['has the next number', () => {}, send('1-1', 2, '40', '40'), { nothing: true }],
    ['is not sent for a trade that is over', () => done(end('1-1')), send('1-1', 1, '40', '40'), { nothing: true }],
    ['is not sent for a fund that is halted', () => done({ kind: 'halt', fund: 'F' }), send('1-1', 1, '40', '40'), { refused: 'halted' }],
    ['does not hold more than there is', () => {}, send('1-1', 1, '40', '120.000000000000000001'), { refused: 'not_ready' }],
    ['does not buy with what is not there', () => {}, send('1-2', 1, '20', '0.01'), { refused: 'not_ready' }],
  ])('%s', (_, first, command, decision) => {
    first()
    expect(decide(command)).toEqual(decision)
  })

  it('keeps what it may still take, in proportion to what is not filled, until the next or the end is written down', () => {
    const holds = (): string => formatDecimal(held(ledger.funds.get('F')!.rebalance!, 'A', 'USD'))
    done(send('1-1', 1, '40', '40'))
    expect(holds()).toBe('40')
    done(fill('1-1-1', 'v1', '30', '10'))
    expect(holds()).toBe('10')
    done(send('1-1', 2, '5', '6'))
    expect(holds()).toBe('6')
    done(end('1-1', 'failed'))
    expect(holds()).toBe('0')
  })
})

describe('the end', () => {
  it.each([
    ['completed', 'completed', 'completed'],
    ['completed', 'failed', 'partial'],
    ['cancelled', 'failed', 'failed'],
  ] as const)('of trades that are %s and %s is a rebalance that is %s', (first, second, outcome) => {
    for (const [i, status] of [first, second].entries()) {
      if (status === 'completed') {
        done(send(`1-${i + 1}`, 1, '1', '1', '1'))
        done(fill(`1-${i + 1}-1`, 'v', '1', '1'))
      }
      done(end(`1-${i + 1}`, status))
    }
    expect(done({ kind: 'rebalanced', fund: 'F', id: 1, at: 9, divisor: 0.5 })).toMatchObject({
      outcome,
      targets: { A: 0.5, B: 0.5 },
      at: 9,
    })
    const fund = ledger.funds.get('F')!
    expect(fund.rebalanced).toEqual({ t: 9, targets: { A: 0.5, B: 0.5 }, divisor: 0.5 })
    expect(targetsOf(fund)).toMatchObject({ A: 0.5, B: 0.5 })
  })

  it('waits for every trade, and comes once; then the next may begin', () => {
    const close: Command = { kind: 'rebalanced', fund: 'F', id: 1, at: 9 }
    expect(decide(close)).toEqual({ refused: 'not_ready' })
    expect(decide(open(2))).toEqual({ nothing: true })
    expect(decide(end('1-1', 'completed'))).toEqual({ refused: 'not_ready' })
    for (const trade of ['1-1', '1-2']) done(end(trade))
    expect(decide(end('1-1'))).toEqual({ nothing: true })
    done(close)
    expect(decide(close)).toEqual({ nothing: true })
    expect(decide(open(1))).toEqual({ nothing: true })
    expect(done(open(2))).toMatchObject({ id: 2, trades: [{ id: '2-1' }, { id: '2-2' }] })
  })
})

describe('a rebalance', () => {
  it.each<[string, () => void, string]>([
    ['an unknown fund', () => {}, 'unknown_fund'],
    ['a fund that has not begun', () => done({ kind: 'define', fund: 'G', terms: ledger.funds.get('F')!.terms }), 'not_ready'],
    [
      'a fund without shares',
      () => {
        done({ kind: 'define', fund: 'G', terms: ledger.funds.get('F')!.terms })
        done({ kind: 'inception', fund: 'G', units: new Map([['A', ONE]]), weights: { A: 1 }, shares: 0n })
      },
      'not_ready',
    ],
  ])('is not begun of %s', (_, first, refused) => {
    first()
    expect(decide({ ...open(), fund: 'G' } as Command)).toEqual({ refused })
  })

  it('is not taken in from an entry that does not follow', () => {
    const entry = done(send('1-1', 1, '40', '40'))
    const before = ledger.write()
    expect(() => ledger.post({ ...entry, seq: ledger.seq + 1, trade: '9-9' } as Entry)).toThrow(RangeError)
    expect(() => ledger.post({ ...entry, seq: ledger.seq + 1, fund: 'G' } as Entry)).toThrow(RangeError)
    expect(ledger.write()).toBe(before)
    expect(Ledger.read(before).write()).toBe(before)
  })
})
