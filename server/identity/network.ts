import { isIPv6 } from 'node:net'
import { plainAddress } from '../lib/plainAddress.ts'

/** Longer than any IP address; what is no address is not kept at any length. */
const LONGEST = 64

/**
 * Who is taken for one and the same by address: an IPv4 address, or the /64 of an IPv6 one, of which a single household has 2^64
 * addresses. What is no IP address stands for itself.
 */
export const networkOf = (address: string): string => {
  const plain = plainAddress(address)
  if (!isIPv6(plain)) return plain.slice(0, LONGEST)
  const [left, right] = plain.split('::').map(half => half.split(':').filter(group => group !== ''))
  const zeros = right === undefined ? 0 : 8 - left!.length - right.length
  const groups = [...left!, ...Array<string>(zeros).fill('0'), ...(right ?? [])]
  return `${groups.slice(0, 4).join(':')}::/64`
}
