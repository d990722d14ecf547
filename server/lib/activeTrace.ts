import { AsyncLocalStorage } from 'node:async_hooks'

/** When a command came how far at the clearing house, ms since 1970: taken out of the queue, decided, durable. */
export interface CommandTimes {
  readonly begun: number
  readonly decided: number
  readonly committed: number
}

/** A request that is traced, as far as others need it than those who trace. */
export interface ActiveTrace {
  /** Names it to other processes, as W3C Trace Context has it. */
  readonly traceparent: string
  /** Notes how far its command has come. */
  command(times: CommandTimes): void
}

/** The trace of the request that is being answered. Without tracing nothing runs in it, and asking costs next to nothing. */
export const activeTrace = new AsyncLocalStorage<ActiveTrace>()
