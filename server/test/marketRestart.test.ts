import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { tries } from './effort.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { State } from './protocolClient.ts'
import { haveRecordings, recordedLines } from './recordings.ts'

/** Recorded markets that are cut, by a stop or a kill, and continued by another start, held against one run that nobody cut. */

const why = haveRecordings ? '' : ' (skipped: no recordings beside the project)'

const serve = (data: string, file: string, ...options: string[]): DriftwireProcess =>
  DriftwireProcess.serve('--data', pathOf(data), '--feed', `replay:${file}`, ...options)

/** A line of a file that gives its trades no ids is named by the file: two halves have other names than the whole. */
const nameless = (value: unknown): State => JSON.parse(JSON.stringify(value).replaceAll(/"[0-9a-f]{12}:\d+"/g, '"line"'))

/** The states of all channels of some symbols, and all that is stored of them. */
const everythingOf = async (server: DriftwireProcess, symbols: readonly string[]): Promise<State> => {
  const all: State = {}
  for (const symbol of symbols) {
    for (const kind of ['tick', 'trades', 'candle:1m', 'candle:5m', 'candle:1h', 'candle:1d']) {
      const channel = `${kind}:${symbol}`
      const state = await server.json(`/v1/state/${channel}`)
      all[channel] = kind === 'trades' ? (Object.values(state.last as State) as unknown as State) : state
      if (kind !== 'trades') all[`rows of ${channel}`] = (await server.json(`/v1/history/${channel}`)).rows!
    }
  }
  return all
}

/** Compares channel by channel, rows by their number first: a difference is then short. */
const expectSame = (got: State, expected: State, why: string): void => {
  for (const channel of Object.keys(expected)) {
    const [one, other] = [got[channel], expected[channel]]
    if (Array.isArray(one) && Array.isArray(other)) {
      expect(one.length, `${why}: ${channel}`).toBe(other.length)
      const at = one.findIndex((row, i) => JSON.stringify(row) !== JSON.stringify(other[i]))
      expect([at, one[at]], `${why}: ${channel}`).toEqual([-1, undefined])
    } else expect(one, `${why}: ${channel}`).toEqual(other)
  }
}

/** Replays a file to its end, and returns all that is known then. */
const replayed = async (data: string, file: string, symbols: readonly string[]): Promise<State> => {
  const server = serve(data, file, '--speed', 'max')
  await server.replayed()
  const all = await everythingOf(server, symbols)
  expect(await server.end('SIGTERM')).toBe(0)
  return all
}

const RECORDINGS = [
  // The ids of the last recording are those of its lines: another file has others.
  { name: 'trades with ids', file: 'trades/binance_spot_BTC_ETH_20240808_trades.csv.gz', symbols: ['BTC-USDT', 'ETH-USDT'], named: true },
  { name: 'trades of several days', file: 'trades/binance_XRPETH_20191011_20191013_trades.csv.gz', symbols: ['XRP-ETH'], named: true },
  { name: 'candles of an hour', file: 'klines/top8_usdt_1h_20250530_20250629.csv.gz', symbols: ['BTC-USDT', 'XRP-USDT'], named: false },
]

describe.skipIf(!haveRecordings).each(RECORDINGS)(`a market that is cut: $name${why}`, ({ file, symbols, named }) => {
  const [header, ...lines] = haveRecordings ? recordedLines(file) : ['']
  const name = file.replaceAll(/\W/g, '_')
  const part = (as: string, from: number, to: number): string =>
    written(`${name}/${as}.csv`, `${[header, ...lines.slice(from, to)].join('\n')}\n`)

  let whole: string
  let expected: State
  beforeAll(async () => {
    whole = part('whole', 0, lines.length)
    expected = await replayed(`${name}-whole`, whole, symbols)
  }, 120_000)

  it(
    'ends as one that is not, whether the rest is brought after the cut or all of it once more',
    async () => {
      for (let i = 1; i <= tries(1); i++) {
        const cut = Math.floor((lines.length * i) / (tries(1) + 1))
        const data = `${name}-${cut}`
        await replayed(data, part(`first-${cut}`, 0, cut), symbols)
        const rest = await replayed(data, part(`rest-${cut}`, cut, lines.length), symbols)
        expectSame(nameless(rest), nameless(expected), `the rest after ${cut}`)
        if (named) expectSame(await replayed(data, whole, symbols), expected, `all of it after ${cut}`)
      }
    },
    tries(180_000),
  )

  it(
    'ends as one that is not if it is killed and begun once more',
    async () => {
      const data = `${name}-killed`
      for (const ms of [300, 1_200]) {
        const server = serve(data, whole, '--speed', '600')
        await server.printed()
        await delay(ms)
        expect(await server.end('SIGKILL')).toBe('SIGKILL')
      }
      expectSame(await replayed(data, whole, symbols), expected, 'after two kills')
    },
    tries(180_000),
  )
})
