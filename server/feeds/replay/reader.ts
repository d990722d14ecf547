import type { SymbolMap } from '../../../streams/market/symbols.ts'
import type { FeedContext, FeedInput } from '../feed.ts'
import type { RejectLog } from '../rejectLog.ts'
import type { Block } from './blocks.ts'

/** Turns the lines of one kind of file into what flows in. */
export interface Reader {
  read(block: Block): Promise<void> | void
  /** After the last block. */
  end(): void
  /** What was read since the last call, in the file's order. */
  drain(): readonly FeedInput[]
}

/** What a reader works with. */
export interface Reading {
  readonly context: FeedContext
  readonly leftOut: RejectLog
  /** Names the file's content, for ids of what has none of its own. The file is read for it once, when first asked. */
  content(): Promise<string>
}

/** The beginning of a file, by which its kind is told. */
export interface Head {
  /** The feed as it was asked for: where an error is. */
  readonly spec: string
  readonly path: string
  /** What stands behind `#`. */
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
  /** Canonical symbols, where they are known beforehand. */
  readonly symbols?: readonly string[]
  /** The parts to be read side by side, of a kind of file that may be in no order of time as a whole. */
  parts?(path: string, context: FeedContext): Promise<readonly Part[]>
  reader(reading: Reading): Reader
}

/** Undefined where the beginning is of another kind. Throws SpecError where it is of this kind and something lacks. */
export type Recognise = (head: Head) => Recipe | undefined
