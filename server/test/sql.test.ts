import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../storage/engine/engine.ts'
import { runSql, type SqlForm } from '../storage/read/sql.ts'
import { SqlRefusal } from '../storage/read/sqlGuard.ts'
import { Bench, KINDS, openedEngine } from './storageKit.ts'

const OUT = join(tmpdir(), `sql-out-${process.pid}`)
const ROWS = [
  { symbol: 'BTC-USD', src: 'sim', t: 1723118400000, id: 'a', price: 60_000.5, size: 1, side: 'buy' },
  { symbol: 'ETH-USD', src: 'sim', t: 1723118401000, id: 'b', price: 3_000, size: 2, side: 'sell' },
]

describe.each(KINDS)('statements of others to the %s engine', kind => {
  let bench: Bench
  let engine: Engine
  beforeAll(async () => {
    bench = await Bench.open()
    engine = await openedEngine(bench, kind)
    await engine.client.insert({ table: `${engine.database}.ticks`, values: ROWS, format: 'JSONEachRow' })
  })
  afterAll(() => bench.close())
  const ask = (statement: string, form: SqlForm = 'json', width?: number): Promise<string> =>
    runSql(engine, statement, { form, ...(width !== undefined && { width }) })
  const rows = async (statement: string): Promise<unknown[]> => (JSON.parse(await ask(statement)) as { rows: unknown[] }).rows

  it('read the tables of the database, by their names alone or with it', async () => {
    const all = [
      { symbol: 'BTC-USD', price: 60_000.5 },
      { symbol: 'ETH-USD', price: 3_000 },
    ]
    expect(await rows('SELECT symbol, price FROM ticks ORDER BY symbol')).toEqual(all)
    expect(await rows(`-- of both\nSELECT symbol, price FROM ${engine.database}.ticks ORDER BY symbol;`)).toEqual(all)
    expect(await rows("WITH x AS (SELECT * FROM ticks WHERE symbol LIKE 'B%') SELECT count() AS n FROM x")).toEqual([{ n: 1 }])
  })

  it.each([
    [
      'aggregates with combinators',
      "SELECT sumIf(size, side = 'buy') AS x, quantileExactIf(0.5)(price, 1) AS y FROM ticks",
      [{ x: 1, y: 60_000.5 }],
    ],
    ['windows', 'SELECT sum(size) OVER (ORDER BY t) AS x FROM ticks ORDER BY x', [{ x: 1 }, { x: 3 }]],
    ['arrays and lambdas', 'SELECT arrayMap(x -> x + 1, [1, 2])[2] AS x', [{ x: 3 }]],
    ['cases, casts and ranges', "SELECT if(1 BETWEEN 0 AND 2, '7'::UInt8, 0) AS x, CASE WHEN 1 THEN 2 END AS y", [{ x: 7, y: 2 }]],
    ['times', "SELECT toStartOfMinute(toDateTime64('2024-08-08 12:00:30', 3)) AS x", [{ x: '2024-08-08 12:00:00' }]],
    ['numbers', 'SELECT count() AS n FROM numbers(10) AS a JOIN numbers(5) AS b USING (number)', [{ n: 5 }]],
    ['words of statements as texts', "SELECT 'INTO OUTFILE x FORMAT CSV; KILL' AS x", [{ x: 'INTO OUTFILE x FORMAT CSV; KILL' }]],
    ['line breaks and quotes', "SELECT 'a\\n\\t\"],' AS x", [{ x: 'a\n\t"],' }]],
    ['nothing', 'SELECT 1 AS x WHERE 0', []],
  ])('may use %s', async (_, statement, answer) => {
    expect(await rows(statement)).toEqual(answer)
  })

  it.each([
    'SHOW TABLES',
    'DESCRIBE ticks',
    'DESCRIBE TABLE ticks',
    'EXISTS TABLE ticks',
    'SHOW CREATE TABLE ticks',
    'EXPLAIN SELECT * FROM ticks',
  ])('%s says what there is', async statement => {
    expect((await rows(statement)).length).toBeGreaterThan(0)
  })

  it('are answered in JSON with the types, exact numbers and decimals as texts; in CSV; as a table', async () => {
    const statement = "SELECT 18446744073709551615 AS big, toDecimal64(1.5, 2) AS d, NULL AS n, 'a,b' AS s"
    const text = await ask(statement)
    expect(text).toMatch(/"big": ?18446744073709551615[,}]/)
    const { columns } = JSON.parse(text)
    expect(columns).toEqual([
      { name: 'big', type: 'UInt64' },
      { name: 'd', type: 'Decimal(18, 2)' },
      { name: 'n', type: 'Nullable(Nothing)' },
      { name: 's', type: 'String' },
    ])
    expect(JSON.parse(text).rows[0]).toMatchObject({ d: '1.5', n: null, s: 'a,b' })
    expect(await ask("SELECT 1 AS x, 'a,b' AS s", 'csv')).toBe('"x","s"\n1,"a,b"\n')
    expect(await ask(statement, 'table')).toBe('                 big    d  n  s\n18446744073709551615  1.5  —  a,b\n')
    expect(await ask('SELECT symbol, price, size FROM ticks ORDER BY symbol', 'table', 18)).toBe(
      'symbol     price\nBTC-USD  60000.5\nETH-USD     3000\nnot shown: size\n',
    )
  })

  it.each([
    ['a file', "SELECT file('/etc/passwd')", 'the function file'],
    ['a file, in another place', "SELECT arrayMap(x -> file(x), ['/etc/passwd'])", 'the function file'],
    ['a file, in a list of columns', "SELECT * REPLACE (file('/etc/passwd') AS symbol) FROM ticks", 'the function file'],
    ['a file, without a call', "SELECT COLUMNS('id') APPLY(file) FROM ticks", 'found APPLY'],
    ['a file as a table', "SELECT * FROM file('/etc/passwd', 'LineAsString')", 'the table function file'],
    ['a file by its name', 'SELECT * FROM `/etc/passwd`', /./],
    ['an address', "SELECT * FROM url('http://127.0.0.1:1', 'CSV', 'a String')", 'the table function url'],
    ['a bucket', "SELECT * FROM s3('http://127.0.0.1:1/a/b', 'CSV', 'a String')", 'the table function s3'],
    ['another server', "SELECT * FROM remote('127.0.0.1', 'system', 'one')", 'the table function remote'],
    ['a program', "SELECT * FROM executable('id', 'LineAsString', 'a String')", 'the table function executable'],
    ['other databases', "SELECT * FROM merge('system', '.*')", 'the table function merge'],
    ['what others ask', 'SELECT * FROM system.processes', 'system.processes'],
    ['what others ask, in a condition', 'SELECT 1 WHERE 1 IN (system.processes)', 'system.processes'],
    ['what others ask, in a subquery', 'SELECT (SELECT count() FROM system.processes)', 'system.processes'],
    ['what others ask, behind a union', 'SELECT 1 AS x UNION ALL SELECT pid FROM system.processes', 'system.processes'],
    ['settings', 'SELECT * FROM "system"."settings"', 'system.settings'],
    ['settings of the server', "SELECT getServerSetting('max_server_memory_usage')", 'the function getServerSetting'],
    ['another database', 'SELECT * FROM other.ticks', 'other.ticks'],
    ['the schemas of all', 'SELECT * FROM information_schema.tables', 'information_schema.tables'],
    ['dictionaries', "SELECT dictGet('a', 'b', 1)", 'the function dictGet'],
    ['a join table by its name', "SELECT joinGet('system.processes', 'query', 1)", 'the function joinGet'],
    ['sleep', 'SELECT sleep(3)', 'the function sleep'],
    ['a file to write', `SELECT 1 INTO OUTFILE '${OUT}'`, 'INTO OUTFILE'],
    ['a file to write, in another form', `SELECT 1 into /* x */ outfile '${OUT}' TRUNCATE FORMAT CSV`, 'INTO OUTFILE'],
    ['a file to write, of an explanation', `EXPLAIN SELECT 1 INTO OUTFILE '${OUT}'`, 'INTO OUTFILE'],
    ['a file to write, of a list', `SHOW TABLES INTO OUTFILE '${OUT}'`, /./],
    ['a form of its own', 'SELECT 1 FORMAT JSON', 'FORMAT'],
    ['an insert', "INSERT INTO ticks (symbol) VALUES ('x')", /./],
    ['an insert of a select', 'INSERT INTO ticks SELECT * FROM ticks', 'INSERT INTO'],
    ['an end of all rows', 'TRUNCATE TABLE ticks', 'TRUNCATE'],
    ['a change', 'ALTER TABLE ticks DELETE WHERE 1', 'ALTER TABLE'],
    ['a table', 'CREATE TABLE x (a UInt8) ENGINE = Memory', 'CREATE TABLE'],
    ['a drop', 'DROP TABLE ticks', 'DROP TABLE'],
    ['a user', 'CREATE USER bob', 'CREATE USER'],
    ['a setting', 'SET max_threads = 8', 'SET'],
    ['a setting of its own', 'SELECT 1 SETTINGS max_execution_time = 1000', /readonly/],
    ['an end of readonly', 'SELECT 1 SETTINGS readonly = 0', /readonly/],
    ['another database from now on', 'USE system', 'USE'],
    ['an end of others', 'KILL QUERY WHERE 1', 'KILL QUERY'],
    ['an end of others, beside a select', 'SELECT 1 PARALLEL WITH KILL QUERY WHERE 1', /./],
    ['a command to the server', 'SYSTEM FLUSH LOGS', 'SYSTEM FLUSH'],
    ['what runs', 'SHOW PROCESSLIST', 'SHOW PROCESSLIST'],
    ['the users', 'SHOW USERS', /./],
    ['tables of others', 'SHOW TABLES FROM system', 'SHOW TABLES'],
    ['a description of an address', "DESCRIBE TABLE url('http://127.0.0.1:1')", 'DESCRIBE TABLE'],
    ['somebody else', 'EXECUTE AS admin SELECT 1', 'EXECUTE AS'],
    ['two statements', 'SELECT 1; SELECT 2', 'Multi-statements'],
    ['a backup', "BACKUP TABLE ticks TO File('x')", 'BACKUP TABLE'],
    ['nothing', ' ', 'found nothing'],
    ['no SQL', 'SELEC 1', 'Syntax error'],
    ['a parameter', 'SELECT {x:UInt8}', /./],
    ['more rows than may come', 'SELECT number FROM numbers(100001)', 'more than 100000 rows'],
    ['more memory than there is', 'SELECT groupArray(number) FROM numbers(1000000000)', 'MB of memory'],
  ])('cannot have %s', async (_, statement, why) => {
    const error: unknown = await ask(statement).catch(refused => refused)
    expect(error, String(error)).toBeInstanceOf(SqlRefusal)
    const { message } = error as SqlRefusal
    expect(message).toMatch(why instanceof RegExp ? why : new RegExp(why.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    expect(message).not.toMatch(/\n|root:/)
  })

  it('have changed nothing, and have written no file', async () => {
    expect(existsSync(OUT)).toBe(false)
    expect(await rows('SELECT count() AS n FROM ticks')).toEqual([{ n: 2 }])
    await engine.client.insert({ table: `${engine.database}.ticks`, values: [{ ...ROWS[0], id: 'c' }], format: 'JSONEachRow' })
    expect(await rows('SELECT count() AS n FROM ticks')).toEqual([{ n: 3 }])
  })
})
