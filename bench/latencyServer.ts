import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { Subject } from 'rxjs'
import { localBus } from '../server/bus/local.ts'
import { ServerChannels } from '../server/bus/serverChannels.ts'
import { InputQueue } from '../server/core/inputQueue.ts'
import { runLive } from '../server/core/run.ts'
import { systemEnvironment } from '../server/feeds/environment.ts'
import type { Feed } from '../server/feeds/feed.ts'
import { SIM_ASSETS, SimMarket } from '../server/feeds/sim/market.ts'
import { TICK_MS } from '../server/gateway/hub/hub.ts'
import { atMultiples } from '../server/lib/atMultiples.ts'
import { seededRandom } from '../server/lib/seededRandom.ts'
import type { Frame } from '../streams/frame.ts'
import { Interner } from '../streams/lib/interner.ts'
import { symbolMap } from '../streams/market/symbols.ts'
import { TickWriter } from '../streams/market/tickWriter.ts'
import { pipeline } from '../streams/pipeline.ts'
import { openHub } from './hubServer.ts'

/**
 * One server of `bench/latency.ts` in a process of its own: the simulated market in `symbols` symbols, pipeline, hub and sockets as the server has
 * them, without a store. It says {port} when it listens; `idle` begins trades of one symbol, `busy` of all.
 */

/** What the server begins to trade. */
export type Load = 'idle' | 'busy'

/** The name of a symbol, by its number. */
export const symbolOf = (i: number): string => `A${i}-USD`

/** ms between two steps of the market, and between two trades of an idle one at the least. */
const STEP_MS = 5
const QUIET_MS = 60

const log = pino({ level: 'silent' })
const market = new SimMarket(seededRandom(7), STEP_MS)
const random = seededRandom(11)
let load: Load | undefined

/** As many symbols as are asked for, which move as the thirty assets of the simulated market do. */
const feedOf = (symbols: number): Feed => ({
  id: 'bench',
  live: true,
  symbols: undefined,
  async *open({ feed, symbols: names, sources, signal }) {
    const indexes = Array.from({ length: symbols }, (_, i) => names.index(symbolOf(i)))
    const writer = new TickWriter(feed)
    for (let id = 1; !signal.aborted; ) {
      // Not in step with the frames.
      await sleep(load === 'busy' ? STEP_MS * 2 * random.uniform() : QUIET_MS * (1 + random.uniform()))
      market.step()
      const t = Date.now()
      writer.message(t)
      for (let k = 0; k < (load === 'busy' ? STEP_MS : load === 'idle' ? 1 : 0); k++) {
        const i = load === 'busy' ? Math.floor(random.uniform() * symbols) : 0
        const { price } = market.assets[i % SIM_ASSETS.length]!
        writer.trade(indexes[i]!, sources.index('bench'), t, price, 1, random.uniform() < 0.5 ? 'buy' : 'sell', String(id++))
      }
      const ticks = writer.drain()
      if (ticks) yield ticks
    }
  },
})

const serve = async (frameMs: number, symbols: number): Promise<void> => {
  const names = { symbols: new Interner(), sources: new Interner() }
  const flow = pipeline({
    ...{ ...names, frameMs, feeds: [{ id: 'bench', live: true }], funds: [], portfolios: [], pools: [] },
    ...{ staleAfterMs: 10_000, storeMs: 1000, epoch: 'bench', digits: 12, everything: false },
  })
  const inputQueue = new InputQueue()
  const frames$ = new Subject<Frame>()
  flow.run(inputQueue.input$).subscribe(frames$)
  const serverChannels = new ServerChannels('bench', 12, () => flow.view.t)
  const bus = localBus({ epoch: 'bench', frames$, channels: flow.channels, inputQueue, serverChannels })
  const { hub, port } = await openHub(bus, log)
  atMultiples(TICK_MS, systemEnvironment, () => setImmediate(() => hub.tick()))
  process.on('message', (wanted: Load) => {
    load = wanted
  })
  process.send!({ port })
  const context = { ...names, map: symbolMap({}) }
  const run = { feeds: [feedOf(symbols)], inputQueue, frameMs, context, environment: systemEnvironment, log }
  await runLive({ ...run, signal: new AbortController().signal })
}

const [, script, frameMs, symbols] = process.argv
if (script?.endsWith('latencyServer.js')) await serve(Number(frameMs), Number(symbols))
