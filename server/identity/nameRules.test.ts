import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { passwordFault, usernameFault } from './nameRules.ts'

describe('a password', () => {
  it.each([
    ['8 bytes', 'a'.repeat(8), true],
    ['7 bytes', 'a'.repeat(7), false],
    ['none', '', false],
    ['1024 bytes', 'a'.repeat(1024), true],
    ['1025 bytes', 'a'.repeat(1025), false],
    ['8 bytes in two characters', '😀😀', true],
    ['1026 bytes in 342 characters', '€'.repeat(342), false],
    ['1023 bytes in 341 characters', '€'.repeat(341), true],
    ['a lone high surrogate', 'password\ud83d', false],
    ['a lone low surrogate', '\ude00password', false],
    ['surrogates in the wrong order', 'pass\ude00\ud83dword', false],
    ['control characters', '\0\0\0\0\0\0\0\0', true],
  ])('of %s', (_, password, fits) => {
    expect(passwordFault(password) === undefined).toBe(fits)
  })

  it('never stands in what is said against it', () => {
    const bad = fc.oneof(fc.string({ minLength: 5, maxLength: 7 }), fc.string({ minLength: 1025, maxLength: 1100 }))
    const saying = `password: found bytes of UTF-8, expected 8 to 1024`
    fc.assert(
      fc.property(bad, password => {
        fc.pre(!saying.includes(password))
        expect(passwordFault(password)).toMatch(/^password: found \d+ bytes of UTF-8, expected 8 to 1024$/)
      }),
    )
    expect(passwordFault('correct horse\ud83d')).not.toContain('horse')
  })
})

describe('a user name', () => {
  it.each([
    ['ann', true],
    ['0', true],
    ['A.b_c-d', true],
    ['a'.repeat(64), true],
    ['a'.repeat(65), false],
    ['', false],
    ['.ann', false],
    ['ann b', false],
    ['änn', false],
    ['ann\n', false],
    ['constructor', true],
    ['__proto__', false],
  ])('%j', (name, fits) => {
    expect(usernameFault(name) === undefined).toBe(fits)
  })

  it('is not repeated, for it may be a password in the wrong field', () => {
    expect(usernameFault('correct horse')).toMatch(/^username: found 13 characters/)
    expect(usernameFault('correct horse')).not.toContain('horse')
  })
})
