import type { Interner } from '../../../streams/lib/interner.ts'
import { TICKS } from '../engine/tables.ts'
import { type StoredIndex, type Suspects, streamOf } from './storedIndex.ts'

/**
 * Finds the ticks that may have been stored before this start, by the numbers of their names. It is asked for every tick, so it must
 * cost next to nothing.
 */
export class TickWatermarks {
  private readonly symbols: Interner
  private readonly sources: Interner
  private readonly index: StoredIndex
  /** The newest stored time of each stream (ms), by source and symbol. */
  private newest: number[][] = []
  private revision = 0
  /** The oldest suspect of each stream, by source and symbol. */
  private oldest: number[][] = []

  constructor(symbols: Interner, sources: Interner, index: StoredIndex) {
    this.symbols = symbols
    this.sources = sources
    this.index = index
  }

  /** Forgets what was looked up, if the index has learnt since. */
  refresh(): void {
    if (this.revision === this.index.revision) return
    this.revision = this.index.revision
    this.newest = []
  }

  /** Notes a tick at `t` (ms). */
  meet(symbol: number, source: number, t: number): void {
    if (t > (this.newest[source]?.[symbol] ?? this.lookUp(symbol, source))) return
    this.oldest[source] ??= []
    const oldest = this.oldest[source][symbol]
    if (oldest === undefined || t < oldest) this.oldest[source][symbol] = t
  }

  /** Returns the suspects met since the last call. */
  drain(): Suspects {
    const suspects = new Map<string, number>()
    this.oldest.forEach((times, source) => {
      times.forEach((t, symbol) => {
        suspects.set(this.stream(symbol, source), t)
      })
    })
    this.oldest = []
    return suspects
  }

  private lookUp(symbol: number, source: number): number {
    const newest = this.index.newest(TICKS, this.stream(symbol, source))
    this.newest[source] ??= []
    this.newest[source][symbol] = newest
    return newest
  }

  private stream(symbol: number, source: number): string {
    return streamOf(this.symbols.at(symbol), this.sources.at(source))
  }
}
