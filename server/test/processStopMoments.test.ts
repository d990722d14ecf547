import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'

/** `STOPS=90 npx vitest run server/test/processStopMoments` goes on for longer, and says how long the stops took. */
const STOPS = Number(process.env.STOPS ?? 3)
/** Servers that run at once. */
const AT_ONCE = 3
/** Processes beside them that only compute. */
const BUSY = 2

/** 2024-08-08T12:00:00Z. */
const NOON = Date.UTC(2024, 7, 8, 12)
const trades = (): string => {
  const lines = ['symbol,ts_ms,price,qty,trade_id']
  for (let i = 0; i < 300_000; i++) lines.push(`BTC-USD,${NOON + i},${100 + (i % 1_009) / 8},1,${i}`)
  return written('trades.csv', `${lines.join('\n')}\n`)
}

/** A statement that takes longer than any stop. */
const ENDLESS =
  'SELECT sum(cityHash64(a, b)) FROM (SELECT arrayJoin(range(1000000)) AS a) AS x, (SELECT arrayJoin(range(1000000)) AS b) AS y'

const ask = async (server: DriftwireProcess, data: string): Promise<void> => {
  const token = (await readFile(join(data, 'admin.token'), 'utf8')).trim()
  const url = await server.url()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/plain' }
  fetch(`${url}/v1/admin/sql?format=json`, { method: 'POST', headers, body: ENDLESS }).catch(() => {})
  for (let i = 0; i < 4; i++) fetch(`${url}/v1/history/tick:BTC-USD?step=${1_000 + i}`).catch(() => {})
}

interface Moment {
  readonly name: string
  /** Resolves when the server is so far. */
  readonly reach: (server: DriftwireProcess, data: string) => Promise<unknown>
  /** The stop comes at most this many ms later. */
  readonly within: number
}

const MOMENTS: readonly Moment[] = [
  { name: 'its engine opens', reach: server => server.printed(), within: 1_000 },
  { name: 'rows are inserted', reach: server => server.ready(), within: 1_000 },
  { name: 'statements run', reach: (server, data) => server.ready().then(() => ask(server, data)), within: 300 },
]

describe('a server on a busy machine', () => {
  let busy: ChildProcess[] = []
  beforeAll(() => {
    busy = Array.from({ length: BUSY }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
  })
  afterAll(() => {
    for (const child of busy) child.kill('SIGKILL')
  })

  it(
    `ends with 0, whatever its engine does, in ${STOPS} stops at any moment`,
    async () => {
      const file = trades()
      const stops: { moment: string; end: number | NodeJS.Signals; ms: number; said: string }[] = []
      let begun = 0
      const stopOne = async (i: number): Promise<void> => {
        const { name, within, reach } = MOMENTS[i % MOMENTS.length]!
        const data = pathOf(`data-${i}`)
        const server = DriftwireProcess.serve('--data', data, '--speed', 'max', '--feed', `replay:${file}`)
        await reach(server, data)
        await delay(Math.random() * within)
        const began = performance.now()
        const end = await server.end('SIGTERM')
        stops.push({ moment: name, end, ms: Math.round(performance.now() - began), said: server.stderr })
      }
      const worker = async (): Promise<void> => {
        while (begun < STOPS) await stopOne(begun++)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      expect(stops.filter(({ end }) => end !== 0)).toEqual([])
      const times = stops.map(({ ms }) => ms).sort((a, b) => a - b)
      expect(times.at(-1)).toBeLessThan(5_000)
      console.log(`${STOPS} stops took ${times[STOPS >> 1]} ms in the median, ${times.at(-1)} ms at most`)
    },
    30_000 + STOPS * 10_000,
  )
})
