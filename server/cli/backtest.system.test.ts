import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { UsageError } from '../config/options.ts'
import { runTyped } from './program.ts'

const dir = mkdtempSync(join(tmpdir(), 'driftwire-'))
afterAll(() => rmSync(dir, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const MINUTE = 60_000
const NOON = Date.UTC(2024, 7, 8, 12)

const written = (name: string, content: string): string => {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}
const candles = (name: string, closes: readonly number[]): string =>
  written(
    `x_${name}USD_1m.csv`,
    ['open_time_ms,open,high,low,close,volume_base', ...closes.map((c, i) => `${NOON + i * MINUTE},${c},${c},${c},${c},1`)].join('\n'),
  )
const BTC = [10, 30, 30, 15]
const ETH = [10, 10, 10, 10]
const feeds = ['--feed', `replay:${candles('BTC', BTC)}`, '--feed', `replay:${candles('ETH', ETH)}`]
const fund = (id: string) => ({ id, weighting: { scheme: 'equal' }, rebalance: { assetThreshold: 0.2, coolOffMs: 0 } })
const config = (funds: readonly object[]): string =>
  written(
    `${funds.length}.json`,
    JSON.stringify({
      exchange: { kind: 'paper', feeBps: 0 },
      symbols: { BTCUSD: 'BTC-USD', ETHUSD: 'ETH-USD' },
      assets: { BTC: {}, ETH: {} },
      funds,
    }),
  )
const one = config([fund('HALF')])

/** The exit code, and what is printed: for people, and where something went wrong. */
const typed = (args: readonly string[]) => runTyped(['backtest', ...args], { environment: {}, version: '', columns: 80 })
const ran = async (...args: string[]): Promise<[code: number | undefined, out: string, err: string]> => {
  const out = vi.spyOn(console, 'log').mockImplementation(() => {})
  const err = vi.spyOn(console, 'error').mockImplementation(() => {})
  const code = await typed(args)
  return [code, out.mock.calls.join('\n'), err.mock.calls.join('\n')]
}

const SUMMARY = {
  fund: 'HALF',
  quote: 'USD',
  from: NOON + MINUTE,
  to: NOON + 4 * MINUTE,
  moments: 4,
  held: 125,
  heldReturn: 0.25,
  fees: 0,
  nav: expect.closeTo(150, 9),
  level: expect.closeTo(150, 9),
  trackingDifference: expect.closeTo(0, 9),
  rebalances: [{ t: NOON + 2 * MINUTE, reason: 'asset', trades: 2, turnover: expect.closeTo(0.25, 9), fees: 0 }],
}

describe('driftwire backtest', () => {
  it('tells as JSON what the fund would have done by recordings', async () => {
    const [code, out] = await ran(one, ...feeds, '--json')
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining(SUMMARY)])
    expect(JSON.parse(out).points.map(({ held }: { held: number }) => held)).toEqual([100, 200, 200, 125])
  })

  it('takes of the recordings only the time that is asked for', async () => {
    const [, out] = await ran(one, ...feeds, '--json', '--from', '2024-08-08T12:02Z', '--to', String(NOON + 4 * MINUTE))
    expect(JSON.parse(out)).toMatchObject({ from: NOON + 2 * MINUTE, to: NOON + 3 * MINUTE, moments: 2, rebalances: [] })
  })

  it('prints tables and a plot that fit the terminal', async () => {
    const [code, out] = await ran(one, ...feeds)
    expect(code).toBe(0)
    const lines = out.split('\n')
    expect(lines[0]).toBe('HALF, 2024-08-08 12:01 to 2024-08-08 12:04 UTC, 4 moments, in USD')
    expect(out).toMatch(/^value of a share +100\.0000 +150\.0000 +50\.000 %$/m)
    expect(out).toMatch(/^bought and held +100\.0000 +125\.0000 +25\.000 %$/m)
    expect(out).toMatch(/^2024-08-08 12:02 +asset +2 +25\.000 % +0\.00$/m)
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
  })

  it('has the same from what a server has stored', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      const url = new URL(request.url!, 'http://localhost')
      asked.push(decodeURIComponent(url.pathname))
      const [from, to] = ['from', 'to'].map(name => Number(url.searchParams.get(name))) as [number, number]
      const closes = url.pathname.includes('BTC') ? BTC : ETH
      const rows = closes.map((c, i) => ({ open_t: NOON + i * MINUTE, c })).filter(({ open_t }) => open_t >= from && open_t < to)
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ rows }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const times = ['--from', String(NOON - 1_440 * MINUTE), '--to', String(NOON + 5 * MINUTE)]
      const [code, out] = await ran(one, '--url', url, ...times, '--json')
      expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining(SUMMARY)])
      expect(new Set(asked)).toEqual(new Set(['/v1/history/candle:1m:BTC-USD', '/v1/history/candle:1m:ETH-USD']))
    } finally {
      server.close()
    }
  })

  it('fails with one line where the fund could not begin', async () => {
    const fixed = config([{ ...fund('A'), weighting: { scheme: 'fixed', weights: { BTC: 0.5, ETH: 0.5 } } }])
    expect(await ran(fixed, ...feeds.slice(0, 2))).toEqual([1, '', 'driftwire: A cannot begin: no price of ETH in this time'])
  })

  it.each<[says: string, args: () => string[]]>([
    ['backtest: found no CONFIG, expected CONFIG', () => []],
    ['--speed: found an option that is not known, expected one of --fund', () => [one, '--speed', '1']],
    ['--fund: found nothing, expected one of: A, B', () => [config([fund('A'), fund('B')]), ...feeds]],
    ['--fund: found "C", expected one of: HALF', () => [config([fund('HALF')]), '--fund', 'C']],
    ['--fund: found nothing, expected one of: none', () => [config([])]],
    ['--from: found "soon", expected ms since the epoch, an ISO 8601 time', () => [config([fund('HALF')]), '--from', 'soon']],
    ['--to: found 5, expected a time after --from 7', () => [config([fund('HALF')]), '--from', '7', '--to', '5', ...feeds]],
    ['--from, --to: found only a part', () => [config([fund('HALF')]), '--from', '7']],
    ['--feed: found "binance:BTCUSDT", expected replay:FILE', () => [config([fund('HALF')]), '--feed', 'binance:BTCUSDT']],
    ['--feed replay:none.csv', () => [config([fund('HALF')]), '--feed', 'replay:none.csv']],
  ])('is refused with "%s"', async (says, args) => {
    const list = args()
    await expect(typed(list)).rejects.toThrow(UsageError)
    await expect(typed(list)).rejects.toThrow(says)
  })
})
