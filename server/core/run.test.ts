import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { Interner } from '../../streams/lib/interner.ts'
import { symbolMap } from '../../streams/market/symbols.ts'
import { TickWriter } from '../../streams/market/tickWriter.ts'
import { pipeline } from '../../streams/pipeline.ts'
import { delay } from '../feeds/environment.ts'
import type { Feed } from '../feeds/feed.ts'
import { VirtualEnvironment } from '../test/virtualEnvironment.ts'
import { InputQueue } from './inputQueue.ts'
import { runLive } from './run.ts'

const START = Date.UTC(2026, 0, 1)

/** A live run over a feed that trades every `everyMs`: when frames with something for listeners left, and the `t` they have. */
const live = async (frameMs: number, start: number, everyMs: number, ms: number) => {
  const environment = new VirtualEnvironment(start)
  const names = { symbols: new Interner(), sources: new Interner() }
  const feed: Feed = {
    id: 'f',
    live: true,
    symbols: ['BTC-USD'],
    async *open({ feed, symbols, sources, signal }) {
      const writer = new TickWriter(feed)
      for (let id = 1; !signal.aborted; id++) {
        const t = environment.now()
        writer.message(t)
        writer.trade(symbols.index('BTC-USD'), sources.index('f'), t, 100 + id, 1, 'buy', String(id))
        yield writer.drain()!
        await delay(environment, everyMs, signal).catch(() => {})
      }
    },
  }
  const flow = pipeline({
    ...{ ...names, frameMs, feeds: [{ id: 'f', live: true }], funds: [], portfolios: [], pools: [] },
    ...{ staleAfterMs: 10_000, storeMs: 1000, epoch: 'e', digits: 12, everything: true },
  })
  const inputQueue = new InputQueue()
  const frames: { t: number; at: number }[] = []
  flow.run(inputQueue.input$).subscribe(({ t, pushes }) => {
    if (pushes.length > 0 && t > 0) frames.push({ t, at: environment.now() })
  })
  const stop = new AbortController()
  const context = { ...names, map: symbolMap({}) }
  const log = pino({ level: 'silent' })
  const ran = runLive({ feeds: [feed], inputQueue, frameMs, context, environment, signal: stop.signal, log })
  await environment.pass(ms)
  stop.abort()
  await ran
  return frames
}

describe('a live run', () => {
  it.each([
    [20, 0],
    [20, 1],
    [20, 13],
    [20, 19],
    [2, 1],
    [1, 0],
    [1000, 999],
  ])(
    'sends what changed in a frame of %i ms at the end of that frame, also if it began %i ms after the end of one',
    async (frameMs, phase) => {
      const frames = await live(frameMs, START + phase, 7 * frameMs + 3, 100 * frameMs)
      expect(frames.length).toBeGreaterThan(8)
      expect(frames.filter(({ t, at }) => at !== t || t % frameMs !== 0)).toEqual([])
    },
  )
})
