import { Subject } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import { Interner } from '../../streams/lib/interner.ts'
import { TickWriter } from '../../streams/market/tickWriter.ts'
import { pipeline } from '../../streams/pipeline.ts'
import type { Bus } from '../bus/bus.ts'
import { localBus } from '../bus/local.ts'
import { ServerChannels } from '../bus/serverChannels.ts'
import { InputQueue } from '../core/inputQueue.ts'

export interface LabTrade {
  readonly symbol: string
  readonly price: number
  readonly size?: number
}

/** A core whose trades and frames the test makes: the pipeline, the server's own channels, and the bus within one process. */
export class LabCore {
  readonly bus: Bus
  readonly serverChannels: ServerChannels
  private readonly symbols = new Interner()
  private readonly sources = new Interner()
  private readonly inputQueue = new InputQueue()
  private ids = 0

  constructor(epoch: string) {
    const core = pipeline({
      symbols: this.symbols,
      sources: this.sources,
      frameMs: 20,
      staleAfterMs: 10_000,
      feeds: [{ id: 'lab', live: true }],
      funds: [],
      portfolios: [],
      pools: [],
      epoch,
      digits: 12,
      storeMs: 1000,
      everything: false,
    })
    const frames$ = new Subject<Frame>()
    core.run(this.inputQueue.input$).subscribe(frames$)
    this.serverChannels = new ServerChannels(epoch, 12, () => core.view.t)
    const { inputQueue, serverChannels } = this
    this.bus = localBus({ epoch, frames$, channels: core.channels, inputQueue, serverChannels })
  }

  /** Trades at `now`, and the end of the frame they fall in. */
  frame(now: number, trades: readonly LabTrade[]): void {
    const writer = new TickWriter(0)
    for (const { symbol, price, size = 1 } of trades) {
      this.ids += 1
      writer.message(now)
      writer.trade(this.symbols.index(symbol), this.sources.index('lab'), now, price, size, 'buy', String(this.ids))
    }
    const ticks = writer.drain()
    if (ticks) this.inputQueue.put(ticks)
    this.inputQueue.put({ kind: 'clock', t: Math.ceil(now / 20) * 20 })
  }
}
