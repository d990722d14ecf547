import { describe, expect, it } from 'vitest'
import { assignments, engineSettings, insertFromFile, isPattern, reads, streamFormat } from './statement.ts'

describe('statements', () => {
  it.each([
    ['SELECT 1', true],
    [' /* who */ with 1 as x select x', true],
    ['describe table t', true],
    ['INSERT INTO t SELECT 1', false],
    ['CREATE TABLE selected (a UInt8) ENGINE = Memory', false],
  ])('%s: reads only, %s', (query, only) => expect(reads(query)).toBe(only))

  it('know the format they end with, where they can be streamed', () => {
    expect(streamFormat('SELECT 1 \nFORMAT JSONEachRow')).toBe('JSONEachRow')
    expect(streamFormat('SHOW TABLES FORMAT CSV')).toBeUndefined()
    expect(streamFormat('SELECT 1')).toBeUndefined()
  })

  it('take their rows from a file, the settings behind it', () => {
    expect(
      insertFromFile("INSERT INTO `d`.t (`a`, `b.c`) SETTINGS x = 1, y = 'z' FORMAT RowBinary", "/it's/here").replace(/\s+/g, ' '),
    ).toBe("INSERT INTO `d`.t (`a`, `b.c`) FROM INFILE '/it\\'s/here' SETTINGS x = 1, y = 'z' FORMAT RowBinary")
    expect(insertFromFile('INSERT INTO t FORMAT JSONEachRow', '/f').replace(/\s+/g, ' ')).toBe(
      "INSERT INTO t FROM INFILE '/f' FORMAT JSONEachRow",
    )
    expect(() => insertFromFile('INSERT INTO t VALUES (1)', '/f')).toThrow('expected INSERT INTO table (columns) [SETTINGS …] FORMAT name')
  })

  it('know which names of files the engine would read as patterns', () => {
    expect(['/a*b', '/a?', '/{a,b}', '/[ab]'].every(isPattern)).toBe(true)
    expect(isPattern('/data/spool/000000000001-ticks-1-2-x.ready')).toBe(false)
  })

  it('bind settings and parameters, and refuse a parameter that nobody gave', () => {
    expect(assignments('SELECT {a:String}', { max_threads: 1, flag: true }, { a: "o'\n" })).toEqual([
      "max_threads = '1'",
      "flag = '1'",
      "param_a = 'o\\\\\\'\\\\n'",
    ])
    expect(() => assignments('SELECT {a:String}, {b:Int64}', {}, { a: '' })).toThrow('parameter "b": found none')
    expect(() => assignments('SELECT 1', { 'x; DROP TABLE t': 1 }, {})).toThrow('expected letters, digits and _')
  })

  it('drop the settings that concern HTTP', () => {
    expect(engineSettings({ wait_end_of_query: 1, http_headers_progress_interval_ms: '1', max_threads: 2, other: undefined })).toEqual({
      max_threads: 2,
    })
  })
})
