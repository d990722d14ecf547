import { describe, expect, it } from 'vitest'
import { records } from '../../streams/test/records.ts'
import type { State } from './protocolClient.ts'
import { ADMIN_TOKEN, file, ProtocolServer } from './protocolKit.ts'
import { haveRecordings, recordedLines } from './recordings.ts'

/** Whole servers that get the same time more than once: volumes count once, in history, the live view and after a start. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const INTERVALS = { '1m': MINUTE, '5m': 5 * MINUTE, '1h': HOUR, '1d': DAY } as const

interface Bar {
  readonly open_t: number
  readonly v: number
}

/** Sums volumes by the beginning of the interval that each lies in. */
const summed = (bars: Iterable<readonly [t: number, volume: number]>, interval: number): Map<number, number> => {
  const sums = new Map<number, number>()
  for (const [t, volume] of bars) {
    const open = Math.floor(t / interval) * interval
    sums.set(open, (sums.get(open) ?? 0) + volume)
  }
  return sums
}
const dayOf = (t: number): number => Math.floor(t / DAY) * DAY
const total = (volumes: Iterable<number>): number => [...volumes].reduce((sum, volume) => sum + volume, 0)

/** Whether the replays are over: then event time stands still, and the rolling day ends with them. */
type Phase = 'replayed' | 'started again'

/** Holds all that shows volumes of a symbol against the volumes at their times. */
const expectVolumes = async (
  server: ProtocolServer,
  phase: Phase,
  symbol: string,
  volumes: readonly (readonly [t: number, volume: number])[],
): Promise<void> => {
  const first = dayOf(volumes[0]![0])
  const client = await server.client()
  await client.subscribe([`candle:1d:${symbol}`])
  const daily = await client.replica(`candle:1d:${symbol}`)
  const newest = [...summed(volumes, DAY).values()].at(-1)!
  await client.until(() => Math.abs(Number(daily.state.v) - newest) < 1e-6)
  for (const [name, interval] of Object.entries(INTERVALS)) {
    const expected = summed(volumes, interval)
    const { rows } = await server.json<{ rows: Bar[] }>(`/v1/history/candle:${name}:${symbol}?from=${first}&to=${first + 10 * DAY}`)
    expect(rows.map(({ open_t }) => open_t)).toEqual([...expected.keys()].sort((a, b) => a - b))
    for (const { open_t, v } of rows) expect(v).toBeCloseTo(expected.get(open_t)!, 6)
    const live = (await server.json(`/v1/state/candle:${name}:${symbol}`)) as unknown as Bar & { prev?: Bar }
    expect(live.v).toBeCloseTo(expected.get(live.open_t)!, 6)
    if (live.prev) expect(live.prev.v).toBeCloseTo(expected.get(live.prev.open_t)!, 6)
  }
  if (phase === 'started again') return
  const { day } = (await server.json(`/v1/state/tick:${symbol}`)) as { day: State }
  const last = Math.floor(volumes.at(-1)![0] / MINUTE) * MINUTE
  expect(day.volume).toBeCloseTo(total(volumes.filter(([t]) => t >= last - DAY + MINUTE).map(([, volume]) => volume)), 6)
}

/** Those that are configured can be followed before anything of them is known. */
const symbols = { BTCUSD: 'BTC-USD', 'x:BTCUSDT': 'BTC-USDT', XRPETH: 'XRP-ETH' }

/** Runs replays to their end, looks, starts again without any, and looks again. */
const twice = async (feeds: readonly string[], look: (server: ProtocolServer, phase: Phase) => Promise<void>): Promise<void> => {
  const first = await ProtocolServer.startForTest({ symbols, feeds }, '--speed', 'max')
  await first.replayed()
  await look(first, 'replayed')
  await first.stop()
  const second = await ProtocolServer.startForTest({ symbols, feeds: [] })
  await look(second, 'started again')
  await second.stop()
}

const HEADER = 'open_time_ms,open,high,low,close,volume_base'
describe.skipIf(!haveRecordings)('a time that comes more than once counts once (skipped where the recordings are not)', () => {
  it('in candles of a minute and of an hour of the same days', async () => {
    const rows = recordedLines('klines/binance_BTCUSDT_1m_20210420_20210512.csv.gz').slice(1)
    const from = Date.UTC(2021, 4, 10)
    const minutes = rows.map(row => row.split(',').map(Number)).filter(([t]) => t! >= from && t! < from + 2 * DAY)
    const hours = [
      ...summed(
        minutes.map(row => [row[0]!, row[5]!] as const),
        HOUR,
      ),
    ].map(([t, volume]) => `${t},1,100000,1,1,${volume}`)
    // Half an hour has no minutes: only the hour knows what was traded then, and stands for all of it.
    const lacking = minutes.filter(([t]) => t! < from + DAY + 5 * HOUR || t! >= from + DAY + 5.5 * HOUR)
    const daily = summed(
      minutes.map(row => [row[0]!, row[5]!] as const),
      DAY,
    )
    const hourly = summed(
      minutes.map(row => [row[0]!, row[5]!] as const),
      HOUR,
    )
    const feeds = [
      `replay:${file('x_BTCUSD_1m.csv', [HEADER, ...lacking.map(row => row.slice(0, 6).join(','))].join('\n'))}`,
      `replay:${file('x_BTCUSD_1h.csv', [HEADER, ...hours].join('\n'))}`,
    ]
    await twice(feeds, async (server, phase) => {
      const client = await server.client()
      await client.subscribe(['candle:1d:BTC-USD'])
      const replica = await client.replica('candle:1d:BTC-USD')
      await client.until(() => replica.state.v !== undefined)
      const live = replica.state as unknown as Bar & { prev: Bar }
      expect([live.v, live.prev.v]).toEqual([from + DAY, from].map(t => expect.closeTo(daily.get(t)!, 6)))
      for (const [interval, expected] of [
        ['1d', daily],
        ['1h', hourly],
      ] as const) {
        const { rows } = await server.json<{ rows: Bar[] }>(`/v1/history/candle:${interval}:BTC-USD?from=${from}&to=${from + 2 * DAY}`)
        expect(rows.map(({ open_t, v }) => [open_t, v])).toEqual([...expected].map(([t, v]) => [t, expect.closeTo(v, 6)]))
      }
      // Those markets are pools and swaps: candles are none of theirs.
      expect(await server.json('/gecko/pairs')).toEqual([])
      expect(await server.json('/cmc/summary')).toEqual([])
      if (phase === 'started again') return
      const { day } = (await server.json('/v1/state/tick:BTC-USD')) as { day: State }
      expect(day.volume).toBeCloseTo(daily.get(from + DAY)!, 6)
    })
  }, 60_000)

  it('in trades and candles of a minute over them, whether the candles are replayed or imported', async () => {
    const recording = 'trades/binance_spot_BTC_ETH_20240808_trades.csv.gz'
    const lines = recordedLines(recording)
    const trades = records(lines).filter(({ symbol }) => symbol === 'BTCUSDT')
    const at = trades.map(({ exch_ts_ms, qty }) => [Number(exch_ts_ms), Number(qty)] as const)
    const first = Math.floor(at[0]![0] / MINUTE) * MINUTE
    // Ten minutes before the trades, and the minutes of the trades, in other volumes than theirs.
    const candles = Array.from({ length: 15 }, (_, i) => [first + (i - 10) * MINUTE, 1_000] as const)
    const traded = new Set(at.map(([t]) => Math.floor(t / MINUTE) * MINUTE))
    const expected = [...candles.filter(([t]) => !traded.has(t)), ...at].sort(([a], [b]) => a - b)
    const own = [lines[0]!, ...lines.slice(1).filter(line => line.includes('BTCUSDT'))]
    const feeds = [
      `replay:${file('trades.csv', own.join('\n'))}`,
      `replay:${file('y_BTCUSDT_1m.csv', [HEADER, ...candles.slice(0, 12).map(([t, v]) => `${t},1,1,1,1,${v}`)].join('\n'))}`,
    ]
    const rest = candles
      .slice(12)
      .map(([open_t, v]) => JSON.stringify({ symbol: 'BTC-USDT', open_t, span: MINUTE, o: 1, h: 1, l: 1, c: 1, v, id: `${open_t}` }))
    await twice(feeds, async (server, phase) => {
      const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${ADMIN_TOKEN}` }
      if (phase === 'replayed') await server.json('/v1/admin/candles', { method: 'POST', headers, body: rest.join('\n') })
      await expectVolumes(server, phase, 'BTC-USDT', expected)
    })
  }, 60_000)

  it('in files of trades that overlap, name no exchange, and begin in the middle of a minute', async () => {
    const trades = records(recordedLines('trades/binance_XRPETH_20191011_20191013_trades.csv.gz')).slice(0, 3_000)
    const written = (name: string, from: number, to: number): string =>
      `replay:${file(name, ['symbol,price,ts_ms,qty', ...trades.slice(from, to).map(t => `XRP-ETH,${t.price},${t.exch_ts_ms},${t.qty}`)].join('\n'))}`
    const volumes = trades.map(({ exch_ts_ms, qty }) => [Number(exch_ts_ms), Number(qty)] as const)
    await twice([written('one.csv', 0, 2_000), written('two.csv', 900, 3_000)], (server, phase) =>
      expectVolumes(server, phase, 'XRP-ETH', volumes),
    )
  }, 60_000)
})
