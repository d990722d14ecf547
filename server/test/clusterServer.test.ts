import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Figures } from '../lib/figures.ts'
import { CLUSTER_SETTINGS } from '../storage/engine/cluster.ts'
import { type Engine, EngineError, openEngine } from '../storage/engine/engine.ts'
import { MIGRATIONS } from '../storage/engine/migrate.ts'
import { openHistory } from '../storage/read/history.ts'
import { runSql } from '../storage/read/sql.ts'
import { abandonCopied, copiedEntries, insertEntries, newestCopied } from '../storage/write/entryCopy.ts'
import type { Asked } from './clickhouseServer.ts'
import { Bench, ClickHouseServer, candlesOf, countOf, openedSink, silent, storedCandles, storedTicks } from './storageKit.ts'
import { trade } from './storageRows.ts'

let bench: Bench
let server: ClickHouseServer
let engine: Engine
let opening: readonly Asked[]
beforeAll(async () => {
  bench = await Bench.open()
  server = await ClickHouseServer.start(join(bench.dir, 'cluster'), '', 'desk')
  bench.after(() => server.remove())
  engine = await openEngine({ source: { url: server.url, cluster: 'desk' }, retention: { ticks: '30d' }, log: silent })
  bench.after(() => engine.close())
  opening = await server.asked()
}, 60_000)
afterAll(() => bench.close())

const SETTINGS = Object.fromEntries(Object.entries(CLUSTER_SETTINGS).map(([name, value]) => [name, String(value)]))
const T = Date.UTC(2026, 0, 5, 12)

describe('a server of a cluster', () => {
  it('is asked with the settings of a cluster, always', () => {
    const others = opening.filter(({ settings }) => Object.entries(SETTINGS).some(([name, value]) => settings[name] !== value))
    // Before anything else it is asked whether it is there.
    expect(others.map(({ sql }) => sql).filter(sql => !/^SELECT 'ping'|^SELECT 1/.test(sql))).toEqual([])
    expect(opening.length).toBeGreaterThan(90)
  })

  it('gets statements that change tables on all servers of the cluster', () => {
    const changes = opening.filter(({ sql }) => /^\s*(CREATE|ALTER|DROP|TRUNCATE)\b/.test(sql))
    expect(changes.length).toBeGreaterThan(80)
    expect(changes.filter(({ sql }) => !sql.includes("ON CLUSTER 'desk'"))).toEqual([])
    expect(changes.map(({ sql }) => sql)).toContain(
      "ALTER TABLE `driftwire`.ticks_local ON CLUSTER 'desk' MODIFY TTL toDateTime(stored) + toIntervalSecond(2592000)",
    )
  })

  it('changes nothing at the next start', async () => {
    const again = await openEngine({ source: { url: server.url, cluster: 'desk' }, retention: { ticks: '30d' }, log: silent })
    await again.close()
    const asked = await server.asked()
    expect(asked.length).toBeGreaterThan(3)
    expect(asked.filter(({ sql }) => !/^\s*SELECT/.test(sql))).toEqual([])
    expect(asked.filter(({ sql }) => sql.includes("clusterAllReplicas('desk', system."))).toHaveLength(3)
  })

  it('that is not one of it is refused in one line', async () => {
    const error = await openEngine({ source: { url: server.url, cluster: 'other' }, log: silent }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(EngineError)
    expect((error as Error).message).toBe(`ClickHouse at ${new URL(server.url).host}: found no cluster "other", expected one of "desk"`)
  })
})

describe('rows of a cluster', () => {
  const ticks = Array.from({ length: 500 }, (_, i) =>
    trade(T + i * 1_000, { symbol: `S${i % 7}-USD`, price: 100 + (i % 13), size: 1 + i / 8 }),
  )

  it('are stored once and make the candles that they are, although answers are lost and connections cut', async () => {
    await server.fail({ kind: 'lost answer', times: 2 })
    const { sink, write } = await openedSink(bench, engine)
    for (let i = 0; i < ticks.length; i += 100) {
      write(T + i * 1_000, ticks.slice(i, i + 100))
      await sink.until(T + i * 1_000)
      if (i === 200) await server.fail({ kind: 'cut body', times: 1 })
    }
    expect(sink.stats().retries).toBeGreaterThan(2)
    expect(await storedTicks(engine)).toHaveLength(ticks.length)
    expect(await storedCandles(engine)).toEqual(candlesOf(ticks))
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.ticks_local`)).toBe(ticks.length)
    const inserts = (await server.asked()).filter(({ sql }) => /^\s*INSERT INTO `driftwire`.ticks /.test(sql))
    // Five batches, two of them again; of the connection that was cut nothing arrived.
    expect(inserts).toHaveLength(7)
    expect(inserts.filter(({ sql }) => !/insert_deduplication_token = '[^']+'/.test(sql))).toEqual([])
    expect(new Set(inserts.map(({ sql }) => /token = '([^']+)'/.exec(sql)![1])).size).toBe(5)
  })

  it('are read as history, and by SQL', async () => {
    const history = openHistory(Promise.resolve(engine))
    await Promise.resolve()
    const { rows } = await history.rows({ channel: 'candle:1m:S1-USD', from: T, to: T + 600_000 })
    expect(rows.reduce((n, row) => n + (row as { n: number }).n, 0)).toBe(ticks.filter(({ symbol }) => symbol === 'S1-USD').length)
    expect(await runSql(engine, 'SELECT count() AS n FROM ticks WHERE symbol IN (SELECT symbol FROM bars)', { form: 'csv' })).toBe(
      '"n"\n500\n',
    )
    expect(await runSql(engine, 'SELECT fund FROM rebalance_transaction', { form: 'csv' })).toBe('"fund"\n')
  })

  it('are read from replicas, of which one that is away or behind rests', async () => {
    const behind = createServer((_, response) => {
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': '289' })
      response.end('Code: 289. DB::Exception: Replica is not in quorum. (REPLICA_IS_NOT_IN_QUORUM)')
    })
    await new Promise<void>(resolve => behind.listen(0, '127.0.0.1', resolve))
    bench.after(async () => behind.close())
    const [away, late] = ['http://127.0.0.1:9', `http://127.0.0.1:${(behind.address() as AddressInfo).port}`]
    const counts = async (read: readonly string[]): Promise<Figures> => {
      const reading = await openEngine({ source: { url: server.url, cluster: 'desk', read }, log: silent })
      const history = openHistory(Promise.resolve(reading))
      await Promise.resolve()
      for (let question = 0; question < 6; question++) {
        const { rows } = await history.rows({ channel: 'tick:S1-USD', from: T, to: T + 600_000 })
        expect(rows).toHaveLength(ticks.filter(({ symbol }) => symbol === 'S1-USD').length)
      }
      await reading.close()
      return reading.replicas!.figures()
    }
    expect(await counts([away!, late!, server.url])).toMatchObject({ asked: 8, failed: 2, fallbacks: 0, down: 2 })
    const alone = await counts([away!])
    expect(alone).toMatchObject({ asked: 1, failed: 1, fallbacks: 6, down: 1 })
    expect(alone.lastError).toMatch(/^127\.0\.0\.1:9: /)
  })

  it('of the journal can be taken out of its copy, on all servers', async () => {
    const line = (seq: number) =>
      Buffer.from(
        `${['j', seq, '2026-01-05 12:00:00', 'w', 'kind', 'key', '', '', '', '[]', '[]', '[]', '[]', `text ${seq}`, `hash ${seq}`].join('\t')}\n`,
      )
    for (let again = 0; again < 2; again++) await insertEntries(engine, 'j-1-3', [1, 2, 3].map(line))
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.entries`)).toBe(3)
    expect(await newestCopied(engine, 'j')).toEqual({ seq: 3, hash: 'hash 3' })
    await server.asked()
    await abandonCopied(engine, 'j', 2)
    expect((await server.asked()).map(({ sql }) => sql.trim().slice(0, 62))).toContain(
      "ALTER TABLE `driftwire`.entries_local ON CLUSTER 'desk' DELETE",
    )
    const left: number[] = []
    for await (const { seq } of copiedEntries(engine, 'j')) left.push(seq)
    expect(left).toEqual([1, 2])
  })
})

it('a cluster has all migrations, as one server', async () => {
  expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.migrations FINAL`)).toBe(MIGRATIONS.length)
})
