import { hexToBytes, keccak256 } from 'viem'
import type { ChainLog } from '../../../streams/pools/chainLog.ts'

/** Bytes of a bloom. */
const BYTES = 256
/** Two hexadecimal digits a byte, "0x" in front. */
const BLOOM = /^0x[0-9a-f]{512}$/i

/** Returns whether a text is a bloom of 2,048 bits. */
export const isBloom = (text: unknown): text is string => typeof text === 'string' && BLOOM.test(text)

/** Share of the bits above which a bloom says nearly nothing: two in five contracts would be in it by chance. */
const FULL = 0.75

/** Returns whether a bloom (hex) has too many bits set to say anything. */
export const isFullBloom = (bloom: string): boolean => {
  let bits = 0
  for (const byte of hexToBytes(bloom as `0x${string}`)) bits += BITS[byte]!
  return bits > FULL * BYTES * 8
}

/** The number of bits set in each byte. */
const BITS = Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

/**
 * Returns whether there may be logs of the contract at `address` under a bloom (hex): false only if there is none. Of three bits in 2,048:
 * the Ethereum yellow paper, section 4.3.1.
 */
export const mayHaveLogs = (bloom: string, address: string): boolean => {
  const bytes = hexToBytes(bloom as `0x${string}`)
  return bitsOf(address).every(bit => (bytes[BYTES - 1 - (bit >> 3)]! & (1 << (bit & 7))) !== 0)
}

/** Returns the bloom of logs: of their addresses and topics, nothing else. */
export const bloomOf = (logs: readonly Pick<ChainLog, 'address' | 'topics'>[]): string => {
  const bytes = new Uint8Array(BYTES)
  for (const item of new Set(logs.flatMap(({ address, topics }) => [address, ...topics])))
    for (const bit of bitsOf(item)) bytes[BYTES - 1 - (bit >> 3)]! |= 1 << (bit & 7)
  return `0x${Buffer.from(bytes).toString('hex')}`
}

/** Returns the three bits of an item (hex): the low 11 of the first three pairs of bytes of its hash. */
const bitsOf = (item: string): number[] => {
  const hash = keccak256(item.toLowerCase() as `0x${string}`, 'bytes')
  return [0, 2, 4].map(i => ((hash[i]! << 8) | hash[i + 1]!) & 2047)
}
