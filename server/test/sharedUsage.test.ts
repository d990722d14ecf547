import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRedisAddress } from '../config/redisAddress.ts'
import { MemoryUsage } from '../gateway/api/usage.ts'
import { SharedUsage } from '../gateway/sharedUsage.ts'
import { openRedis, type RedisClient, whenReady } from '../redis/connection.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'

// Without redis-server there is nothing to share by: `.ci/run` installs it.
describe.skipIf(redisPath === undefined)('what the clients of two gateways use', () => {
  let server: RedisServer
  let client: RedisClient
  beforeAll(async () => {
    server = await RedisServer.start()
    const address = readRedisAddress('redis', server.url)
    client = openRedis(address, 'commands', { info: () => {}, warn: () => {} })
    await whenReady(client, address, 5_000)
  })
  afterAll(async () => {
    client.disconnect()
    await server.stop()
  })

  let names = 0
  /** Two gateways that settle only when the test wants it. */
  const two = (): [SharedUsage, SharedUsage] => {
    const open = (): SharedUsage => {
      const usage = new SharedUsage(
        new MemoryUsage(() => performance.now()),
        { eval: (script, keys, ...args) => client.eval(script, keys, ...args) },
        `gateway-${++names}`,
      )
      usage.close()
      return usage
    }
    return [open(), open()]
  }

  it('counts against one limit', async () => {
    const [a, b] = two()
    for (let i = 0; i < 100; i++) expect(a.take('rate', 1, 100)).toBe(0)
    // What the one has not yet said the other does not know.
    expect(b.take('rate', 1, 100)).toBe(0)
    await a.settle()
    await b.settle()
    let taken = 0
    const began = performance.now()
    while (b.take('rate', 1, 100) === 0) taken += 1
    expect(taken).toBeLessThan(20 + (performance.now() - began) / 10)
  })

  it('is held together, and no more by one that is not heard of', async () => {
    const [a, b] = two()
    a.hold('sockets', 3)
    b.hold('sockets', 1)
    await a.settle()
    await b.settle()
    expect(b.held('sockets')).toBe(4)
    a.hold('sockets', -2)
    await a.settle()
    await b.settle()
    expect(b.held('sockets')).toBe(2)
    await expect.poll(() => b.settle().then(() => b.held('sockets')), { timeout: 8_000, interval: 500 }).toBe(1)
  })

  it('is what each sees itself while Redis is away', async () => {
    const failing = new SharedUsage(new MemoryUsage(() => 0), { eval: () => Promise.reject(new Error('away')) }, 'alone')
    for (let i = 0; i < 5; i++) expect(failing.take('rate', 1, 5)).toBe(0)
    failing.hold('sockets', 1)
    await failing.settle()
    expect([failing.take('rate', 1, 5) > 0, failing.held('sockets'), failing.failures]).toEqual([true, 1, 1])
    failing.close()
  })
})
