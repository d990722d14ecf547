import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal } from '../../../streams/lib/decimal.ts'
import { COLUMNS, type Transaction, writeTransaction } from '../../../streams/pnl/transaction.ts'
import { ROWS_PER_REQUEST_MAX } from '../../../streams/wire/limits.ts'
import { RowIds } from '../../transactions/rowIds.ts'
import { LONG_WAITING_MAX, readRow, rowsOfCsv, rowsOfLines, rowsOfList, type TransactionRows } from './transactionRows.ts'

const buy = { t: 1723118400000, type: 'buy', asset: 'BTC', qty: '1', price: '100' }
const csv = (header: readonly string[], ...lines: readonly (readonly string[])[]): string =>
  [header, ...lines].map(fields => fields.join(',')).join('\n')

/** Without the lines, which a header moves, and by ids. */
const withoutLines = ({ good, refused }: TransactionRows) => ({
  good: good.map(({ tx }) => tx).sort((a, b) => (a.id < b.id ? -1 : 1)),
  refused: refused.length,
})

describe('rows of a request', () => {
  const row = fc.record(
    {
      t: fc.integer({ min: Date.UTC(2009, 0, 1), max: Date.UTC(2026, 0, 1) }),
      type: fc.constantFrom('buy', 'sell', 'income', 'fee'),
      asset: fc.constantFrom('BTC', '1INCH'),
      qty: fc.bigInt({ min: 1n, max: 10n ** 30n }).map(formatDecimal),
      price: fc.bigInt({ min: 0n, max: 10n ** 30n }).map(formatDecimal),
      account: fc.constantFrom('app', 'cold'),
      to_account: fc.constantFrom('app', 'cold'),
      id: fc.integer({ min: 1, max: 99 }).map(String),
    },
    { requiredKeys: ['t', 'type', 'asset', 'qty'] },
  )

  it('say the same as a list, as lines and as CSV', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(row, { maxLength: 8, selector: ({ id }) => id ?? Symbol('none') }), async list => {
        const ofList = await rowsOfList(list)
        expect(await rowsOfLines(list.map(each => JSON.stringify(each)).join('\r\n'))).toEqual(ofList)
        if (list.length === 0) return
        const fields = list.map(each => COLUMNS.map(name => String((each as Record<string, unknown>)[name] ?? '')))
        expect(withoutLines(await rowsOfCsv(`\uFEFF${csv(COLUMNS, ...fields)}\n`))).toEqual(withoutLines(ofList))
        expect(ofList.refused).toEqual([])
        const told = ofList.good.map(({ row, tx }) => [row, { ...writeTransaction(tx), id: undefined }])
        for (const [row, tx] of told) expect(tx).toMatchObject({ ...list[(row as number) - 1], id: undefined })
        expect(told).toHaveLength(list.length)
      }),
    )
  })

  it('that are bad are named by their number, and the others are good', async () => {
    const of = ({ good, refused }: TransactionRows): unknown[] => [good.map(({ tx }) => tx.id), refused.map(r => r.row)]
    const bad = { ...buy, qty: '-1' }
    const rows = [{ ...buy, id: 'a' }, bad, { ...buy, id: 'b' }]
    expect(of(await rowsOfList(rows))).toEqual([['a', 'b'], [2]])
    expect(of(await rowsOfLines(`\n${rows.map(each => JSON.stringify(each)).join('\n\n')}`))).toEqual([['a', 'b'], [4]])
    expect(of(await rowsOfCsv('id,t,type,asset,qty\na,2024-08-08,buy,BTC,1\n\nx,2024-08-08,buy,BTC,\nb,2024-08-08,buy,BTC,1'))).toEqual([
      ['a', 'b'],
      [4],
    ])
  })

  it.each([
    ['no object', 7, 'expected an object'],
    ['null', null, 'expected an object'],
    ['a list', [], 'expected an object'],
    ['a member that is not known', { ...buy, quantity: '1' }, 'found "quantity"'],
    ['a number for an amount', { ...buy, qty: 1 }, 'qty: found 1, expected a string'],
    ['an amount that is null', { ...buy, fee: null }, 'fee: found null'],
    ['a quantity that nobody owns', { ...buy, qty: `1${'0'.repeat(30)}` }, 'qty: expected less than 10^30'],
    ['a gift that nobody gives', { ...buy, type: 'gift', qty: `-1${'0'.repeat(30)}` }, 'qty: expected less than 10^30'],
    ['a price that is none', { ...buy, price: '1e' }, 'price: found "1e"'],
    ['a time ahead of now', { ...buy, t: Date.now() + 60_000 }, 't: found '],
    ['digits without end', { ...buy, price: '1'.repeat(100_000) }, 'price: found "111'],
    ['an id that cannot be printed', { ...buy, id: 'é' }, 'id: expected'],
    ['an id that is too long', { ...buy, id: 'x'.repeat(129) }, 'id: expected'],
    ['an account that is too long', { ...buy, account: 'x'.repeat(257) }, 'account: expected'],
  ])('are refused for %s', async (_, value, why) => {
    const { good, refused } = await rowsOfList([value])
    expect([good, refused.length, refused[0]!.row]).toEqual([[], 1, 1])
    expect(refused[0]!.why).toContain(why)
    expect(refused[0]!.why.length).toBeLessThanOrEqual(201)
  })

  it('of one id that say different things are not taken for the same: the first is good', async () => {
    const { good, refused } = await rowsOfList([
      { ...buy, id: 'a' },
      { ...buy, id: 'a' },
      { ...buy, id: 'a', qty: '2' },
      { ...buy, id: 'b', qty: '2' },
    ])
    expect(good.map(({ tx: { id, qty } }) => [id, formatDecimal(qty)])).toEqual([
      ['a', '1'],
      ['a', '1'],
      ['b', '2'],
    ])
    expect(refused).toEqual([{ row: 3, why: 'id: found "a" a second time, with other contents, expected each id once' }])
  })

  it('are put in the order in which things happened: with the newest first they are turned round', async () => {
    const at = (second: number, id: string) => ({ ...buy, t: `2024-03-01T10:00:0${second}Z`, id })
    const ids = ({ good }: TransactionRows) => good.map(({ tx }) => tx.id).join('')
    const newest = [at(5, 'd'), at(5, 'c'), at(3, 'b'), at(1, 'a')]
    expect(ids(await rowsOfList(newest))).toBe('abcd')
    expect(ids(await rowsOfList(newest.toReversed()))).toBe('abcd')
    expect(ids(await rowsOfList([at(5, 'b'), at(5, 'a')]))).toBe('ba')
    const text = ['t,type,asset,qty,id', ...newest.map(({ t, id }) => `${t},buy,BTC,1,${id}`)].join('\n')
    expect(
      ids(await rowsOfCsv(text))
        .split('')
        .sort()
        .join(''),
    ).toBe('abcd')
    expect((await rowsOfCsv(text)).good.map(({ row, tx }) => `${row}${tx.id}`).join(' ')).toContain('3c 2d')
  })

  it('of a file need its columns and a row, of lines JSON, and are not too many', async () => {
    for (const text of ['', 'a,b\n1,2', 't,type,asset,qty\n'])
      await expect(rowsOfCsv(text)).rejects.toMatchObject({ code: 'invalid_params' })
    expect((await rowsOfLines('{')).refused).toEqual([{ row: 1, why: 'the line is not JSON' }])
    expect((await rowsOfList(Array(ROWS_PER_REQUEST_MAX).fill(buy))).good).toHaveLength(ROWS_PER_REQUEST_MAX)
    await expect(rowsOfList(Array(ROWS_PER_REQUEST_MAX + 1).fill(7))).rejects.toMatchObject({ code: 'too_large' })
  })
})

describe('requests of many rows', () => {
  const long = Array(1_000).fill(7)

  it('are read one after another', async () => {
    const seen: number[] = []
    const noting = (n: number) =>
      Array.from({ length: 1_000 }, () => ({
        get t() {
          seen.push(n)
          return 'never'
        },
      }))
    await Promise.all([0, 1, 2].map(n => rowsOfList(noting(n))))
    expect(seen).toHaveLength(3_000)
    expect(seen).toEqual(seen.toSorted())
  })

  it.each([
    ['a list', () => rowsOfList(long)],
    ['lines', () => rowsOfLines('7\n'.repeat(1_000))],
    ['CSV', () => rowsOfCsv(`t,type,asset,qty\n${'7,,,\n'.repeat(1_000)}`)],
  ])('wait up to a bound, beyond which %s is refused; one of few rows is read at once', async (_, read) => {
    const waiting = Array.from({ length: LONG_WAITING_MAX + 1 }, () => rowsOfList(long))
    await expect(read()).rejects.toMatchObject({ code: 'too_much', retry: true })
    let over = false
    void waiting[0]!.then(() => {
      over = true
    })
    expect((await rowsOfList([buy])).good).toHaveLength(1)
    expect(over).toBe(false)
    for (const { refused } of await Promise.all(waiting)) expect(refused).toHaveLength(1_000)
    expect((await read()).refused).toHaveLength(1_000)
  })
})

describe('an id that is made', () => {
  const ids = (rows: readonly object[], of = new RowIds()): string[] => rows.map(each => of.named(readRow(each)).id)

  it('is the same for the same row, however it is written, and another for any other', () => {
    const same = [buy, { ...buy, t: '2024-08-08T12:00:00Z' }, { ...buy, qty: '1.0', fee: '0' }]
    expect(new Set(same.flatMap(each => ids([each]))).size).toBe(1)
    const others = [{ t: buy.t + 1 }, { type: 'sell' }, { asset: 'ETH' }, { qty: '2' }, { price: '0' }, { fee: '1' }, { cost: '1' }]
    const all = [buy, ...[...others, { account: 'a' }, { to_account: 'a' }].map(over => ({ ...buy, ...over }))].flatMap(each => ids([each]))
    expect(new Set(all).size).toBe(10)
  })

  it('tells equal rows apart, the same way each time, and leaves given ids', () => {
    const first = ids([buy, { ...buy, id: 'mine' }, buy, { ...buy, qty: '2' }, buy])
    expect(first[1]).toBe('mine')
    expect(new Set(first).size).toBe(5)
    expect(ids([buy, { ...buy, id: 'mine' }, buy, { ...buy, qty: '2' }, buy])).toEqual(first)
  })

  it('forgets what lies too far back', () => {
    const of = new RowIds(2)
    const far = [buy, { ...buy, qty: '2' }, { ...buy, qty: '3' }, buy]
    const made: Transaction[] = far.map(each => of.named(readRow(each)))
    expect(made[3]!.id).toBe(made[0]!.id)
  })
})
