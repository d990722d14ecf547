import type { Past } from '../../streams/past.ts'
import { deferred } from '../lib/deferred.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { InputQueue } from './inputQueue.ts'

/** Brings the past into the input once: after the rows of former runs have been stored, before one of this run is. */
export class Restoring {
  private readonly asOf = deferred<number>()
  private readonly known = deferred<void>()
  private readonly inputQueue: InputQueue
  private readonly read: (engine: Engine, asOf: number) => Promise<Past>

  constructor(inputQueue: InputQueue, read: (engine: Engine, asOf: number) => Promise<Past>) {
    this.inputQueue = inputQueue
    this.read = read
  }

  /** Says that everything before the event time `t` (ms) is the past. Resolves when the view knows it, or when `signal` aborts. */
  async begin(t: number, signal: AbortSignal): Promise<void> {
    this.asOf.resolve(t)
    await this.restored(signal)
  }

  /** Resolves when the view knows the past, or when `signal` aborts. */
  async restored(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([this.known.promise, aborted])
  }

  /** Reads the past from the engine, as soon as it is known up to when, and puts it in. Rejects if the engine does not answer. */
  async restore(engine: Engine): Promise<void> {
    const past = await this.read(engine, await this.asOf.promise)
    this.inputQueue.put(past)
    this.known.resolve()
  }
}
