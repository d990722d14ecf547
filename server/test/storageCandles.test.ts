import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../streams/wire/mergePatch.ts'
import { openHistory } from '../storage/read/history.ts'
import { haveRecordings, recordedLines } from './recordings.ts'
import { Bench, openedEngine, openedSink } from './storageKit.ts'
import { candle, type Tick } from './storageRows.ts'

/** Sixteen symbols' one-minute candles as a venue published them, and its own five-minute candles of the same time. */
const SYMBOLS = 'AAVE ADA ALGO ATOM BCH BTC DASH DOGE DOT EOS ETH IOTA LINK LTC XMR XRP'.split(' ')
const MINUTE = 60_000
const FIVE = 5 * MINUTE

/** Where the two disagree in the source itself: an outage, and two times that the venue corrected later. */
const DISPUTED = [
  [Date.UTC(2021, 3, 22, 2, 10), Date.UTC(2021, 3, 22, 2, 25)],
  [Date.UTC(2021, 3, 23, 1, 40), Date.UTC(2021, 3, 23, 2, 50)],
  [Date.UTC(2021, 3, 25, 4, 0), Date.UTC(2021, 3, 25, 8, 45)],
] as const
const disputed = (t: number): boolean => DISPUTED.some(([from, to]) => t >= from && t < to)

const csv = (file: string): Record<string, string>[] => {
  const [head, ...lines] = recordedLines(file).map(line => line.split(','))
  return lines.map(line => Object.fromEntries(head!.map((name, i) => [name, line[i]!])))
}

const goldenRow = (row: Record<string, string>) => ({
  open_t: Number(row.open_time_ms),
  o: Number(row.open),
  h: Number(row.high),
  l: Number(row.low),
  c: Number(row.close),
  v: Number(row.volume_base),
  n: 5,
})

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

describe.skipIf(!haveRecordings)('candles of recorded minutes (skipped where the recordings are not there)', () => {
  it("put together to five minutes are the venue's own", async () => {
    const engine = Promise.resolve(await openedEngine(bench, 'embedded'))
    const { sink, write } = await openedSink(bench, engine)
    const minutes = SYMBOLS.flatMap(base =>
      csv(`klines/binance_${base}USDT_1m_20210420_20210512.csv.gz`).map(
        (row): Tick =>
          candle(Number(row.open_time_ms), MINUTE, {
            symbol: `${base}-USDT`,
            source: 'replay',
            price: Number(row.close),
            open: Number(row.open),
            high: Number(row.high),
            low: Number(row.low),
            size: Number(row.volume_base),
          }),
      ),
    ).sort((a, b) => a.t - b.t)
    for (let i = 0; i < minutes.length; i += 5000) {
      write(minutes[Math.min(i + 4999, minutes.length - 1)]!.t, minutes.slice(i, i + 5000))
      await sink.room()
    }
    await sink.until(Number.POSITIVE_INFINITY)

    const history = openHistory(engine)
    await engine
    const first = minutes[0]!.t
    const golden = csv('klines/binance_16pairs_5m_20210420_20210512_expected.csv.gz').filter(
      row => Number(row.open_time_ms) >= first && !disputed(Number(row.open_time_ms)),
    )
    let compared = 0
    for (const base of SYMBOLS) {
      const expected = golden.filter(row => row.symbol === `${base}USDT`).map(goldenRow)
      const { rows } = await history.rows({ channel: `candle:5m:${base}-USDT`, from: 0, to: Date.UTC(2022, 0), step: FIVE })
      const byTime = new Map(rows.map((row: JsonObject) => [row.open_t, row]))
      expect(expected.map(row => byTime.get(row.open_t))).toEqual(expected)
      compared += expected.length
    }
    expect(compared).toBeGreaterThan(16 * 6000)
  }, 60_000)
})
