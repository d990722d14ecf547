import type { Past } from '../../streams/past.ts'
import { deferred } from '../lib/deferred.ts'
import { orAborted } from '../lib/orAborted.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { InputQueue } from './inputQueue.ts'

/** Reads the past from the engine: what was stored before the event time `asOf` (ms), up to the frame that ends at `to` (ms). */
export type PastReader = (engine: Engine, asOf: number, to: number) => Promise<Past>

/** Brings the past into the input once: after the rows of former runs have been stored, before one of this run is. */
export class Restoring {
  private readonly begun = deferred<{ asOf: number; to: number }>()
  private readonly known = deferred<void>()
  private readonly inputQueue: InputQueue
  private readonly read: PastReader

  constructor(inputQueue: InputQueue, read: PastReader) {
    this.inputQueue = inputQueue
    this.read = read
  }

  /**
   * Says that everything stored of the time before `asOf` (ms) is the past, and that the last frame of it ends at `to` (ms). Resolves when the
   * view knows the past, or when `signal` aborts.
   */
  async begin(asOf: number, to: number, signal: AbortSignal): Promise<void> {
    this.begun.resolve({ asOf, to })
    await this.restored(signal)
  }

  /** Resolves when the view knows the past, or when `signal` aborts. */
  async restored(signal: AbortSignal): Promise<void> {
    await orAborted(this.known.promise, signal)
  }

  /** Reads the past from the engine, as soon as it is known up to when, and puts it in. Rejects if the engine does not answer. */
  async restore(engine: Engine): Promise<void> {
    const { asOf, to } = await this.begun.promise
    const past = await this.read(engine, asOf, to)
    this.inputQueue.put(past)
    this.known.resolve()
  }
}
