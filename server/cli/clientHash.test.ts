import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Passwords } from '../identity/passwords.ts'
import { clientHash } from './clientHash.ts'

describe('client hash', () => {
  const typed = (text: string) => clientHash(Readable.from([text]) as unknown as NodeJS.ReadStream)

  it('hashes a password as the server verifies it, and never the same way twice', async () => {
    const [one, two] = [await typed('correct horse\n'), await typed('correct horse\n')]
    expect(one).not.toBe(two)
    for (const hash of [one, two]) expect(await new Passwords().verify('correct horse', hash, { network: 'here' })).toBe(true)
  })

  it.each([
    ['short\n', 'password: found 5 bytes of UTF-8, expected 8 to 1024'],
    ['', 'password: found 0 bytes of UTF-8, expected 8 to 1024'],
  ])('refuses %j', async (text, why) => {
    await expect(typed(text)).rejects.toThrow(why)
  })
})
