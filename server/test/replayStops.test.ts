import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import { ClickHouseServer } from './storageKit.ts'

const DAY = 86_400_000
const BEGIN = Date.UTC(2012, 7, 8)
const ROWS = 300_000

const lines = (n: number, line: (i: number) => string): string => Array.from({ length: n }, (_, i) => line(i)).join('\n')

const trades = (name: string, n: number, t: (i: number) => number, id = true): string =>
  written(
    `${name}.csv`,
    `symbol,price,exch_ts_ms,qty,side${id ? ',trade_id' : ''}\n${lines(n, i => `BTC-USD,${100 + (i % 97)},${t(i)},0.1,buy${id ? `,${i}` : ''}`)}\n`,
  )
const candles = (name: string, n: number, t: (i: number) => number): string =>
  written(`x_BTCUSDT_${name}.csv`, `open_time_ms,open,high,low,close,volume_base\n${lines(n, i => `${t(i)},1,3,1,${1 + (i % 3)},5`)}\n`)
const SYNC = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'
const logs = (name: string, n: number, t: (i: number) => number): string =>
  written(
    `${name}.ndjson`,
    lines(
      n,
      i =>
        `{"block_number":${i + 1},"block_timestamp":${t(i) / 1_000},"log_index":1,"address":"0x00000000000000000000000000000000000000a1","topics":["${SYNC}"],"data":"0x${(1_000_000 + i).toString(16).padStart(64, '0')}${(5_000_000).toString(16).padStart(64, '0')}"}`,
    ),
  )

const CONFIG = written(
  'stops.json',
  JSON.stringify({
    symbols: { BTCUSDT: 'BTC-USD' },
    pools: [
      {
        id: 'P',
        kind: 'uniswap-v2',
        address: '0x00000000000000000000000000000000000000a1',
        token0: { symbol: 'USDX', decimals: 6, asset: 'USD' },
        token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
      },
    ],
    feeds: [],
  }),
)

/** Files that a replay is busy with for longer than a stop may take, or waits in. */
const FILES = {
  'a large file of trades': () => trades('large', ROWS, i => BEGIN + i, false),
  'trades with a gap behind each': () => trades('gaps', ROWS, i => BEGIN + i * 1_000_000),
  candles: () => candles('many', ROWS, i => BEGIN + i * 60_000),
  'candles with a gap of years': () => candles('years', 2, i => BEGIN + i * 4_000 * DAY),
  'logs of a chain': () => logs('logs', ROWS / 2, i => BEGIN + i * 12_000),
  'logs of a chain with a gap of years': () => logs('years', 2, i => BEGIN + i * 4_000 * DAY),
} as const
type Kind = keyof typeof FILES

let directories = 0
const replaying = (file: string, speed: string, ...options: string[]): DriftwireProcess => {
  directories += 1
  return DriftwireProcess.serve(
    ...['--config', CONFIG, '--data', pathOf(`stops-${directories}`), '--speed', speed, '--feed', `replay:${file}`],
    ...options,
  )
}

/** Sends SIGTERM. Clients must hear of it within a second, and the process end in five. */
const isAnswered = async (server: DriftwireProcess): Promise<void> => {
  const client = await server.client()
  const began = performance.now()
  const exited = server.end('SIGTERM')
  await client.closed
  const heard = performance.now() - began
  expect(client.bye).toMatchObject({ reason: 'the server is stopping' })
  expect(heard).toBeLessThan(1_000)
  expect(await exited).toBe(0)
  expect(performance.now() - began).toBeLessThan(5_000)
}

/** Resolves when the server has begun to read. */
const begun = (server: DriftwireProcess) =>
  server.status(({ feeds }) =>
    Object.values(feeds as Record<string, { ticks: number; messages: number }>).some(({ messages }) => messages > 0),
  )

describe('SIGTERM is answered within a second', () => {
  it.each<[Kind, speed: string]>([
    ['a large file of trades', 'max'],
    ['a large file of trades', '1'],
    ['trades with a gap behind each', 'max'],
    ['candles', 'max'],
    ['candles with a gap of years', '1'],
    ['logs of a chain', 'max'],
    ['logs of a chain with a gap of years', '1'],
  ])('in the middle of %s at speed %s', async (kind, speed) => {
    const server = replaying(FILES[kind](), speed)
    await begun(server)
    await isAnswered(server)
  })

  it('while the engine is starting', async () => {
    const server = replaying(FILES['a large file of trades'](), 'max')
    await server.printed()
    await isAnswered(server)
  })

  it('while a past is read', async () => {
    const file = trades('past', 20_000, i => BEGIN + i * 1_000)
    const options = ['--config', CONFIG, '--data', pathOf('past'), '--speed', 'max', '--feed', `replay:${file}`]
    expect(await DriftwireProcess.serve(...options, '--exit-at-end').exited).toBe(0)
    const server = DriftwireProcess.serve(...options)
    await server.printed()
    await isAnswered(server)
  })

  it('with a ClickHouse that answers too slowly', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'slow-'))
    const clickhouse = await ClickHouseServer.start(dir)
    const server = replaying(FILES['a large file of trades'](), 'max', '--clickhouse', clickhouse.url)
    await server.ready()
    await clickhouse.fail({ kind: 'slow', times: 1_000, ms: 20_000 })
    await begun(server)
    await isAnswered(server)
    await clickhouse.remove()
    await rm(dir, { recursive: true, force: true })
  })
})
