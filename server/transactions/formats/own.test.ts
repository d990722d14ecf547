import { describe, expect, it } from 'vitest'
import { formatDecimal } from '../../../streams/lib/decimal.ts'
import { readings } from '../test/readings.ts'

const HEADER = 't,type,asset,qty,price,fee,id'
const read = (...rows: string[]) => readings([HEADER, ...rows].join('\n'))
const amounts = async (...rows: string[]) =>
  (await read(...rows)).transactions.map(({ qty, price, fee }) => [qty, price ?? 0n, fee].map(formatDecimal).join(' '))

describe('a transactions file', () => {
  it.each([
    ['quoted thousands', '2024-05-01,buy,BTC,1,"61,234.50","1,234.5",a', '1 61234.5 1234.5'],
    ['exponents and bare points', '2024-05-01,buy,BTC,1e-05,6.1E4,.5,a', '0.00001 61000 0.5'],
    ['zeros and a fee paid out', '2024-05-01,buy,BTC,0,0E-8,-0.30,a', '0 0 -0.3'],
    ['blanks between thousands', '2024-05-01,buy,BTC,1,61 234.50,0,a', '1 61234.5 0'],
  ])('has numbers with %s', async (_, row, expected) => {
    expect(await amounts(row)).toEqual([expected])
  })

  it('with semicolons has decimal commas', async () => {
    const text = ['t;type;asset;qty;price;fee;id', '2024-05-01;buy;BTC;0,5;61.234,50;1,25;a', '2024-05-02;buy;ETH;1,234;3.000,00;;b']
    const { transactions, refused } = await readings(text.join('\r\n'))
    expect([transactions.map(({ qty, price }) => [qty, price!].map(formatDecimal)), refused]).toEqual([
      [
        ['0.5', '61234.5'],
        ['1.234', '3000'],
      ],
      [],
    ])
  })

  it('with semicolons and a number that can be two has that row refused', async () => {
    const { transactions, refused } = await readings('t;type;asset;qty\n2024-05-01;buy;ETH;1,234\n2024-05-01;buy;BTC;2')
    expect([transactions.length, refused]).toEqual([1, [[2, expect.stringMatching(/^qty: found "1,234"/)]]])
  })

  it.each([
    ['cut in two, with no fee behind it', '2024-05-01,buy,BTC,1,61,234.50,a'],
    ['cut in two, with a zero in front of its second part', '2024-05-01,buy,BTC,100,61,034.50,a'],
    ['cut in two, with its fee behind it', '2024-05-01,buy,BTC,1,61,234.50,0.5,a'],
    ['cut off', '2024-05-01,buy,BTC,1'],
    ['in a quote that is never closed', '2024-05-01,buy,BTC,1,"61,0,a'],
  ])('with a number %s has that row refused, and the others read', async (_, row) => {
    const { transactions, refused } = await read(row, '2024-05-02,buy,BTC,1,61,0.5,b')
    expect([transactions.map(({ id }) => id), refused.map(([line]) => line)]).toEqual([['b'], [2]])
  })

  it('may have a fee that is large beside the price', async () => {
    expect(await amounts('2024-05-01,buy,XYZ,1000,61,234.50,a', '2024-05-01,buy,XYZ,1,61,23.5,b')).toHaveLength(2)
  })

  it('accounts for every row that is not blank', async () => {
    const { booked, refused, ignored } = await read('2024-05-01,buy,BTC,1,1,0,a', '', ',,,,,,', 'x', '2024-05-01,buy,BTC,1,1,0,"b\nc"')
    expect([booked, refused.map(([line]) => line), ignored]).toEqual([[2], [5, 6], []])
  })
})
