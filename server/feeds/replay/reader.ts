import type { SymbolMap } from '../../../streams/market/symbols.ts'
import type { Block } from '../../lib/blocks.ts'
import type { FeedContext, FeedInput } from '../feed.ts'
import type { RejectLog } from '../rejectLog.ts'

/** Turns the lines of one kind of file into inputs. */
export interface Reader {
  read(block: Block): Promise<void> | void
  /** Ends the reading, after the last block: what waited for more lines is read. */
  end(): Promise<void> | void
  /** Returns the inputs read since the last call, in the file's order. */
  drain(): readonly FeedInput[]
}

/** The surroundings of a reader. */
export interface Reading {
  readonly context: FeedContext
  readonly leftOut: RejectLog
  /** Returns the latest time (ms) that an event can have: none lies ahead of now. */
  latest(): number
  /** Returns a name of the file's content, for rows without an id of their own. Reads the whole file once, when first called. */
  content(): Promise<string>
}

/** The beginning of a file, by which its kind is recognised. */
export interface Head {
  /** The feed as asked for: the place that an error names. */
  readonly spec: string
  readonly path: string
  /** The part behind `#`. */
  readonly fragment: string | undefined
  readonly lines: readonly string[]
  readonly map: SymbolMap
}

/** Lines of a file that are read as a stream of their own. */
export interface Part {
  readonly from: number
  /** The first line behind it. */
  readonly to: number
}

/** How a file is to be read. */
export interface Recipe {
  /** Canonical symbols, if they are known beforehand. */
  readonly symbols?: readonly string[]
  /** The names of the sources of its ticks, as far as its first lines show them. */
  readonly sources?: readonly string[]
  /** The parts to be read side by side, of a kind of file that may be in no order of time as a whole. */
  parts?(path: string, context: FeedContext): Promise<readonly Part[]>
  reader(reading: Reading): Reader
}

/** Returns how to read the file; undefined if it is of another kind. Throws SpecError if it is of this kind and lacks something. */
export type Recognise = (head: Head) => Recipe | undefined
