import { expect, it } from 'vitest'
import { plainAddress } from './plainAddress.ts'

it.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['0000:0000:0000:0000:0000:ffff:c000:02ff', '192.0.2.255'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['', ''],
])('writes the address %s as %s', (given, plain) => {
  expect(plainAddress(given)).toBe(plain)
})
