import { isIPv6 } from 'node:net'
import { plainAddress } from '../lib/plainAddress.ts'

/** Characters, more than any IP address has: other text is cut to it. */
const LONGEST = 64

/**
 * Returns the network of an address, which counts as one client: an IPv4 address itself, or the /64 of an IPv6 address, because a single
 * household has all 2^64 addresses of it. Other text stands for itself.
 */
export const networkOf = (address: string): string => {
  const plain = plainAddress(address)
  if (!isIPv6(plain)) return plain.slice(0, LONGEST)
  const [left, right] = plain.split('::').map(half => half.split(':').filter(group => group !== ''))
  const zeros = right === undefined ? 0 : 8 - left!.length - right.length
  const groups = [...left!, ...Array<string>(zeros).fill('0'), ...(right ?? [])]
  return `${groups.slice(0, 4).join(':')}::/64`
}
