import { describe, expect, it } from 'vitest'
import { bloomOf, isBloom, isFullBloom, mayHaveLogs } from './bloom.ts'

const wide = (address: string): string => `0x${address.slice(2).padStart(64, '0')}`
const WETH = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2'
const TOKEN = '0x5b7533812759b45c2b44c19e320ba2cd2681b542'
const PAIR = '0xe45b4a84e0ad24b8617a489d743c52b84b7acebe'
const TRADER = '0x00000000500e2fece27a7600435d0c48d64e0c00'
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/** The receipt of a swap, the second transaction of block 16,593,070 of Ethereum. */
const LOGS = [
  { address: WETH, topics: [TRANSFER, wide(TRADER), wide(PAIR)] },
  { address: TOKEN, topics: [TRANSFER, wide(PAIR), wide(TRADER)] },
  { address: PAIR, topics: ['0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'] },
  { address: PAIR, topics: ['0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822', wide(TRADER), wide(TRADER)] },
]
const BLOOM =
  '0x00200000000000000000000080000000000000000000000000000000000000000000010000000000000000000000000002000000080000000000000000000000001000000000000000000008000000200002000000000000000000000020000000000000000000000080000000000000000000000000000000000010000000000000000000000000000020000000000000000200000000080000004001000000000000000000000000000000000000000000000000000000001000000000000000000002000000000000000000000080000000080000001000000000000000000000200000000000000000000000000000000000000000000000000000000000'

describe('the bloom of a block', () => {
  it('is that of its addresses and topics, as the chain has it', () => {
    expect(bloomOf(LOGS)).toBe(BLOOM)
    expect(bloomOf(LOGS.map(log => ({ ...log, address: log.address.toUpperCase().replace('0X', '0x') })))).toBe(BLOOM)
  })

  it('says of each contract in it that it may have logs, and of others that they have none', () => {
    for (const { address } of LOGS) expect(mayHaveLogs(BLOOM, address)).toBe(true)
    const others = Array.from({ length: 200 }, (_, i) => `0x${i.toString(16).padStart(40, '1')}`)
    expect(others.filter(address => mayHaveLogs(BLOOM, address))).toEqual([])
  })

  it('is distinguished from what is none, and from one that is nearly full', () => {
    expect(isBloom(BLOOM)).toBe(true)
    for (const other of ['0x0', '0x', null, undefined, BLOOM.slice(0, -1), `${BLOOM}0`]) expect(isBloom(other)).toBe(false)
    expect(isFullBloom(BLOOM)).toBe(false)
    expect(isFullBloom(`0x${'77'.repeat(256)}`)).toBe(false)
    expect(isFullBloom(`0x${'7f'.repeat(256)}`)).toBe(true)
  })
})
