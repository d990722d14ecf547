import { describe, expect, it } from 'vitest'
import { isAddress, isNamedHere, isOwn } from './origin.ts'

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
  it.each<[origin: string, url: string, behindTls: boolean, own: boolean]>([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/ws', false, true],
    ['http://127.0.0.1:8081', 'http://127.0.0.1:8080/ws', false, false],
    ['https://127.0.0.1:8080', 'http://127.0.0.1:8080/ws', false, false],
    ['https://desk.example', 'https://desk.example/ws', false, true],
    ['https://desk.example', 'http://desk.example/ws', true, true],
    ['https://desk.example', 'http://desk.example:443/ws', true, true],
    ['http://desk.example', 'http://desk.example/ws', true, true],
    ['https://desk.example:8443', 'http://desk.example/ws', true, false],
    ['null', 'http://127.0.0.1:8080/ws', false, false],
    ['no origin', 'http://127.0.0.1:8080/ws', false, false],
    ['http://user@127.0.0.1:8080', 'http://127.0.0.1:8080/ws', false, false],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080/ws', false, false],
    ['http://127.0.0.1:8080/a/path', 'http://127.0.0.1:8080/ws', false, false],
    ['javascript://127.0.0.1:8080', 'http://127.0.0.1:8080/ws', false, false],
    ['HTTP://127.0.0.1:8080', 'http://127.0.0.1:8080/ws', false, false],
  ])('of %s at %s, behind TLS %s, is an own one: %s', (origin, url, behindTls, own) => {
    expect(isOwn(origin, new URL(url), behindTls)).toBe(own)
  })
})

it.each([
  ['http://10.0.0.1:8080/', true],
  ['http://[2001:db8::1]/', true],
  ['http://10.0.0.1.evil.example/', false],
  ['http://desk.example/', false],
])('%s is an address: %s', (url, address) => {
  expect(isAddress(new URL(url))).toBe(address)
})
