import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { metricsIn } from './metricFile.ts'
import type { MetricLine } from './metricRow.ts'

const NOW = Date.UTC(2024, 6, 1)
const JUNE = Date.UTC(2024, 5, 1)
const HEADER = 'asset,metric,period,value'
const dir = mkdtempSync(join(tmpdir(), 'metrics-'))

const read = async (content: string | Uint8Array): Promise<MetricLine[]> => {
  const file = join(dir, 'f.csv')
  writeFileSync(file, content)
  const rows: MetricLine[] = []
  for await (const some of metricsIn(file, NOW)) rows.push(...some)
  return rows
}

const TVL = { asset: 'uniswap', metric: 'tvl', period: JUNE, availableAt: JUNE, value: 1.5e9, source: 'import', ref: '' }

describe('a file of metrics', () => {
  it('is CSV: periods as days, months or ms; an empty value is not known; known as soon as it can be, unless the row says when', async () => {
    const rows = await read(
      `asset;metric;value;period;available_at;source;ref\nuniswap;tvl;1.5e9;2024-06-01;;;\nuniswap;commits;12;2024-05;2024-06-02T00:00:00Z;github;"a;b"\n\nuniswap;fees;;${JUNE};;;\n`,
    )
    expect(rows).toEqual([
      { line: 2, fact: TVL },
      {
        line: 3,
        fact: {
          asset: 'uniswap',
          metric: 'commits',
          period: Date.UTC(2024, 4, 1),
          availableAt: Date.UTC(2024, 5, 2),
          value: 12,
          source: 'github',
          ref: 'a;b',
        },
      },
      { line: 5, fact: { ...TVL, metric: 'fees', value: null, availableAt: Date.UTC(2024, 5, 2) } },
    ])
  })

  it('is NDJSON, packed or not', async () => {
    const text = `{"asset":"uniswap","metric":"tvl","period":"2024-06-01","value":1.5e9}\n\n{"asset":"uniswap","metric":"tvl","period":${JUNE},"value":null,"available_at":${JUNE + 1}}\n`
    const rows = [
      { line: 1, fact: TVL },
      { line: 3, fact: { ...TVL, value: null, availableAt: JUNE + 1 } },
    ]
    expect(await read(text)).toEqual(rows)
    expect(await read(gzipSync(text))).toEqual(rows)
  })

  it.each([
    ['a b,tvl,2024-06-01,1', 'asset: found "a b", expected a name of letters, digits, ".", "_" and "-", at most 64 long'],
    ['x,TVL,2024-06-01,1', 'metric: found "TVL", expected a metric of docs/analytics.md such as tvl'],
    ['x,toString,2024-06-01,1', 'metric: found "toString", expected a metric of docs/analytics.md such as tvl'],
    ['x,tvl,1.6.2024,1', 'period: found "1.6.2024", expected ms since the epoch, a day such as 2024-06-15 or a month such as 2024-06'],
    ['x,tvl,2024-06-31,1', 'period: found "2024-06-31", expected ms since the epoch, a day such as 2024-06-15 or a month such as 2024-06'],
    ['x,tvl,2024-06-01,much', 'value: found "much", expected a number, or nothing if it is not known'],
    ['x,tvl,2024-06-01,1e999', 'value: found "1e999", expected a number, or nothing if it is not known'],
    ['x,tvl,2024-06-01,0x10', 'value: found "0x10", expected a number, or nothing if it is not known'],
    ['x,tvl,2024-06-01T12:00,1', `x tvl: found ${JUNE + 43_200_000}, expected the beginning of a day`],
    ['x,tvl,2024-08-01,1', `x tvl of 2024-08-01: found it known at ${Date.UTC(2024, 7, 1)}, expected now, ${NOW}, at the latest`],
    ['x,tvl,2024-06-01', 'found 3 fields, expected 4'],
  ])('has rows that are none, each with its line and why: %s', async (row, why) => {
    expect(await read(`${HEADER}\n${row}\nuniswap,tvl,2024-06-01,1500000000\n`)).toEqual([
      { line: 2, why },
      { line: 3, fact: TVL },
    ])
  })

  it.each([
    ['{"asset":"x"', 'the line is not JSON'],
    [
      '{"asset":"x","metric":"tvl","period":"2024-06-01","value":1,"chain":"e"}',
      'found "chain", expected no others than asset, metric, period, value, available_at, source, ref',
    ],
    [
      '{"asset":"x","metric":"tvl","period":"2024-06-01","value":1e999}',
      'value: found Infinity, expected a number, or nothing if it is not known',
    ],
    ['{"asset":7,"metric":"tvl","period":"2024-06-01","value":1}', 'asset: found 7, expected a text'],
    ['{"asset":"x","metric":"tvl","period":"2024-06-01"}', 'value: found nothing, expected a number, or nothing if it is not known'],
    [
      '{"asset":"x","metric":"tvl","value":1}',
      'period: found nothing, expected ms since the epoch, a day such as 2024-06-15 or a month such as 2024-06',
    ],
    [
      '{"asset":"x","metric":"tvl","period":"2024-06-01","value":true}',
      'value: found true, expected a number, or nothing if it is not known',
    ],
  ])('has lines that are none: %s', async (line, why) => {
    expect(await read(line)).toEqual([{ line: 1, why }])
  })

  it('that breaks off gives what it has, and says so', async () => {
    const packed = gzipSync(`${HEADER}\n${'uniswap,tvl,2024-06-01,1500000000\n'.repeat(3)}`)
    const rows = await read(packed.subarray(0, packed.length - 6))
    expect(rows.at(-1)).toEqual({ line: expect.any(Number), why: expect.stringMatching(/^the file breaks off: /) })
    expect(rows.filter(row => 'why' in row)).toHaveLength(1)
  })

  it.each([
    [
      '',
      /f\.csv: found an empty file, expected NDJSON, or CSV with the columns asset,metric,period,value and perhaps available_at,source,ref$/,
    ],
    ['asset,metric,period\n', /f\.csv:1: found no column "value", expected NDJSON/],
    [`${HEADER},asset\n`, /f\.csv:1: found the column "asset" twice, expected each once$/],
    [`${HEADER},chain\n`, /f\.csv:1: found a column "chain", expected NDJSON/],
  ])('that is none is refused with one line: %j', async (content, message) => {
    await expect(read(content)).rejects.toThrow(message)
  })

  it('that is not there is refused with one line', async () => {
    await expect(metricsIn(join(dir, 'none.csv'), NOW).next()).rejects.toThrow(/none\.csv: cannot be read \(ENOENT\), expected NDJSON/)
  })
})
