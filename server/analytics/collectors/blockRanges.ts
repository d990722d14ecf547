import { SourceError } from './sourceError.ts'

/** Blocks that are asked for at first, and at most. */
const FIRST = 2_000
const LARGEST = 10_000

/** Gives the answers for blocks `from` to `to`, in pieces as large as the node allows: half as large after one that was too much. */
export async function* inRanges<T>(ask: (from: number, to: number) => Promise<T>, from: number, to: number): AsyncGenerator<T> {
  let span = FIRST
  for (let next = from; next <= to; ) {
    const last = Math.min(to, next + span - 1)
    try {
      yield await ask(next, last)
    } catch (error) {
      if (last === next || !(error instanceof SourceError && error.tooMuch)) throw error
      span = Math.ceil((last - next + 1) / 2)
      continue
    }
    next = last + 1
    span = Math.min(LARGEST, span + Math.ceil(span / 4))
  }
}
