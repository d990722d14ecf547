import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UsageError } from '../config/options.ts'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'
import type { State } from '../test/protocolClient.ts'
import { haveRecordings, recordings } from '../test/recordings.ts'
import { runTyped } from './program.ts'

const ADMIN_TOKEN = 'a-token-for-imports'
const CONFIG = {
  portfolios: ['plain', 'twice', 'bad', 'wallet', 'small', 'long'].map(id => ({ id })).concat([{ id: 'anns', owner: 'ann' } as never]),
  feeds: ['sim:7'],
}
const HEADER = 't,type,asset,qty,price,id'

let server: DriftwireProcess
let url = ''
beforeAll(async () => {
  const options = ['--data', pathOf('data'), '--config', written('config.json', JSON.stringify(CONFIG))]
  server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', ...options], { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN })
  url = await server.url()
})
afterAll(async () => {
  await server.ready()
  expect(await server.end('SIGTERM')).toBe(0)
})

const ran = async (...args: string[]): Promise<[code: unknown, stdout: string, stderr: string]> => {
  const program = new DriftwireProcess(['import', 'transactions', ...args], { DRIFTWIRE_URL: url })
  return [await program.exited, program.stdout, program.stderr]
}
const rows = (count: number): string[] => Array.from({ length: count }, (_, i) => `2024-08-08,buy,XYZ,1,10,f${i}`)
/** What the portfolio holds of each asset. */
const held = async (portfolio: string, asset: string, at = url): Promise<number | undefined> => {
  const response = await fetch(`${at}/v1/state/pnl:${portfolio}`)
  const { assets } = (await response.json()) as { assets: State }
  return (assets[asset] as { qty: number } | undefined)?.qty
}

describe('driftwire import transactions', () => {
  it('puts a file into a portfolio, packed or not, and once however often', async () => {
    const text = [HEADER, ...rows(12_000)].join('\n')
    const plain = written('plain.csv', text)
    const packed = written('packed.csv.gz', '')
    await finished(createWriteStream(packed).end(gzipSync(`\uFEFF${text.replaceAll('\n', '\r\n')}`)))
    expect(await ran(plain, '--portfolio', 'plain')).toEqual([0, `${plain}: 12000 rows accepted, 0 known, 0 refused\n`, ''])
    expect(await held('plain', 'XYZ')).toBe(12_000)
    expect(await ran(packed, '--portfolio', 'plain')).toEqual([0, `${packed}: 0 rows accepted, 12000 known, 0 refused\n`, ''])
    expect(await held('plain', 'XYZ')).toBe(12_000)
  })

  it('tells equal rows without ids apart, also where they lie in different pieces', async () => {
    const line = '2024-08-08,sell,AAA,1,10,'
    const file = written('twice.csv', [HEADER, line, ...rows(7_000), line, line].join('\n'))
    expect((await ran(file, '--portfolio', 'twice'))[1]).toBe(`${file}: 7003 rows accepted, 0 known, 0 refused\n`)
    expect((await ran(file, '--portfolio', 'twice'))[1]).toBe(`${file}: 0 rows accepted, 7003 known, 0 refused\n`)
  })

  it('tells every bad row by its line, and ends with 1', async () => {
    const few = written('few.csv', [HEADER, ...rows(2), '', '2024-08-08,buy,XYZ,-1,10,x', ...rows(3)].join('\n'))
    expect(await ran(few, '--portfolio', 'bad')).toEqual([
      1,
      `${few}: 3 rows accepted, 2 known, 1 refused\n`,
      `${few}:5: qty: found "-1", expected an amount that is not negative\n`,
    ])
    const many = written('many.csv', [HEADER, ...Array(33).fill('yesterday,buy,XYZ,1,10,y'), ...rows(1)].join('\n'))
    const [code, stdout, stderr] = await ran(many, '--portfolio', 'bad')
    expect([code, stdout]).toEqual([1, `${many}: 0 rows accepted, 1 known, 33 refused\n`])
    const lines = stderr.trimEnd().split('\n')
    expect(lines.map(line => line.slice(0, line.indexOf(': ') + 1))).toEqual(Array.from({ length: 33 }, (_, i) => `${many}:${i + 2}:`))
    expect(lines[0]).toContain('t: found "yesterday"')
  })

  it('needs a token where the portfolio has an owner', async () => {
    const file = written('owned.csv', [HEADER, ...rows(1)].join('\n'))
    const [code, stdout, stderr] = await ran(file, '--portfolio', 'anns')
    expect([code, stdout]).toEqual([1, `${file}: 0 rows accepted, 0 known, 0 refused\n`])
    expect(stderr).toContain('401 not_logged_in')
    expect((await ran(file, '--portfolio', 'anns', '--token', ADMIN_TOKEN))[0]).toBe(0)
    expect((await ran(file, '--portfolio', 'none', '--token', ADMIN_TOKEN))[2]).toContain('404 not_found: there is no portfolio "none"')
  })

  it('sends less at once to a server that takes less', async () => {
    const options = [
      '--data',
      pathOf('tight'),
      '--config',
      written('tight.json', JSON.stringify({ ...CONFIG, limits: { bodyBytes: 2_048 } })),
    ]
    const tight = DriftwireProcess.serve(...options)
    const file = written('tight.csv', [HEADER, ...rows(300)].join('\n'))
    const at = await tight.url()
    expect((await ran(file, '--portfolio', 'small', '--url', at))[1]).toBe(`${file}: 300 rows accepted, 0 known, 0 refused\n`)
    expect(await held('small', 'XYZ', at)).toBe(300)
    await tight.ready()
    await tight.end('SIGTERM')
  })

  it.each([
    ['no file', ['--portfolio', 'plain'], 'import transactions: found no FILE'],
    ['two files', ['a.csv', 'b.csv', '--portfolio', 'plain'], 'import transactions: found 2 words'],
    ['no portfolio', ['a.csv'], '--portfolio: found nothing'],
    ['a file that is not there', ['nowhere.csv', '--portfolio', 'plain'], 'nowhere.csv: found ENOENT'],
    ['an option that is not known', ['a.csv', '--portfolio', 'plain', '--fast'], '--fast: found an option that is not known'],
    ['no address', ['a.csv', '--portfolio', 'plain', '--url', 'here'], '--url: found "here"'],
  ])('is refused in one line for %s', async (_, args, line) => {
    const refused = (await runTyped(['import', 'transactions', ...args], {
      environment: { DRIFTWIRE_URL: url },
      version: '',
      columns: 80,
    }).catch((error: unknown) => error)) as Error
    expect(refused).toBeInstanceOf(UsageError)
    expect(refused.message.startsWith(line), refused.message).toBe(true)
    expect(refused.message).not.toContain('\n')
  })

  it('ends with 2 for a file of something else, and for an empty one', async () => {
    for (const text of ['', 'a,b,c\n1,2,3\n']) {
      const [code, , stderr] = await ran(written('else.csv', text), '--portfolio', 'plain')
      expect(code).toBe(2)
      expect(stderr).toContain('expected a transactions file')
    }
  })

  it('ends with 1 where no server answers', async () => {
    const file = written('nobody.csv', [HEADER, ...rows(1)].join('\n'))
    const [code, , stderr] = await ran(file, '--portfolio', 'plain', '--url', 'http://127.0.0.1:1')
    expect([code, stderr]).toEqual([1, 'driftwire: http://127.0.0.1:1: found no server, expected a running one\n'])
  })

  // The kernel tells what a process has taken at most.
  it.skipIf(!existsSync('/proc/self/status'))(
    'takes a bounded memory for fifty megabytes',
    async () => {
      const peak = async (file: string): Promise<[bytes: number, stdout: string]> => {
        const program = new DriftwireProcess(['import', 'transactions', file, '--portfolio', 'long'], { DRIFTWIRE_URL: url })
        let bytes = 0
        const timer = setInterval(() => {
          try {
            bytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))?.[1] ?? bytes / 1024) * 1024
          } catch {
            // It has ended.
          }
        }, 20)
        expect(await program.exited, program.stderr).toBe(0)
        clearInterval(timer)
        return [bytes, program.stdout]
      }
      const line = (i: number): string => `2024-08-08,buy,XYZ,1,10,l${i % 3_000},${'account'.repeat(30)}\n`
      const header = `${HEADER},account\n`
      const [little] = await peak(written('little.csv', header + line(0)))
      const file = createWriteStream(pathOf('long.csv'))
      file.write(header)
      let size = 0
      let count = 0
      for (; size < 50e6; ) {
        const lines = Array.from({ length: 4_000 }, () => line(count++)).join('')
        size += lines.length
        file.write(lines)
      }
      await finished(file.end())
      const [most, stdout] = await peak(pathOf('long.csv'))
      expect(stdout).toBe(`${pathOf('long.csv')}: 2999 rows accepted, ${count - 2_999} known, 0 refused\n`)
      expect(most).toBeGreaterThan(little)
      // What a collector leaves lying about; two hundred megabytes take as much.
      expect((most - little) / 1e6).toBeLessThan(120)
    },
    120_000,
  )
})

const TRANSFERS = join(recordings, 'wallets', 'eth_wallet_0x9ad227d5_transfers.csv.gz')
describe.skipIf(!haveRecordings)('a wallet’s transfers (the recorded wallet stands beside the project; skipped where it does not)', () => {
  it('come to the balances that others have found, gas included, once however often', async () => {
    const balances = readFileSync(join(recordings, 'wallets', 'eth_wallet_0x9ad227d5_expected_balances_by_source_tool.csv'), 'utf8')
    expect(await ran(TRANSFERS, '--portfolio', 'wallet')).toEqual([0, `${TRANSFERS}: 350 rows accepted, 0 known, 0 refused\n`, ''])
    expect((await ran(TRANSFERS, '--portfolio', 'wallet'))[1]).toBe(`${TRANSFERS}: 0 rows accepted, 350 known, 0 refused\n`)
    expect(await held('wallet', 'ETH')).toBeCloseTo(0.158603032, 9)
    const response = await fetch(`${url}/v1/state/pnl:wallet`)
    const { known, unpriced } = (await response.json()) as { known: { fees: number; expenses: number }; unpriced: State }
    // Without the tokens of which nobody knows a price.
    const { fees, expenses } = known
    expect(fees).toBeGreaterThan(0)
    expect(expenses).toBe(fees)
    expect(unpriced).not.toHaveProperty('ETH')
    // Tokens without a price of the time or of now are not booked, and say so.
    for (const [asset] of balances
      .trimEnd()
      .split(/\r?\n/)
      .slice(2)
      .map(line => line.split(',')))
      if ((await held('wallet', asset!)) === undefined)
        expect(Object.keys(unpriced).some(name => name === asset || name.startsWith(`${asset}.0x`))).toBe(true)
  })
})
