import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal } from '../lib/decimal.ts'
import { Driven, NOON } from '../test/drive.ts'
import { transaction } from '../test/transactions.ts'
import { METHODS } from './lots.ts'
import { Positions } from './positions.ts'
import { type Transaction, TYPES } from './transaction.ts'

const at = (account: string, text: string, toAccount = ''): Transaction => ({ ...transaction(text), account, toAccount })

const booked = (rows: readonly Transaction[], tracksCash = false): Positions => {
  const positions = new Positions({ quote: 'USD', method: 'fifo', feesInCost: true, tracksCash })
  for (const row of rows) positions.apply(row, undefined)
  return positions
}

const told = ({ balances: { byAccount } }: Positions): Record<string, Record<string, string>> =>
  Object.fromEntries(
    [...byAccount].map(([account, assets]) => [account, Object.fromEntries([...assets].map(([a, n]) => [a, formatDecimal(n)]))]),
  )

describe('the balance of an account', () => {
  it.each<[what: string, rows: Transaction[], balances: object]>([
    ['grows by a purchase', [at('a', 'buy BTC 2 100 1')], { a: { BTC: '2' } }],
    ['shrinks by a sale', [at('a', 'buy BTC 2 100'), at('a', 'sell BTC 0.5 100 3')], { a: { BTC: '1.5' } }],
    ['is gone where nothing is left', [at('a', 'deposit BTC 2 100'), at('a', 'withdraw BTC 2 100')], {}],
    [
      'moves with a transfer, its fee in kind not',
      [at('a', 'income BTC 2 100'), at('a', 'transfer BTC 1.5', 'b'), at('a', 'fee BTC 0.1 100')],
      { a: { BTC: '0.4' }, b: { BTC: '1.5' } },
    ],
    ['counts gifts of both ways', [at('a', 'gift BTC 2 100'), at('a', 'gift BTC -0.5 100')], { a: { BTC: '1.5' } }],
    ['counts what has no price', [at('a', 'deposit HEX 5')], { a: { HEX: '5' } }],
    [
      'below zero tells of a row that is missing',
      [at('a', 'buy BTC 1 10'), at('b', 'sell BTC 1 10')],
      { a: { BTC: '1' }, b: { BTC: '-1' } },
    ],
  ])('%s', (_, rows, balances) => {
    expect(told(booked(rows))).toEqual(balances)
  })

  it('of money moves with purchases, sales and fees, where there is one', () => {
    const rows = [at('a', 'deposit USD 1000'), at('a', 'buy BTC 2 100 1'), at('a', 'sell BTC 1 120 2'), at('a', 'transfer BTC 1 - 3', 'b')]
    expect(told(booked(rows, true))).toEqual({ a: { USD: '914' }, b: { BTC: '1' } })
  })

  it('adds up over all accounts to what is held, where each row has a price and nothing is sold that is not there', () => {
    const amount = fc.integer({ min: 1, max: 1000 })
    const row = fc
      .record({
        type: fc.constantFrom(...TYPES),
        qty: amount,
        price: amount,
        account: fc.constantFrom('', 'a', 'b'),
        to: fc.constantFrom('a', 'c'),
      })
      .map(({ type, qty, price, account, to }) => at(account, `${type} BTC ${qty} ${price}`, type === 'transfer' ? to : ''))
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.constantFrom(...METHODS), (rows, method) => {
        const positions = new Positions({ quote: 'USD', method, feesInCost: true, tracksCash: false })
        for (const row of [at('', 'deposit BTC 100000 1'), ...rows]) positions.apply(row, undefined)
        const sum = [...positions.balances.byAccount.values()].reduce((all, assets) => all + (assets.get('BTC') ?? 0n), 0n)
        expect(sum).toBe(positions.byAsset.get('BTC')!.lots.qty)
      }),
    )
  })

  it('is shown by name, and no longer when it is empty', () => {
    const transactions = [
      { ...at('cold', 'buy BTC 2 100'), t: NOON },
      { ...at('', 'buy BTC 1 100'), t: NOON },
      { ...at('cold', 'transfer BTC 2', 'hot'), t: NOON + 1_000 },
    ]
    const p = new Driven({ portfolios: [{ id: 'P', quote: 'USD', method: 'fifo', feesInCost: true, transactions }] })
    p.watch('pnl:P')
    p.clock(NOON)
    expect(p.state<{ accounts: object }>('pnl:P').accounts).toEqual({ cold: { BTC: 2 } })
    p.clock(NOON + 1_000)
    expect(p.state<{ accounts: object }>('pnl:P').accounts).toEqual({ hot: { BTC: 2 } })
    expect(p.agrees()).toBe(true)
  })
})
