import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'
import { readSupplies } from './importSupplies.ts'

const read = async (file: string): Promise<[supplies: Record<string, string>, bad: string[]]> => {
  const bad: string[] = []
  const supplies = await readSupplies(file, (line, why) => bad.push(`${line}: ${why}`))
  return [
    Object.fromEntries(supplies.map(({ t, asset, supply }) => [t === undefined ? asset : `${asset} from ${t}`, formatDecimal(supply)])),
    bad,
  ]
}
let files = 0
const content = (text: string): string => written(`supplies-${++files}`, text)

describe('a file of supplies', () => {
  it.each<[what: string, text: string, supplies: Record<string, string>]>([
    ['CSV', 'asset,supply\nBTC,19000000.5\n\nETH,0\n', { BTC: '19000000.5', ETH: '0' }],
    ['CSV with a mark and other columns, in any order', '\uFEFFname, supply ,asset\r\n"a, b",1.50, BTC\r\n', { BTC: '1.5' }],
    [
      'CSV with times, from when on each counts',
      't,asset,supply\n2024-08-08,BTC,2\n1723000000000,BTC,1\n2024-08-07T00:00:00Z,ETH,3\n2024-08-07,ETH,4\n',
      { 'BTC from 1723075200000': '2', 'BTC from 1723000000000': '1', 'ETH from 1722988800000': '4' },
    ],
    ['CSV without rows', 'asset,supply\n', {}],
    ['JSON as under assets', '{"BTC":{"supply":"19000000.5"},\n "XRP":{},"7":{"supply":"0"}}', { BTC: '19000000.5', '7': '0' }],
    ['a configuration', '\uFEFF\n{"funds":[],"assets":{"BTC":{"supply":"2"}}}', { BTC: '2' }],
    ['the last line of an import', '"assets": {"BTC":{"supply":"2"},"XRP":{}}\n', { BTC: '2' }],
  ])('can be %s', async (_, text, supplies) => {
    expect(await read(content(text))).toEqual([supplies, []])
  })

  it('can be packed', async () => {
    const file = content('')
    writeFileSync(file, gzipSync('asset,supply\nBTC,1'))
    expect(await read(file)).toEqual([{ BTC: '1' }, []])
  })

  it('has bad rows told by their lines', async () => {
    const rows = ['BTC,1', 'B C,1', ',1', 'ETH,-1', 'SOL', 'ADA,1e5', `XRP,1${'0'.repeat(30)}`, 'BTC,2']
    const decimal = 'expected a decimal string below 10^30, with at most 18 places and no sign, such as "19000000.5"'
    expect(await read(content(['asset,supply', ...rows].join('\n')))).toEqual([
      { BTC: '1' },
      [
        '3: asset: found "B C", expected a name such as BTC',
        '4: asset: found "", expected a name such as BTC',
        `5: supply: found "-1", ${decimal}`,
        '6: found 1 fields, expected 2',
        `7: supply: found "1e5", ${decimal}`,
        `8: supply: found "1${'0'.repeat(30)}", ${decimal}`,
        '9: asset: found "BTC" a second time, expected each once, or a column t',
      ],
    ])
    expect(await read(content('t,asset,supply\nsoon,BTC,1'))).toEqual([
      {},
      ['2: t: found "soon", expected ms since the epoch or an ISO 8601 time'],
    ])
  })

  it.each([
    ['nothing', '', 'found an empty file'],
    ['other columns', 'symbol,supply\nBTC,1', 'found "symbol,supply", expected CSV with the columns asset,supply'],
    ['broken JSON', '{"BTC":', 'found no JSON'],
    ['a supply that is a number', '{"BTC":{"supply":5}}', 'assets.BTC.supply: found 5, expected string'],
    ['a supply below nought', '{"BTC":{"supply":"-1"}}', 'assets.BTC.supply: found "-1", expected a decimal string'],
    ['no asset', '{"B C":{"supply":"1"}}', 'found "B C", expected a name such as BTC'],
    ['what is not known', '{"BTC":{"supply":"1","price":"2"}}', 'assets.BTC: found "price", which is not known here'],
    ['assets that are none', '{"assets":[]}', 'assets: found an array, expected record'],
  ])('cannot be %s', async (_, text, why) => {
    await expect(read(content(text))).rejects.toThrow(why)
  })

  it('cannot be one that is not there', async () => {
    await expect(read(pathOf('nowhere.csv'))).rejects.toThrow('found ENOENT, expected a file that can be read')
  })
})

describe('driftwire import supplies', () => {
  const ADMIN_TOKEN = 'a-token-for-supplies'
  let server: DriftwireProcess
  let url = ''
  beforeAll(async () => {
    const options = ['--data', pathOf('data'), '--config', written('config.json', '{"feeds":[]}')]
    server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', ...options], { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN })
    url = await server.url()
  })
  afterAll(async () => {
    await server.ready()
    expect(await server.end('SIGTERM')).toBe(0)
  })
  const ran = async (token: string, ...args: string[]): Promise<[code: unknown, stdout: string, stderr: string]> => {
    const program = new DriftwireProcess(['import', 'supplies', ...args], { DRIFTWIRE_URL: url, DRIFTWIRE_TOKEN: token })
    return [await program.exited, program.stdout, program.stderr]
  }

  it('tells the running server, which knows them when they come again, and ends with 1 where a row is bad', async () => {
    const many = Array.from({ length: 10_001 }, (_, i) => `A${i},${i}`)
    const file = content(['asset,supply', ...many].join('\n'))
    expect(await ran(ADMIN_TOKEN, file)).toEqual([0, `${file}: 10001 supplies accepted, 0 known, 0 refused\n`, ''])
    const again = content(['asset,supply', ...many.slice(1), 'A0,5', 'A7,?'].join('\n'))
    expect(await ran(ADMIN_TOKEN, again)).toEqual([
      1,
      `${again}: 1 supplies accepted, 10000 known, 1 refused\n`,
      expect.stringContaining(`${again}:10003: supply: found "?"`),
    ])
  })

  it('ends with 1 and one line where the server refuses, and with 2 without a file', async () => {
    const file = content('asset,supply\nBTC,1')
    expect(await ran('wrong', file)).toEqual([1, '', expect.stringMatching(/^driftwire: .*401 bad_credentials.*\n$/)])
    expect(await ran(ADMIN_TOKEN)).toEqual([2, '', 'driftwire: import supplies: found no FILE, expected FILE\n'])
  })
})
