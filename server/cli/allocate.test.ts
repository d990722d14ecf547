import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { UsageError } from '../config/options.ts'
import { runAllocate } from './allocate.ts'
import { runTyped } from './program.ts'

const dir = mkdtempSync(join(tmpdir(), 'driftwire-'))
afterAll(() => rmSync(dir, { recursive: true }))
const file = (content: string): string => {
  const path = join(dir, 'assets.json')
  writeFileSync(path, content)
  return path
}

const THREE = JSON.stringify({
  assets: [
    { symbol: 'LONGNAME', market_cap: 10, price: 0.5 },
    { symbol: 'BTC', market_cap: 70, price: 60_000 },
    { symbol: 'ETH', market_cap: 20, price: 3_000 },
  ],
  cap: 0.5,
  capital: 1000,
})

describe('driftwire allocate', () => {
  it('prints a table', () => {
    expect(runAllocate(file(THREE), false).split('\n')).toEqual([
      'symbol    weight %   value            amount',
      'BTC        50.0000  500.00  0.00833333333333',
      'ETH        33.3333  333.33    0.111111111111',
      'LONGNAME   16.6667  166.67     333.333333333',
    ])
  })

  it('prints JSON', () => {
    const { assets } = JSON.parse(runAllocate(file(THREE), true))
    expect(assets[0]).toEqual({ symbol: 'BTC', weight: 0.5, value: 500, amount: 500 / 60_000 })
  })

  it.each<[says: string, args: () => string[]]>([
    ['allocate: found no FILE, expected FILE', () => []],
    ['allocate: found 2 words, expected FILE', () => ['a', 'b']],
    ['--cap: found an option that is not known, expected --json', () => ['--cap', '1']],
    ['none.json: ENOENT', () => [join(dir, 'none.json')]],
    ['expected JSON {assets:[{symbol,market_cap,price}],cap,capital}', () => [file('{')]],
    ['assets.json.cap: found 0.2, expected at least 1/3', () => [file(THREE.replace('0.5,"capital"', '0.2,"capital"'))]],
  ])('is refused with "%s"', async (says, args) => {
    const refused: unknown = await runTyped(['allocate', ...args()], { environment: {}, version: '', columns: 80 }).catch(error => error)
    expect(refused).toBeInstanceOf(UsageError)
    expect((refused as Error).message).toContain(says)
  })
})
