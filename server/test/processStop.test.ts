import { statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { ProtocolClient, State } from './protocolClient.ts'

/** 2024-08-08T12:00:00Z. */
const NOON = Date.UTC(2024, 7, 8, 12)

/** A busy market: a trade every millisecond, so that its replay lasts as long as anybody wants. */
const busy = (symbol: string, n = 60_000): string => {
  const lines = ['symbol,ts_ms,price,qty,trade_id']
  for (let i = 0; i < n; i++) lines.push(`${symbol},${NOON + i},${100 + (i % 1_009) / 8},1,${i}`)
  return written(`${symbol}.csv`, `${lines.join('\n')}\n`)
}

const config = (name: string): string =>
  written(
    `${name}.json`,
    JSON.stringify({
      assets: { BTC: { supply: '19700000' }, ETH: { supply: '120000000' } },
      funds: [{ id: 'KEPT', weighting: { scheme: 'market-cap', count: 2, cap: 0.6 } }],
      feeds: [],
    }),
  )

/** The ids of a symbol's trades that can be read, in order. */
const stored = async (server: DriftwireProcess, symbol: string): Promise<number[]> => {
  const ids: number[] = []
  let next: string | undefined
  do {
    const page = await server.json<{ rows: State[]; next?: string }>(`/v1/history/tick:${symbol}${next ? `?cursor=${next}` : ''}`)
    for (const { id } of page.rows) ids.push(Number(String(id).split(':').at(-1)))
    next = page.next
  } while (next !== undefined)
  return ids
}

const startedAgain = async (data: string, ...options: string[]): Promise<DriftwireProcess> => {
  const server = DriftwireProcess.serve('--data', data, ...options)
  await server.status(({ sink }) => (sink as State).state === 'ready' && ((sink as State).waiting as State).files === 0)
  return server
}

/** A server on what another has left, that has no feed of its own. */
const reader = (data: string, symbol: string): Promise<DriftwireProcess> =>
  startedAgain(data, '--config', written(`${symbol}.json`, JSON.stringify({ feeds: [], symbols: { X: symbol } })))

/** Resolves when the client has seen the trade of that time. */
const seen = async (client: ProtocolClient, channel: string, t: number): Promise<void> => {
  await client.subscribe([channel])
  const replica = await client.replica(channel)
  await client.until(() => Number(replica.state.t ?? 0) >= t)
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

describe('a stop under load', () => {
  it.concurrent.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s tells clients, loses nothing and ends with 0 within five seconds',
    async signal => {
      const symbol = `${signal}-USD`
      const data = pathOf(signal)
      const server = DriftwireProcess.serve('--data', data, '--speed', '20', '--wait-clients', '1', '--feed', `replay:${busy(symbol)}`)
      const client = await server.client()
      await seen(client, `tick:${symbol}`, NOON + 15_000)
      const began = performance.now()
      expect(await server.end(signal)).toBe(0)
      expect(performance.now() - began).toBeLessThan(5_000)
      expect(server.stderr).toBe('')
      expect(client.bye).toEqual({ reason: expect.any(String), reconnectInMs: expect.any(Number) })
      expect(await client.closed).toMatchObject({ code: 1001 })
      expect(client.faults).toEqual([])

      const { state } = await client.replica(`tick:${symbol}`)
      const again = await reader(data, symbol)
      const ids = await stored(again, symbol)
      expect(ids).toEqual(upTo(ids.length))
      expect(ids.length).toBeGreaterThanOrEqual((state.day as State).n as number)
      expect(await again.end('SIGTERM')).toBe(0)
    },
  )

  it('with --exit-at-end comes when the last replay is over and all is written', async () => {
    const data = pathOf('end')
    const record = pathOf('end.ndjson')
    const options = ['--speed', 'max', '--exit-at-end', '--record-frames', record]
    const server = DriftwireProcess.serve('--data', data, ...options, '--feed', `replay:${busy('END-USD', 30_000)}`)
    expect(await server.exited).toBe(0)
    expect(statSync(record).size).toBeGreaterThan(30_000)
    const again = await reader(data, 'END-USD')
    expect(await stored(again, 'END-USD')).toEqual(upTo(30_000))
  })
})

describe('a kill under load', () => {
  it('leaves every row that could be read, and a directory that opens', async () => {
    const data = pathOf('kill')
    const server = DriftwireProcess.serve('--data', data, '--speed', '20', '--wait-clients', '1', '--feed', `replay:${busy('KILL-USD')}`)
    const client = await server.client()
    await server.ready()
    await seen(client, 'tick:KILL-USD', NOON + 15_000)
    const before = await stored(server, 'KILL-USD')
    expect(before.length).toBeGreaterThan(1_000)
    expect(await server.end('SIGKILL')).toBe('SIGKILL')
    const again = await reader(data, 'KILL-USD')
    const ids = await stored(again, 'KILL-USD')
    expect(ids).toEqual(upTo(ids.length))
    expect(ids.length).toBeGreaterThanOrEqual(before.length)
    // And what it had not written comes with the next replay, nothing twice.
    await again.end('SIGTERM')
    const replay = await startedAgain(data, '--speed', 'max', '--feed', `replay:${busy('KILL-USD')}`)
    await replay.replayed()
    expect(await stored(replay, 'KILL-USD')).toEqual(upTo(60_000))
  })

  it('leaves funds what they had: units come from the journal, never from prices', async () => {
    const data = pathOf('funds')
    const begun = async (seed: string): Promise<{ server: DriftwireProcess; fund: State }> => {
      const server = DriftwireProcess.serve('--data', data, '--config', config('funds'), '--feed', `sim:${seed}`)
      const client = await server.client()
      await client.subscribe(['fund:KEPT'])
      const fund = await client.replica('fund:KEPT')
      await client.until(() => fund.state.nav !== undefined)
      return { server, fund: fund.state }
    }
    const first = await begun('1')
    expect(first.fund).toMatchObject({ units: { BTC: expect.any(String), ETH: expect.any(String) }, shares: '10000' })
    await first.server.end('SIGKILL')
    const second = await begun('2')
    expect(second.fund).toMatchObject({ units: first.fund.units, shares: '10000', target: first.fund.target })
    await second.server.end('SIGKILL')
    const third = await begun('3')
    expect(third.fund).toMatchObject({ units: first.fund.units, shares: '10000', target: first.fund.target })
  })
})

describe('a data directory', () => {
  it('that another process holds is refused with exit code 1, and the other goes on undisturbed', async () => {
    const data = pathOf('held')
    const holder = DriftwireProcess.serve(
      '--data',
      data,
      '--speed',
      '20',
      '--wait-clients',
      '1',
      '--feed',
      `replay:${busy('HELD-USD', 40_000)}`,
    )
    await holder.ready()
    const client = await holder.client()
    await seen(client, 'tick:HELD-USD', NOON + 5_000)
    const other = DriftwireProcess.serve('--data', data, '--speed', 'max', '--feed', `replay:${busy('OTHER-USD', 100)}`)
    expect(await other.exited).toBe(1)
    expect(other.lastLine).toMatch(/journal\.db: found that another process holds it/)
    await holder.replayed()
    expect(await stored(holder, 'HELD-USD')).toEqual(upTo(40_000))
    expect(await holder.end('SIGTERM')).toBe(0)
  })
})
