import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DAY, floorTo, HOUR, MINUTE } from '../../streams/market/candles.ts'
import { hoursOf } from '../coingecko/hourly.ts'
import { UsageError } from '../config/options.ts'
import { COINS, CoinGeckoServer } from '../test/coingeckoServer.ts'
import { DriftwireProcess, pathOf, written } from '../test/processKit.ts'
import { runTyped } from './program.ts'

const ADMIN_TOKEN = 'a-token-for-imports'
const KEY = 'CG-a-secret'
const DATA = pathOf('coins')
/** All clocks of this file stand ten minutes after a full hour, so that none ends while it runs. */
const BEHIND = ((Date.now() - 10 * MINUTE) % HOUR) + HOUR
const now = (): number => Date.now() - BEHIND
const CLOCK = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`const now=Date.now;Date.now=()=>now()-${BEHIND}`)}` }
const CONFIG = written('coins.json', JSON.stringify({ symbols: { 'coingecko:tether': 'TETHER-USD' }, feeds: [] }))

let gecko: CoinGeckoServer
beforeAll(async () => {
  gecko = await CoinGeckoServer.start(now)
})
beforeEach(() => {
  gecko.asked.length = 0
  gecko.coins = COINS
  gecko.faults = []
  gecko.silent = ''
  gecko.missing = () => false
  gecko.onAsked = () => {}
})
let server: DriftwireProcess | undefined
afterAll(async () => {
  await server?.end('SIGTERM')
  await gecko.close()
})
const serve = async (): Promise<string> => {
  server = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', '--data', DATA, '--config', CONFIG], {
    DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN,
  })
  await server.ready()
  return server.url()
}

// A paid plan waits least between its requests.
const begun = (args: readonly string[]): DriftwireProcess =>
  new DriftwireProcess(['import', 'coingecko', '--key', `pro:${KEY}`, '--config', CONFIG, ...args], {
    COINGECKO_BASE_URL: gecko.url,
    ...CLOCK,
  })
const ran = async (...args: string[]): Promise<[code: unknown, lines: string[], stderr: string]> => {
  const program = begun(args)
  const code = await program.exited
  expect(program.stdout + program.stderr).not.toContain(KEY)
  return [code, program.stdout.trimEnd().split('\n'), program.stderr]
}
/** Numbers of accepted, known and refused hours in a line. */
const figures = (line: string): number[] => /(\d+) hours accepted, (\d+) known, (\d+) refused/.exec(line)!.slice(1).map(Number)

interface CandleRow {
  readonly open_t: number
  readonly c: number
  readonly n: number
}
const stored = async (symbol: string): Promise<CandleRow[]> =>
  (await server!.json<{ rows: CandleRow[] }>(`/v1/history/candle:1h:${symbol}`)).rows

describe('driftwire import coingecko', () => {
  it('puts the hours of the largest coins into a running server, told line by line', async () => {
    const url = await serve()
    const [code, lines, stderr] = await ran('--top', '3', '--days', '2', '--url', url, '--token', ADMIN_TOKEN)
    expect([code, stderr]).toEqual([0, ''])
    expect(lines.map(line => line.replace(/\d+ hours.*/, ''))).toEqual([
      'CoinGecko, pro: the 3 largest coins in usd, 2 days, a point an hour',
      'BTC-USD: ',
      'ETH-USD: ',
      'TETHER-USD: ',
      '3 of 3 coins: ',
      '"assets": {"BTC":{"supply":"19876543"},"ETH":{"supply":"120512345.678"},"TETHER":{"supply":"150000000000"}}',
    ])
    for (const line of lines.slice(1, 4)) expect(figures(line)).toEqual([47, 0, 0])
    const expected = new Map(hoursOf(gecko.points('bitcoin', 2)).hours.map(({ end, close }) => [end - HOUR, close]))
    const rows = await stored('BTC-USD')
    expect(rows.map(({ open_t, c, n }) => [open_t, c, n])).toEqual([...expected].slice(-47).map(([openT, close]) => [openT, close, 1]))
  })

  it('asks for nothing that is there already, and for what is not only', async () => {
    const args = ['--days', '2', '--url', await server!.url(), '--token', ADMIN_TOKEN]
    const [code, lines] = await ran('--top', '3', ...args)
    expect([code, gecko.charts, lines.slice(1, 4).map(figures)]).toEqual([0, [], Array(3).fill([0, 47, 0])])
    const [, more] = await ran('--top', '4', ...args)
    expect([gecko.charts, figures(more[4]!)]).toEqual([['ripple'], [47, 0, 0]])
  })

  it('tells the server of the supplies that are known, where it is asked to', async () => {
    const args = ['--top', '4', '--days', '2', '--supplies', '--url', await server!.url(), '--token', ADMIN_TOKEN]
    for (const [accepted, known] of [
      [3, 0],
      [0, 3],
    ]) {
      const [code, lines] = await ran(...args)
      expect([code, lines.at(-2)]).toEqual([0, `${accepted} supplies accepted, ${known} known`])
      expect(lines.at(-1)).toMatch(/^"assets": \{.*"XRP":\{\}\}$/)
    }
  })

  it('goes on where it was killed, and where it was told to stop', async () => {
    const args = ['--top', '4', '--days', '3', '--url', await server!.url(), '--token', ADMIN_TOKEN]
    for (const [silent, signal, code] of [
      ['ethereum', 'SIGKILL', 'SIGKILL'],
      ['tether', 'SIGINT', 1],
    ] as const) {
      gecko.silent = silent
      const waits = new Promise<void>(resolve => {
        gecko.onAsked = ({ url }) => {
          if (url.includes(`/${silent}/`)) resolve()
        }
      })
      const program = begun(args)
      await waits
      expect(await program.end(signal)).toBe(code)
      if (signal === 'SIGINT') expect(program.lastLine).toBe('driftwire: stopped; the same command continues from here')
    }
    gecko.silent = ''
    expect((await ran(...args))[0]).toBe(0)
    // Only what was under way is asked for again.
    expect(gecko.charts).toEqual(['bitcoin', 'ethereum', 'ethereum', 'tether', 'tether', 'ripple'])
    for (const symbol of ['BTC-USD', 'ETH-USD', 'TETHER-USD', 'XRP-USD'])
      expect((await stored(symbol)).map(({ n }) => n)).toEqual(Array(71).fill(1))
  })

  it('waits as long as it is asked to, tries again what was cut off, and says so', async () => {
    gecko.faults = [{ status: 429, headers: { 'retry-after': '1' } }, undefined, 'cut']
    const [code, lines, stderr] = await ran('--top', '1', '--days', '4', '--url', await server!.url(), '--token', ADMIN_TOKEN)
    expect([code, figures(lines[1]!)[2]]).toEqual([0, 0])
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^CoinGecko at .*: 429 .*; again in 1 s$/),
      expect.stringMatching(/^CoinGecko at .*; again in 2 s$/),
    ])
  })

  it('never writes over an hour of which the store has a price, and says which hours have none', async () => {
    const symbol = 'ETH-USD'
    const before = await stored(symbol)
    const oldest = before[0]!.open_t
    gecko.missing = t => t >= oldest - 5 * HOUR && t < oldest - 2 * HOUR
    const [code, lines] = await ran('--top', '2', '--days', '5', '--url', await server!.url(), '--token', ADMIN_TOKEN)
    expect([code, lines[2]]).toEqual([0, expect.stringContaining(', 3 without a price')])
    const after = await stored(symbol)
    const asked = new Set(after.map(({ open_t }) => open_t))
    for (const k of [3, 4, 5]) expect(asked.has(oldest - k * HOUR)).toBe(false)
    expect(after.filter(({ open_t }) => open_t >= oldest).slice(0, before.length)).toEqual(before)
  })

  it('tells the coins that it cannot take, takes the others, and ends with 1', async () => {
    gecko.coins = [
      { id: 'odd', symbol: '$odd', circulating_supply: 1 },
      COINS[0]!,
      { id: 'other-bitcoin', symbol: 'BTC', circulating_supply: 2 },
      { id: 'unheard', symbol: 'unh', circulating_supply: 2 },
    ]
    gecko.onAsked = ({ url }) => {
      if (url.includes('/unheard/')) gecko.faults = [{ status: 404, body: { error: 'coin not found' } }]
    }
    const [code, lines, stderr] = await ran('--top', '5', '--days', '1', '--url', await server!.url(), '--token', ADMIN_TOKEN)
    expect([code, lines.at(-2)]).toEqual([1, expect.stringMatching(/^1 of 5 coins: /)])
    expect(lines[0]).toContain('a point every 5 minutes')
    expect(stderr.trimEnd().split('\n')).toEqual([
      'odd: found the symbol "$odd", expected one of its own',
      'other-bitcoin: found the symbol "BTC", expected one of its own',
      expect.stringMatching(/^unheard: CoinGecko at .*: 404 coin not found$/),
    ])
  })

  it('ends with 1 and one line where CoinGecko refuses, and where the server does', async () => {
    const url = await server!.url()
    gecko.faults = [{ status: 401, body: { status: { error_code: 10002, error_message: `no such key ${KEY}` } } }]
    const [code, , stderr] = await ran('--url', url, '--token', ADMIN_TOKEN)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^driftwire: CoinGecko at .*: 401 no such key …\n$/)])
    const [refused, , why] = await ran('--url', url, '--token', 'wrong', '--top', '1', '--days', '6')
    expect([refused, why]).toEqual([1, expect.stringContaining('401 bad_credentials')])
    const [nobody, , told] = await ran('--url', await nowhere())
    expect([nobody, told]).toEqual([1, expect.stringContaining('found no server, expected a running one')])
  })

  it('puts them into a directory that no server holds, also days, and knows there what is there', async () => {
    const [held, , why] = await ran('--data', DATA)
    expect([held, why]).toEqual([1, expect.stringContaining('give the --url of the server that holds it')])
    await server!.end('SIGTERM')
    const [code, lines, stderr] = await ran('--top', '2', '--days', '100', '--data', DATA)
    expect([code, stderr]).toEqual([0, ''])
    expect(lines[0]).toContain('100 days, a point a day, at 00:00 UTC')
    // Midnights of the last days are there as ends of hours.
    const [accepted, known] = figures(lines[2]!)
    expect([accepted! + known!, known! > 0, accepted! > 90]).toEqual([100, true, true])
    gecko.asked.length = 0
    const [, again] = await ran('--top', '2', '--days', '100', '--data', DATA)
    expect([gecko.charts, figures(again[3]!)]).toEqual([[], [0, 200, 0]])
    await serve()
    const rows = await stored('ETH-USD')
    expect(rows.filter(({ open_t }) => open_t < now() - 50 * DAY).every(({ open_t }) => (open_t + HOUR) % DAY === 0)).toBe(true)
    expect(rows.at(-1)!.open_t).toBeLessThan(floorTo(now(), HOUR))
  })

  it.each([
    ['no number of coins', ['--top', '0'], '--top: found "0"'],
    ['more coins than a page has', ['--top', '251'], '--top: found "251"'],
    ['no number of days', ['--days', 'max'], '--days: found "max"'],
    ['no currency', ['--vs', 'us dollars'], '--vs: found "us dollars"'],
    ['two places to put them', ['--url', 'http://127.0.0.1:8080', '--data', 'x'], '--data: found also --url'],
    ['supplies without a server', ['--supplies', '--data', 'x'], '--supplies: found also --data'],
    ['an option that is not known', ['--kye=CG-a-secret'], '--kye: found an option that is not known, expected one of --top'],
    ['a key beside its option', ['CG-a-secret'], 'import coingecko: found 1 word, expected options only'],
    ['a key that is none', ['--key', 'CG-a-secret and more'], '--key: found something else'],
  ])('is refused in one line for %s, which never says a key', async (_, args, line) => {
    const refused = (await runTyped(['import', 'coingecko', ...args], { environment: {}, version: '', columns: 80 }).catch(
      (error: unknown) => error,
    )) as Error
    expect(refused).toBeInstanceOf(UsageError)
    expect(refused.message.startsWith(line), refused.message).toBe(true)
    expect(refused.message).not.toMatch(/\n|secret/)
  })
})

/** An address where nobody listens. */
const nowhere = async (): Promise<string> => {
  const closing = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => closing.once('listening', resolve))
  const { port } = closing.address() as AddressInfo
  await new Promise(resolve => closing.close(resolve))
  return `http://127.0.0.1:${port}`
}
