import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CoinGeckoServer } from '../test/coingeckoServer.ts'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'

/** An address at which nobody answers. */
const NOBODY = 'http://127.0.0.1:1'

let gecko: CoinGeckoServer
beforeAll(async () => {
  gecko = await CoinGeckoServer.start(Date.now)
})
afterAll(() => gecko.close())

const CANDLES = 'open_time_ms,open,high,low,close,volume_base'
const SWAPS = 'uuid,started_at,finished_at,is_success,maker_coin,taker_coin,maker_amount,taker_amount'
const T = Date.UTC(2024, 7, 8)

/** Files by name. */
const FILES: Readonly<Record<string, () => string>> = {
  'no file': () => pathOf('none.csv'),
  'a folder': () => {
    mkdirSync(pathOf('folder'), { recursive: true })
    return pathOf('folder')
  },
  'an empty file': () => written('empty.csv', ''),
  'a file of something else': () => written('else.csv', 'Dear reader,\nthis is a letter.\n'),
  'a header without rows': () => written('x_BTCUSDT_header.csv', `${CANDLES}\n`),
  'candles that are all refused': () => written('x_BTCUSDT_refused.csv', `${CANDLES}\n${T},-1,0,0,no,1\n${T + 60_000},,,,,\n`),
  'candles ahead of now': () => written('x_BTCUSDT_ahead.csv', `${CANDLES}\n${T * 2},1,1,1,1,1\n`),
  'trades in place of candles': () => written('x_BTCUSDT_trades.csv', `symbol,ts_ms,price,qty\nBTC-USD,${T},1,1\n`),
  'a packed file that breaks off': () => {
    writeFileSync(pathOf('x_BTCUSDT_cut.csv.gz'), gzipSync(`${CANDLES}\n${T},1,1,1,1,1\n`).subarray(0, 30))
    return pathOf('x_BTCUSDT_cut.csv.gz')
  },
  'swaps that are all refused': () => written('swaps.csv', `${SWAPS}\nx,1,2,1,K_D,LTC,1,2\n`),
}

/** Each command with what it is given and the ways to fail that it has beside a server that does not answer. */
const COMMANDS: readonly (readonly [command: string, options: readonly string[], files: readonly string[]])[] = [
  [
    'prices',
    [],
    ['no file', 'a header without rows', 'candles that are all refused', 'candles ahead of now', 'trades in place of candles'],
  ],
  ['swaps', [], ['a folder', 'an empty file', 'a packed file that breaks off', 'swaps that are all refused']],
  ['transactions', ['--portfolio', 'main'], ['no file']],
  ['supplies', [], ['no file', 'a file of something else']],
  ['events', [], ['no file', 'a file of something else']],
]

/** Runs a command where no server answers, with `data` as its data directory. Returns the exit code and what it said. */
const ran = async (data: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
  const program = new DriftwireProcess(['import', ...args], { DRIFTWIRE_DATA: data, DRIFTWIRE_PORT: '1', ...environment })
  const code = await program.exited
  return { code, said: program.stderr }
}

/** Expects a failed run to leave nothing: neither a new directory, nor anything new in one that was there. */
const leavesNothing = async (name: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<void> => {
  const fresh = pathOf(`fresh ${name}/data`)
  const { code, said } = await ran(fresh, args, environment)
  expect([code, said], said).toEqual([expect.toSatisfy(n => n === 1 || n === 2), expect.stringMatching(/\S/)])
  expect(existsSync(pathOf(`fresh ${name}`))).toBe(false)
}

describe.each(COMMANDS)('import %s that fails leaves no new data directory behind', (command, options, files) => {
  it.concurrent.each(files)('with %s', async name => {
    await leavesNothing(`${command} ${name}`, [command, FILES[name]!(), ...options])
  })

  it('with a server that does not answer', async () => {
    await leavesNothing(`${command} server`, [command, FILES['a header without rows']!(), ...options, '--url', NOBODY])
  })
})

describe('import coingecko that fails leaves no new data directory behind', () => {
  const environment = (): NodeJS.ProcessEnv => ({ COINGECKO_BASE_URL: gecko.url })

  it('with a source that refuses', async () => {
    gecko.faults = [{ status: 401 } as never]
    await leavesNothing('coingecko refused', ['coingecko', '--key', 'pro:x'], environment())
  })

  it('with a source that cannot be reached, until it is stopped', async () => {
    const data = pathOf('fresh coingecko/data')
    const program = new DriftwireProcess(['import', 'coingecko', '--data', data], { COINGECKO_BASE_URL: NOBODY })
    await expect.poll(() => program.stderr, { timeout: 50_000 }).toContain('again in')
    expect(await program.end('SIGTERM')).toBe(1)
    expect(existsSync(pathOf('fresh coingecko'))).toBe(false)
  })

  it('with a server that does not answer', async () => {
    await leavesNothing('coingecko server', ['coingecko', '--url', NOBODY], environment())
  })
})

describe('a data directory', () => {
  it('that was there stays as it was if an import into it fails, and what was imported into a new one stays', async () => {
    const there = pathOf('there')
    mkdirSync(there)
    writeFileSync(join(there, 'note.txt'), 'mine')
    expect((await ran(there, ['prices', FILES['candles that are all refused']!()])).code).toBe(1)
    expect(readdirSync(there)).toEqual(['note.txt'])
    const some = written('x_BTCUSDT_some.csv', `${CANDLES}\n${T},1,1,1,1,1\n`)
    const fresh = pathOf('kept/data')
    expect((await ran(fresh, ['prices', some, FILES['no file']!()])).code).toBe(2)
    expect(readdirSync(fresh)).toEqual(expect.arrayContaining(['clickhouse', 'journal.db']))
  })
})
