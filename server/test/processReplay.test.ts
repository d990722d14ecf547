import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import { merged, type Push, type State } from './protocolClient.ts'
import { haveRecordings, recordedLines, recordings } from './recordings.ts'

/** The recorded data through the whole program, held against what was published with them. */

const TRADES = 'trades/binance_spot_BTC_ETH_20240808_trades.csv.gz'
const ASSETS = ['AAVE', 'ADA', 'ALGO', 'ATOM', 'BCH', 'BTC', 'DASH', 'DOGE', 'DOT', 'EOS', 'ETH', 'IOTA', 'LINK', 'LTC', 'XMR', 'XRP']

interface Stats {
  readonly [figure: string]: number | string
}

const replay = (data: string, files: readonly string[], ...options: string[]): DriftwireProcess =>
  DriftwireProcess.serve('--data', pathOf(data), '--speed', 'max', ...options, ...files.flatMap(file => ['--feed', `replay:${file}`]))

/** All rows, on as many pages as a slow machine makes of them. */
const historyOf = async (server: DriftwireProcess, channel: string, query = ''): Promise<State[]> => {
  const rows: State[] = []
  for (let cursor = ''; ; ) {
    const page = await server.json<{ rows: State[]; next?: string }>(`/v1/history/${channel}?${query}${cursor}`)
    rows.push(...page.rows)
    if (page.next === undefined) return rows
    cursor = `&cursor=${page.next}`
  }
}

const why = haveRecordings ? '' : ' (skipped: no recordings beside the project)'

describe.skipIf(!haveRecordings)(`a replay of recorded trades${why}`, () => {
  const statsOf = (): { [key: string]: Stats } =>
    (
      JSON.parse(readFileSync(join(recordings, 'trades/expected_trade_stats.json'), 'utf8')) as {
        [recording: string]: { trades: { [key: string]: Stats } }
      }
    ).binance_spot_BTCUSDT_ETHUSDT_20240808!.trades

  it('gives the published figures, and the same rows after another replay into the same directory', async () => {
    const config = written(
      'golden.json',
      JSON.stringify({
        portfolios: [{ id: 'golden', transactions: 'golden.csv' }],
        funds: [{ id: 'GOLDEN', weighting: { scheme: 'units', units: { BTC: '1', ETH: '10' } } }],
        quote: 'USDT',
      }),
    )
    written('golden.csv', 't,type,asset,qty,price\n2024-08-08,buy,BTC,0.1,60000\n2024-08-08,buy,ETH,1,2600\n')
    const rows: State[][][] = []
    for (const run of [1, 2]) {
      const server = replay('golden', [join(recordings, TRADES)], '--config', config)
      const status = await server.replayed()
      expect(Object.values(status.feeds as State)[0]).toMatchObject({ state: 'ended', ticks: 15_863, late: 0, bad: {} })
      expect(status.sink, `run ${run}`).toMatchObject(
        run === 1 ? { stored: { ticks: 15_863 }, known: { ticks: 0 } } : { stored: { ticks: 0 }, known: { ticks: 15_863 } },
      )
      for (const base of ['BTC', 'ETH']) {
        const golden = statsOf()[`binance|spot|${base}USDT`]!
        const { day, price } = await server.json<{ day: Record<string, number>; price: number }>(`/v1/state/tick:${base}-USDT`)
        const near = (figure: number, name: string): void =>
          expect(Math.abs(figure / Number(golden[name]) - 1), `${base} ${name}`).toBeLessThan(1e-9)
        expect(day.n).toBe(golden.trades)
        near(day.vwap!, 'vwap')
        near(day.volume!, 'base_volume')
        near(day.notional!, 'quote_notional')
        expect([day.open, day.high, day.low, price]).toEqual(
          ['first_price', 'max_price', 'min_price', 'last_price'].map(name => Number(golden[name])),
        )
      }
      const channels = ['tick:BTC-USDT', 'tick:ETH-USDT', 'candle:1m:BTC-USDT', 'candle:1d:ETH-USDT', 'fund:GOLDEN', 'pnl:golden']
      rows.push(await Promise.all(channels.map(channel => historyOf(server, channel))))
      expect(await server.end('SIGTERM')).toBe(0)
    }
    expect(rows[0]![0]!.length + rows[0]![1]!.length).toBe(15_863)
    expect(rows[1]).toEqual(rows[0])
    expect(rows[0]!.every(part => part.length > 0)).toBe(true)
  })

  it('can be asked for after a restart', async () => {
    const server = DriftwireProcess.serve('--data', pathOf('golden'), '--config', written('nothing.json', '{"feeds":[]}'))
    await server.ready()
    const client = await server.client()
    const said = await client.subscribe(['tick:BTC-USDT'])
    await server.end('SIGTERM')
    expect(said['tick:BTC-USDT']!.error).toBeUndefined()
  })

  it('gives every recorded trade with its own time, price, size, side and id', async () => {
    const named = { feeds: [], symbols: { BTCUSDT: 'BTC-USDT', ETHUSDT: 'ETH-USDT' } }
    const server = DriftwireProcess.serve('--data', pathOf('golden'), '--config', written('named.json', JSON.stringify(named)))
    await server.ready()
    const [header, ...lines] = recordedLines(TRADES)
    const at = (name: string): number => header!.split(',').indexOf(name)
    const recorded = lines.map(line => line.split(','))
    for (const base of ['BTC', 'ETH']) {
      const expected = recorded
        .filter(fields => fields[at('symbol')] === `${base}USDT`)
        .map(fields => ({
          t: Number(fields[at('exch_ts_ms')]),
          price: Number(fields[at('price')]),
          size: Number(fields[at('qty')]),
          side: fields[at('taker_side')],
          src: 'binance',
          id: fields[at('trade_id')],
        }))
      const client = await server.client()
      const { rows } = await client.ask<{ rows: State[] }>('history', { channel: `tick:${base}-USDT`, from: 0, to: 2 ** 42 })
      expect(rows).toEqual(expected)
    }
  })
})

describe.skipIf(!haveRecordings)(`a replay of the candles of sixteen symbols${why}`, () => {
  it('gives the exchange’s own candles of five minutes, where the exchange agrees with itself', async () => {
    // The first days have all that the others have, and all that is disputed.
    const until = Date.UTC(2021, 3, 26)
    const files = ASSETS.map(asset => {
      const [header, ...rows] = recordedLines(`klines/binance_${asset}USDT_1m_20210420_20210512.csv.gz`)
      return written(`binance_${asset}USDT_1m.csv`, [header, ...rows.filter(row => Number(row.split(',', 1)[0]) < until)].join('\n'))
    })
    const server = replay('candles', files)
    const status = await server.replayed()
    for (const feed of Object.values(status.feeds as { [feed: string]: State })) expect(feed).toMatchObject({ late: 0, bad: {} })
    const [, ...golden] = recordedLines('klines/binance_16pairs_5m_20210420_20210512_expected.csv.gz')
    const first = Date.UTC(2021, 3, 20, 20, 45)
    // Where the recordings disagree with each other; see the README of the data.
    const disputed = (
      [
        ['2021-04-22T02:10', '2021-04-22T02:25'],
        ['2021-04-23T01:40', '2021-04-23T02:50'],
        ['2021-04-25T04:00', '2021-04-25T08:45'],
      ] as const
    ).map(([from, to]) => [Date.parse(`${from}Z`), Date.parse(`${to}Z`)] as const)
    const expected = new Map<string, unknown[]>(ASSETS.map(asset => [asset, []]))
    for (const line of golden) {
      const [t, symbol, o, h, l, c, v] = line.split(',')
      const open = Number(t)
      if (open < first || open >= until || disputed.some(([from, to]) => open >= from && open < to)) continue
      expected.get(symbol!.slice(0, -4))!.push([open, Number(o), Number(h), Number(l), Number(c), Number(v)])
    }
    for (const asset of ASSETS) {
      const rows = await historyOf(server, `candle:5m:${asset}-USDT`)
      const got = new Map(rows.map(({ open_t, o, h, l, c, v }) => [open_t, [open_t, o, h, l, c, v]]))
      const want = expected.get(asset) as [number][]
      expect(want.length).toBeGreaterThan(1_400)
      expect(
        want.map(([open]) => got.get(open)),
        asset,
      ).toEqual(want)
    }
    expect(await server.end('SIGTERM')).toBe(0)
  })
})

describe('a record of a replay', () => {
  const NOON = Date.UTC(2024, 7, 8, 12)
  const config = (): string => {
    written('record.csv', `t,type,asset,qty,price\n${NOON + 500},buy,AA,2,100\n${NOON + 1_500},sell,AA,1,101\n`)
    const trades = Array.from(
      { length: 3_000 },
      (_, i) => `${i % 3 ? 'AA' : 'BB'}-USD,${NOON + i - (i % 50 === 0 ? 700 : 0)},${100 + (i % 97) / 7},${1 + (i % 5)},r${i}`,
    )
    const feed = written('record-trades.csv', `symbol,ts_ms,price,qty,trade_id\n${trades.join('\n')}\n`)
    return written(
      'record.json',
      JSON.stringify({
        portfolios: [{ id: 'record', transactions: 'record.csv' }],
        funds: [{ id: 'RECORD', weighting: { scheme: 'fixed', weights: { AA: 0.5, BB: 0.5 } } }],
        feeds: [`replay:${feed}`],
      }),
    )
  }

  /** Records a run; `visit` is done while it lasts. */
  const recorded = async (
    name: string,
    speed: string,
    visit: (server: DriftwireProcess) => Promise<void>,
    ...more: string[]
  ): Promise<{ lines: string; states: Record<string, State> }> => {
    const path = pathOf(`${name}.ndjson`)
    const server = DriftwireProcess.serve('--data', pathOf(name), '--config', config(), '--speed', speed, '--record-frames', path, ...more)
    await visit(server)
    await server.replayed()
    const channels = ['tick:AA-USD', 'tick:BB-USD', 'trades:AA-USD', 'candle:1m:AA-USD', 'fund:RECORD', 'pnl:record']
    const states = await Promise.all(channels.map(async channel => [channel, await server.json(`/v1/state/${channel}`)] as const))
    expect(await server.end('SIGTERM')).toBe(0)
    return { lines: readFileSync(path, 'utf8'), states: Object.fromEntries(states) }
  }
  const nobody = async (): Promise<void> => {}
  const somebody = async (server: DriftwireProcess): Promise<void> => {
    const client = await server.client()
    await client.subscribe(['tick:AA-USD', 'fund:RECORD', 'pnl:record', 'trades:AA-USD'])
    await client.unsubscribe(['fund:RECORD'])
  }

  it('is the same every time, at any speed, and holds every state', async () => {
    const runs = await Promise.all(['max', 'max', '4'].map((speed, i) => recorded(`record-${i}`, speed, nobody)))
    const { lines, states } = runs[0]!
    for (const run of runs.slice(1)) expect(run.lines === lines).toBe(true)
    const now = new Map<string, unknown>()
    for (const line of lines.trimEnd().split('\n')) {
      const { ch, d } = JSON.parse(line) as Push
      now.set(ch!, merged(now.get(ch!) ?? {}, d))
    }
    expect([...now.keys()]).toEqual(expect.arrayContaining(Object.keys(states)))
    for (const [channel, state] of Object.entries(states)) expect(now.get(channel), channel).toEqual(state)
  })

  it('is the same no matter who listens', async () => {
    const [alone, heard] = await Promise.all([
      recorded('record-alone', 'max', nobody),
      recorded('record-heard', 'max', somebody, '--wait-clients', '1'),
    ])
    expect(heard!.lines === alone!.lines).toBe(true)
  })
})
