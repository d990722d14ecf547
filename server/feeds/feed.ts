import type { Logger } from 'pino'
import type { FeedChange, Subscriptions } from '../../streams/input.ts'
import type { Interner } from '../../streams/lib/interner.ts'
import type { BookLevels } from '../../streams/market/levels.ts'
import type { SymbolMap } from '../../streams/market/symbols.ts'
import type { Ticks } from '../../streams/market/ticks.ts'
import type { StandingLogs } from '../../streams/pools/canonicalLogs.ts'
import type { ChainEvents } from '../../streams/pools/chainLog.ts'

/**
 * A source of ticks or chain events. Whatever it reads from, it gives batches in its own order; the consumer asks for the
 * next one when it is ready for it, so a replay is slowed by whatever is slow behind it.
 */
export interface Feed {
  /** As written in the configuration; the key under `feeds` in `status`. */
  readonly id: string
  /** Runs by the wall clock; otherwise it is a replay, and its data are the clock. */
  readonly live: boolean
  /** Canonical symbols it may speak of; undefined if only the data will say. */
  readonly symbols: readonly string[] | undefined
  /** The names of the sources of its ticks; undefined if only the data will say. */
  readonly sources?: readonly string[]
  /** What it reads rests on what this core has stored: cores that share their feeds each have it open. */
  readonly own?: true
  /** Nothing that it brings is needed in this process: it is not opened. */
  readonly idle?: boolean
  /** The candles of the time before this start, if the feed itself knows them: they are stored if nothing else is. */
  readonly past?: (names: TickNames) => Iterable<Ticks>
  /** Ends when the feed has nothing more to give, or soon after `signal` aborts. Throws only what makes the server unable to go on. */
  open(context: FeedContext): AsyncIterable<FeedInput>
}

/** An input that a feed gives. */
export type FeedInput = Ticks | BookLevels | ChainEvents | FeedChange | Subscriptions

/** Canonical symbols and names of sources, shared with the pipeline. */
export interface TickNames {
  readonly symbols: Interner
  readonly sources: Interner
}

/** The surroundings of an open feed. */
export interface FeedContext extends TickNames {
  /** The feed's number in its inputs. */
  readonly feed: number
  readonly map: SymbolMap
  /** Canonical symbols whose order books are shown; none if left out. */
  readonly books?: ReadonlySet<string>
  /** The newest net asset value of a share; NaN while unknown. The simulated market lets shares trade around it. */
  readonly navOf?: (fund: string) => number
  /**
   * Resolves with the logs that stand already, by the contract's address in lower case, as soon as it is known what former runs have stored;
   * with nothing if the run ends before.
   */
  readonly standingLogs?: () => Promise<ReadonlyMap<string, StandingLogs>>
  readonly log: Logger
  readonly signal: AbortSignal
}
