import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { end, message, type Program, program } from './program.ts'
import { Bench, candlesOf, countOf, openedEngine, storedCandles, storedTicks } from './storageKit.ts'
import { measuresAt, ticksAt } from './storageStream.ts'

/** `KILLS=200 npx vitest run server/test/storageKill` goes on for longer. */
const KILLS = Number(process.env.KILLS ?? 10)
const FOREVER = 1e9
const ID = 3

let writer: Program
let bench: Bench
beforeAll(async () => {
  writer = await program('storageWriter')
  bench = await Bench.open()
})
afterAll(async () => {
  await bench.close()
  await writer.remove()
})

interface Said {
  readonly written?: number
  readonly stored?: number
}

/** Frames that the writer may have written since it last told of them. */
const UNTOLD = 500

describe('a server killed at any moment', () => {
  it(
    `has lost nothing of what was stored, and has nothing twice, after ${KILLS} kills`,
    async () => {
      let written = 0
      let stored = 0
      const run = async (from: number, to: number): Promise<ChildProcess> => {
        const child = writer.start(bench.dir, String(from), String(to))
        child.on('message', (said: Said) => {
          written = Math.max(written, said.written ?? 0)
          stored = Math.max(stored, said.stored ?? 0)
        })
        await message(child)
        return child
      }
      for (let kill = 0; kill < KILLS; kill++) {
        // Mostly it goes on where it was, as a live feed does; sometimes a replay begins from the start.
        const child = await run(kill % 4 === 3 ? 1 : stored + 1, FOREVER)
        await delay(20 + Math.random() * 500)
        await end(child, 'SIGKILL')
      }
      const last = written + UNTOLD
      const child = await run(stored + 1, last)
      await once(child, 'exit')
      expect(stored).toBe(last)

      const engine = await openedEngine(bench, 'embedded')
      const frames = Array.from({ length: last }, (_, i) => i + 1)
      const ticks = frames.flatMap(ticksAt)
      expect((await storedTicks(engine)).map(row => row[ID]).sort()).toEqual(ticks.map(tick => tick.id).sort())
      expect(await storedCandles(engine)).toEqual(candlesOf(ticks))
      expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.pnl`)).toBe(frames.flatMap(measuresAt).length)
    },
    10_000 + KILLS * 5000,
  )
})
