import { isIPv6 } from 'node:net'

const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/

/** Returns the usual text of an IP address, however a library wrote it: IPv6 shortened (RFC 5952), IPv4 inside IPv6 as IPv4. */
export const plainAddress = (text: string): string => {
  if (!isIPv6(text)) return text
  const short = new URL(`http://[${text.split('%')[0]}]`).hostname.slice(1, -1)
  const mapped = MAPPED.exec(short)
  if (!mapped) return short
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}
