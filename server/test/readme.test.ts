import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { CoinGeckoServer } from './coingeckoServer.ts'
import { freePort } from './kit/freePort.ts'

/**
 * Every block of README.md, run as it stands. `npm` and `npx` are those of the package that is built here; the port is a free one; what a
 * reader brings along (recordings, fills, swaps) is a small file of the same name.
 */

const PROGRAM = join(packageRoot(), 'server', 'cli', 'driftwire.cjs')
const README = readFileSync(join(packageRoot(), 'README.md'), 'utf8')
const BLOCKS = [...README.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language: language!, text: text! }))
const blocks = (language: string): string[] => BLOCKS.filter(block => block.language === language).map(({ text }) => text)

const folder = mkdtempSync(join(tmpdir(), 'driftwire-readme-'))
const file = (name: string, content: string | Buffer): void => writeFileSync(join(folder, name), content)

/** Hours or minutes of candles around a price, as a reader would have downloaded them. */
const candles = (price: number, span: number): string => {
  const rows = Array.from({ length: 120 }, (_, k) => {
    const [t, p] = [Date.UTC(2024, 7, 1) + k * span, price * (1 + k / 1_000)]
    return [t, p, p * 1.01, p * 0.99, p, 10].join(',')
  })
  return ['open_time_ms,open,high,low,close,volume_base', ...rows, ''].join('\n')
}

const SWAPS = 'uuid,started_at,finished_at,is_success,maker_coin,taker_coin,maker_amount,taker_amount'
const swap = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')},1701800000,17018000${10 + n},1,KMD,LTC,1,2`

const readersFiles = (): void => {
  const [minute, hour] = [60_000, 3_600_000]
  file('trades.csv.gz', gzipSync(`symbol,ts_ms,price,qty\nBTC-USD,${Date.UTC(2024, 7, 1)},60000,1\n`))
  file('BTCUSDT_1h.csv.gz', gzipSync(candles(60_000, hour)))
  file('eth.csv', candles(3_000, hour))
  for (const [symbol, price] of [
    ['BTC', 60_000],
    ['ETH', 3_000],
    ['SOL', 150],
  ] as const)
    file(`${symbol}USDT_1m.csv.gz`, gzipSync(candles(price, minute)))
  file('fills.csv', `t,type,asset,qty,price,fee,id\n2024-08-01T00:00:00Z,buy,BTC,1,60000,5,readme-1\n`)
  file('more.csv.gz', gzipSync([SWAPS, swap(1), swap(2), ''].join('\n')))
  spawnSync(
    process.execPath,
    [
      '-e',
      `
    const Database = require(${JSON.stringify(join(packageRoot(), 'node_modules', 'libsql'))})
    const db = new Database('MM2.db')
    db.exec('CREATE TABLE stats_swaps (${SWAPS})')
  `,
    ],
    { cwd: folder },
  )
}

/** `npm` and `npx` of a folder in which the package is installed and built. */
const shims = (): void => {
  mkdirSync(join(folder, 'bin'))
  const shim = (name: string, lines: string): void => {
    file(join('bin', name), `#!/bin/sh\n${lines}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  const driftwire = `exec "${process.execPath}" "${PROGRAM}"`
  shim('npm', `case "$1" in ci|test) exit 0;; start) shift; [ "$1" = -- ] && shift; ${driftwire} serve "$@";; *) exit 9;; esac`)
  shim('npx', `[ "$1" = driftwire ] || exit 9; shift; ${driftwire} "$@"`)
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(join(packageRoot(), 'clients', 'driftwire-client'), join(folder, 'node_modules', 'driftwire-client'))
}

const haveTools = spawnSync('curl', ['--version']).status === 0 && existsSync('/bin/bash')

describe.skipIf(!haveTools)('README.md, block by block (needs bash and curl, which stand on most machines; skipped if they do not)', () => {
  let gecko: CoinGeckoServer
  let port = 0
  let demo: { stop(): Promise<unknown> } | undefined
  const environment = (own: Record<string, string> = {}): NodeJS.ProcessEnv => ({
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    DRIFTWIRE_PORT: String(port),
    DRIFTWIRE_LOG_LEVEL: 'warn',
    COINGECKO_BASE_URL: gecko.url,
    COINGECKO_DEMO_API_KEY: 'a-key',
    ...own,
  })

  /** Starts what the lines say and resolves when the addresses are printed. */
  const started = (lines: string, own: Record<string, string> = {}): Promise<{ stop(): Promise<unknown> }> =>
    new Promise((resolve, reject) => {
      const child = spawn('/bin/bash', ['--norc', '-e', '-c', lines], { cwd: folder, env: environment(own), detached: true })
      const ended = new Promise(done => child.on('close', done))
      let said = ''
      const hear = (data: Buffer): void => {
        said += data
        if (/^ +data .*\n/m.test(said))
          resolve({
            stop() {
              process.kill(-child.pid!, 'SIGTERM')
              return ended
            },
          })
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.on('close', code => reject(new Error(`ended with ${code}: ${said}`)))
    })

  /** Runs the lines to their end and returns what they print. */
  const run = (lines: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const here = lines.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
      const child = spawn('/bin/bash', ['--norc', '-e', '-o', 'pipefail', '-c', here], { cwd: folder, env: environment() })
      let said = ''
      child.stdout.on('data', data => (said += data))
      child.stderr.on('data', data => (said += data))
      child.on('close', code => (code === 0 ? resolve(said) : reject(new Error(`ended with ${code}: ${said}`))))
    })

  beforeAll(async () => {
    gecko = await CoinGeckoServer.start()
    gecko.coins = Array.from({ length: 10 }, (_, k) => ({ id: `coin-${k}`, symbol: `c${k}`, circulating_supply: 1_000 * (k + 1) }))
    port = await freePort()
    shims()
    readersFiles()
    file('my.json', blocks('json')[0]!)
    demo = await started(blocks('sh')[0]!)
    await vi.waitUntil(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, { timeout: 30_000, interval: 100 })
  }, 60_000)
  afterAll(async () => {
    await demo?.stop()
    await gecko.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const shells = blocks('sh').slice(1)
  const starts = shells.flatMap(text => text.split('\n')).filter(line => line.startsWith('npm start -- '))
  it.each(starts)(
    '%s',
    async line => {
      const server = await started(line, { DRIFTWIRE_PORT: '0', DRIFTWIRE_DATA: join(folder, 'other') })
      await server.stop()
    },
    30_000,
  )

  const others = shells
    .map(text =>
      text
        .split('\n')
        .filter(line => line !== '' && !line.startsWith('npm start -- '))
        .join('\n'),
    )
    .filter(text => text !== '')
  it.each(others)(
    '%s',
    async lines => {
      // What would continue until it is stopped is done once.
      const said = await run(lines.replaceAll(' --every 60s', ''))
      expect(said).not.toMatch(/driftwire: |"code":|not_found/)
    },
    60_000,
  )

  it('shows a client that prints the fund as it moves', async () => {
    file('watch.mjs', blocks('js')[0]!.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`))
    const child = spawn(process.execPath, ['watch.mjs'], { cwd: folder })
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', data => resolve(String(data)))
      child.stderr.on('data', data => reject(new Error(String(data))))
    })
    child.kill()
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \d+(\.\d+)?\n/)
  }, 30_000)

  it('has no block of another language, but for the transcript of a socket', () => {
    expect(new Set(BLOCKS.map(({ language }) => language))).toEqual(new Set(['sh', 'json', 'js', '']))
    expect(blocks('')).toHaveLength(1)
    expect(blocks('')[0]).toMatch(/^→ .*\n← /)
  })
})
