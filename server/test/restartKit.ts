import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { simFeed } from '../feeds/sim/sim.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { openEngine } from '../storage/engine/engine.ts'
import { collected, feedContext } from './feedKit.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { State } from './protocolClient.ts'
import { haveRecordings, recordedLines } from './recordings.ts'
import { silent } from './storageKit.ts'

/** For tests that cut recordings: the recordings, and all that a run of one ends with. */

/** One file of a recording. */
interface File {
  /** The part of its name that says what it holds. */
  readonly name: string
  readonly header: string | undefined
  readonly lines: readonly string[]
  /** What follows its name in the SPEC of a replay. */
  readonly suffix: string
}

/** A recording, and what is computed over it. */
export interface Recording {
  readonly name: string
  readonly config: string
  readonly files: readonly File[]
  /** ms of event time that it covers. */
  readonly span: number
  /** Whether its rows say what they are, so that a part of the file can be replayed for itself. */
  readonly divisible: boolean
}

const HELD = 't,type,asset,qty,price,fee,id\n'
const held = (name: string, ...rows: readonly string[]): string => {
  written(name, HELD + rows.map((row, i) => `${row},${i}\n`).join(''))
  return name
}

const recorded = (file: string, header: boolean, suffix = ''): File => {
  const lines = recordedLines(file)
  return { name: file.split('/').at(-1)!.replace(/\.gz$/, ''), header: header ? lines.shift() : undefined, lines, suffix }
}

const configured = (name: string, config: object): string => written(`${name}.json`, JSON.stringify(config))

/** Trades of the simulated market, as a file: what `sim:SEED` gives in some seconds. */
const simulated = async (seed: number, seconds: number): Promise<File> => {
  const begin = Date.UTC(2026, 2, 3, 23, 59, 30)
  let now = begin
  const stop = new AbortController()
  const context = feedContext({ signal: stop.signal })
  const feed = simFeed({ id: 'sim', seed, quote: 'USD', funds: [], pools: [], portfolios: [], now: () => now })
  const lines: string[] = []
  for await (const input of feed.open(context)) {
    if (input.kind === 'ticks') {
      for (const { symbol, t, price, size, side, id } of collected([input], context).trades)
        lines.push(['sim', symbol, t, price, size, side, id].join(','))
      now += 1_000
    }
    if (now > begin + seconds * 1_000) break
  }
  stop.abort()
  return { name: 'sim.csv', header: 'exchange,symbol,ts_ms,price,qty,side,trade_id', lines, suffix: '' }
}

/** The recordings that are cut. Those of venues and chains are there if they stand beside the project. */
export const cutRecordings = async (): Promise<Recording[]> => {
  const demo = join(packageRoot(), 'server', 'demo', 'config.json')
  const sim: Recording = { name: 'the demo', config: demo, files: [await simulated(7, 60)], span: 60_000, divisible: true }
  if (!haveRecordings) return [sim]
  return [
    sim,
    {
      name: 'trades of two symbols',
      config: configured('two', {
        quote: 'USDT',
        funds: [
          { id: 'F', weighting: { scheme: 'units', units: { BTC: '1', ETH: '10' } }, rebalance: { mode: 'off' } },
          {
            id: 'G',
            weighting: { scheme: 'equal', assets: ['BTC', 'ETH', 'NONE'] },
            inceptionTimeoutMs: 600_000,
            rebalance: { mode: 'propose', assetThreshold: 0.0005, coolOffMs: 60_000 },
          },
        ],
        portfolios: [{ id: 'P', transactions: held('two.csv', '2024-08-08,buy,BTC,0.1,60000,1', '2024-08-08,buy,ETH,1,2600,1') }],
      }),
      files: [recorded('trades/binance_spot_BTC_ETH_20240808_trades.csv.gz', true)],
      span: 3_600_000,
      divisible: true,
    },
    {
      name: 'trades of two days',
      config: configured('days', { quote: 'ETH', funds: [{ id: 'X', weighting: { scheme: 'fixed', weights: { XRP: 1 } } }] }),
      files: [recorded('trades/binance_XRPETH_20191011_20191013_trades.csv.gz', true)],
      span: 172_800_000,
      divisible: true,
    },
    {
      name: 'candles of eight weeks of hours',
      config: configured('hours', {
        quote: 'USDT',
        funds: [
          {
            id: 'EQ',
            weighting: { scheme: 'equal', assets: ['BTC', 'ETH', 'XRP'] },
            rebalance: { mode: 'execute', assetThreshold: 0.01, coolOffMs: 3_600_000 },
          },
        ],
        exchange: { kind: 'paper', feeBps: 10, latencyMs: 900, partly: 0.5, rejected: 0.2, seed: 'hours' },
        portfolios: [
          {
            id: 'P',
            transactions: held(
              'hours.csv',
              '2025-05-31,buy,BTC,1,104000,10',
              '2025-06-05,buy,XRP,1000,2.2,1',
              '2025-06-20,sell,BTC,0.5,104000,5',
            ),
          },
        ],
      }),
      files: [recorded('klines/top8_usdt_1h_20250530_20250629.csv.gz', true)],
      span: 30 * 86_400_000,
      divisible: true,
    },
    {
      name: 'messages of a venue',
      config: configured('venue', { funds: [{ id: 'K', weighting: { scheme: 'units', units: { BTC: '1' } } }] }),
      files: [recorded('ws/cryptofeed_KRAKEN.ndjson.gz', false)],
      span: 60_000,
      divisible: false,
    },
    {
      name: 'events of a pool',
      config: configured('pool', {
        pools: [
          {
            ...{ id: 'U', kind: 'uniswap-v3', feePips: 500, tickSpacing: 10 },
            token0: { symbol: 'USDC', decimals: 6, asset: 'USD' },
            token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
          },
        ],
      }),
      files: [recorded('dex/univ3_eth_usdc_weth_005_20240105_rawlogs.ndjson.gz', false)],
      span: 86_400_000,
      divisible: true,
    },
  ]
}

let parts = 0
/** Returns the files of the part of a recording that lies between two shares of it, as SPECs of replays. */
export const partOf = ({ files }: Recording, from = 0, to = 1): string[] =>
  files.map(({ name, header, lines, suffix }) => {
    const path = pathOf(`${++parts}_${name}.gz`)
    const some = lines.slice(Math.floor(lines.length * from), Math.floor(lines.length * to))
    writeFileSync(path, gzipSync([...(header === undefined ? [] : [header]), ...some, ''].join('\n')))
    return `replay:${path}${suffix}`
  })

/** Starts a server on a recording. */
export const replaying = (recording: Recording, specs: readonly string[], ...options: readonly string[]): DriftwireProcess =>
  DriftwireProcess.serve('--config', recording.config, ...specs.flatMap(spec => ['--feed', spec]), ...options)

/** Lines without ids are named by the content of their file: a part of it has other names than the whole. */
const nameless = (text: string): string => text.replaceAll(/"[0-9a-f]{12}:\d+"/g, '"line"')

/** The states of all channels when the replays of a server are over, by name, but for those of the server itself. */
export const statesOf = async (server: DriftwireProcess): Promise<Map<string, string>> => {
  await server.replayed()
  const client = await server.client()
  const names = (await client.ask<string[]>('channels', {})).filter(name => !/^(status|orders|holdings)$/.test(name))
  await client.close()
  const states = new Map<string, string>()
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const some = names.slice(i, i + AT_ONCE)
    for (const [k, state] of (await Promise.all(some.map(name => server.json(`/v1/state/${encodeURIComponent(name)}`)))).entries()) {
      const name = some[k]!
      // The tape is in the order in which trades came; their names are of the file.
      states.set(name, nameless(JSON.stringify(name.startsWith('trades:') ? Object.values((state.last ?? {}) as State) : state)))
    }
  }
  return states
}

/** Requests under way at a time. */
const AT_ONCE = 16

/** What is stored, apart from the time of the day: a SELECT for each table, rows in order. */
const TABLES: Readonly<Record<string, string>> = {
  ticks: 'SELECT * EXCEPT (stored) FROM ticks FINAL ORDER BY symbol, t, frame, row, src, id',
  bars: `SELECT symbol, span, src, open_t, min(first_t), max(last_t), argMinMerge(o), max(h), min(l), argMaxMerge(c), toString(sum(volume)),
    toString(sum(notional)), sum(n) FROM bars GROUP BY symbol, span, src, open_t ORDER BY symbol, span, src, open_t`,
  given: 'SELECT symbol, span, src, open_t, o, h, l, c, v FROM given FINAL ORDER BY symbol, span, src, open_t',
  pnl: 'SELECT * EXCEPT (stored) FROM pnl FINAL ORDER BY id, t',
  funds: 'SELECT * EXCEPT (stored) FROM funds FINAL ORDER BY id, t',
  pools: 'SELECT * EXCEPT (stored) FROM pools FINAL ORDER BY id, t',
  pool_logs: 'SELECT * EXCEPT (stored, version, state) FROM pool_logs FINAL ORDER BY pool, t, block, log_index',
  pool_trades: 'SELECT * EXCEPT (version) FROM pool_trades FINAL ORDER BY id',
}

/** All stored rows, as lines, by table. */
export const rowsOf = async (source: { readonly dataDir: string } | { readonly url: string }): Promise<Map<string, string>> => {
  const engine = await openEngine({ source, log: silent })
  try {
    const rows = new Map<string, string>()
    for (const [table, query] of Object.entries(TABLES)) {
      const sql = query.replaceAll(` FROM ${table}`, ` FROM ${engine.database}.${table}`)
      const result = await engine.client.query({ query: sql, format: 'JSONCompactEachRow' })
      rows.set(`table ${table}`, nameless(await result.text()))
    }
    return rows
  } finally {
    await engine.close()
  }
}

/** Where and how two ends differ, in a few words; empty if they are the same. */
export const differences = (found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): string[] =>
  [...new Set([...expected.keys(), ...found.keys()])].flatMap(name => {
    const [one, other] = [found.get(name), expected.get(name)]
    return one === other ? [] : [`${name}: ${differenceOf(one, other)}`]
  })

const differenceOf = (found: string | undefined, expected: string | undefined): string => {
  if (found === undefined || expected === undefined) return found === undefined ? 'is not there' : 'is there'
  const [a, b] = [found.split('\n'), expected.split('\n')]
  const at = b.findIndex((row, i) => row !== a[i])
  const place = at < 0 ? b.length : at
  return `${a.length} rows, expected ${b.length}; at ${place} found ${a[place]}, expected ${b[place]}`
}
