import { describe, expect, it } from 'vitest'
import { writeTransaction } from '../../../streams/pnl/transaction.ts'
import { readings } from '../test/readings.ts'

const HEADER = 'tx_hash,block_number,timestamp,kind,asset,token_address,from,to,signed_amount,eth_usd_price,is_error'
const HASH = `0x${'ab'.repeat(32)}`
const OWN = '0x9ad227d56a36b33407916f3293db2d298095dca9'
const OTHER = '0x59a5208b32e627891c389ebafc644145224006e8'
const SOME = { tx_hash: HASH, timestamp: '1587563227', kind: 'external', asset: 'ETH', from: OTHER, to: OWN, signed_amount: '1.5' }

const line = (over: Record<string, string>): string => {
  const fields: Record<string, string> = { ...SOME, ...over }
  return HEADER.split(',')
    .map(name => fields[name] ?? '')
    .join(',')
}

const read = (...rows: Record<string, string>[]) => readings([HEADER, ...rows.map(line)].join('\n'))

describe('a transfer of a wallet', () => {
  it.each<[string, Record<string, string>, object]>([
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
  ])('becomes a row: %s', async (_, over, expected) => {
    const { transactions } = await read(over)
    expect({ price: undefined, ...writeTransaction(transactions[0]!) }).toMatchObject({ t: 1587563227000, ...expected })
  })

  it.each([
    ['no hash', { tx_hash: '0x12' }, 'tx_hash'],
    ['another kind', { kind: 'erc721' }, 'kind'],
    ['no time', { timestamp: 'April' }, 'timestamp'],
    ['no asset', { asset: '' }, 'asset'],
    ['less than can be held', { signed_amount: '1e-19' }, 'signed_amount'],
  ])('is refused for %s', async (_, over, where) => {
    const { refused, transactions } = await read(over as unknown as Record<string, string>)
    expect([transactions, refused]).toEqual([[], [[2, expect.stringMatching(new RegExp(`^${where}: found`))]]])
  })

  it('that failed, or moved nothing, is left out', async () => {
    expect((await read({ is_error: '1' }, { signed_amount: '0' })).ignored).toEqual([
      [2, 'failed, and moved nothing'],
      [3, 'moved nothing'],
    ])
  })

  it('has an id of its own, the same each time', async () => {
    const rows = [{}, { signed_amount: '2' }, { kind: 'internal' }, {}, { tx_hash: `0x${'cd'.repeat(32)}` }]
    const ids = async () => (await read(...(rows as Record<string, string>[]))).transactions.map(({ id }) => id)
    const all = await ids()
    expect(new Set(all).size).toBe(rows.length)
    expect(await ids()).toEqual(all)
    for (const id of all) expect(id.length).toBeLessThanOrEqual(128)
  })

  it('of a token is of its contract: six pairs called UNI-V2 are six assets, and a false USDC is none', async () => {
    const pairs = [1, 2, 3, 4, 5, 6].map(n => ({
      kind: 'erc20',
      asset: 'UNI-V2',
      token_address: `0x${String(n).repeat(40)}`,
      signed_amount: String(n),
    }))
    const usdc = ['0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48', `0x${'9'.repeat(40)}`].map(token_address => ({
      kind: 'erc20',
      asset: 'USDC',
      token_address,
    }))
    const { transactions } = await read(...pairs, ...usdc)
    const assets = transactions.map(({ asset }) => asset)
    expect(new Set(assets.slice(0, 6)).size).toBe(6)
    expect(assets[0]).toBe('UNI-V2.0x111111111111')
    expect(assets.slice(6)).toEqual(['USDC', 'USDC.0x999999999999'])
  })
})
