import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { applyPatch, canonical, emptyObject } from '../../streams/wire/mergePatch.ts'
import { openEngine } from '../storage/engine/engine.ts'
import { scaled } from './kills.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { State } from './protocolClient.ts'
import { silent } from './storageKit.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2024, 7, 8, 12)
const ADMIN_TOKEN = 'a-token-for-replays'
const ASSETS = ['A', 'B', 'C', 'D']
const HOURS = 200

const CONFIG = {
  assets: { A: { supply: '1000' }, B: { supply: '500' }, C: { supply: '250' }, D: { supply: '2000' } },
  funds: [
    {
      id: 'F',
      weighting: { scheme: 'market-cap', count: 3, cap: 0.5 },
      initialShares: '1000',
      rebalance: { mode: 'execute', assetThreshold: 0.05, coolOffMs: 2 * HOUR, minTrade: '1' },
    },
  ],
  exchange: { kind: 'paper', feeBps: 10, latencyMs: 150, partly: 0.5, rejected: 0.2, seed: 'candles' },
  feeds: [],
}

/** Closes that go their own ways, so that weights drift and members change; they stand still at the end, where none is left half done. */
const closeOf = (asset: number, hour: number): number =>
  Number((100 * (1 + 0.5 * Math.sin((Math.min(hour, HOURS - 10) + 17 * asset) / (9 + 4 * asset)))).toPrecision(6))

const candles = (): string => {
  const lines = ['symbol,open_time_ms,open,high,low,close,volume_base']
  for (let hour = 0; hour < HOURS; hour++)
    ASSETS.forEach((asset, i) => {
      const close = closeOf(i, hour)
      lines.push([`${asset}-USD`, NOON + hour * HOUR, close, close, close, close, 1].join(','))
    })
  return lines.join('\n')
}

interface Entry {
  readonly kind: string
  readonly id?: number
  readonly at?: number
  readonly trade?: string
  readonly fill?: { readonly fee: { readonly asset: string; readonly amount: string }; readonly amount: string }
  readonly postings?: readonly (readonly [account: string, asset: string, amount: string, after: string])[]
}

const begin = (name: string, speed = 'max', frames = name): DriftwireProcess => {
  const files = ['--config', written('candles.json', JSON.stringify(CONFIG)), '--feed', `replay:${written('candles.csv', candles())}`]
  const options = ['--speed', speed, '--data', pathOf(name), '--record-frames', pathOf(`${frames}.frames`)]
  return new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', ...files, ...options], { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN })
}

const auditOf = async (url: string): Promise<Entry[]> => {
  const response = await fetch(`${url}/v1/audit?limit=10000`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  return ((await response.json()) as { entries: Entry[] }).entries
}

/** What a fund and its rebalances show, what is stored of it, and what the journal says of it, without the time of the day. */
const endOf = async (server: DriftwireProcess): Promise<State> => {
  await server.replayed()
  const [fund, rebalances] = [await server.json('/v1/state/fund:F'), await server.json('/v1/state/rebalances:F')]
  const { rows } = await server.json<{ rows: State[] }>('/v1/history/fund:F?from=0')
  const entries = (await auditOf(await server.url())).filter(({ kind }) => kind !== 'define')
  // An order at the exchange is marked as the journal's own.
  const journal = entries.map(entry => JSON.stringify({ ...entry, seq: 0, t: 0, hash: '' }).replaceAll(/"[0-9a-f]{12}-/g, '"'))
  expect(await server.end('SIGTERM')).toBe(0)
  return { fund, rebalances, rows, journal } as unknown as State
}

describe('a replay of candles whose fund rebalances', () => {
  it('loses with its trades what they cost and nothing else; journal, state and store agree, and it is the same again', async () => {
    const server = begin('first')
    await server.replayed()
    const entries = await auditOf(await server.url())
    const fund = await server.json<State>('/v1/state/fund:F')
    const { rows } = await server.json<{ rows: State[] }>(`/v1/history/fund:F?from=${NOON}&to=${NOON + (HOURS + 1) * HOUR}`)
    const last = await server.json<State>('/v1/state/rebalances:F')
    expect(await server.end('SIGTERM')).toBe(0)

    // Each rebalance by the fund's own rows, before its first trade and after its last.
    const closed = entries.filter(({ kind }) => kind === 'rebalanced')
    expect(closed.length).toBeGreaterThan(5)
    let paid = 0
    for (const { id, at } of closed) {
      const since = entries.find(entry => entry.kind === 'rebalance' && entry.id === id)!.at
      const fills = entries.flatMap(({ trade, fill }) => (fill && trade!.startsWith(`${id}-`) ? [fill] : []))
      const fees = fills.reduce((sum, { fee }) => sum + Number(fee.amount), 0)
      const [before, after] = [since, at].map(t => rows.findLast(row => row.t === t)!)
      // Who is a member after it was priced the same before.
      for (const [asset, price] of Object.entries(before!.prices as State)) expect((after!.prices as State)[asset] ?? price).toBe(price)
      expect((before!.aum as number) - (after!.aum as number)).toBeCloseTo(fees, 7)
      expect(after!.level).toBeCloseTo(before!.level as number, 8)
      // All of it took place before the next candle.
      expect(at! - since!).toBeLessThan(HOUR)
      paid += fees
    }
    expect(paid).toBeGreaterThan(0)
    expect((fund.rebalance as State).last).toBe(closed.at(-1)!.at)
    expect(last).toMatchObject({ mode: 'execute', ended: closed.at(-1)!.at })

    const custody = new Map<string, bigint>()
    for (const { postings = [] } of entries)
      for (const [account, asset, , after] of postings) if (account === 'custody:F') custody.set(asset, scaled(after))
    for (const [asset, amount] of custody)
      expect(scaled(((fund.units as State)[asset] as string | undefined) ?? '0'), asset).toBe(amount / 1000n)

    const engine = await openEngine({ source: { dataDir: join(pathOf('first'), 'clickhouse') }, log: silent })
    const ask = async (sql: string): Promise<State[]> => (await engine.client.query({ query: sql, format: 'JSONEachRow' })).json<State>()
    const view = (name: string): string => `${engine.database}.${name}`
    const traded = await ask(
      `SELECT rebalance, id, toString(filled) AS filled, toFloat64(fee) AS fee, status FROM ${view('rebalance_transaction')}`,
    )
    for (const { id, filled } of traded) {
      const fills = entries.flatMap(({ trade, fill }) => (fill && trade === id ? [scaled(fill.amount)] : []))
      expect(scaled(filled as string), id as string).toBe(fills.reduce((sum, amount) => sum + amount, 0n))
    }
    expect(traded.reduce((sum, { fee }) => sum + (fee as number), 0)).toBeCloseTo(paid, 7)
    const [stored] = await ask(
      `SELECT id, capital, cap, threshold, active, toUnixTimestamp64Milli(last_rebalanced) AS last FROM ${view('fund')}`,
    )
    expect(stored).toMatchObject({ id: 'F', cap: 0.5, threshold: 0.05, active: 1, last: closed.at(-1)!.at })
    expect(stored!.capital).toBeCloseTo(fund.aum as number, 6)
    for (const { asset, amount, percentage, value } of await ask(
      `SELECT asset, toFloat64(amount) AS amount, percentage, value FROM ${view('fund_constituent')}`,
    )) {
      const held = Number(custody.get(asset as string) ?? 0n) / 1e18
      const price = (fund.prices as State)[asset as string] as number
      expect([asset, amount, value, percentage]).toEqual([
        asset,
        expect.closeTo(held, 9),
        expect.closeTo(held * price, 6),
        expect.closeTo(((fund.weights as State)[asset as string] as number) * 100, 8),
      ])
    }
    const priced = await ask(`SELECT ticker, price, market_cap FROM ${view('constituent')} WHERE ticker = 'B'`)
    expect(priced).toEqual([{ ticker: 'B', price: closeOf(1, HOURS - 1), market_cap: expect.closeTo(500 * closeOf(1, HOURS - 1), 6) }])
    await engine.close()

    const again = begin('second')
    await again.replayed()
    expect(await again.end('SIGTERM')).toBe(0)
    const frames = (name: string): string => readFileSync(pathOf(`${name}.frames`), 'utf8').replaceAll(/"epoch":"[^"]+"/g, '')
    expect(frames('second') === frames('first')).toBe(true)
  }, 180_000)

  it('ends as it does without them after any kills, and holds at each time what it held then', async () => {
    const whole = await endOf(begin('whole'))
    // Once more over what has been done already: nothing is traded again.
    expect(await endOf(begin('whole', 'max', 'once-more'))).toEqual(whole)
    const frames = (name: string): State[] => linesOf(pathOf(`${name}.frames`)).filter(({ ch }) => ch === 'fund:F')
    expect(statesOf(frames('once-more'))).toEqual(statesOf(frames('whole')))
    for (const ms of [700, 1_300]) {
      const server = begin('killed', String((HOURS * HOUR) / 2_000), 'cut')
      await server.ready()
      await delay(ms)
      expect(await server.end('SIGKILL')).toBe('SIGKILL')
    }
    expect(await endOf(begin('killed', 'max', 'cut'))).toEqual(whole)
  }, 180_000)
})

const linesOf = (file: string): State[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as State)

/** The state after each frame, by its time: of several as of one time the last. */
const statesOf = (pushes: readonly State[]): Record<string, string> => {
  const state = emptyObject()
  const states: Record<string, string> = {}
  for (const { t, d } of pushes) {
    applyPatch(state, d as never)
    states[String(t)] = canonical(state)
  }
  return states
}
