import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import { haveReports, reportFile } from './reports.ts'

const HEADER = 'symbol,price,exch_ts_ms,qty,side,trade_id,exchange'
const trade = (t: number, price: number, id: number): string => `BTC-USD,${price},${t},0.1,buy,${id},x`
const NONE = written('gap.json', JSON.stringify({ symbols: { BTCUSDT: 'BTC-USD' }, feeds: [] }))

let directories = 0
/** Serves a replay at full speed, with nothing but it. */
const replaying = (file: string, ...options: string[]): DriftwireProcess => {
  directories += 1
  return DriftwireProcess.serve(
    '--config',
    NONE,
    '--data',
    pathOf(`gap-${directories}`),
    '--speed',
    'max',
    '--feed',
    `replay:${file}`,
    ...options,
  )
}

/** Resolves with the ms from the beginning of a replay that waits for two clients to its end, all rows stored. */
const replayed = async (server: DriftwireProcess): Promise<number> => {
  await server.ready()
  const [first, second] = [await server.client(), await server.client()]
  await first.subscribe(['status'])
  const began = performance.now()
  await second.subscribe(['status'])
  const status = await second.replica('status')
  await second.until(() => Object.values(status.state.feeds as Record<string, { state: string }>).every(({ state }) => state === 'ended'))
  const took = performance.now() - began
  await Promise.all([first.close(), second.close()])
  return took
}

describe('a span of years without any row', () => {
  const [FIRST, LAST] = [Date.UTC(2017, 7, 17), Date.UTC(2026, 0, 5)]
  const log = (t: number, block: number): string =>
    JSON.stringify({
      block_number: block,
      block_timestamp: t / 1_000,
      log_index: 1,
      address: '0x00000000000000000000000000000000000000a1',
      topics: ['0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'],
      data: `0x${[10n ** 12n, 5n * 10n ** 20n].map(reserve => reserve.toString(16).padStart(64, '0')).join('')}`,
    })
  const everything = () => {
    written('gap-portfolio.csv', `t,type,asset,qty,price\n${FIRST},buy,BTC,1,4000\n${FIRST + 400 * 86_400_000},buy,BTC,1,9000\n`)
    return {
      assets: { BTC: { supply: '19000000' }, ETH: { supply: '120000000' } },
      funds: [
        {
          id: 'F',
          weighting: { scheme: 'market-cap', count: 2, cap: 0.9 },
          rebalance: { mode: 'execute', maxIntervalMs: 3_600_000, coolOffMs: 1_000 },
        },
      ],
      portfolios: [{ id: 'p', transactions: 'gap-portfolio.csv' }],
      pools: [
        {
          id: 'P',
          kind: 'uniswap-v2',
          address: '0x00000000000000000000000000000000000000a1',
          token0: { symbol: 'USDX', decimals: 6, asset: 'USD' },
          token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
        },
      ],
    }
  }

  const eth = (t: number, id: number) => trade(t, 2_000, id).replace('BTC', 'ETH')
  const file = (): string => {
    const rows = [trade(FIRST, 4_000, 1), eth(FIRST, 2), trade(LAST, 90_000, 3), eth(LAST, 4)]
    return written('years.csv', `${HEADER}\n${rows.join('\n')}\n`)
  }

  // On a machine that is busy with something else one try may take longer.
  it('costs a replay no time', { retry: 2 }, async () => {
    const server = replaying(file(), '--wait-clients', '2')
    expect(await replayed(server)).toBeLessThan(1_000)
    expect(await server.json('/v1/state/tick:BTC-USD')).toMatchObject({ price: 90_000, t: LAST, day: { n: 1 } })
    expect(await server.end('SIGTERM')).toBe(0)
  })

  it('costs no frames either, beneath a fund that is due each hour, a portfolio and a pool', async () => {
    const config = written('years.json', JSON.stringify({ feeds: [], ...everything() }))
    const logs = written('years.ndjson', `${log(FIRST, 1)}\n${log(LAST, 2)}\n`)
    const record = pathOf('years.frames')
    const options = ['--config', config, '--feed', `replay:${logs}`, '--record-frames', record, '--exit-at-end']
    expect(await replaying(file(), ...options).exited).toBe(0)
    const pushes = readFileSync(record, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { ch: string; t: number })
    expect(new Set(pushes.map(({ ch }) => ch))).toContain('pool:P')
    expect(new Set(pushes.map(({ t }) => t)).size).toBeLessThan(50)
  })

  it.runIf(haveReports)('costs none of a file of which all but one row are seven years later', async () => {
    const server = replaying(reportFile('r02-one-row-in-2100', 'gap7y.csv'), '--wait-clients', '2')
    expect(await replayed(server)).toBeLessThan(1_000)
    expect(await server.json('/v1/state/tick:BTC-USD')).toMatchObject({ price: 60_003, day: { n: 2 } })
    expect(await server.end('SIGTERM')).toBe(0)
  })
})

/** The state of a channel and what was left out, when the replay of a case's file is over. */
const outcome = async (server: DriftwireProcess, channel: string) => {
  const { feeds } = await server.replayed()
  const state = await server.json(`/v1/state/${channel}`)
  expect(await server.end('SIGTERM')).toBe(0)
  return { state, bad: Object.values(feeds as Record<string, { bad: object }>)[0]!.bad }
}

describe.runIf(haveReports)('times in a file that are not in ms, or cannot be', () => {
  it('ahead of now are left out, and the server answers throughout', async () => {
    const { state, bad } = await outcome(replaying(reportFile('r02-one-row-in-2100', 'trades.csv')), 'tick:BTC-USD')
    expect(state).toMatchObject({ price: 60_001, t: 1_723_852_801_000, day: { n: 2 } })
    expect(bad).toEqual({ time: 2 })
  })

  it('of trades that go over from ms to µs are read as what they are', async () => {
    const { state, bad } = await outcome(replaying(reportFile('r02-trades-ms-then-us', 'trades.csv')), 'tick:BTC-USD')
    expect(state).toMatchObject({ price: 61_003, t: 1_735_689_603_000, day: { n: 8 } })
    expect(bad).toEqual({})
  })

  it('of blocks in ms are read as ms, and without a zone as UTC wherever the machine stands', async () => {
    const pool = reportFile('r15-log-times-without-zone', 'pool.json')
    const served = (id: string, zone: string) =>
      outcome(
        new DriftwireProcess(
          [
            'serve',
            '--port',
            '0',
            '--config',
            pool,
            '--data',
            pathOf(id),
            '--speed',
            'max',
            '--feed',
            `replay:${reportFile(id, 'logs.ndjson')}`,
          ],
          { TZ: zone },
        ),
        'pool:P',
      )
    for (const id of ['r02-logs-block-timestamp-in-ms', 'r15-log-times-without-zone'])
      expect(await served(id, 'America/New_York')).toMatchObject({ state: { t: 1_620_252_913_000 }, bad: {} })
  })
})
