import { describe, expect, it } from 'vitest'
import { isNamedHere, isOwn } from './origin.ts'

describe('a request to a server that only this machine can reach', () => {
  const hosts = new Set(['desk.example:8443'])
  it.each([
    ['http://localhost:8080/', true],
    ['http://127.0.0.1:8080/', true],
    ['http://127.1.2.3/', true],
    ['http://[::1]:8080/v1/funds', true],
    ['http://board.localhost:8080/', true],
    ['https://desk.example:8443/', true],
    ['https://desk.example/', false],
    ['http://evil.example:8080/', false],
    ['http://localhost.evil.example/', false],
    ['http://127.0.0.1.evil.example/', false],
    ['http://evillocalhost/', false],
    ['http://10.0.0.1:8080/', false],
  ])('at %s is taken: %s', (url, taken) => {
    expect(isNamedHere(new URL(url), hosts)).toBe(taken)
  })
})

describe('a page', () => {
  it.each([
    ['http://127.0.0.1:8080', true],
    ['http://127.0.0.1:8081', false],
    ['null', false],
    ['no origin', false],
  ])('of %s is the own one of 127.0.0.1:8080: %s', (origin, own) => {
    expect(isOwn(origin, new URL('http://127.0.0.1:8080/ws'))).toBe(own)
  })
})
