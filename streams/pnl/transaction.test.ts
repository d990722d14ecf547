import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal } from '../lib/decimal.ts'
import { BadRow, COLUMNS, type Transaction, TYPES, transactionReader } from './transaction.ts'

/** One row by its columns; the others are not in the file. */
const read = (fields: Record<string, string>): Transaction => transactionReader(Object.keys(fields))(Object.values(fields))

const buy = { t: '2024-08-08T12:00:00Z', type: 'buy', asset: 'BTC', qty: '1' }

const why = (fields: Record<string, string>): string => {
  try {
    read(fields)
  } catch (error) {
    if (error instanceof BadRow) return error.message
    throw error
  }
  return ''
}

describe('a row of transactions', () => {
  it('is read by the names of its columns, in any order, blanks around them or not', () => {
    const header = [' id', 'cost', 'qty', 'asset ', 'type', 't', 'price', 'fee', 'to_account', 'account', 'note']
    const fields = ['7', '101.5', ' 1.000000000000000001 ', 'BTC', 'buy', '1723118400000', '100', '0.5', 'cold', 'app', 'mine']
    expect(transactionReader(header)(fields)).toEqual({
      t: Date.UTC(2024, 7, 8, 12),
      type: 'buy',
      asset: 'BTC',
      qty: 1_000_000_000_000_000_001n,
      price: 100n * 10n ** 18n,
      fee: 5n * 10n ** 17n,
      cost: 1_015n * 10n ** 17n,
      account: 'app',
      toAccount: 'cold',
      id: '7',
    })
  })

  it('needs no more than time, type, asset and quantity: what the file does not say is unknown, and no fee is none', () => {
    expect(read(buy)).toMatchObject({ price: undefined, cost: undefined, fee: 0n, account: '', toAccount: '', id: '' })
    expect(transactionReader(COLUMNS)(['2024-08-08', 'sell', 'BTC', '1'])).toMatchObject({ price: undefined, fee: 0n })
  })

  it('gives back what was written, whatever it was', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 36n })
    const transaction = fc.record({
      t: fc.integer({ min: Date.UTC(2009, 0, 1), max: 4e12 }),
      type: fc.constantFrom(...TYPES),
      asset: fc.constantFrom('BTC', '1INCH', 'a.b_c-d'),
      qty: amount.map(qty => qty + 1n),
      price: fc.option(amount, { nil: undefined }),
      fee: amount,
      cost: fc.constant(undefined),
      account: fc.constantFrom('', 'app'),
      toAccount: fc.constantFrom('', 'cold'),
      id: fc.constantFrom('', 'm1'),
    })
    fc.assert(
      fc.property(transaction, fc.boolean(), (tx, iso) => {
        const time = iso ? new Date(tx.t).toISOString() : String(tx.t)
        const price = tx.price === undefined ? '' : formatDecimal(tx.price)
        const fields = [time, tx.type, tx.asset, formatDecimal(tx.qty), price, formatDecimal(tx.fee), tx.account, tx.toAccount, tx.id, '']
        expect(transactionReader(COLUMNS)(fields)).toEqual(tx)
      }),
    )
  })

  it.each([
    ['1723118400000', Date.UTC(2024, 7, 8, 12)],
    ['1723118400', Date.UTC(2024, 7, 8, 12)],
    ['1723118400000999', Date.UTC(2024, 7, 8, 12)],
    ['1723118400000999999', Date.UTC(2024, 7, 8, 12)],
    ['2024-08-08', Date.UTC(2024, 7, 8)],
    ['2024-08-08T12:00', Date.UTC(2024, 7, 8, 12)],
    ['2024-08-08 12:00:01', Date.UTC(2024, 7, 8, 12, 0, 1)],
    ['2024-08-08T12:00:01.5Z', Date.UTC(2024, 7, 8, 12, 0, 1, 500)],
    ['2024-08-08 12:00:00+00:00', Date.UTC(2024, 7, 8, 12)],
    ['2024-08-08T12:00:00+0530', Date.UTC(2024, 7, 8, 6, 30)],
    ['2020-01-21 18:33:14.342000+00:00', Date.UTC(2020, 0, 21, 18, 33, 14, 342)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2009-01-01', Date.UTC(2009, 0, 1)],
  ])('of %s is of that moment, UTC where it does not say', (t, ms) => {
    expect(read({ ...buy, t }).t).toBe(ms)
  })

  const bad: [fields: Record<string, string>, message: string][] = [
    [{ t: '' }, 't: found "", expected ms since the epoch or an ISO 8601 time, not before 2009'],
    [{ t: '8 Aug 2024' }, 't: found "8 Aug 2024", expected ms since the epoch or an ISO 8601 time, not before 2009'],
    [{ t: '2024-13-01' }, 't: found "2024-13-01", expected ms since the epoch or an ISO 8601 time, not before 2009'],
    [{ t: '2023-02-29' }, 't: found "2023-02-29", expected ms since the epoch or an ISO 8601 time, not before 2009'],
    [
      { t: '2023-02-30T10:00:00+05:00' },
      't: found "2023-02-30T10:00:00+05:00", expected ms since the epoch or an ISO 8601 time, not before 2009',
    ],
    [{ t: '2008-12-31' }, 't: found "2008-12-31", expected ms since the epoch or an ISO 8601 time, not before 2009'],
    [{ t: '1.7231184E+12' }, 't: found "1.7231184E+12", expected ms since the epoch or an ISO 8601 time, not before 2009'],
    [{ type: 'bought' }, `type: found "bought", expected one of ${TYPES.join(', ')}`],
    [{ type: 'toString' }, `type: found "toString", expected one of ${TYPES.join(', ')}`],
    [{ asset: '' }, 'asset: found "", expected a name of letters, digits, ".", "_" and "-"'],
    [{ asset: 'BT C' }, 'asset: found "BT C", expected a name of letters, digits, ".", "_" and "-"'],
    [{ qty: '' }, 'qty: found "", expected an amount that is not negative'],
    [{ qty: '-1' }, 'qty: found "-1", expected an amount that is not negative'],
    [{ qty: '1e' }, 'qty: found "1e", expected a decimal with at most 18 places'],
    [{ qty: '1e-19' }, 'qty: found "1e-19", expected a decimal with at most 18 places'],
    [{ qty: '0', cost: '1' }, 'cost: found "1", expected none, because the amount is zero'],
    [{ qty: '0.0000000000000000001' }, 'qty: found "0.0000000000000000001", expected a decimal with at most 18 places'],
    [{ price: '-1' }, 'price: found "-1", expected a number that is not negative'],
    [{ price: '$1' }, 'price: found "$1", expected a decimal with at most 18 places'],
    [{ cost: '-1' }, 'cost: found "-1", expected a number that is not negative'],
    [{ fee: '2', cost: '1' }, 'cost: found "1", expected at least the fee, which is part of it'],
  ]
  it.each(bad)('with %j is refused: where, what was found, what was expected', (fields, message) => {
    expect(why({ ...buy, ...fields })).toBe(message)
  })

  it('has numbers as programs write them, a fee that was paid out, and nothing but a fee', () => {
    const row = read({ ...buy, qty: '1e-05', price: '8.5E-6', fee: '-.30', cost: '0E-8' })
    expect(row).toMatchObject({ qty: 10n ** 13n, price: 85n * 10n ** 11n, fee: -3n * 10n ** 17n, cost: 0n })
    expect(read({ ...buy, qty: '0', fee: '1' })).toMatchObject({ qty: 0n, fee: 10n ** 18n })
  })

  it('may have a negative quantity where a gift was given away, and a fee above what a sale brought', () => {
    expect(read({ ...buy, type: 'gift', qty: '-1' }).qty).toBe(-(10n ** 18n))
    expect(why({ ...buy, type: 'sell', fee: '2', cost: '1' })).toBe('')
  })
})

it('a header without the columns that every row needs is refused', () => {
  expect(() => transactionReader(['t', 'type', 'asset', 'amount'])).toThrow(
    'header: found "t,type,asset,amount", expected the columns t, type, asset, qty',
  )
})
