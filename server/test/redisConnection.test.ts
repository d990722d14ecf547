import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { UsageError } from '../config/options.ts'
import { readRedisAddress } from '../config/redisAddress.ts'
import { openRedis, type RedisClient, whenReady } from '../redis/connection.ts'
import { frameWarnings, journalFault, redisFacts, versionFault } from '../redis/startChecks.ts'
import { newestId, type ReadingFigures, readStream, type StreamEntry } from '../redis/streamReader.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'

const log = pino({ level: 'silent' })

// Where there is no redis-server there is nothing to connect to.
describe.skipIf(redisPath === undefined)('a Redis', () => {
  let server: RedisServer
  const clients: RedisClient[] = []
  const opened = async (use: 'commands' | 'reading'): Promise<RedisClient> => {
    const address = readRedisAddress('redis', server.url)
    const client = openRedis(address, use, log)
    clients.push(client)
    await whenReady(client, address, 5_000)
    return client
  }
  const follow = (client: RedisClient, from: string) => {
    const [entries, stop]: [StreamEntry[], AbortController] = [[], new AbortController()]
    const figures: ReadingFigures = { entries: 0, bytes: 0, failures: 0 }
    const ended = (async () => {
      for await (const some of readStream(client, { key: 's', from, signal: stop.signal, figures })) entries.push(...some)
    })()
    const end = (): Promise<void> => {
      stop.abort()
      return ended
    }
    return { entries, figures, ids: () => entries.map(({ id }) => id), end }
  }
  /** Adds an entry, whatever becomes of the answer: one that is refused because it is there already has been added. */
  const written = (writer: RedisClient, id: string): Promise<unknown> =>
    vi.waitFor(
      () =>
        writer.xadd('s', id, 'f', id).catch((error: Error) => {
          if (!error.message.includes('equal or smaller')) throw error
        }),
      { timeout: 3_000 },
    )
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    await server.remove()
  })

  it('is read entry by entry, from any id, as bytes', async () => {
    const [writer, reader] = [await opened('commands'), await opened('reading')]
    expect(await newestId(writer, 's')).toBe('0-0')
    for (let n = 1; n <= 250; n++) await writer.xadd('s', `7-${n}`, 'f', Buffer.from([n, 255 - n]))
    expect(await newestId(writer, 's')).toBe('7-250')
    const reading = follow(reader, '7-40')
    await vi.waitFor(() => expect(reading.entries.length).toBe(210))
    expect(reading.ids()).toEqual(Array.from({ length: 210 }, (_, i) => `7-${41 + i}`))
    expect(reading.entries[0]!.fields.get('f')).toEqual(Buffer.from([41, 214]))
    expect(reading.figures).toEqual({ entries: 210, bytes: 420, failures: 0 })
    await reading.end()
  })

  it('that is killed, or hangs, is known within two seconds, and read on where it was when it is back', async () => {
    const [writer, reader] = [await opened('commands'), await opened('reading')]
    const last = await newestId(writer, 's')
    const reading = follow(reader, last)
    server.pause()
    const began = performance.now()
    await expect(writer.xadd('s', '8-1', 'f', 'lost or not')).rejects.toThrow()
    expect(performance.now() - began).toBeLessThan(2_000)
    server.resume()
    await written(writer, '8-2')
    await vi.waitFor(() => expect(reading.ids().at(-1)).toBe('8-2'), { timeout: 3_000 })
    await server.kill()
    await expect(writer.xadd('s', '8-3', 'f', 'three')).rejects.toThrow()
    await server.restart()
    await written(writer, '8-4')
    await vi.waitFor(() => expect(reading.ids().at(-1)).toBe('8-4'), { timeout: 3_000 })
    expect(reading.figures.failures).toBeGreaterThan(0)
    await reading.end()
  })

  it('that is not there is said in one line, without a password', async () => {
    const address = readRedisAddress('redis', 'redis://eve:secret@127.0.0.1:1')
    const client = openRedis(address, 'commands', log)
    clients.push(client)
    await expect(whenReady(client, address, 200)).rejects.toThrow(/^redis:\/\/…@127\.0\.0\.1:1: found .*ECONNREFUSED.*, expected a Redis$/)
  })

  it('that takes no such name or password is said at once, as a mistake in the settings', async () => {
    const guarded = await RedisServer.start({ requirepass: 'sesame' })
    try {
      for (const [who, found] of [
        ['', 'NOAUTH'],
        [':wrong@', 'WRONGPASS'],
        ['eve:sesame@', 'WRONGPASS'],
      ]) {
        const address = readRedisAddress('redis', `redis://${who}127.0.0.1:${guarded.port}`)
        const client = openRedis(address, 'commands', log)
        clients.push(client)
        const refused = whenReady(client, address, 60_000)
        await expect(refused).rejects.toBeInstanceOf(UsageError)
        await expect(refused).rejects.toThrow(
          `${address.shown}: found ${found}, expected a name and password in the URL that this Redis takes`,
        )
      }
    } finally {
      await guarded.stop()
    }
  })

  it('says its settings: without a file for appends it is no place for a journal', async () => {
    const facts = await redisFacts(await opened('commands'))
    expect(facts).toMatchObject({ aof: false, fsync: 'everysec', eviction: 'noeviction' })
    expect(versionFault(facts)).toBeUndefined()
    expect(journalFault(facts)).toMatch(/^found no append-only file, expected appendonly yes/)
    expect(frameWarnings(facts)).toEqual([])
  })

  it('a reader of an ended connection waits, and stops when it should', async () => {
    const reader = await opened('reading')
    reader.disconnect()
    const reading = follow(reader, '0')
    await delay(300)
    expect(reading.figures.failures).toBeGreaterThan(2)
    expect(reading.figures.failures).toBeLessThan(10)
    await reading.end()
  })

  it('is reached again though a sentinel reports a failover while the connection looks for the server', async () => {
    const sentinel = await RedisServer.startSentinel(server, { quorum: 1 })
    const address = readRedisAddress('redis', `redis+sentinel://127.0.0.1:${sentinel.port}/main`)
    const client = openRedis(address, 'commands', log)
    clients.push(client)
    await whenReady(client, address, 5_000)
    const ends = vi.fn()
    client.on('end', ends)
    // The library does this when it hears so.
    client.once('connecting', () => (Reflect.get(client, 'connector') as { disconnect(): void }).disconnect())
    client.disconnect(true)
    await vi.waitFor(async () => expect(await client.ping()).toBe('PONG'), { timeout: 5_000 })
    expect(ends).toHaveBeenCalledOnce()
    client.disconnect()
    await vi.waitFor(() => expect(ends).toHaveBeenCalledTimes(2))
    await delay(200)
    expect(client.status).toBe('end')
    await sentinel.remove()
  })
})

describe('the settings of a Redis', () => {
  const GOOD = { version: '7.0.15', aof: true, fsync: 'always', eviction: 'noeviction' }

  it.each([
    [GOOD, undefined],
    [{ ...GOOD, fsync: 'everysec' }, 'found appendfsync everysec, expected always'],
    [{ ...GOOD, fsync: undefined }, 'found appendfsync unknown, expected always'],
    [{ ...GOOD, eviction: 'allkeys-lru' }, 'found maxmemory-policy allkeys-lru, expected noeviction'],
  ])('%j: a journal may lie there unless %s', (facts, fault) => {
    expect(journalFault(facts)).toBe(fault)
  })

  it('frames are slow on a server that writes before it answers, and lost with one that evicts', () => {
    expect(frameWarnings(GOOD)).toEqual([expect.stringContaining('expected a second Redis')])
    expect(frameWarnings({ ...GOOD, aof: false, eviction: 'volatile-lru' })).toEqual([expect.stringContaining('expected noeviction')])
  })

  it.each([
    ['6.0.16', 'found version 6.0.16, expected 6.2 or later'],
    ['5.9', 'found version 5.9, expected 6.2 or later'],
    ['6.2.0', undefined],
    ['10.0', undefined],
  ])('version %s', (version, fault) => {
    expect(versionFault({ ...GOOD, version })).toBe(fault)
  })
})
