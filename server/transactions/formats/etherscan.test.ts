import { describe, expect, it } from 'vitest'
import { writeTransaction } from '../../../streams/pnl/transaction.ts'
import { holdings, readings } from '../test/readings.ts'

const OWN = '0x9aD227D56A36b33407916F3293dB2d298095dCA9'
const own = OWN.toLowerCase()
const [A, B] = ['0x59a5208b32e627891c389ebafc644145224006e8', '0x00000000000000000000000000000000000000bb']
const hash = (n: number): string => `0x${n.toString(16).padStart(64, '0')}`
const T = 1_587_563_227
const rowsOf = (header: string, rows: readonly (readonly (string | number)[])[]): string =>
  [header, ...rows.map(row => row.map(field => `"${field}"`).join(','))].join('\n')

const NORMAL =
  '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress","Value_IN(ETH)","Value_OUT(ETH)","CurrentValue @ $3414.36/ETH","TxnFee(ETH)","TxnFee(USD)","Historical $Price/ETH","Status","ErrCode","Method"'
const normal = (
  n: number,
  from: string,
  to: string,
  qtyIn: string,
  qtyOut: string,
  fee: string,
  status = '',
  error = '',
  price = '183.04',
) => [hash(n), 9_922_592 + n, T + n, '2020-04-22 13:47:07', from, to, '', qtyIn, qtyOut, '0', fee, '0', price, status, error, 'Transfer']
const INTERNAL =
  '"Txhash","Blockno","UnixTimestamp","DateTime (UTC)","ParentTxFrom","ParentTxTo","ParentTxETH_Value","From","TxTo","ContractAddress","Value_IN(ETH)","Value_OUT(ETH)","CurrentValue","Historical $Price/Eth","Status","ErrCode","Type"'
const internal = (n: number, from: string, to: string, qtyIn: string, qtyOut: string, status = '0', error = '') => [
  hash(n),
  1,
  T + n,
  '',
  OWN,
  B,
  '0',
  from,
  to,
  '',
  qtyIn,
  qtyOut,
  '0',
  '200',
  status,
  error,
  'call',
]
const TOKENS =
  '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","TokenValue","USDValueDayOfTx","ContractAddress","TokenName","TokenSymbol"'
const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const [PAIR1, PAIR2] = ['0x55d5c232d921b9eaa6b37b5845e439acd04b4dba', '0x0d4a11d5eeaac28ec3f61d100daf4d40471f1852']
const transfer = (n: number, from: string, to: string, value: string, contract: string, symbol: string) => [
  hash(n),
  1,
  T + n,
  '',
  from,
  to,
  value,
  'N/A',
  contract,
  symbol,
  symbol,
]

describe('Etherscan’s transactions of an account', () => {
  const text = rowsOf(NORMAL, [
    normal(1, A, OWN, '2.5', '0', '0.001'),
    normal(2, OWN, A, '0', '1', '0.0004'),
    normal(3, OWN, B, '0', '0', '0.02'),
    normal(4, OWN, B, '0', '0.5', '0.003', 'Error(0)', 'Out of gas'),
    normal(5, B, OWN, '0', '0', '0.01'),
    normal(6, OWN, own, '0', '0.7', '0.00042'),
  ])

  it('are what came, what went, and the gas of what was sent, failed or not', async () => {
    const { transactions, refused, ignored } = await readings(text)
    expect(holdings(transactions)).toEqual({ ETH: '1.47618' })
    expect(transactions.map(({ type, asset, account }) => [type, asset, account])).toEqual([
      ['deposit', 'ETH', own],
      ['withdraw', 'ETH', own],
      ['fee', 'ETH', own],
      ['fee', 'ETH', own],
      ['fee', 'ETH', own],
      ['fee', 'ETH', own],
    ])
    expect(writeTransaction(transactions[0]!)).toMatchObject({ t: (T + 1) * 1000, price: '183.04', qty: '2.5' })
    expect([refused, ignored]).toEqual([[], [[6, 'moved nothing']]])
  })

  it('are of the coin that the header names, at no price if the portfolio counts in something else', async () => {
    const bsc = text.replaceAll('ETH', 'BNB')
    const { transactions } = await readings(bsc, { quote: 'EUR' })
    expect(holdings(transactions, 'EUR')).toEqual({ BNB: '1.47618' })
    expect(transactions.every(({ price }) => price === undefined)).toBe(true)
  })

  it('have the same ids in every export that has them, whichever rows it begins with', async () => {
    const lines = text.split('\n')
    const ids = async (...rows: number[]) =>
      (await readings([lines[0], ...rows.map(i => lines[i])].join('\n'), { file: `export-${OWN}.csv` })).transactions.map(({ id }) => id)
    const all = await ids(1, 2, 3, 4)
    expect(await ids(3, 4)).toEqual(all.slice(3))
    expect(new Set(all).size).toBe(all.length)
  })

  it('of one row alone need the name of the file: of two addresses either may be the own one', async () => {
    const one = text.split('\n').slice(0, 3)
    one.splice(1, 1)
    expect((await readings(one.join('\n'))).refused).toEqual([
      [2, expect.stringContaining('expected one address in every row, or the own one')],
    ])
    const { transactions } = await readings(one.join('\n'), { file: `export-${OWN}.csv` })
    expect(holdings(transactions)).toEqual({ ETH: '-1.0004' })
  })
})

describe('Etherscan’s internal transactions', () => {
  it('are what contracts moved, but for those that failed', async () => {
    const text = rowsOf(INTERNAL, [
      internal(1, A, OWN, '0.25', '0'),
      internal(2, B, OWN, '1', '0', '1', 'reverted'),
      internal(3, OWN, A, '0', '0.05'),
      internal(3, A, OWN, '0.01', '0'),
    ])
    const { transactions, ignored, refused } = await readings(text)
    expect(holdings(transactions)).toEqual({ ETH: '0.21' })
    expect(writeTransaction(transactions[0]!)).toMatchObject({ price: '200' })
    expect([ignored, refused]).toEqual([[[3, 'failed, and moved nothing']], []])
    expect(new Set(transactions.map(({ id }) => id)).size).toBe(3)
  })
})

describe('Etherscan’s transfers of tokens', () => {
  const rows = [
    transfer(1, A, OWN, '1,500.5', USDC, 'USDC'),
    transfer(2, OWN, B, '500.5', USDC, 'USDC'),
    transfer(3, B, OWN, '3', PAIR1, 'UNI-V2'),
    transfer(4, B, OWN, '4', PAIR2, 'UNI-V2'),
    transfer(5, A, OWN, '7', '0x00000000000000000000000000000000000000cc', 'USDC'),
    transfer(6, A, OWN, '0', USDC, 'USDC'),
  ]
  const held = { USDC: '1000', 'UNI-V2.0x55d5c232d921': '3', 'UNI-V2.0x0d4a11d5eeaa': '4', 'USDC.0x000000000000': '7' }

  it('are told apart by contract, not by symbol, and come or go as the own address is on the other side', async () => {
    const { transactions, ignored, refused } = await readings(rowsOf(TOKENS, rows))
    expect(holdings(transactions)).toEqual(held)
    expect([ignored, refused]).toEqual([[[7, 'moved nothing']], []])
  })

  it('are read with the header of earlier years, newest first', async () => {
    const old = '"Txhash","UnixTimestamp","DateTime","From","To","Value","ContractAddress","TokenName","TokenSymbol"'
    const text = rowsOf(
      old,
      rows.map(([h, , t, time, from, to, value, , ...token]) => [h!, t!, time!, from!, to!, value!, ...token]).reverse(),
    )
    const { transactions } = await readings(text)
    expect(holdings(transactions)).toEqual(held)
    expect(transactions.map(({ t }) => t).sort()).toEqual([1, 2, 3, 4, 5].map(n => (T + n) * 1000))
  })

  it('of which the own address has no part are refused', async () => {
    const text = rowsOf(TOKENS, [...rows, transfer(9, A, B, '1', USDC, 'USDC')])
    expect((await readings(text, { file: `export-token-${OWN}.csv` })).refused).toEqual([
      [8, `From: found "${A}", expected ${own}, or that in To`],
    ])
  })
})
