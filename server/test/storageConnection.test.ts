import { createReadStream } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { embeddedConnection, engineIsBusy } from '../storage/engine/connection.ts'
import { Bench } from './storageKit.ts'

let bench: Bench
let connection: Awaited<ReturnType<typeof embeddedConnection>>
let client: ClickHouseClient
beforeEach(async () => {
  bench = await Bench.open()
  connection = await embeddedConnection({ dataDir: join(bench.dir, 'engine'), readers: 2, memory: 1e9 })
  client = createClient({ connection, log: { level: 127 } })
  bench.after(() => client.close())
})
afterEach(() => bench.close())

const rows = async (query: string, query_params = {}, clickhouse_settings = {}): Promise<unknown[]> =>
  (await client.query({ query, query_params, clickhouse_settings, format: 'JSONCompactEachRow' })).json()

describe('the embedded connection', () => {
  it('binds parameters of any content, many at once, each to its own statement', async () => {
    const text = fc.string({ unit: 'grapheme' })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, fc.array(text), fc.maxSafeInteger()), { maxLength: 8 }), async values => {
        const answers = await Promise.all(
          values.map(([s, list, n]) =>
            rows(
              'SELECT {s:String}, {list:Array(String)}, toString({n:Int64})',
              { s, list, n },
              { output_format_json_quote_64bit_integers: 0 },
            ),
          ),
        )
        expect(answers).toEqual(values.map(([s, list, n]) => [[s, list, String(n)]]))
      }),
      { numRuns: 40 },
    )
  })

  it('keeps a setting to its statement, also where that fails', async () => {
    const threads = "SELECT getSetting('max_threads'), getSetting('session_timezone')"
    const [before] = await rows(threads)
    for (let i = 0; i < 4; i++) {
      expect(await rows(threads, {}, { max_threads: 1, session_timezone: 'Asia/Tokyo' })).toEqual([[1, 'Asia/Tokyo']])
      await expect(rows('SELECT throwIf(1)', {}, { max_threads: 1 })).rejects.toMatchObject({ code: '395' })
    }
    for (let i = 0; i < 4; i++) expect(await rows(threads)).toEqual([before])
  })

  it('lets a token of one insert drop no other', async () => {
    await client.command({
      query: 'CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100',
    })
    const insert = (a: number, token?: string) =>
      client.insert({
        table: 't',
        values: [{ a }],
        format: 'JSONEachRow',
        ...(token && { clickhouse_settings: { insert_deduplication_token: token } }),
      })
    await insert(1, 'x')
    await insert(1, 'x')
    await insert(2)
    await insert(3)
    expect(await rows('SELECT a FROM t ORDER BY a')).toEqual([[1], [2], [3]])
  })

  it('takes binary rows from a file and from any stream, whatever bytes are in them', async () => {
    await client.command({ query: 'CREATE TABLE b (a UInt16) ENGINE = MergeTree ORDER BY a' })
    const bytes = Buffer.from(Uint16Array.from({ length: 70_000 }, (_, i) => i).buffer)
    const query = 'INSERT INTO b (a) FORMAT RowBinary'
    const odd = join(bench.dir, 'a{b}*c?')
    await mkdir(odd)
    for (const dir of [bench.dir, odd]) await writeFile(join(dir, 'rows'), bytes)
    // A folder of its own: other tests insert at the same time.
    const own = join(bench.dir, 'own')
    await mkdir(own)
    vi.stubEnv('TMPDIR', own)
    await client.exec({ query, values: createReadStream(join(bench.dir, 'rows')) })
    await client.exec({ query, values: createReadStream(join(odd, 'rows')) })
    await client.exec({ query, values: Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]) })
    expect(await rows('SELECT toUInt32(count()), toUInt32(uniqExact(a)) FROM b')).toEqual([[210_000, 65_536]])
    vi.unstubAllEnvs()
    expect(await readdir(own)).toEqual([])
  })

  it('streams more than fits into memory at once, and is free again where nobody reads on', async () => {
    for (let i = 0; i < 5; i++) {
      const answer = await client.query({ query: 'SELECT number FROM numbers(1000000000)', format: 'JSONCompactEachRow' })
      let seen = 0
      for await (const some of answer.stream()) {
        seen += some.length
        if (seen > 100_000) break
      }
      expect(seen).toBeLessThan(1_000_000)
    }
    expect(await Promise.all([1, 2, 3].map(i => rows('SELECT {i:UInt8}', { i })))).toEqual([[[1]], [[2]], [[3]]])
  })

  it('fails a stream whose statement fails in the middle', async () => {
    const answer = await client.query({
      query: 'SELECT throwIf(number = 500000) FROM numbers(1000000) SETTINGS max_block_size = 1000',
      format: 'JSONCompactEachRow',
    })
    await expect(answer.json()).rejects.toThrow()
    expect(await rows('SELECT 1')).toEqual([[1]])
  })

  it('writes while every reader is busy', async () => {
    await client.command({ query: 'CREATE TABLE w (a UInt8) ENGINE = MergeTree ORDER BY a' })
    let reading = 2
    const slow = [1, 2].map(() => rows('SELECT sleepEachRow(0.2) FROM numbers(5)').then(() => reading--))
    await client.insert({ table: 'w', values: [{ a: 1 }], format: 'JSONEachRow' })
    expect(reading).toBe(2)
    await Promise.all(slow)
  })

  it('tells errors by the codes of a server', async () => {
    await expect(rows('SELECT * FROM nowhere')).rejects.toMatchObject({ code: '60' })
    await expect(rows('SELEKT (WORD)')).rejects.toMatchObject({ code: '62' })
    await expect(rows('SELECT {x:String}')).rejects.toThrow('parameter "x": found none')
    await expect(client.exec({ query: 'INSERT INTO nowhere (a) FORMAT RowBinary', values: Readable.from(['x']) })).rejects.toMatchObject({
      code: '60',
    })
  })

  it('refuses statements after it was closed, and closes once', async () => {
    const running = rows('SELECT sleep(0.1)')
    await Promise.all([running, client.close(), client.close()])
    await expect(rows('SELECT 1')).rejects.toThrow('the engine is closed')
    expect((await client.ping()).success).toBe(false)
  })

  it('cancels what does not end soon when it closes: reads, writes and guests', async () => {
    const endless = 'SELECT sum(cityHash64(a.number, b.number)) FROM numbers(10000000) AS a, numbers(10000000) AS b'
    await client.command({ query: 'CREATE TABLE default.kept (n UInt64) ENGINE = MergeTree ORDER BY n' })
    const guest = connection.guest('default')
    // Three, because here the pool has four threads, and a cancellation needs one.
    const running = [
      rows(endless),
      client.command({ query: `INSERT INTO default.kept ${endless}` }),
      guest.run('SELECT count() FROM (SELECT arrayJoin(range(1000000)) AS a) AS x, (SELECT arrayJoin(range(1000000)) AS b) AS y', 'JSON'),
    ]
    const outcomes = Promise.allSettled(running)
    await vi.waitFor(() => expect(engineIsBusy()).toBe(true))
    const began = performance.now()
    await client.close()
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(engineIsBusy()).toBe(false)
    expect((await outcomes).map(outcome => outcome.status)).toEqual(Array.from(running, () => 'rejected'))
  })
})
