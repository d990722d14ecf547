import { describe, expect, it } from 'vitest'
import { type AtomicSwap, BadSwap, readSwap, type SwapRecord } from './swap.ts'

const RIGHT: SwapRecord = {
  uuid: '58C9C119-78ef-43ff-85f8-db38f8ac9cbf',
  started_at: '1701880000',
  finished_at: 1701882417,
  is_success: 1,
  maker_coin: 'LTC-segwit',
  taker_coin: 'USDC-PLG20_OLD',
  maker_amount: '0.0014267695097104638',
  taker_amount: 1e-8,
  maker_coin_usd_price: '72.27',
  taker_coin_usd_price: '',
}

describe('a row of swaps', () => {
  it('is read as it stands, in text or in numbers', () => {
    expect(readSwap(RIGHT)).toEqual({
      id: '58c9c119-78ef-43ff-85f8-db38f8ac9cbf',
      market: '',
      t: 1701882417_000,
      started: 1701880000_000,
      makerCoin: 'LTC-segwit',
      takerCoin: 'USDC-PLG20_OLD',
      makerAmount: 1426769509710463n,
      takerAmount: 10_000_000_000n,
      makerUsd: 72.27,
      takerUsd: Number.NaN,
      version: expect.any(BigInt),
    })
  })

  it.each([
    ['not completed', { is_success: '0' }],
    ['not completed', { is_success: 0, maker_amount: '' }],
    ['test coin', { maker_coin: 'DOC' }],
    ['test coin', { taker_coin: 'MARTY' }],
  ])('is left out: %s', (why, wrong) => {
    expect(readSwap({ ...RIGHT, ...wrong })).toBe(why)
  })

  it.each([
    ['uuid', 'no-uuid'],
    ['uuid', undefined],
    ['maker_coin', ''],
    ['taker_coin', 'A_B'],
    ['maker_amount', '0'],
    ['maker_amount', '-1'],
    ['maker_amount', '1e400'],
    ['maker_amount', 'NaN'],
    ['taker_amount', '1'.repeat(31)],
    ['taker_amount', null],
    ['finished_at', 'yesterday'],
    ['finished_at', '0'],
    ['started_at', '1.5'],
    ['maker_coin_usd_price', '-1'],
    ['taker_coin_usd_price', 'Infinity'],
  ])('is refused with one line: %s %j', (member, value) => {
    const read = () => readSwap({ ...RIGHT, [member]: value })
    expect(read).toThrow(BadSwap)
    expect(read).toThrow(new RegExp(`^${member}: found ".*", expected [^\\n]+$`))
  })

  it('of one swap counts more the more prices it knows, then the later it was completed', () => {
    const version = (more: SwapRecord) => (readSwap({ ...RIGHT, ...more }) as AtomicSwap).version
    const rising = [
      { maker_coin_usd_price: '', finished_at: 1701882417 },
      { maker_coin_usd_price: '0', finished_at: 1701882418 },
      { maker_coin_usd_price: '1', finished_at: 1701882417 },
      { maker_coin_usd_price: '1', taker_coin_usd_price: '1', finished_at: 1701882000 },
      { maker_coin_usd_price: '2', taker_coin_usd_price: '1', finished_at: 1701882001 },
    ].map(version)
    expect(rising).toEqual([...rising].sort((a, b) => (a < b ? -1 : 1)))
    expect(new Set(rising).size).toBe(rising.length)
  })
})
