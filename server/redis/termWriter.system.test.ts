import { Redis } from 'ioredis'
import { pino } from 'pino'
import { expect, it, vi } from 'vitest'
import { RedisServer, redisPath } from '../test/kit/redisServer.ts'
import { beginTerm, TermWriter, termId } from './termWriter.ts'

it.skipIf(redisPath === undefined)('a new term leaves what older terms wrote to readers that are behind', async () => {
  const redis = await RedisServer.start()
  const client = new Redis(redis.url)
  const writing = async (term: number): Promise<TermWriter> =>
    new TermWriter({
      client,
      key: 'entries',
      term: await beginTerm(client, 'entries', Buffer.from('first'), term),
      entries: 'entries',
      log: pino({ level: 'silent' }),
    })
  const older = await writing(1)
  for (let n = 0; n < 500; n++) older.append(Buffer.from('older'))
  await vi.waitFor(() => expect(older.figures.written).toBe(500))
  const newer = await writing(2)
  newer.append(Buffer.from('newer'))
  await vi.waitFor(() => expect(newer.figures.written).toBe(1))
  const ids = (await client.xrange('entries', '-', '+')).map(([id]) => termId(id))
  expect(ids).toEqual([...Array.from({ length: 501 }, (_, n) => ({ term: 1, n })), { term: 2, n: 0 }, { term: 2, n: 1 }])
  client.disconnect()
  await redis.remove()
})
