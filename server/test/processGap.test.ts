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

/** ms that the server takes to end after SIGTERM, with exit code 0. */
const ended = async (server: DriftwireProcess): Promise<number> => {
  const began = performance.now()
  expect(await server.end('SIGTERM')).toBe(0)
  return performance.now() - began
}

/** ms from the moment that sockets are open to the end of the replay. */
const replayed = async (server: DriftwireProcess): Promise<number> => {
  await server.printed()
  const began = performance.now()
  const client = await server.client()
  await client.subscribe(['status'])
  const status = await client.replica('status')
  await client.until(() => Object.values(status.state.feeds as Record<string, { state: string }>).every(({ state }) => state === 'ended'))
  await client.close()
  return performance.now() - began
}

describe('a span of years without any row', () => {
  it('costs a replay no time', async () => {
    const file = written('years.csv', `${HEADER}\n${trade(Date.UTC(2017, 7, 17), 4_000, 1)}\n${trade(Date.UTC(2026, 0, 5), 90_000, 2)}\n`)
    const server = replaying(file)
    await server.ready()
    expect(await server.json('/v1/state/tick:BTC-USD')).toMatchObject({ price: 90_000, t: Date.UTC(2026, 0, 5), day: { n: 1 } })
    expect(await ended(server)).toBeLessThan(2_000)
    // With the engine at hand already, what is left is the replay.
    const again = replaying(file, '--exit-at-end')
    expect(await again.exited).toBe(0)
  })

  it.runIf(haveReports)('costs none of a file of which all but one row are seven years later', async () => {
    const server = replaying(reportFile('r02-one-row-in-2100', 'gap7y.csv'))
    await replayed(server)
    expect(await server.json('/v1/state/tick:BTC-USD')).toMatchObject({ price: 60_003, day: { n: 2 } })
    await ended(server)
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

describe('SIGTERM', () => {
  const rows = (n: number, t: (i: number) => number): string =>
    Array.from({ length: n }, (_, i) => trade(t(i), 100 + (i % 97), i)).join('\n')

  it.each([
    ['in the middle of a large file', (i: number) => Date.UTC(2024, 7, 8) + i],
    ['in a file of which all rows have one time', () => Date.UTC(2024, 7, 8)],
    ['in a file with a gap behind every row', (i: number) => Date.UTC(2012, 7, 8) + i * 1_000_000],
  ])('is answered within a second %s', async (name, t) => {
    const server = replaying(written(`${name}.csv`, `${HEADER}\n${rows(400_000, t)}\n`))
    await server.printed()
    await server.status(({ feeds }) => Object.values(feeds as Record<string, { ticks: number }>).some(({ ticks }) => ticks > 0))
    const client = await server.client()
    const began = performance.now()
    const exited = ended(server)
    await client.closed
    expect(client.bye).toMatchObject({ reason: 'the server is stopping' })
    expect(performance.now() - began).toBeLessThan(1_000)
    await exited
  })
})
