import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { engineIsBusy } from '../storage/engine/connection.ts'
import { EngineError, openEngine } from '../storage/engine/engine.ts'
import { addMeasureColumns } from '../storage/engine/measureColumns.ts'
import { MEASURE_TABLES } from '../storage/engine/measureTables.ts'
import { MIGRATIONS, migrate } from '../storage/engine/migrate.ts'
import type { Migration } from '../storage/engine/migrations/migration.ts'
import { retain } from '../storage/engine/retention.ts'
import { TICKS } from '../storage/engine/tables.ts'
import { isLong } from './effort.ts'
import { Bench, ClickHouseServer, countOf, KINDS, openedEngine, rowsOf, sharedEngine, silent } from './storageKit.ts'

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

describe.each(KINDS)('the %s engine', kind => {
  const opened = sharedEngine(kind)

  it('has the columns that rows are written in', async () => {
    const { client, database } = await opened()
    for (const table of [TICKS, ...Object.values(MEASURE_TABLES)]) {
      const answer = await client.query({
        query: 'SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY position',
        query_params: { database, table: table.name },
        format: 'JSONEachRow',
      })
      expect(await answer.json()).toEqual([...table.columns, { name: 'stored', type: "DateTime64(3, 'UTC')" }])
    }
  })

  it('gets the columns and tables of measures that it lacks, in their places', async () => {
    const { client } = await opened()
    await migrate(client, 'older')
    await addMeasureColumns(client, 'older')
    expect(await addMeasureColumns(client, 'older')).toEqual([])
    const { fund } = MEASURE_TABLES
    const nav = fund.columns.findIndex(({ name }) => name === 'nav')
    const more = [
      ...fund.columns.slice(0, nav + 1),
      { name: 'beta', type: 'Nullable(Float64)' },
      ...fund.columns.slice(nav + 1),
      { name: 'constituents.score', type: 'Array(Nullable(Float64))' },
    ]
    const tables = [
      { ...fund, columns: more },
      { name: 'invented', columns: fund.columns.slice(0, nav + 1), identity: nav + 1 },
    ]
    expect(await addMeasureColumns(client, 'older', tables)).toEqual(['funds.beta', 'funds.constituents.score', 'invented'])
    expect(await addMeasureColumns(client, 'older', tables)).toEqual([])
    for (const { name, columns } of tables) {
      const answer = await client.query({
        query: 'SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {name:String} ORDER BY position',
        query_params: { database: 'older', name },
        format: 'JSONEachRow',
      })
      expect(await answer.json()).toEqual([...columns, { name: 'stored', type: "DateTime64(3, 'UTC')" }])
    }
  })

  it('keeps each database to itself, whatever it is called', async () => {
    const { client } = await opened()
    for (const name of ['a`b\\c', "it's", 'another']) {
      expect(await migrate(client, name)).toEqual(MIGRATIONS.map(({ name }) => name))
      expect(await migrate(client, name)).toEqual([])
    }
  })

  it('migrates to the same end wherever a kill came between two statements', async () => {
    const engine = await opened()
    const { client } = engine
    const engineOf = (database: string) => ({ ...engine, database })
    await migrate(client, 'whole')
    const whole = await countOf(engineOf('whole'), "SELECT count() AS n FROM system.tables WHERE database = 'whole'")
    const statements = MIGRATIONS.flatMap(migration => migration.statements('d').map(() => migration))
    for (let killedAt = 0; killedAt <= statements.length; killedAt += isLong ? 1 : 7) {
      let left = killedAt
      const killed = MIGRATIONS.map(
        (migration): Migration => ({
          ...migration,
          statements: database => migration.statements(database).map(statement => (left-- > 0 ? statement : 'SELECT throwIf(1)')),
        }),
      )
      const database = `killed_${killedAt}`
      const run = migrate(client, database, killed)
      if (killedAt < statements.length) await expect(run).rejects.toThrow()
      else await run
      await migrate(client, database)
      expect(await migrate(client, database)).toEqual([])
      const migrated = engineOf(database)
      expect(await countOf(migrated, `SELECT count() AS n FROM system.tables WHERE database = '${database}'`)).toBe(whole)
      expect(await countOf(migrated, `SELECT count() AS n FROM ${database}.migrations FINAL`)).toBe(MIGRATIONS.length)
    }
  }, 180_000)

  it('refuses a database that a newer version wrote', async () => {
    const { client } = await opened()
    await migrate(client, 'newer', [...MIGRATIONS, { id: 99, name: 'what_comes', statements: () => [] }])
    await expect(migrate(client, 'newer')).rejects.toThrow(
      `database newer: found migration 99 (what_comes), expected none after ${MIGRATIONS.at(-1)!.id}`,
    )
  })

  it('keeps rows for a time counted from when they were stored, and says so only where it changed', async () => {
    const engine = await opened()
    const { client, database } = engine
    expect(await retain(client, database, { ticks: '30d', measures: '12h' })).toEqual(['ticks', 'pnl', 'funds', 'pools'])
    await client.insert({
      table: `${database}.ticks`,
      columns: ['symbol', 't', 'id', 'stored'],
      values: [
        { symbol: 'OLD-USD', t: '2021-05-01 00:00:00', id: 'stored now', stored: new Date().toISOString().slice(0, 19).replace('T', ' ') },
        { symbol: 'OLD-USD', t: '2021-05-01 00:00:00', id: 'stored then', stored: '2021-05-01 00:00:00' },
      ],
      format: 'JSONEachRow',
    })
    await client.command({ query: `OPTIMIZE TABLE ${database}.ticks FINAL` })
    expect(await rowsOf(engine, `SELECT id FROM ${database}.ticks`, ['String'])).toEqual([['stored now']])
    expect(await retain(client, database, { ticks: '30d', measures: '12h' })).toEqual([])
    expect(await retain(client, database, { ticks: '90s', measures: '12h' })).toEqual(['ticks'])
    expect(await retain(client, database, { measures: '12h' })).toEqual(['ticks'])
    expect(await retain(client, database, {})).toEqual(['pnl', 'funds', 'pools'])
    await expect(retain(client, database, { ticks: '1 month' })).rejects.toThrow(
      'retention: found "1 month", expected a duration such as "30d"',
    )
  })

  it('writes nothing to the console when a statement fails', async () => {
    const { client } = await opened()
    await expect(client.query({ query: 'SELECT nothing' })).rejects.toMatchObject({ code: '47' })
  })
})

describe('opening', () => {
  it('says in one line that another process holds the directory', async () => {
    const dataDir = join(bench.dir, 'engine')
    const server = await ClickHouseServer.start(dataDir)
    bench.after(() => server.remove())
    const error = await openEngine({ source: { dataDir }, log: silent }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(EngineError)
    expect((error as Error).message).toMatch(
      /^data directory .*: found that it is in use by process \d+, expected one that no other process holds$/,
    )
  })

  it('says in one line that the directory is none', async () => {
    await expect(openEngine({ source: { dataDir: '/etc/passwd/engine' }, log: silent })).rejects.toThrow(
      'data directory /etc/passwd/engine: found ENOTDIR, expected a directory to write to',
    )
  })

  it('waits for a server that does not answer yet, and no longer than it may', async () => {
    const server = await ClickHouseServer.start(join(bench.dir, 'engine'))
    bench.after(() => server.remove())
    await server.stop()
    const opening = openEngine({ source: { url: server.url }, log: silent })
    await server.start()
    const engine = await opening
    bench.after(() => engine.close())
    expect(await countOf(engine, 'SELECT 1 AS n')).toBe(1)
    await server.stop()
    const given = new AbortController()
    const hopeless = openEngine({ source: { url: server.url }, log: silent, signal: given.signal })
    given.abort()
    await expect(hopeless).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('says in one line that a server does not know the user, and not with which password it was asked', async () => {
    const server = await ClickHouseServer.start(join(bench.dir, 'engine'), 'right')
    bench.after(() => server.remove())
    const url = (password: string) => server.url.replace('//', `//default:${password}@`)
    const refused = await openEngine({ source: { url: url('wrong') }, log: silent }).catch((error: Error) => error)
    expect(refused).toBeInstanceOf(EngineError)
    expect((refused as Error).message).toMatch(
      /^ClickHouse at 127\.0\.0\.1:\d+: found ".*Authentication failed.*", expected a user and password that it knows$/,
    )
    const engine = await openEngine({ source: { url: url('right') }, log: silent })
    bench.after(() => engine.close())
    expect(await countOf(engine, 'SELECT 1 AS n')).toBe(1)
  })

  it('ends between two statements when it is asked to, and lets go of the directory', async () => {
    const source = { dataDir: join(bench.dir, 'engine') }
    const given = new AbortController()
    const opening = openEngine({ source, log: silent, signal: given.signal })
    await vi.waitFor(() => expect(engineIsBusy()).toBe(true), { interval: 1 })
    given.abort()
    await expect(opening).rejects.toThrow()
    expect(engineIsBusy()).toBe(false)
    const engine = await openEngine({ source, log: silent })
    bench.after(() => engine.close())
    expect(await countOf(engine, 'SELECT 1 AS n')).toBe(1)
  })

  it('leaves no client open where the database is of a newer version', async () => {
    const engine = await openedEngine(bench, 'embedded')
    await migrate(engine.client, 'driftwire', [...MIGRATIONS, { id: 99, name: 'later', statements: () => [] }])
    await engine.close()
    await expect(openEngine({ source: { dataDir: join(bench.dir, 'engine') }, log: silent })).rejects.toThrow('found migration 99')
    const other = await Bench.open() // one process holds one directory: it can hold another only when it let go of the first
    const next = await openedEngine(other, 'embedded')
    expect(await countOf(next, 'SELECT 1 AS n')).toBe(1)
    await other.close()
  })
})
