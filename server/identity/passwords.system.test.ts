import * as argon2 from '@node-rs/argon2'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { Passwords } from './passwords.ts'

// The real one, and seen.
vi.mock('@node-rs/argon2', async original => {
  const real = await original<typeof argon2>()
  return { ...real, hash: vi.fn(real.hash), verify: vi.fn(real.verify) }
})
beforeEach(() => {
  vi.clearAllMocks()
})

const TURN = { network: '192.0.2.1' }
const OWASP = { algorithm: 2, version: 1, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32, saltLen: 16 }

describe('passwords', () => {
  it('are known again, and only they', async () => {
    const passwords = new Passwords()
    const hash = await passwords.hash('correct horse', TURN)
    expect(await passwords.verify('correct horse', hash, TURN)).toBe(true)
    expect(await passwords.verify('correct hors', hash, TURN)).toBe(false)
    expect(await passwords.verify('Correct horse', hash, TURN)).toBe(false)
    expect(await passwords.hash('correct horse', TURN)).not.toBe(hash)
    expect(hash).not.toContain('horse')
    expect(passwords).toMatchObject({ computed: 5, running: 0, waiting: 0, refused: 0 })
  })

  it('cost the same whether the user is known or not: one hash of the same parameters', async () => {
    const passwords = new Passwords()
    const hash = await passwords.hash('correct horse', TURN)
    expect(await passwords.verify('incorrect', hash, TURN)).toBe(false)
    expect(await passwords.verify('incorrect', undefined, TURN)).toBe(false)
    expect(await passwords.verify('incorrect', undefined, TURN)).toBe(false)
    expect(argon2.hash).toHaveBeenCalledTimes(1)
    const against = vi.mocked(argon2.verify).mock.calls.map(([known]) => String(known))
    expect(against.map(known => argon2.parseOptions(known))).toEqual([OWASP, OWASP, OWASP])
    expect(against[1]).toBe(against[2])
    expect(against.map(known => known.length)).toEqual([hash.length, hash.length, hash.length])
  })

  it('are not computed when their turn is called off', async () => {
    const passwords = new Passwords()
    const begin = (): void => {
      throw new ProtocolError('rate_limited', 'later', 3)
    }
    await expect(passwords.verify('incorrect', undefined, { ...TURN, begin })).rejects.toMatchObject({ retryAfter: 3 })
    expect(argon2.verify).not.toHaveBeenCalled()
    expect(passwords).toMatchObject({ computed: 0, running: 0 })
  })

  it('are refused where too many wait, and no more are in work than may be', async () => {
    const passwords = new Passwords({ running: 1, waiting: 2 })
    const all = Array.from({ length: 5 }, () => passwords.verify('incorrect', undefined, TURN))
    expect(passwords).toMatchObject({ running: 1, waiting: 2, refused: 2 })
    const ends = await Promise.allSettled(all)
    expect(ends.map(end => (end.status === 'fulfilled' ? end.value : end.reason.code))).toEqual([
      false,
      false,
      false,
      'too_much',
      'too_much',
    ])
  })

  it('fail without a word of them where the hash in the store is none', async () => {
    const error: Error = await new Passwords().verify('correct horse', 'no hash', TURN).then(
      () => expect.unreachable(),
      e => e,
    )
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('horse')
  })
})
