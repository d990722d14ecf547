import { ProtocolError } from '../../streams/wire/errors.ts'
import { type Access, authorize, type Principal } from '../identity/access.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { type AtomicSwap, BadSwap, readSwap } from './swap.ts'
import { storeSwaps } from './swapStore.ts'

/** Swaps in one request. */
const SWAPS_PER_REQUEST_MAX = 10_000

/** What became of the swaps of a request. */
export interface SwapsAnswer {
  readonly accepted: number
  /** Swaps that were there with all that these rows know. */
  readonly known: number
  /** Swaps that were not completed, or of test coins. */
  readonly left_out: number
  readonly refused: readonly { readonly row: number; readonly why: string }[]
}

/** Stores completed swaps from outside, one request after the other. For operators. */
export class SwapImport {
  private readonly access: Access
  private engine: Engine | undefined
  private before: Promise<unknown> = Promise.resolve()

  constructor(access: Access, engine: Promise<Engine>) {
    this.access = access
    // Without an engine the process ends, and the code that opens it says why.
    engine.then(
      opened => (this.engine = opened),
      () => {},
    )
  }

  /** Stores lines of JSON, each a row of `stats_swaps`. Answers when they are stored; `read` is called only if `who` may. */
  async accept(who: Principal, read: () => Promise<string>): Promise<SwapsAnswer> {
    authorize(this.access, who, { operate: 'prices' })
    const { engine } = this
    if (engine === undefined) throw new ProtocolError('not_ready', 'ClickHouse is starting', 1)
    const lines = (await read()).split('\n')
    if (lines.length > SWAPS_PER_REQUEST_MAX)
      throw new ProtocolError('too_large', `found ${lines.length} lines, expected at most ${SWAPS_PER_REQUEST_MAX}`)
    const swaps: AtomicSwap[] = []
    const refused: { row: number; why: string }[] = []
    let left = 0
    lines.forEach((line, i) => {
      if (line.trim() === '') return
      const swap = swapOf(line)
      if (swap === undefined) left += 1
      else if (typeof swap === 'string') refused.push({ row: i + 1, why: swap })
      else swaps.push(swap)
    })
    const storing = this.before.then(() => storeSwaps(engine, swaps))
    this.before = storing.catch(() => {})
    const { accepted, known } = await storing
    return { accepted, known, left_out: left, refused }
  }
}

/** Returns the swap, or why it is none; undefined if it does not count. */
const swapOf = (line: string): AtomicSwap | string | undefined => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'the line is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'expected an object'
  try {
    const swap = readSwap(value as Record<string, unknown>)
    return typeof swap === 'string' ? undefined : swap
  } catch (error) {
    if (error instanceof BadSwap) return error.message
    throw error
  }
}
