import { describe, expect, it } from 'vitest'
import { UsageError } from './options.ts'
import { type RedisAddress, readRedisAddress } from './redisAddress.ts'

const PLAIN = { name: '', tls: false, username: undefined, password: undefined, db: 0 }

describe('the address of a Redis', () => {
  it.each<[text: string, address: Partial<RedisAddress>]>([
    ['redis://localhost', { ...PLAIN, kind: 'single', nodes: [{ host: 'localhost', port: 6379 }], shown: 'redis://localhost' }],
    ['redis://10.0.0.1:7000/3', { ...PLAIN, kind: 'single', nodes: [{ host: '10.0.0.1', port: 7000 }], db: 3 }],
    ['redis://[::1]:7000', { nodes: [{ host: '::1', port: 7000 }] }],
    ['rediss://eve:a%40b%3Ac@cache.example.org', { tls: true, username: 'eve', password: 'a@b:c', shown: 'rediss://…@cache.example.org' }],
    ['redis://:secret@localhost', { username: undefined, password: 'secret', shown: 'redis://…@localhost' }],
    [
      'redis+sentinel://a,b:1,c:2/main',
      {
        ...PLAIN,
        kind: 'sentinel',
        name: 'main',
        nodes: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 1 },
          { host: 'c', port: 2 },
        ],
      },
    ],
    ['rediss+cluster://:p@a:7000,b:7001', { kind: 'cluster', tls: true, password: 'p', shown: 'rediss+cluster://…@a:7000,b:7001' }],
  ])('%s', (text, address) => {
    expect(readRedisAddress('redis', text)).toMatchObject(address)
  })

  it.each([
    ['localhost:6379', 'redis://HOST:PORT'],
    ['http://localhost', 'redis://HOST:PORT'],
    ['redis://', 'redis://HOST:PORT'],
    ['redis://a,b', 'redis://HOST:PORT'],
    ['redis://a:99999', 'redis://HOST:PORT'],
    ['redis+sentinel://a,b', 'the name by which the sentinels know the server'],
    ['redis+cluster://a/1', 'no number of a database'],
    ['redis://a/first', 'the number of a database'],
    ['redis://:se%cret@a', 'user and password with % only as %25'],
    ['redis://:secret@a:b', 'redis://HOST:PORT'],
    ['redis://:sec/ret@a:b', 'redis://HOST:PORT'],
  ])('%s is refused, and no password is in the message', (text, expected) => {
    const read = () => readRedisAddress('redis-journal', text)
    expect(read).toThrow(UsageError)
    expect(read).toThrow(expected)
    expect(read).not.toThrow(/secret|se%cret|sec\/ret/)
    expect(read).toThrow(/^--redis-journal: found "/)
  })
})
