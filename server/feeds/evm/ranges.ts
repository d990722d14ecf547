import { type Found, isRefusal } from './node.ts'

/** Blocks that are asked for at first, and at most. */
const FIRST = 2_000
const BLOCKS_PER_RANGE_MAX = 10_000

type Ask = (from: number, to: number) => Promise<Found>

/**
 * Reads long ranges of blocks in pieces as large as the node allows: halved if it refuses one, a little larger after each
 * that it gave. What it took last is where the next range begins.
 */
export class Ranges {
  /** Pieces that the node refused. */
  refused = 0
  private span = FIRST

  /** Blocks `from` to `to`, both included, in order. Rejects if the node refuses a single block, or is lost. */
  async *read(ask: Ask, from: number, to: number): AsyncGenerator<Found & { readonly to: number }> {
    for (let next = from; next <= to; ) {
      const last = Math.min(to, next + this.span - 1)
      let found: Found
      try {
        found = await ask(next, last)
      } catch (error) {
        if (last === next || !isRefusal(error)) throw error
        this.refused += 1
        this.span = Math.ceil((last - next + 1) / 2)
        continue
      }
      yield { ...found, to: last }
      next = last + 1
      this.span = Math.min(BLOCKS_PER_RANGE_MAX, this.span + Math.ceil(this.span / 4))
    }
  }
}
