import { describe, expect, it } from 'vitest'
import { csvFields } from '../../streams/lib/csv.ts'
import { BadRow, type Transaction, writeTransaction } from '../../streams/pnl/transaction.ts'
import { RowIds } from '../gateway/api/transactionRows.ts'
import { walletReader } from './wallet.ts'

const HEADER = 'tx_hash,block_number,timestamp,kind,asset,token_address,from,to,signed_amount,eth_usd_price,is_error'
const HASH = `0x${'ab'.repeat(32)}`
const OWN = '0x9ad227d56a36b33407916f3293db2d298095dca9'
const OTHER = '0x59a5208b32e627891c389ebafc644145224006e8'
const line = (over: Record<string, string>): string => {
  const fields = {
    tx_hash: HASH,
    timestamp: '1587563227',
    kind: 'external',
    asset: 'ETH',
    from: OTHER,
    to: OWN,
    signed_amount: '1.5',
    ...over,
  }
  return HEADER.split(',')
    .map(name => (fields as Record<string, string>)[name] ?? '')
    .join(',')
}
const reader = () => {
  const read = walletReader(HEADER, new RowIds())!
  return (over: Record<string, string>): Transaction => read(csvFields(line(over)))
}

describe('a transfer of a wallet', () => {
  it.each([
    ['what came in', { eth_usd_price: '183.04' }, { type: 'deposit', asset: 'ETH', qty: '1.5', price: '183.04', account: OWN }],
    ['what went out', { from: OWN, to: OTHER, signed_amount: '-2' }, { type: 'withdraw', asset: 'ETH', qty: '2', account: OWN }],
    [
      'gas',
      { kind: 'fee', from: OWN, to: '', signed_amount: '-0.001', eth_usd_price: '183.04', is_error: '1' },
      { type: 'fee', qty: '0.001', price: '183.04' },
    ],
    [
      'a token, whose price is not that of ETH',
      { kind: 'erc20', asset: 'HEX', eth_usd_price: '183.04' },
      { type: 'deposit', asset: 'HEX', price: undefined },
    ],
    [
      'a little of a token',
      { kind: 'erc20', asset: 'X', signed_amount: '-5.2411E-14', from: OWN },
      { type: 'withdraw', qty: '0.000000000000052411' },
    ],
    ['a little more', { signed_amount: '12.5e-1' }, { qty: '1.25' }],
  ])('becomes a row: %s', (_, over, expected) => {
    expect({ price: undefined, ...writeTransaction(reader()(over as unknown as Record<string, string>)) }).toMatchObject({
      t: 1587563227000,
      ...expected,
    })
  })

  it.each([
    ['no hash', { tx_hash: '0x12' }, 'tx_hash'],
    ['another kind', { kind: 'erc721' }, 'kind'],
    ['no time', { timestamp: '2020-04-22' }, 'timestamp'],
    ['nothing', { signed_amount: '0' }, 'qty'],
    ['less than can be held', { signed_amount: '1e-19' }, 'qty'],
    ['what has failed', { is_error: '1' }, 'is_error'],
  ])('is refused for %s', (_, over, where) => {
    const read = reader()
    expect(() => read(over as unknown as Record<string, string>)).toThrow(BadRow)
    expect(() => read(over as unknown as Record<string, string>)).toThrow(new RegExp(`^${where}: found`))
  })

  it('has an id of its own, the same each time', () => {
    const rows = [{}, { signed_amount: '2' }, { kind: 'internal' }, {}, { tx_hash: `0x${'cd'.repeat(32)}` }]
    const ids = (): string[] => {
      const read = reader()
      return rows.map(over => read(over as Record<string, string>).id)
    }
    const all = ids()
    expect(new Set(all).size).toBe(rows.length)
    expect(ids()).toEqual(all)
    for (const id of all) expect(id.length).toBeLessThanOrEqual(128)
  })

  it('is told by the header', () => {
    expect(walletReader('t,type,asset,qty', new RowIds())).toBeUndefined()
  })
})
