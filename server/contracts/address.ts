import { isAddress } from 'viem'
import { ProtocolError } from '../../streams/wire/errors.ts'

/** Returns an address in lower case. Throws `invalid_params` if it is none, or if its capitals say that a digit is wrong (EIP-55). */
export const addressOf = (text: string): string => {
  if (isAddress(text)) return text.toLowerCase()
  const found = JSON.stringify(text.slice(0, 64))
  throw new ProtocolError(
    'invalid_params',
    isAddress(text, { strict: false })
      ? `address: found ${found}, expected one whose capitals fit its digits (EIP-55): a digit may be wrong`
      : `address: found ${found}, expected 0x and 40 hexadecimal digits`,
  )
}
