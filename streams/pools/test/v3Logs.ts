import type { Said } from '../../test/chain.ts'
import { BURN_V3, COLLECT_PROTOCOL_V3, COLLECT_V3, FLASH_V3, MINT_V3 } from '../abi.ts'

type Word = bigint | number

const word = (value: Word): string => BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, '0')

/** A log of these indexed arguments and words of data. */
export const saying = (topic: string, indexed: readonly Word[], ...words: readonly Word[]): Said => ({
  topics: [topic, ...indexed.map(value => `0x${word(value)}`)],
  data: `0x${words.map(word).join('')}`,
})

/** Liquidity for a range, and what was paid for it. */
export const minted = (lower: Word, upper: Word, liquidity: Word, amount0: Word, amount1: Word): Said =>
  saying(MINT_V3, [1, lower, upper], 2, liquidity, amount0, amount1)
/** Liquidity taken away; what it was worth is owed, and leaves by `collected`. */
export const burnt = (lower: Word, upper: Word, liquidity: Word, amount0: Word, amount1: Word): Said =>
  saying(BURN_V3, [1, lower, upper], liquidity, amount0, amount1)
export const collected = (lower: Word, upper: Word, amount0: Word, amount1: Word): Said =>
  saying(COLLECT_V3, [1, lower, upper], 2, amount0, amount1)
export const collectedByProtocol = (amount0: Word, amount1: Word): Said => saying(COLLECT_PROTOCOL_V3, [1, 2], amount0, amount1)
export const flashed = (lent0: Word, lent1: Word, paid0: Word, paid1: Word): Said => saying(FLASH_V3, [1, 2], lent0, lent1, paid0, paid1)
